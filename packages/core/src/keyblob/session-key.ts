import { randomBytes } from 'node:crypto'
import {
  AgeError,
  newFileKey,
  WRAPPED_FILE_KEY_BYTES,
  wrapFileKey,
  type Header,
  type Identity,
  type Recipient,
  type Stanza,
} from '../age/index.ts'
import { BytesError, fromBase64, toBase64, wipe } from '../bytes/index.ts'
import type { SigningKey } from '../container/index.ts'
import { encodeKeyBlob, openKeyBlob, parseKeyBlob, type OpenedKeyBlob } from './key-blob.ts'
import { KeyBlobError } from './key-blob-error.ts'
import { openOnce, sealOnce } from './one-message-cipher.ts'
import { isPad } from './pad-stanza.ts'
import { draftSeal, finishSeal, signDrafts } from './seal-draft.ts'
import { SEAL_TYPE } from './seal-stanza.ts'
import { newSerial, type Serial } from './serial.ts'
import type { SignerDirectory, VerifiedSeal } from './verified-seal.ts'

export const SESSION_KEY_TYPE = 'strongroom/session-key'
const POST_QUANTUM_TYPE = 'mlkem768x25519'
const INFO = 'strongroom session-key v1'
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** What a new named session key is made with. */
export interface NewSessionKey {
  readonly name: string
  readonly description?: string | undefined
  readonly recipients: readonly Recipient[]
  readonly signingKey: SigningKey
  readonly nowMs: number
}

/**
 * Makes a session key that will be used again, and returns it as a signed key blob; the key itself is
 * forgotten.
 *
 * The name is signed with it: another blob of the owner's cannot be put in its place.
 *
 * @throws KeyBlobError KEY_NAME, LIMIT; AgeError NO_RECIPIENTS, MIXED_RECIPIENTS, SCRYPT_NOT_ALONE
 */
export function createSessionKey(wanted: NewSessionKey): Uint8Array {
  checkSessionKeyName(wanted.name)
  refusePassphrase(wanted.recipients)
  const sessionKey = newFileKey()
  try {
    const wrapped = wrapFileKey(sessionKey, wanted.recipients)
    const draft = draftSeal({
      kind: 'session-key',
      serial: newSerial(wanted.nowMs),
      sessionKey,
      nonce: new Uint8Array(randomBytes(16)),
      payloadLength: 0,
      leafHashes: [],
      metadata: {
        ...(wanted.description === undefined ? {} : { description: wanted.description }),
        name: wanted.name,
        createdMs: wanted.nowMs,
        version: 1,
      },
      signer: wanted.signingKey.signer,
    })
    const [batch] = signDrafts([draft], wanted.signingKey)
    if (!batch) throw new KeyBlobError('LIMIT', 'batch: no signature')
    return encodeKeyBlob(wrapped, finishSeal(draft, batch, sessionKey, 'private'), sessionKey)
  } finally {
    wipe(sessionKey)
  }
}

/** The seal stands beside the recipients, so a passphrase would not be alone: age opens such a header to nobody. */
function refusePassphrase(recipients: readonly Recipient[]): void {
  if (recipients.some((recipient) => recipient.kind === 'scrypt')) {
    throw new AgeError('SCRYPT_NOT_ALONE', 'a passphrase cannot be a recipient of a sealed key')
  }
}

/** Whether it is a name that is also a file's name on every system. */
export function isSessionKeyName(name: string): boolean {
  return NAME.test(name)
}

/** @throws KeyBlobError KEY_NAME unless it is a session key's name */
export function checkSessionKeyName(name: string): void {
  if (isSessionKeyName(name)) return
  throw new KeyBlobError(
    'KEY_NAME',
    'expected a name of 1 to 64 letters, digits, dots, dashes and underscores',
  )
}

