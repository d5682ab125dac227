import { wipe } from '@strongroom/core/bytes'
import { CryptoApiError, importKeyBlob, type RsaKey, SessionKey, wincrypt } from '@strongroom/core/cryptoapi'
import { CliError } from '../cli-error.ts'
import { displayName } from '../escape-text.ts'
import { MAX_KEY_FILE_BYTES, readInput } from './input-bytes.ts'
import { READING_PROVIDER } from './key-files.ts'

/** What stands before the encrypted key in a SIMPLEBLOB. */
const SIMPLEBLOB_HEAD_BYTES = 12

/** A session key as it lies in a file. The bytes are the caller's to wipe. */
export interface SessionKeyBlob {
  readonly bytes: Uint8Array
  /** Whether a private key opens it; otherwise it is in the clear. */
  readonly encrypted: boolean
}

/** Reads a SIMPLEBLOB or PLAINTEXTKEYBLOB; nothing is opened. @throws CliError UNSUPPORTED for anything else */
export function readSessionKeyBlob(path: string): SessionKeyBlob {
  const bytes = readInput(path, MAX_KEY_FILE_BYTES, 'a key blob')
  const [type] = bytes
  if (type === wincrypt.SIMPLEBLOB) return { bytes, encrypted: true }
  if (type === wincrypt.PLAINTEXTKEYBLOB) return { bytes, encrypted: false }
  wipe(bytes)
  throw new CliError('UNSUPPORTED', `${displayName(path)} is no key blob of a session key`, {
    hint: `strongroom cryptoapi inspect ${displayName(path)} shows what can be said of it`,
  })
}

/** The key of a PLAINTEXTKEYBLOB; whoever asks for it wipes it. @throws CryptoApiError as `importKeyBlob` */
export function readPlaintextKey(blob: Uint8Array): SessionKey {
  return expectSessionKey(importKeyBlob(READING_PROVIDER, blob, { exportable: true }))
}

/**
 * The key of a SIMPLEBLOB, opened with the first of the keys that opens it; whoever asks for it wipes it.
 *
 * @param keys exchange pairs
 * @throws CryptoApiError NTE_NO_KEY: none is of the size that the blob was made for, which everybody can see;
 *   NTE_BAD_DATA, with one text: damaged, or for another key
 */
export function unwrapSessionKey(blob: Uint8Array, keys: readonly RsaKey[], oaep: boolean): SessionKey {
  const length = blob.length - SIMPLEBLOB_HEAD_BYTES
  const fitting = keys.filter(({ publicKey }) => publicKey.length === length)
  if (fitting.length === 0) {
    throw new CryptoApiError(
      'NTE_NO_KEY',
      `the key blob is for an RSA key of ${length * 8} bits, and none is at hand`,
    )
  }
  for (const unwrapWith of fitting) {
    const key = tryToUnwrap(blob, unwrapWith, oaep)
    if (key) return key
  }
  throw new CryptoApiError('NTE_BAD_DATA', 'the key blob is damaged, or made for another key')
}

function tryToUnwrap(blob: Uint8Array, unwrapWith: RsaKey, oaep: boolean): SessionKey | undefined {
  try {
    return expectSessionKey(importKeyBlob(READING_PROVIDER, blob, { unwrapWith, oaep, exportable: true }))
  } catch (error) {
    if (error instanceof CryptoApiError && error.code === 'NTE_BAD_DATA') return undefined
    throw error
  }
}

function expectSessionKey(key: SessionKey | RsaKey): SessionKey {
  if (key instanceof SessionKey) return key
  throw new CryptoApiError('NTE_BAD_TYPE', 'the blob holds no session key')
}
