/** Why a statement is not taken, before anything is stored. */
export type AdmissionErrorCode = 'ADMISSION_BLOB' | 'ADMISSION_EPOCH' | 'ADMISSION_CLIENT'

/**
 * The error of statements that are well-formed and validly signed but not taken.
 *
 * - `ADMISSION_BLOB`: a key blob that is no deposit: other stanzas, or other bytes behind its header.
 * - `ADMISSION_EPOCH`: a deposit for an epoch that has not begun, or has been over for too long.
 * - `ADMISSION_CLIENT`: a deposit of a client that may not write.
 *
 * Statements that are malformed or not validly signed are refused by the ProtocolError of the layer that reads them.
 */
export class AdmissionError extends Error {
  override readonly name = 'AdmissionError'
  readonly code: AdmissionErrorCode

  constructor(code: AdmissionErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
