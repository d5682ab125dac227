/**
 * What GetLastError answers, by published name.
 *
 * Source: Microsoft, `winerror.h`; which function gives which is in `docs/cryptoapi.md`.
 */
export const STATUS = {
  ERROR_INVALID_HANDLE: 0x6,
  ERROR_INVALID_PARAMETER: 0x57,
  ERROR_MORE_DATA: 0xea,
  ERROR_NO_MORE_ITEMS: 0x103,
  NTE_BAD_UID: 0x80090001,
  NTE_BAD_HASH: 0x80090002,
  NTE_BAD_KEY: 0x80090003,
  NTE_BAD_LEN: 0x80090004,
  NTE_BAD_DATA: 0x80090005,
  NTE_BAD_SIGNATURE: 0x80090006,
  NTE_BAD_VER: 0x80090007,
  NTE_BAD_ALGID: 0x80090008,
  NTE_BAD_FLAGS: 0x80090009,
  NTE_BAD_TYPE: 0x8009000a,
  NTE_BAD_KEY_STATE: 0x8009000b,
  NTE_BAD_HASH_STATE: 0x8009000c,
  NTE_NO_KEY: 0x8009000d,
  NTE_NO_MEMORY: 0x8009000e,
  NTE_EXISTS: 0x8009000f,
  NTE_PERM: 0x80090010,
  NTE_NOT_FOUND: 0x80090011,
  NTE_DOUBLE_ENCRYPT: 0x80090012,
  NTE_BAD_PROVIDER: 0x80090013,
  NTE_BAD_PROV_TYPE: 0x80090014,
  NTE_BAD_PUBLIC_KEY: 0x80090015,
  NTE_BAD_KEYSET: 0x80090016,
  NTE_PROV_TYPE_NOT_DEF: 0x80090017,
  NTE_PROV_TYPE_ENTRY_BAD: 0x80090018,
  NTE_KEYSET_NOT_DEF: 0x80090019,
  NTE_KEYSET_ENTRY_BAD: 0x8009001a,
  NTE_PROV_TYPE_NO_MATCH: 0x8009001b,
  NTE_PROVIDER_DLL_FAIL: 0x8009001d,
  NTE_BAD_KEYSET_PARAM: 0x8009001f,
  NTE_FAIL: 0x80090020,
  NTE_SYS_ERR: 0x80090021,
  NTE_SILENT_CONTEXT: 0x80090022,
} as const

/** The published name of a status. */
export type CryptoApiErrorCode = keyof typeof STATUS

/**
 * A provider refused, or could not do, what was asked.
 *
 * Whatever depends on a private key (unwrapping a SIMPLEBLOB, decrypting with RSA, a wrong password of a PVK) fails
 * as NTE_BAD_DATA with one text for every cause, and carries no `cause`.
 */
export class CryptoApiError extends Error {
  readonly code: CryptoApiErrorCode
  /** With ERROR_MORE_DATA: how many bytes the answer takes. */
  readonly needed: number | undefined

  constructor(code: CryptoApiErrorCode, message: string, data: { cause?: unknown; needed?: number } = {}) {
    super(message, data.cause === undefined ? undefined : { cause: data.cause })
    this.name = 'CryptoApiError'
    this.code = code
    this.needed = data.needed
  }

  /** The number that GetLastError answers, unsigned. */
  get status(): number {
    return STATUS[this.code]
  }
}
