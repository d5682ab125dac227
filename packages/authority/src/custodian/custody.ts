import type { Identity } from '@strongroom/core/age'
import { parseFingerprint, type MessageSigner } from '@strongroom/core/protocol'
import { toBase64, wipe } from '@strongroom/core/bytes'
import {
  encodeContainer,
  type ContainerInfo,
  type KeyContainer,
  type LockedContainer,
} from '@strongroom/core/container'
import { CustodianError } from './custodian-error.ts'
import type { ShareCollection } from './secret-shares.ts'

/**
 * What a custodian needs of its keys, however they are kept: docs/design/custody.md. Nothing else of this folder sees a private key.
 */
export interface CustodianKeys {
  /** Signs releases and the other statements of a custodian. */
  readonly signer: MessageSigner
  /** Open deposits, those of earlier epochs too: `unwrap` gives 16 bytes of session key, or nothing. */
  readonly identities: readonly Identity[]
  /** PKCS#8 of the RSA pair with this public key (DER), a copy to be wiped; undefined if it is not here. */
  readonly rsaKey?: (spki: Uint8Array) => Uint8Array | undefined
  /** Ends their use. */
  readonly wipe: () => void
}

/** The public signers that a container's file names; proven only by unlocking it. Text form, the active one first. */
export function signersOf({ keys }: ContainerInfo): string[] {
  const own = keys.filter(({ use, algorithm }) => use === 'signature' && algorithm !== 'rsa')
  const ordered = own.toSorted((one, other) => one.state.localeCompare(other.state))
  return ordered.map(({ algorithm, public: text }) => `${algorithm} ${text}`)
}

/** The key id of a container's active signer: 32 bytes. @throws CustodianError CUSTODIAN_KEY */
export function keyIdOf({ keys }: ContainerInfo): Uint8Array {
  const key = keys.find(({ use, state, algorithm }) => {
    return use === 'signature' && state === 'active' && algorithm === 'ed25519+mldsa65'
  })
  if (key) return parseFingerprint(key.id)
  throw new CustodianError('CUSTODIAN_KEY', 'the container has no post-quantum signature key')
}

/** Custody `file`: the keys of an unlocked container. @throws CustodianError CUSTODIAN_KEY */
export function keysOfContainer(container: KeyContainer): CustodianKeys {
  keyIdOf(container.info())
  const key = container.signingKey('pq')
  return {
    signer: { signer: key.signer.toString(), sign: (message) => key.sign(message) },
    identities: container.identities(),
    rsaKey: (spki) => rsaKeyOf(container, spki),
    wipe: () => container.wipe(),
  }
}

/** Retired pairs open what was made for an earlier epoch. */
function rsaKeyOf(container: KeyContainer, spki: Uint8Array): Uint8Array | undefined {
  const text = toBase64(spki)
  const found = container.pairs().find(({ pair }) => pair.kind === 'rsa' && pair.publicText === text)
  return found?.pair.kind === 'rsa' ? Uint8Array.from(found.pair.pkcs8) : undefined
}

/** Custody `shares`: unlocks with the secret that enough shares lead to. @throws CustodianError SHARES_FEW, SHARE_WRONG; ContainerError */
export async function unlockWithShares(
  locked: LockedContainer,
  shares: ShareCollection,
): Promise<KeyContainer> {
  const secret = await shares.secret()
  try {
    return unlockWithSecret(locked, secret)
  } finally {
    wipe(secret)
    shares.wipe()
  }
}

/** The same with the secret itself. @throws ContainerError CONTAINER_LOCKED */
export function unlockWithSecret(locked: LockedContainer, secret: Uint8Array): KeyContainer {
  return locked.unlock(secretText(secret))
}

/** A container's file under a secret that is nowhere but in shares. */
export function encodeForShares(container: KeyContainer, secret: Uint8Array): Uint8Array {
  return encodeContainer(container, { kind: 'keyring', secret: secretText(secret) })
}

const secretText = (secret: Uint8Array): string => toBase64(secret)
