import { type Chunks, CryptoApiError, decryptTextStream, findTextLength } from '@strongroom/core/cryptoapi'
import { isBadData, notOpened } from './not-opened.ts'
import type { OldFile } from './old-file.ts'

/**
 * The text of an old file, in pieces that hold until the next is asked for. Only when no error ends them are they the
 * text, as far as anything proves it.
 *
 * Whatever depends on the key fails as one error: whoever could learn that a padding was right could decrypt with it.
 *
 * @param length of the text, if it is known to end before the file does
 * @returns how many bytes follow the text
 * @throws CryptoApiError NTE_BAD_DATA
 */
export async function* textOf(
  old: OldFile,
  file: Chunks,
  length: number | undefined,
): AsyncGenerator<Uint8Array, number> {
  try {
    return yield* decryptTextStream(old.key, old.ciphertextOf(file), length ?? 'refuse')
  } catch (error) {
    throw isBadData(error) ? notOpened(old.facts.layout) : error
  }
}

/** Where the text ends, for `textOf`. @throws CryptoApiError NTE_BAD_DATA; ERROR_INVALID_PARAMETER for RC4 */
export async function endOfText(old: OldFile, file: Chunks): Promise<number> {
  try {
    return await findTextLength(old.key, old.ciphertextOf(file))
  } catch (error) {
    throw isBadData(error) ? notOpened(old.facts.layout) : error
  }
}

/**
 * Looks at what anybody can count: whether so many bytes can be the whole text of a block cipher.
 *
 * @throws CryptoApiError NTE_BAD_DATA
 */
export function expectWholeBlocks({ key, frontBytes }: OldFile, fileBytes: number): void {
  const { blockLength } = key
  const bytes = fileBytes - frontBytes
  if (blockLength === 0 || (bytes > 0 && bytes % blockLength === 0)) return
  const text = bytes === 0 ? 'no ciphertext' : `${bytes} bytes of ciphertext`
  throw new CryptoApiError(
    'NTE_BAD_DATA',
    `it is cut off or has something behind it: ${text}, and ${key.row.name} makes whole blocks of ${blockLength}`,
  )
}
