/**
 * What a statement about recovery may hold at most: docs/spec/recovery.md, "Limits". Times in seconds, lengths in bytes, otherwise
 * counts.
 */
export const RECOVERY_LIMITS = {
  /** A terms document. */
  termsBytes: 16_384,
  retentionClasses: 64,
  witnesses: 16,
  /** People of a charter, and keys of one of them. */
  people: 64,
  signersOfPerson: 8,
  approvals: 16,
  /** A waiting time, or an expiry: a year. */
  seconds: 31_536_000,
  /** Deposits in one request. */
  deposits: 10_000,
  /** Of those, on one page for who asked: what a page may hold is enough for so many of the longest. */
  depositsPerPage: 500,
  /** Deposits in one probe, and how long it waits for its answer. */
  probeDeposits: 100,
  probeSeconds: 604_800,
  /** Recovery codes of a client. */
  codes: 16,
  /** What was seen, checked or wanted, in a statement. */
  reasonBytes: 500,
  referenceBytes: 128,
  nameBytes: 128,
  /** The text of a recovery code, in characters. */
  codeCharacters: 1_024,
  /** What is sent beside a statement, in JSON. */
  submissionBytes: 2_097_152,
  /** A key blob that a custodian made: a release blob or a rewrap blob. */
  releaseBlobBytes: 4_096,
  /** A bundle for the custodian. */
  bundleBytes: 268_435_456,
} as const
