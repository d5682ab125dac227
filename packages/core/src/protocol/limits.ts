/**
 * What a message may hold at most: docs/spec/authority-protocol.md, "Limits".
 *
 * Lengths are in bytes, times in seconds unless the name says otherwise. Every reader of this folder refuses more before it
 * does any work; a server may allow less.
 */
export const LIMITS = {
  /** A deposit: a key blob made for an authority. */
  depositBytes: 16_384,
  /** Deposits in one request. */
  depositsPerRequest: 1_000,
  /** A deposit context. */
  contextBytes: 6_144,
  /** The description of a deposit, in UTF-8 and before it is sealed. */
  descriptionBytes: 1_024,
  /** What a deposit encloses, before it is sealed: a SIMPLEBLOB, or the parameters of a password-derived key. */
  enclosedBytes: 4_096,
  /** The payload of a statement in JSON. */
  payloadBytes: 16_384,
  /** A statement in its DSSE envelope. */
  envelopeBytes: 32_768,
  /** A receipt. */
  receiptBytes: 131_072,
  /** The receipts for all deposits of one request. */
  receiptListBytes: 4_718_592,
  /** The query of a request, in characters. */
  queryCharacters: 4_096,
  /** Deposits on one page of a search, and those on a page for which no number is asked. */
  depositsPerPage: 1_000,
  depositsPerUsualPage: 100,
  /** Statements on one page. */
  statementsPerPage: 100,
  /** A page of deposits or statements. */
  pageBytes: 8_388_608,
  /** A problem document. */
  problemBytes: 8_192,
  /** A request or answer in JSON for which nothing else is said. */
  jsonBytes: 65_536,
  /** Epoch records of one authority. */
  epochs: 1_024,
  /** What an authority says of itself: all its epoch records. */
  authorityBytes: 33_554_432,
  /** An epoch may be used for so long after its end, with a warning. */
  epochGraceSeconds: 30 * 86_400,
  /** The text of an invitation, in characters. */
  invitationCharacters: 1_024,
  /** An enrolment must come so soon after its challenge. */
  challengeSeconds: 600,
  /** Between the creation and the expiry of an HTTP signature. */
  signatureSeconds: 300,
  /** By how much the clock of a client may be ahead of the server's. */
  clockSkewSeconds: 60,
} as const
