import { CryptoApiError, type CryptoApiErrorCode } from '../crypto-api-error.ts'

/** What kind of thing an old file is. */
export type OldFileForm =
  | 'SIMPLEBLOB'
  | 'PUBLICKEYBLOB'
  | 'PRIVATEKEYBLOB'
  | 'PLAINTEXTKEYBLOB'
  /** A type of key blob that these providers do not read. */
  | 'other key blob'
  | 'PVK'
  /** As Microsoft's file-encryption sample writes it, with a key blob in front. */
  | 'sample file'
  /** Bytes that do not say what they are. */
  | 'no header'

/** One field, in the order in which they lie in the file. */
export interface InspectedField {
  /** From the start of the file, in bytes. */
  readonly offset: number
  /** Bytes that are there. */
  readonly size: number
  /** Bytes that there should be, if that is more. */
  readonly expectedSize?: number
  /** As Microsoft's structures call it. */
  readonly name: string
  /** A number, or bytes in hex (integers most significant byte first); undefined for what is kept back. */
  readonly value?: string
  /** In words, lower case. */
  readonly meaning: string
  /** Whoever sees the value can read or sign something: it is kept back unless asked for. */
  readonly secret: boolean
}

/** How bad a finding is: it opens to anybody; it resists too little; it should be known. */
export type Severity = 'danger' | 'weak' | 'note'

/** Something to know about a file: a row of `FINDINGS`. */
export interface Finding {
  readonly code: string
  readonly severity: Severity
  /** What it is: `RSA below 2048 bits`. */
  readonly text: string
  /** Why it matters. */
  readonly reason: string
}

/** What an import would answer. */
export interface InspectedProblem {
  readonly code: CryptoApiErrorCode
  readonly message: string
}

/** All that can be said about an old file without any key. */
export interface OldFileInspection {
  readonly form: OldFileForm
  /** In a few words: `a session key for RC4, encrypted for an RSA key of 1024 bits`. */
  readonly summary: string
  readonly fields: readonly InspectedField[]
  readonly findings: readonly Finding[]
  /** Why it cannot be used, if that can be seen. */
  readonly problem?: InspectedProblem
}

/** What is thrown, as a problem. @throws any error but that of this layer */
export function problemIn(work: () => void): InspectedProblem | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (error instanceof CryptoApiError) return { code: error.code, message: error.message }
    throw error
  }
}
