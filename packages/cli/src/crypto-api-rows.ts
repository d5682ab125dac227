import type { CryptoApiErrorCode } from '@strongroom/core/cryptoapi'
import type { Row } from './exit-codes.ts'

const INSPECT = 'strongroom cryptoapi inspect FILE explains it, and needs no key'
const OTHER_COPY = 'look for the right key or password, or for a better copy of the file'
const REPORT = 'please report it with the command that shows it'
const CONTAINER = 'strongroom cryptoapi import puts a key pair into your container'

/**
 * What the statuses of CryptoAPI mean for whoever typed a command: a part of the table in `exit-codes.ts`.
 *
 * A wrong key, a wrong password and damage behind either are one code on purpose. The last rows are those that no
 * command of ours can meet: they are statuses of a provider's own surroundings.
 */
export const CRYPTO_API_ROWS = {
  NTE_BAD_DATA: [
    'notAuthentic',
    'damaged, cut off, or made for another key or under another password',
    OTHER_COPY,
  ],
  NTE_BAD_SIGNATURE: [
    'notAuthentic',
    'not a signature of that key over these bytes',
    'do not trust them; if you do, look whether the key, the hash and the description are the right ones',
  ],
  NTE_NO_KEY: ['noKey', 'a key pair or password is needed and there is none', CONTAINER],
  NTE_BAD_KEY: [
    'noKey',
    'a key of the wrong kind: a signature key to open with, or a public key alone',
    'take a private key of the kind that is asked for: an exchange pair opens, a signature pair signs',
  ],
  NTE_BAD_PUBLIC_KEY: ['noKey', 'a public key is needed and there is none', 'name it with --for FILE'],
  NTE_BAD_VER: ['unsupported', 'not a key blob, or one of another version than 2', INSPECT],
  NTE_BAD_TYPE: ['unsupported', 'not a key blob, or not one of the type that is asked for', INSPECT],
  NTE_BAD_ALGID: [
    'unsupported',
    'an algorithm that the RSA providers do not have, or not for this purpose',
    INSPECT,
  ],
  NTE_BAD_LEN: [
    'unsupported',
    'too long or too short for the key that it is used with',
    'take a longer key pair',
  ],
  NTE_BAD_KEY_STATE: [
    'unsupported',
    'a key that its provider does not hand out',
    'export it where it was made',
  ],
  NTE_BAD_FLAGS: [
    'usage',
    'an option or a length that the algorithm does not take',
    'leave --bits out for the length that the algorithm has',
  ],
  NTE_BAD_HASH: [
    'usage',
    'a hash that is too short for a key of that length',
    'take another hash with --hash, or fewer --bits',
  ],
  ERROR_INVALID_PARAMETER: [
    'usage',
    'a value that cannot be taken as it is',
    'the message says what would be taken',
  ],
  NTE_BAD_KEYSET: ['noContainer', 'there is no key container of that name', CONTAINER],
  NTE_EXISTS: ['exists', 'there is a key container of that name', 'choose another name'],
  NTE_BAD_HASH_STATE: ['internal', 'a hash was used after its end', REPORT],
  ERROR_MORE_DATA: ['internal', 'an answer that is longer than its place', REPORT],
  ERROR_NO_MORE_ITEMS: ['internal', 'a list was read beyond its end', REPORT],
  ERROR_INVALID_HANDLE: ['internal', 'a handle that is none', REPORT],
  NTE_BAD_UID: ['internal', 'a context that is none', REPORT],
  NTE_BAD_PROVIDER: ['internal', 'a provider that is none', REPORT],
  NTE_BAD_PROV_TYPE: ['internal', 'a type of provider that there is not', REPORT],
  NTE_PROV_TYPE_NOT_DEF: ['internal', 'a type of provider that is not at hand', REPORT],
  NTE_PROV_TYPE_NO_MATCH: ['internal', 'a provider of another type', REPORT],
  NTE_PROV_TYPE_ENTRY_BAD: ['internal', 'a type of provider that is badly described', REPORT],
  NTE_KEYSET_NOT_DEF: ['internal', 'a provider that is not at hand', REPORT],
  NTE_KEYSET_ENTRY_BAD: ['internal', 'a key container that is badly described', REPORT],
  NTE_BAD_KEYSET_PARAM: ['internal', 'a key container of an impossible name', REPORT],
  NTE_SILENT_CONTEXT: ['internal', 'a provider that may not ask anybody', REPORT],
  NTE_PERM: ['internal', 'a provider refused', REPORT],
  NTE_NOT_FOUND: ['internal', 'a provider did not find something', REPORT],
  NTE_DOUBLE_ENCRYPT: ['internal', 'something encrypted was to be encrypted again', REPORT],
  NTE_NO_MEMORY: ['internal', 'a provider is out of memory', REPORT],
  NTE_PROVIDER_DLL_FAIL: ['internal', 'a provider could not be loaded', REPORT],
  NTE_SYS_ERR: ['internal', 'a provider met an error of the system', REPORT],
  NTE_FAIL: ['internal', 'a provider failed and does not say why', REPORT],
} as const satisfies Record<CryptoApiErrorCode, Row>
