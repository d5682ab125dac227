/**
 * The tables about recovery as queries see them. Rows of decisions are written once and never changed: where a recovery stands
 * follows from them and the time. A key is called by its `keyNameOf`.
 */
export interface RecoverySchema {
  terms: TermsTable
  known_key: KnownKeyTable
  charter: CharterTable
  subject: SubjectTable
  spent_key: SpentKeyTable
  approval: ApprovalTable
  ending: EndingTable
  codes: CodesTable
  vetting: VettingTable
  opened: OpenedTable
  rewrapped: RewrappedTable
  completed: CompletedTable
  probe: ProbeTable
  probe_answer: ProbeAnswerTable
  subject_receipt: SubjectReceiptTable
  release_blob: ReleaseBlobTable
  attempt: AttemptTable
  contact: ContactTable
  notice: NoticeTable
}

/** Policy documents by their digests. */
interface TermsTable {
  digest: Uint8Array
  bytes: Uint8Array
}

/** Keys that are no client's, and why they are known. Not an authorisation: what a key may do follows from the statements. */
interface KnownKeyTable {
  name: string
  tenant: string
  /** `person`, `code`, `vetting` or `request`. */
  kind: string
  /** Of a code or vetting the client; of a request its digest in hexadecimal. */
  ref: string
  signer: string
}

/** Charters that are or were in force. */
interface CharterTable {
  tenant: string
  number: number
  digest: Uint8Array
  /** The leaf from which on. */
  leaf: number
  standing: string
  /** The least number of approvals in any class. */
  approvals: number
}

/** Requests and proposed charters. */
interface SubjectTable {
  tenant: string
  digest: Uint8Array
  leaf: number
  received: number
  kind: string
  /** Empty for a charter. */
  client: string
  /** Names of keys: of the new container, or of the author; and of who asks. */
  signer: string
  opener: string
  expires: number
  /** Ids of deposits, one after the other; empty for a charter. */
  deposits: Uint8Array
  notice: string | null
}

/** Codes that a request was made with. */
interface SpentKeyTable {
  tenant: string
  name: string
  subject: Uint8Array
}

interface ApprovalTable {
  tenant: string
  subject: Uint8Array
  person: string
  digest: Uint8Array
  leaf: number
}

/** How a subject ended. One row at most: whoever comes second finds it. */
interface EndingTable {
  tenant: string
  subject: Uint8Array
  phase: string
  digest: Uint8Array
  leaf: number
}

interface CodesTable {
  tenant: string
  client: string
  leaf: number
  digest: Uint8Array
}

interface VettingTable {
  tenant: string
  code: string
  client: string
  digest: Uint8Array
  leaf: number
}

interface OpenedTable {
  tenant: string
  deposit: Uint8Array
  leaf: number
  /** 1 right, 0 wrong. */
  correct: number
}

interface RewrappedTable {
  tenant: string
  deposit: Uint8Array
  /** The number of the epoch that it was wrapped for. */
  epoch: number
  leaf: number
  blob: Uint8Array
}

interface CompletedTable {
  epoch: number
  successor: number
  leaf: number
}

/** Probes of clients. */
interface ProbeTable {
  tenant: string
  digest: Uint8Array
  client: string
  leaf: number
  received: number
  /** How many deposits: what a client may probe in a day is counted by it. */
  count: number
  /** Their ids in ascending order, one after the other. */
  deposits: Uint8Array
}

/** Answers to probes, one at most. */
interface ProbeAnswerTable {
  tenant: string
  probe: Uint8Array
  digest: Uint8Array
  leaf: number
  /** For each deposit in the order of the probe `u8 || MAC`, the byte 1 if it opened; 33 bytes. */
  results: Uint8Array
}

/** The receipt that a subject got when it was logged: its time is the one that the waiting begins with. */
interface SubjectReceiptTable {
  tenant: string
  subject: Uint8Array
  receipt: Uint8Array
}

interface ReleaseBlobTable {
  tenant: string
  subject: Uint8Array
  deposit: Uint8Array
  blob: Uint8Array
}

/** Uses of codes that are not known. */
interface AttemptTable {
  tenant: string
  client: string
  since: number
  count: number
}

/** Where somebody is told. `client` is empty for the people of a tenant. */
interface ContactTable {
  tenant: string
  client: string
  channel: string
  address: string
}

/** What has to be told: one row an event, channel and address. */
interface NoticeTable {
  tenant: string
  subject: Uint8Array
  event: string
  channel: string
  address: string
  /** The owner, or empty for the people of the tenant. */
  client: string
  leaf: number
  created: number
  /** Not before. While a node is at it, until when nobody else is. */
  due: number
  attempts: number
  /** 1 until it was delivered or given up. */
  waiting: number
  /** 1 if it was delivered. */
  delivered: number
}
