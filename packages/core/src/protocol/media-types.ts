/** The media types of the protocol: docs/spec/authority-protocol.md, "Requests and answers". */
export const MEDIA_TYPES = {
  /** Challenges, cards and whatever else is JSON. */
  json: 'application/json',
  /** A statement in its DSSE envelope. */
  envelope: 'application/vnd.dsse.envelope.v1+json',
  /** One key blob made for an authority. */
  deposit: 'application/vnd.strongroom.deposit',
  /** Several, as `encodeDeposits` writes them. */
  deposits: 'application/vnd.strongroom.deposits',
  /** Key blobs of a release, as `encodeKeyBlobs` writes them. */
  keyBlobs: 'application/vnd.strongroom.keyblobs',
  /** What a custodian judges by, as `encodeRecoveryBundle` writes it. */
  bundle: 'application/vnd.strongroom.bundle',
  receipt: 'application/vnd.strongroom.receipt.v1+json',
  /** One for each deposit of a request, as `encodeReceiptList` writes them. */
  receipts: 'application/vnd.strongroom.receipts.v1+json',
  /** RFC 9457. */
  problem: 'application/problem+json',
} as const
