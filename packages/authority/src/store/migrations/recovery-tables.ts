import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import type { EngineFacts } from '../engine.ts'
import type { RecoverySchema } from '../recovery-schema.ts'
import type { Schema } from '../schema.ts'
import { BYTES, DIGEST, makeTable, NUMBER, optional, TEXT, type Table } from './tables.ts'

/**
 * The tables of recovery; `RecoverySchema` says what stands in them. Their keys are the rules' second line: one approval of a person
 * for a subject, one end, one use of a code, one charter of a number.
 */
const TABLES: Readonly<Record<keyof RecoverySchema, Table>> = {
  terms: { columns: { digest: DIGEST, bytes: BYTES }, key: ['digest'] },
  known_key: {
    columns: { name: TEXT, tenant: TEXT, kind: TEXT, ref: TEXT, signer: TEXT },
    key: ['name', 'tenant', 'kind', 'ref'],
  },
  charter: {
    columns: {
      tenant: TEXT,
      number: NUMBER,
      digest: DIGEST,
      leaf: NUMBER,
      standing: TEXT,
      approvals: NUMBER,
    },
    key: ['tenant', 'number'],
    checks: { floor: "standing = 'personal' or (standing = 'shared' and approvals >= 2)" },
  },
  subject: {
    columns: {
      tenant: TEXT,
      digest: DIGEST,
      leaf: NUMBER,
      received: NUMBER,
      kind: TEXT,
      client: TEXT,
      signer: TEXT,
      opener: TEXT,
      expires: NUMBER,
      deposits: BYTES,
      notice: optional(TEXT),
    },
    key: ['tenant', 'digest'],
    indexes: [
      ['tenant', 'leaf'],
      ['tenant', 'client', 'leaf'],
      ['tenant', 'signer'],
      ['tenant', 'opener'],
    ],
    checks: { kind: "kind in ('request', 'charter')" },
  },
  spent_key: { columns: { tenant: TEXT, name: TEXT, subject: DIGEST }, key: ['tenant', 'name'] },
  approval: {
    columns: { tenant: TEXT, subject: DIGEST, person: TEXT, digest: DIGEST, leaf: NUMBER },
    key: ['tenant', 'subject', 'person'],
  },
  ending: {
    columns: { tenant: TEXT, subject: DIGEST, phase: TEXT, digest: DIGEST, leaf: NUMBER },
    key: ['tenant', 'subject'],
    checks: { phase: "phase in ('released', 'denied', 'cancelled')" },
  },
  codes: {
    columns: { tenant: TEXT, client: TEXT, leaf: NUMBER, digest: DIGEST },
    key: ['tenant', 'client', 'leaf'],
  },
  vetting: {
    columns: { tenant: TEXT, code: TEXT, client: TEXT, digest: DIGEST, leaf: NUMBER },
    key: ['tenant', 'code'],
  },
  opened: {
    columns: { tenant: TEXT, deposit: DIGEST, leaf: NUMBER, correct: NUMBER },
    key: ['tenant', 'deposit', 'leaf'],
    checks: { correct: 'correct in (0, 1)' },
  },
  rewrapped: {
    columns: { tenant: TEXT, deposit: DIGEST, epoch: NUMBER, leaf: NUMBER, blob: BYTES },
    key: ['tenant', 'deposit', 'epoch'],
  },
  completed: {
    columns: { epoch: NUMBER, successor: NUMBER, leaf: NUMBER },
    key: ['epoch', 'successor', 'leaf'],
  },
  probe: {
    columns: {
      tenant: TEXT,
      digest: DIGEST,
      client: TEXT,
      leaf: NUMBER,
      received: NUMBER,
      count: NUMBER,
      deposits: BYTES,
    },
    key: ['tenant', 'digest'],
    indexes: [['tenant', 'client', 'received'], ['received']],
    checks: { count: 'count >= 1' },
  },
  probe_answer: {
    columns: { tenant: TEXT, probe: DIGEST, digest: DIGEST, leaf: NUMBER, results: BYTES },
    key: ['tenant', 'probe'],
  },
  subject_receipt: {
    columns: { tenant: TEXT, subject: DIGEST, receipt: BYTES },
    key: ['tenant', 'subject'],
  },
  release_blob: {
    columns: { tenant: TEXT, subject: DIGEST, deposit: DIGEST, blob: BYTES },
    key: ['tenant', 'subject', 'deposit'],
  },
  attempt: {
    columns: { tenant: TEXT, client: TEXT, since: NUMBER, count: NUMBER },
    key: ['tenant', 'client'],
  },
  contact: {
    columns: { tenant: TEXT, client: TEXT, channel: TEXT, address: TEXT },
    key: ['tenant', 'client', 'channel', 'address'],
    checks: { channel: "channel in ('mail', 'webhook')" },
  },
  notice: {
    columns: {
      tenant: TEXT,
      subject: DIGEST,
      event: TEXT,
      channel: TEXT,
      address: TEXT,
      client: TEXT,
      leaf: NUMBER,
      created: NUMBER,
      due: NUMBER,
      attempts: NUMBER,
      waiting: NUMBER,
      delivered: NUMBER,
    },
    key: ['tenant', 'subject', 'event', 'channel', 'address'],
    indexes: [['waiting', 'due']],
  },
}

/** Makes the tables of recovery. */
export function recoveryTables(facts: EngineFacts): Migration {
  return {
    async up(db: Kysely<Schema>) {
      for (const [name, table] of Object.entries(TABLES)) await makeTable(db, facts, name, table)
    },
  }
}
