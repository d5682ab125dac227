import type { DepositFormat } from '@strongroom/core/protocol'
import type { EntryKindName } from '@strongroom/core/tlog'

/** Whose a statement is. Both are names as `checkName` of the protocol accepts them. */
export interface Owner {
  readonly tenant: string
  readonly client: string
}

/** The tenant and client of what the authority says itself: no name of anybody. */
export const AUTHORITY: Owner = { tenant: '', client: '' }

/** A statement as it is kept: its exact bytes, and where it stands in the log. */
export interface StatementRow extends Owner {
  readonly kind: EntryKindName
  /** The statement digest, 32 bytes. */
  readonly digest: Uint8Array
  /** A key blob, or a DSSE envelope in JSON. */
  readonly bytes: Uint8Array
  /** The index of its leaf. */
  readonly index: number
  /** When the authority took it, by its own clock: milliseconds since 1970. */
  readonly received: number
}

/**
 * What is found of a deposit without reading it: an index over its statement, and nothing else. Digests are 32 bytes.
 *
 * All of it follows from the statement's bytes; `fsck` derives it again.
 */
export interface DepositFacts {
  /** 16 bytes. */
  readonly serial: Uint8Array
  readonly commitment: Uint8Array
  readonly epoch: number
  readonly format: DepositFormat
  readonly retention: string
  /** When the client made it, by the client's clock: milliseconds since 1970. */
  readonly created: number
  readonly sealId?: Uint8Array
  readonly object?: { readonly nameDigest: Uint8Array; readonly size: number }
  /** Absent if there is none, or none that the authority can read. */
  readonly description?: string
  /** The deposit that it replaces. */
  readonly previous?: Uint8Array
}

/** A deposit as a search finds it. */
export interface DepositRow extends Owner, DepositFacts {
  /** The deposit id, which is its statement digest. */
  readonly digest: Uint8Array
  readonly index: number
  readonly received: number
  /** Bytes of the key blob. */
  readonly size: number
  /** How far it was verified: 0, structure and signature; 2, the custodian opened it. */
  readonly level: number
  /** Whether the custodian stated that it is not right. */
  readonly wrong: boolean
  /** Whether another deposit of the same client names it as the one that it replaces. */
  readonly superseded: boolean
}

/** What an enrolment says about its client. */
export interface EnrolmentFacts {
  /** The public signature key in text form. */
  readonly signer: string
  /** The age recipient. */
  readonly exchange: string
  /** What the client calls itself. */
  readonly name: string
  /** The key id of the invitation's public key: 32 bytes. */
  readonly invitation: Uint8Array
}

/** What a client may do: `active`, everything; `suspended`, nothing new; `replaced` the same, for another has taken its place. */
export type ClientState = 'active' | 'suspended' | 'replaced'

/** A client as it was enrolled. */
export interface ClientRow extends Owner, EnrolmentFacts {
  /** The statement digest of its enrolment. */
  readonly enrolment: Uint8Array
  /** When it was enrolled, by the authority's clock. */
  readonly received: number
  readonly state: ClientState
}

/** Somebody whose clients are kept apart from everybody else's. */
export interface TenantRow {
  readonly tenant: string
  readonly created: number
}

/** Leave to enrol one client. The authority knows its public key alone. */
export interface InvitationRow {
  readonly tenant: string
  /** The key id of its public key: 32 bytes. */
  readonly id: Uint8Array
  /** For whom it is: written by the administrator, shown to no client. */
  readonly name: string
  readonly created: number
  readonly expires: number
  /** The statement digest of the enrolment that it was used for. */
  readonly spent?: Uint8Array
}

/** What was stored for a client, or for all of a tenant. */
export interface Usage {
  readonly deposits: number
  /** Of key blobs. */
  readonly bytes: number
}
