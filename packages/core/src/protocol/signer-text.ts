import { equalBytes, fromBase64, toBase64, utf8Encode } from '../bytes/index.ts'
import type { Sha256 } from '../merkle/index.ts'
import { malformed, ProtocolError, quote, readAs } from './protocol-error.ts'

/**
 * Whether `signature` is one of the signer over `message`, with every algorithm of the signer's suite. A malformed signature is
 * `false`, never an error.
 *
 * @param signer the text form of the public key: `<suite> <unpadded base64>`
 */
export type Verify = (signer: string, message: Uint8Array, signature: Uint8Array) => boolean

/** The same, done elsewhere while the caller goes on: by other threads, or by a platform that answers no other way. */
export type VerifyLater = (signer: string, message: Uint8Array, signature: Uint8Array) => Promise<boolean>

/** A signature pair: the text form of its public key, and its signature over a message. */
export interface MessageSigner {
  readonly signer: string
  readonly sign: (message: Uint8Array) => Uint8Array
}

/** The cryptography that verification needs; passed in, so that a browser can pass its own. */
export interface VerifyMeans {
  readonly sha256: Sha256
  readonly verify: Verify
}

/** A public signature key taken apart. */
export interface SignerText {
  /** The text form itself. */
  readonly text: string
  /** The byte that stands for the suite in binary formats. */
  readonly suiteId: number
  readonly signatureLength: number
  readonly publicBytes: Uint8Array
}

/** docs/spec/container.md, "Signature suites". Lengths in bytes. */
interface Suite {
  readonly name: string
  readonly id: number
  readonly publicLength: number
  readonly signatureLength: number
}

const SUITES: readonly Suite[] = [
  { name: 'ed25519', id: 1, publicLength: 32, signatureLength: 64 },
  { name: 'ed25519+mldsa65', id: 2, publicLength: 1984, signatureLength: 3373 },
]

/** Characters of the longest text form, and bytes of the longest signature. */
export const MAX_SIGNER_CHARACTERS = 2_662
export const MAX_SIGNATURE_BYTES = 3_373

const KEY_ID_LABEL = utf8Encode('strongroom signer v1\n')
const FINGERPRINT = /^SHA256:([A-Za-z0-9+/]{43})$/

/** Reads the text form of a public signature key. @throws ProtocolError PROTOCOL_FORMAT */
export function parseSignerText(text: string, path = 'signer'): SignerText {
  const [name, encoded, ...rest] = text.slice(0, MAX_SIGNER_CHARACTERS + 1).split(' ')
  const suite = SUITES.find((candidate) => candidate.name === name)
  if (!suite || encoded === undefined || rest.length > 0) {
    throw malformed(path, 'expected a signature suite and a public key')
  }
  const publicBytes = readAs(path, () => fromBase64(encoded))
  if (publicBytes.length !== suite.publicLength) {
    throw malformed(path, `expected a key of ${suite.publicLength} bytes, got ${publicBytes.length}`)
  }
  return { text, suiteId: suite.id, signatureLength: suite.signatureLength, publicBytes }
}

/** How long a signature of the suite is; undefined for an unknown suite. */
export function signatureLengthOf(suiteId: number): number | undefined {
  return SUITES.find(({ id }) => id === suiteId)?.signatureLength
}

/**
 * The key id of a signer, 32 bytes: docs/spec/container.md, "Signature suites".
 *
 * @throws ProtocolError PROTOCOL_FORMAT if `text` is no signer
 */
export function signerIdOf(sha256: Sha256, text: string): Uint8Array {
  return idOfSigner(sha256, parseSignerText(text))
}

/** The key id of a signer that was taken apart. */
export function idOfSigner(sha256: Sha256, { suiteId, publicBytes }: SignerText): Uint8Array {
  return sha256(KEY_ID_LABEL, Uint8Array.of(suiteId), publicBytes)
}

/** `SHA256:` and the base64 of a key id. */
export function formatFingerprint(signerId: Uint8Array): string {
  return `SHA256:${toBase64(signerId)}`
}

/** The fingerprint of a signer. @throws ProtocolError PROTOCOL_FORMAT if `text` is no signer */
export function fingerprintOf(sha256: Sha256, text: string): string {
  return formatFingerprint(signerIdOf(sha256, text))
}

/** The key id that a fingerprint stands for. @throws ProtocolError PROTOCOL_FORMAT */
export function parseFingerprint(text: string, path = 'fingerprint'): Uint8Array {
  const encoded = FINGERPRINT.exec(text)?.[1]
  if (encoded === undefined) throw malformed(path, `expected SHA256: and 43 characters, got ${quote(text)}`)
  return readAs(path, () => fromBase64(encoded))
}

/**
 * Refuses a key that is not the pinned one.
 *
 * @param pinned a fingerprint or a signer in text form: what was compared by a person, or came with an invitation
 * @throws ProtocolError AUTHORITY_IDENTITY; PROTOCOL_FORMAT if either text is malformed
 */
export function checkPinned(sha256: Sha256, pinned: string, signer: string): void {
  const wanted = pinned.startsWith('SHA256:') ? parseFingerprint(pinned) : signerIdOf(sha256, pinned)
  const found = signerIdOf(sha256, signer)
  if (equalBytes(wanted, found)) return
  throw new ProtocolError(
    'AUTHORITY_IDENTITY',
    `expected the authority ${formatFingerprint(wanted)}, got ${formatFingerprint(found)}`,
  )
}
