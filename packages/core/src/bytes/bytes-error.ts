/** What can be wrong with bytes or with the text that stands for them. */
export type BytesErrorCode = 'BYTES_TRUNCATED' | 'BYTES_TRAILING' | 'BYTES_ENCODING' | 'BYTES_RANGE'

/**
 * The one error of this layer.
 *
 * - `BYTES_TRUNCATED`: a reader was asked for more than there is.
 * - `BYTES_TRAILING`: something follows where the end was expected.
 * - `BYTES_ENCODING`: a text is not the canonical hex, base64, Bech32 or UTF-8 it should be.
 * - `BYTES_RANGE`: a number does not fit the field it was to be written to.
 *
 * Messages say what was expected and what came in lengths and positions, never in contents.
 */
export class BytesError extends Error {
  override readonly name = 'BytesError'
  readonly code: BytesErrorCode

  constructor(code: BytesErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
