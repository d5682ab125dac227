import { plaintextLength, type Header, type Identity } from '../age/index.ts'
import { wipe } from '../bytes/index.ts'
import {
  KeyBlobError,
  openKeyBlob,
  parseKeyBlob,
  unwrapSessionKey,
  type SignerDirectory,
  type VerifiedSeal,
} from '../keyblob/index.ts'
import type { Ledger } from './ledger.ts'
import { SealError } from './seal-error.ts'
import type { SealedInput } from './sealed-input.ts'

/** What a reader has and accepts. */
export interface Reader {
  /** Keys, named session keys, or one passphrase. */
  readonly identities: readonly Identity[]
  readonly signers: SignerDirectory
  readonly ledger?: Ledger | undefined
  /** Accept a plain age file that nobody signed. */
  readonly allowUnsigned?: boolean | undefined
  /** Accept an older version than one already seen. */
  readonly allowSuperseded?: boolean | undefined
  /** A detached key blob to be used instead of the file's own header. */
  readonly keyBlob?: Uint8Array | undefined
}

/** How a file's origin is known. */
export type Proof =
  /** Its owner signed it. */
  | 'sealed'
  /** Whoever made it knew the passphrase. */
  | 'password'
  /** It is not; the reader accepted that. */
  | 'unsigned'

/** A file whose session key is at hand and, if sealed, proved. The holder wipes the key. */
export interface Unlocked {
  readonly sessionKey: Uint8Array
  readonly proof: Proof
  /** Present if `proof` is `sealed`. */
  readonly seal: VerifiedSeal | undefined
  readonly plaintextLength: number
}

/**
 * Opens a file's header and verifies its seal, in the order of docs/spec/sealed-file.md, "Reading". No
 * byte of the payload was decrypted yet.
 *
 * @throws SealError NOT_SIGNED, UNKNOWN_SIGNER, SUPERSEDED; KeyBlobError, AgeError
 */
export function unlock(file: SealedInput, reader: Reader): Unlocked {
  const header = reader.keyBlob ? parseKeyBlob(reader.keyBlob) : file.header
  const length = plaintextLength(file.payloadLength)
  const proof = proofOf(header, reader)
  if (proof !== 'sealed') {
    return {
      sessionKey: unwrapSessionKey(header, reader.identities),
      proof,
      seal: undefined,
      plaintextLength: length,
    }
  }
  const payload = { nonce: file.nonce, length: file.payloadLength }
  const { sessionKey, seal } = openKeyBlob(header, reader.identities, reader.signers, payload)
  try {
    checkVersion(seal, reader)
  } catch (error) {
    wipe(sessionKey)
    throw error
  }
  return { sessionKey, proof, seal, plaintextLength: length }
}

/** An older version with a valid seal is somebody's replay, unless the reader asks for it. */
export function checkVersion(seal: VerifiedSeal, reader: Pick<Reader, 'ledger' | 'allowSuperseded'>): void {
  if (seal.kind !== 'file') throw new KeyBlobError('NOT_AUTHENTIC', 'the seal is not that of a file')
  if (reader.allowSuperseded) return
  reader.ledger?.check(seal)
  reader.ledger?.record(seal)
}

/**
 * What can prove the file: decided by its stanzas, before any key is used.
 *
 * A passphrase stands alone and proves itself only to a reader who gave a passphrase: with keys at hand a
 * stripped and re-encrypted file must not pass.
 */
function proofOf(header: Header, reader: Reader): Proof {
  const types = header.stanzas.map((stanza) => stanza.type)
  if (types.includes('strongroom/seal')) return 'sealed'
  if (types.includes('scrypt')) {
    if (reader.identities.some((identity) => identity.kind === 'scrypt')) return 'password'
    throw new SealError('NO_KEY', 'it is protected by a passphrase')
  }
  if (reader.allowUnsigned) return 'unsigned'
  throw new SealError('NOT_SIGNED', 'nobody signed it: a plain age file')
}
