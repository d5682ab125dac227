import { nameText } from './authority-names.ts'
import { TREE, type CustodianStatement } from './custodian-statements.ts'
import { hexBytes, objectOf, timeText, wholeNumber, type JsonField } from './json-fields.ts'
import { fingerprintText, signerText } from './key-texts.ts'
import { RECOVERY_LIMITS } from './recovery-limits.ts'
import type { ListedDeposits } from './recovery-request.ts'

/** A client asks whether deposits of its own could be opened today: docs/spec/probe.md. */
export interface Probe {
  /** The fingerprint of the authority. */
  readonly identity: string
  readonly tenant: string
  /** The id of the client. */
  readonly client: string
  /** Its signer, in text form, which signs. */
  readonly signer: string
  /** 1 to 100. */
  readonly deposits: ListedDeposits
  /** 32 random bytes: no two probes are one, and no answer is one of before. */
  readonly nonce: Uint8Array
  /** Milliseconds since 1970, full seconds. */
  readonly created: number
}

/** The custodian answers a probe. Once. */
export interface ProbeAnswer extends CustodianStatement {
  readonly tenant: string
  /** The statement digest of the probe. */
  readonly subject: Uint8Array
}

/** What became of one deposit of a probe. */
export interface ProbeResult {
  /** The id of the deposit: 32 bytes. */
  readonly id: Uint8Array
  /** 32 bytes that nobody makes without the session key; null of one that did not open, for whatever reason. */
  readonly mac: Uint8Array | null
}

const COUNT = wholeNumber(1, RECOVERY_LIMITS.probeDeposits)

/** A probe in JSON. */
export const PROBE: JsonField<Probe> = objectOf({
  identity: fingerprintText,
  tenant: nameText,
  client: nameText,
  signer: signerText,
  deposits: objectOf({ count: COUNT, digest: hexBytes(32) }),
  nonce: hexBytes(32),
  created: timeText,
})

/** The answer to a probe in JSON. */
export const PROBE_ANSWER: JsonField<ProbeAnswer> = objectOf({
  identity: fingerprintText,
  tenant: nameText,
  custodian: signerText,
  subject: hexBytes(32),
  count: COUNT,
  results: hexBytes(32),
  checkpoint: TREE,
  created: timeText,
})
