import { toHex } from '@strongroom/core/bytes'
import {
  CryptoApiError,
  encodePvk,
  exportKeyBlob,
  type PvkProtection,
  type PvkWriting,
  type RsaKey,
  type SessionKey,
  wincrypt,
} from '@strongroom/core/cryptoapi'

/** What a written key is protected by: a password, a password of which 40 bits count, or nothing. */
export type WrittenProtection = PvkProtection

/** How a key pair is written. */
export interface PairForm {
  readonly of: 'pair'
  /** Whether the private part is in it. */
  readonly secret: boolean
  /** Whether it is text. */
  readonly text: boolean
  /** The ones that it has, the usual one first. */
  readonly protections: readonly WrittenProtection[]
  /** Whether it says what the pair is for. */
  readonly saysUse: boolean
  readonly description: string
  write(key: RsaKey, protection: WrittenProtection, password: Uint8Array): string | Uint8Array
}

/** How a session key is written. */
export interface SessionKeyForm {
  readonly of: 'session key'
  readonly secret: boolean
  readonly text: boolean
  readonly description: string
  write(
    key: SessionKey,
    wrapWith: { readonly key: RsaKey; readonly oaep: boolean } | undefined,
  ): string | Uint8Array
}

const PUBLIC = { of: 'pair', secret: false, protections: ['none'] } as const
const OPEN = { of: 'pair', secret: true, protections: ['none'] } as const
/** What OpenSSL takes for keys of today; its password is hashed 2048 times with HMAC-SHA-256 (PBES2, PBKDF2). */
const PKCS8_CIPHER = 'aes-256-cbc'

const PAIR_FORMS: Readonly<Record<string, PairForm>> = {
  'public-blob': {
    ...PUBLIC,
    text: false,
    saysUse: true,
    description: 'a PUBLICKEYBLOB',
    write: (key) => exportKeyBlob(key, wincrypt.PUBLICKEYBLOB),
  },
  'public-pem': {
    ...PUBLIC,
    text: true,
    saysUse: false,
    description: 'a public key in PEM',
    write: ({ publicKey }) => publicKey.toKeyObject().export({ format: 'pem', type: 'spki' }),
  },
  'private-blob': {
    ...OPEN,
    text: false,
    saysUse: true,
    description: 'a PRIVATEKEYBLOB',
    write: (key) => exportKeyBlob(key, wincrypt.PRIVATEKEYBLOB),
  },
  pvk: {
    of: 'pair',
    secret: true,
    text: false,
    protections: ['strong', 'weak', 'none'],
    saysUse: true,
    description: 'a PVK file',
    write: (key, protection, password) =>
      encodePvk(key.expectPrivate(), key.algorithm, pvkWriting(protection, password)),
  },
  pkcs8: {
    of: 'pair',
    secret: true,
    text: true,
    protections: ['strong', 'none'],
    saysUse: false,
    description: 'a PKCS#8 key in PEM',
    write: (key, protection, password) =>
      key
        .expectPrivate()
        .toKeyObject()
        .export({
          format: 'pem',
          type: 'pkcs8',
          ...(protection === 'strong' && { cipher: PKCS8_CIPHER, passphrase: Buffer.from(password) }),
        }),
  },
  pkcs1: {
    ...OPEN,
    text: true,
    saysUse: false,
    description: 'a PKCS#1 key in PEM',
    write: (key) => key.expectPrivate().toKeyObject().export({ format: 'pem', type: 'pkcs1' }),
  },
}

const SESSION_KEY_FORMS: Readonly<Record<string, SessionKeyForm>> = {
  'simple-blob': {
    of: 'session key',
    secret: false,
    text: false,
    description: 'a SIMPLEBLOB',
    write: (key, wrapWith) => {
      if (!wrapWith)
        throw new CryptoApiError('NTE_BAD_PUBLIC_KEY', 'a SIMPLEBLOB is made for somebody’s public key')
      return exportKeyBlob(key, wincrypt.SIMPLEBLOB, { wrapWith: wrapWith.key, oaep: wrapWith.oaep })
    },
  },
  'plaintext-blob': {
    of: 'session key',
    secret: true,
    text: false,
    description: 'a PLAINTEXTKEYBLOB',
    write: (key) => exportKeyBlob(key, wincrypt.PLAINTEXTKEYBLOB),
  },
  hex: {
    of: 'session key',
    secret: true,
    text: true,
    description: 'the bytes of the key in hex',
    write: (key) => `${toHex(key.key)}\n`,
  },
}

/** Every form, by the name that the command line has for it. */
export const EXPORT_FORMS: ReadonlyMap<string, PairForm | SessionKeyForm> = new Map<
  string,
  PairForm | SessionKeyForm
>(Object.entries({ ...PAIR_FORMS, ...SESSION_KEY_FORMS }))

function pvkWriting(protection: WrittenProtection, password: Uint8Array): PvkWriting {
  return protection === 'none' ? { protection } : { protection, password }
}
