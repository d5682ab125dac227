import { CryptoApiError } from '@strongroom/core/cryptoapi'

/** The two layouts of Microsoft's sample: with a key blob in front, or ciphertext from the first byte. */
export type OldLayout = 'key blob' | 'password'

const WHY_NOT = {
  'key blob': 'it is damaged, or made for another key',
  password: 'it is damaged, or made with another password, cipher or hash',
} as const satisfies Record<OldLayout, string>

/** The one error for whatever depends on a key of an old file. */
export function notOpened(layout: OldLayout): CryptoApiError {
  return new CryptoApiError('NTE_BAD_DATA', WHY_NOT[layout])
}

/** Whether CryptoAPI found something wrong in the data. */
export function isBadData(error: unknown): boolean {
  return error instanceof CryptoApiError && error.code === 'NTE_BAD_DATA'
}