/** A stanza that is malformed is a malformed blob: it must not stop a reader who has other keys. */
function openUniformly(
  header: Header,
  identities: readonly Identity[],
  signers: SignerDirectory,
): OpenedKeyBlob {
  try {
    return openKeyBlob(header, identities, signers)
  } catch (cause) {
    if (!(cause instanceof AgeError)) throw cause
    throw new KeyBlobError('SEAL_FORMAT', 'key blob: malformed stanza', { cause })
  }
}

/** Any stanza that is not known to be may be what a quantum computer opens. */
function isPostQuantum({ stanzas }: Header): boolean {
  const recipients = stanzas.filter((stanza) => stanza.type !== SEAL_TYPE && !isPad(stanza))
  return recipients.every((stanza) => stanza.type === POST_QUANTUM_TYPE)
}

/**
 * A named session key whose blob was verified: it wraps the file keys of files sealed under it.
 *
 * To hold one is the proof that its blob was signed by somebody the reader knows: only
 * `open` makes one.
 */
export class NamedSessionKey implements Identity {
  readonly kind = SESSION_KEY_TYPE
  readonly name: string
  readonly seal: VerifiedSeal
  /** Whether a future quantum computer leaves its blob secret; if not, a file sealed under it is no safer. */
  readonly postQuantum: boolean
  #key: Uint8Array | undefined

  private constructor(name: string, sessionKey: Uint8Array, seal: VerifiedSeal, postQuantum: boolean) {
    this.name = name
    this.postQuantum = postQuantum
    this.#key = sessionKey
    this.seal = seal
  }

  /**
   * Opens and verifies a blob of the store.
   *
   * @throws KeyBlobError as `openKeyBlob`; NOT_AUTHENTIC if it is the blob of a file, or of another name
   */
  static open(
    name: string,
    blob: Uint8Array,
    identities: readonly Identity[],
    signers: SignerDirectory,
  ): NamedSessionKey {
    const header = parseKeyBlob(blob)
    const { sessionKey, seal } = openUniformly(header, identities, signers)
    if (seal.kind === 'session-key' && seal.metadata.name === name) {
      return new NamedSessionKey(name, sessionKey, seal, isPostQuantum(header))
    }
    wipe(sessionKey)
    throw new KeyBlobError('NOT_AUTHENTIC', `this is not the key blob of the session key ${name}`)
  }

  get serial(): Serial {
    return this.seal.serial
  }

  /** Wraps a file key: `-> strongroom/session-key <serial> <salt>`. @throws KeyBlobError NO_KEY after `wipe` */
  wrap(fileKey: Uint8Array): Stanza {
    // Zeros are a key that everybody knows.
    if (!this.#key) throw new KeyBlobError('NO_KEY', 'the session key was wiped')
    const salt = new Uint8Array(randomBytes(16))
    const body = sealOnce(this.#key, salt, INFO, fileKey)
    return { type: SESSION_KEY_TYPE, args: [toBase64(this.serial), toBase64(salt)], body }
  }

  /** The file key in the stanza of this session key; undefined if there is none that it opens. */
  unwrap(stanzas: readonly Stanza[]): Uint8Array | undefined {
    const serial = toBase64(this.serial)
    for (const { type, args, body } of stanzas) {
      const [of, salt, ...rest] = args
      if (type !== SESSION_KEY_TYPE || of !== serial || salt === undefined || rest.length > 0) continue
      const fileKey = this.#unwrapBody(salt, body)
      if (fileKey) return fileKey
    }
    return undefined
  }

  /** Forgets the key: nothing is wrapped or unwrapped from then on. */
  wipe(): void {
    if (this.#key) wipe(this.#key)
    this.#key = undefined
  }

  #unwrapBody(saltText: string, body: Uint8Array): Uint8Array | undefined {
    // 16 bytes are 22 characters.
    if (!this.#key || saltText.length !== 22 || body.length !== WRAPPED_FILE_KEY_BYTES) return undefined
    try {
      return openOnce(this.#key, fromBase64(saltText), INFO, body)
    } catch (error) {
      if (error instanceof BytesError) return undefined
      throw error
    }
  }
}
