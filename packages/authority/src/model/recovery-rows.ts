import { concat, toHex } from '@strongroom/core/bytes'
import {
  keyNameOf,
  RECOVERY_CLASSES,
  spentByUse,
  type Charter,
  type RecoveryRequest,
} from '@strongroom/core/protocol'
import { sha256 } from './digest.ts'
import { encodeProbeResult } from './probe-result.ts'
import type { Beside, RecoveryAct, RecoveryFactsOf } from './recovery-facts.ts'

/** Where a statement stands, and whose it is. */
export interface RecoveryPlace {
  readonly tenant: string
  readonly digest: Uint8Array
  readonly index: number
  readonly received: number
}

/** A key that is no client's, and why it is known. */
export interface KnownKeyRow {
  readonly name: string
  readonly tenant: string
  readonly kind: 'person' | 'code' | 'vetting' | 'request'
  readonly ref: string
  readonly signer: string
}

/** A request or a proposed charter, as it is found without reading it. */
export interface SubjectRow {
  readonly tenant: string
  readonly digest: Uint8Array
  readonly leaf: number
  readonly received: number
  readonly kind: 'request' | 'charter'
  readonly client: string
  readonly signer: string
  readonly opener: string
  readonly expires: number
  readonly deposits: Uint8Array
  readonly notice: string | null
}

/** The rows that follow from one statement by itself; by table. */
export interface RecoveryRows {
  readonly known_key?: readonly KnownKeyRow[]
  readonly charter?: readonly ReturnType<typeof charterRow>[]
  readonly subject?: readonly SubjectRow[]
  readonly spent_key?: readonly { tenant: string; name: string; subject: Uint8Array }[]
  readonly approval?: readonly {
    tenant: string
    subject: Uint8Array
    person: string
    digest: Uint8Array
    leaf: number
  }[]
  readonly ending?: readonly {
    tenant: string
    subject: Uint8Array
    phase: string
    digest: Uint8Array
    leaf: number
  }[]
  readonly codes?: readonly { tenant: string; client: string; leaf: number; digest: Uint8Array }[]
  readonly vetting?: readonly {
    tenant: string
    code: string
    client: string
    digest: Uint8Array
    leaf: number
  }[]
  readonly completed?: readonly { epoch: number; successor: number; leaf: number }[]
  readonly probe?: readonly {
    tenant: string
    digest: Uint8Array
    client: string
    leaf: number
    received: number
    count: number
    deposits: Uint8Array
  }[]
  readonly probe_answer?: readonly {
    tenant: string
    probe: Uint8Array
    digest: Uint8Array
    leaf: number
    results: Uint8Array
  }[]
}

const name = (signer: string) => keyNameOf(sha256, signer)

/** The row of a charter that is in force. @param leaf from which on */
export function charterRow(charter: Charter, digest: Uint8Array, leaf: number) {
  const { tenant, number, standing, policy } = charter
  const approvals = Math.min(...RECOVERY_CLASSES.map((row) => policy[row].approvals))
  return { tenant, number, digest, leaf, standing, approvals }
}

/**
 * The rows that follow from a statement by itself: what is written, and what `fsck` derives again. What a release or a custodian's
 * results change elsewhere is not among them.
 */
export function recoveryRowsOf<K extends RecoveryAct>(
  facts: RecoveryFactsOf<K>,
  place: RecoveryPlace,
): RecoveryRows {
  return ROWS[facts.kind](facts, place)
}

type Rows<K extends RecoveryAct> = (facts: RecoveryFactsOf<K>, place: RecoveryPlace) => RecoveryRows

const ROWS: { readonly [K in RecoveryAct]: Rows<K> } = {
  charter: ({ payload, beside }, place) => charterRows(payload, beside, place),
  request: ({ payload, beside }, place) => requestRows(payload, beside, place),
  approval: ({ payload: { subject, person } }, { tenant, digest, index: leaf }) => {
    return { approval: [{ tenant, subject, person, digest, leaf }] }
  },
  rejection: endingRow,
  cancellation: endingRow,
  release: endingRow,
  codes: ({ payload: { client, codes } }, { tenant, digest, index: leaf }) => ({
    codes: [{ tenant, client, leaf, digest }],
    known_key: codes.map((code) => known(tenant, 'code', client, code)),
  }),
  vetting: ({ payload: { client, code } }, { tenant, digest, index: leaf }) => ({
    vetting: [{ tenant, code: name(code), client, digest, leaf }],
    known_key: [known(tenant, 'vetting', client, code)],
  }),
  completion: ({ payload: { from: epoch, to: successor } }, { index: leaf }) => ({
    completed: [{ epoch, successor, leaf }],
  }),
  probe: ({ payload: { client }, beside: { deposits = [] } }, { tenant, digest, index: leaf, received }) => {
    const row = { tenant, digest, client, leaf, received, count: deposits.length }
    return { probe: [{ ...row, deposits: concat(...deposits) }] }
  },
  'probe-answer': ({ payload, beside: { answers = [] } }, { tenant, digest, index: leaf }) => {
    const results = concat(...answers.map(encodeProbeResult))
    return { probe_answer: [{ tenant, probe: payload.subject, digest, leaf, results }] }
  },
  verification: () => ({}),
  rewrap: () => ({}),
}

function endingRow(
  { kind, payload: { subject } }: RecoveryFactsOf<keyof typeof ENDS>,
  { tenant, digest, index: leaf }: RecoveryPlace,
): RecoveryRows {
  return { ending: [{ tenant, subject, phase: ENDS[kind], digest, leaf }] }
}

/** What somebody's last word makes of a subject. */
export const ENDS = { rejection: 'denied', cancellation: 'cancelled', release: 'released' } as const

function charterRows(charter: Charter, { keys = [], notice }: Beside, place: RecoveryPlace): RecoveryRows {
  const { tenant, digest, index: leaf, received } = place
  const known_key = keys.map((key) => known(tenant, 'person', '', key))
  // The first is in force from its own leaf on; nobody decides about it.
  if (charter.number === 1) return { known_key, charter: [charterRow(charter, digest, leaf)] }
  const author = name(charter.by)
  const common = {
    tenant,
    digest,
    leaf,
    received,
    kind: 'charter',
    client: '',
    deposits: new Uint8Array(0),
  } as const
  const subject = { ...common, signer: author, opener: author, expires: 0, notice: notice ?? null }
  return { known_key, subject: [subject] }
}

function requestRows(
  request: RecoveryRequest,
  { deposits = [], notice }: Beside,
  place: RecoveryPlace,
): RecoveryRows {
  const { tenant, digest, index: leaf, received } = place
  const { signer, by, evidence, client, expires } = request
  const codes = spentByUse(evidence)
  const openers = by === null ? [signer] : [signer, by]
  return {
    subject: [
      {
        tenant,
        digest,
        leaf,
        received,
        kind: 'request',
        client,
        signer: name(signer),
        opener: name(by ?? evidence[0]?.key ?? signer),
        expires,
        deposits: concat(...deposits),
        notice: notice ?? null,
      },
    ],
    spent_key: codes.map(({ key }) => ({ tenant, name: name(key), subject: digest })),
    known_key: openers.map((key) => known(tenant, 'request', toHex(digest), key)),
  }
}

function known(tenant: string, kind: KnownKeyRow['kind'], ref: string, signer: string): KnownKeyRow {
  return { name: name(signer), tenant, kind, ref, signer }
}
