import { AgeError, type AgeErrorCode } from '../age/index.ts'
import { KeyBlobError, type KeyBlobErrorCode } from '../keyblob/index.ts'
import { systemError } from './positional-io.ts'
import { SealError, type SealErrorCode } from './seal-error.ts'

const AGE_CODES: Readonly<Record<AgeErrorCode, SealErrorCode>> = {
  HEADER_INCOMPLETE: 'HEADER',
  HEADER_SYNTAX: 'HEADER',
  HEADER_VERSION: 'NOT_AGE',
  HEADER_TOO_LARGE: 'HEADER',
  HEADER_MAC: 'NOT_AUTHENTIC',
  NO_MATCH: 'NO_KEY',
  STANZA: 'HEADER',
  SCRYPT_NOT_ALONE: 'HEADER',
  SCRYPT_WORK: 'HEADER',
  MIXED_RECIPIENTS: 'RECIPIENTS',
  NO_RECIPIENTS: 'RECIPIENTS',
  PAYLOAD: 'NOT_AUTHENTIC',
  PAYLOAD_LENGTH: 'NOT_AUTHENTIC',
  ARMOR: 'HEADER',
  KEY: 'RECIPIENTS',
}

const KEY_BLOB_CODES: Readonly<Record<KeyBlobErrorCode, SealErrorCode>> = {
  NOT_SIGNED: 'NOT_SIGNED',
  // The header MAC was right, or a public seal claims to be one: a seal that no writer makes was put there.
  SEAL_FORMAT: 'NOT_AUTHENTIC',
  NOT_AUTHENTIC: 'NOT_AUTHENTIC',
  UNKNOWN_SIGNER: 'UNKNOWN_SIGNER',
  NO_KEY: 'NO_KEY',
  SEAL_PRIVATE: 'SEAL_PRIVATE',
  LIMIT: 'LIMIT',
  KEY_NAME: 'LIMIT',
  KEY_EXISTS: 'EXISTS',
  KEY_MISSING: 'NO_KEY',
}

/** Any failure below as this layer's error, naming the file; what is no known failure passes unchanged. */
export function asSealError(error: unknown, path?: string): unknown {
  if (error instanceof SealError) return error.path === undefined ? withPath(error, path) : error
  const data = { cause: error, path }
  if (error instanceof AgeError) return new SealError(AGE_CODES[error.code], error.message, data)
  if (error instanceof KeyBlobError) {
    return new SealError(KEY_BLOB_CODES[error.code], error.message, {
      ...data,
      fingerprint: error.fingerprint,
    })
  }
  return systemError('work on', error, path)
}

/** Runs a step and reports its failure as a `SealError`. */
export async function reporting<T>(path: string | undefined, step: () => Promise<T> | T): Promise<T> {
  try {
    return await step()
  } catch (error) {
    throw asSealError(error, path)
  }
}

function withPath(error: SealError, path: string | undefined): SealError {
  return path === undefined
    ? error
    : new SealError(error.code, error.message, { cause: error.cause, path, fingerprint: error.fingerprint })
}
