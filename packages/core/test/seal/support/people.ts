import { MlKem768X25519Identity, X25519Identity, type KeyIdentity } from '@strongroom/core/age'
import {
  SigningKey,
  suiteOfProfile,
  type Profile,
  type SignatureSuite,
  type SignerKey,
} from '@strongroom/core/container'
import type { SignerDirectory } from '@strongroom/core/keyblob'
import type { Reader } from '@strongroom/core/seal'

/** Somebody with an exchange pair and a signature pair of one profile. */
export interface Person {
  readonly name: string
  readonly profile: Profile
  readonly suite: SignatureSuite
  readonly identity: KeyIdentity
  readonly signingKey: SigningKey
}

export const PROFILES: readonly Profile[] = ['pq', 'classic']

export function person(name: string, profile: Profile): Person {
  const suite = suiteOfProfile(profile)
  const identity = profile === 'pq' ? MlKem768X25519Identity.generate() : X25519Identity.generate()
  return { name, profile, suite, identity, signingKey: SigningKey.generate(suite.name) }
}

/** A directory that knows these people and nobody else. */
export function directoryOf(...people: readonly Person[]): SignerDirectory {
  const known = people.map(({ name, signingKey: { signer } }) => ({ name, signer }))
  return { find: (keyId) => known.find(({ signer }) => isSame(signer, keyId)) }
}

/** A person who reads with their own key and accepts their own signature and those of others they know. */
export function readerOf(owner: Person, ...known: readonly Person[]): Reader {
  return { identities: [owner.identity], signers: directoryOf(owner, ...known) }
}

function isSame(signer: SignerKey, keyId: Uint8Array): boolean {
  return Buffer.compare(signer.keyId, keyId) === 0
}
