import { createHash } from 'node:crypto'
import { X25519Identity } from '../../../src/age/index.ts'
import { equalBytes } from '../../../src/bytes/index.ts'
import { SigningKey } from '../../../src/container/index.ts'
import type { SignerDirectory } from '../../../src/keyblob/index.ts'

/** Test keys that every process derives alike; classic ones, because they are quick and files are tested here. */
function secretOf(name: string): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(`test key of ${name}`).digest())
}

export const alice = X25519Identity.fromBytes(secretOf('alice'))
export const bob = X25519Identity.fromBytes(secretOf('bob'))
export const signingKey = SigningKey.fromSecretBytes('ed25519', secretOf('the signer'))

export const carol = X25519Identity.fromBytes(secretOf('carol'))

/** A crowd whose stanzas need more room than a header keeps free. */
export const crowd = Array.from({ length: 60 }, (_, i) =>
  X25519Identity.fromBytes(secretOf(`number ${i}`)).recipient(),
)

export const signers: SignerDirectory = {
  find: (keyId) =>
    equalBytes(keyId, signingKey.signer.keyId) ? { signer: signingKey.signer, name: 'signer' } : undefined,
}

/** Alice seals for herself. */
export const sealer = { recipients: [alice.recipient()], signingKey, visibility: 'private' } as const

/** Opens what is sealed for Alice or Bob. */
export const reader = { identities: [alice, bob], signers }

/** Two contents, which differ in every length. */
export type Content = 'old' | 'new'

const made = new Map<string, Uint8Array>()

/** The bytes of a content: the same in every process, and for no two lengths alike. */
export function bytesOf(content: Content, length: number): Uint8Array {
  const label = `${content} content of ${length}`
  const bytes = made.get(label) ?? createHash('shake256', { outputLength: length }).update(label).digest()
  made.set(label, bytes)
  return bytes
}

/** Which content some bytes are, whole. @throws Error if they are none */
export function contentOf(bytes: Uint8Array): Content {
  for (const content of ['new', 'old'] as const) {
    if (equalBytes(bytes, bytesOf(content, bytes.length))) return content
  }
  throw new Error(`${bytes.length} bytes that are neither the old content nor the new one`)
}
