import { sql, type CreateTableBuilder, type Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { merkleTree } from '@strongroom/core/merkle'
import { sha256 } from '../../model/digest.ts'
import type { EngineFacts } from '../engine.ts'
import { ONLY_ROW, type FirstTables, type Schema } from '../schema.ts'

/** A column of a table that a migration makes. */
export interface Column {
  readonly type: 'text' | 'number' | 'bytes'
  readonly optional?: true
  /** In bytes. The protocol's readers check it too: here it guards against a mistake of ours. */
  readonly length?: number
}

/** A table that a migration makes. */
export interface Table {
  readonly columns: Readonly<Record<string, Column>>
  readonly key: readonly string[]
  readonly unique?: string
  /**
   * Lists of columns; rows in which one of them is null stand in no index. What is searched for the newest first ends with the leaf: a
   * database would rather go through all deposits of a client in order than sort what another index finds.
   */
  readonly indexes?: readonly (readonly string[])[]
  /** Indexes of some rows, by name: a query finds them by the same words in its condition, with no parameter there. */
  readonly partial?: Readonly<Record<string, { readonly columns: readonly string[]; readonly where: string }>>
  /** Conditions by name, in SQL that every database has. The rules check them too: here they guard against a mistake of ours. */
  readonly checks?: Readonly<Record<string, string>>
}

export const TEXT: Column = { type: 'text' }
export const NUMBER: Column = { type: 'number' }
export const BYTES: Column = { type: 'bytes' }
const SERIAL: Column = { type: 'bytes', length: 16 }
export const DIGEST: Column = { type: 'bytes', length: 32 }
export const optional = (column: Column): Column => ({ ...column, optional: true })

/** The first tables; `Schema` says what stands in them. */
const TABLES: Readonly<Record<FirstTables, Table>> = {
  tenant: { columns: { tenant: TEXT, created: NUMBER }, key: ['tenant'] },
  invitation: {
    columns: {
      tenant: TEXT,
      id: DIGEST,
      name: TEXT,
      created: NUMBER,
      expires: NUMBER,
      spent: optional(DIGEST),
    },
    key: ['tenant', 'id'],
  },
  client: {
    columns: {
      tenant: TEXT,
      client: TEXT,
      signer: TEXT,
      exchange: TEXT,
      name: TEXT,
      invitation: DIGEST,
      enrolment: DIGEST,
      leaf: NUMBER,
      received: NUMBER,
      state: TEXT,
    },
    key: ['tenant', 'client'],
  },
  client_home: { columns: { client: TEXT, tenant: TEXT }, key: ['client'] },
  statement: {
    columns: {
      tenant: TEXT,
      client: TEXT,
      digest: DIGEST,
      kind: NUMBER,
      leaf: NUMBER,
      received: NUMBER,
      bytes: BYTES,
    },
    key: ['tenant', 'digest'],
    // The log is of all tenants together: one leaf, one statement. A database in shards has to do without.
    unique: 'leaf',
    indexes: [['tenant', 'client', 'leaf']],
  },
  deposit: {
    columns: {
      tenant: TEXT,
      client: TEXT,
      leaf: NUMBER,
      digest: DIGEST,
      serial: SERIAL,
      commitment: DIGEST,
      epoch: NUMBER,
      format: NUMBER,
      retention: TEXT,
      created: NUMBER,
      received: NUMBER,
      size: NUMBER,
      level: NUMBER,
      seal_id: optional(DIGEST),
      object_name: optional(DIGEST),
      object_size: optional(NUMBER),
      description: optional(BYTES),
      folded: optional(TEXT),
      previous: optional(DIGEST),
    },
    key: ['tenant', 'client', 'leaf'],
    indexes: [
      ['tenant', 'client', 'serial', 'leaf'],
      ['tenant', 'client', 'object_name', 'leaf'],
      ['tenant', 'client', 'previous'],
    ],
    // What waits for the custodian, the oldest first: mostly a few rows out of millions.
    partial: { unopened: { columns: ['leaf'], where: 'level < 2' } },
  },
  epoch: { columns: { number: NUMBER, digest: DIGEST }, key: ['number'] },
  usage: {
    columns: { tenant: TEXT, client: TEXT, deposits: NUMBER, bytes: NUMBER },
    key: ['tenant', 'client'],
  },
  nonce: {
    columns: { tenant: TEXT, client: TEXT, nonce: BYTES, expires: NUMBER },
    key: ['tenant', 'client', 'nonce'],
    indexes: [['expires']],
  },
  log_state: { columns: { id: NUMBER, origin: optional(TEXT), size: NUMBER, root: DIGEST }, key: ['id'] },
  log_tile: { columns: { level: NUMBER, position: NUMBER, bytes: BYTES }, key: ['level', 'position'] },
  checkpoint: { columns: { id: NUMBER, size: NUMBER, note: BYTES }, key: ['id'] },
}

/** Makes the first tables, and the log without leaves. */
export function tables(facts: EngineFacts): Migration {
  return {
    async up(db: Kysely<Schema>) {
      for (const [name, table] of Object.entries(TABLES)) await makeTable(db, facts, name, table)
      const root = merkleTree(sha256).emptyRoot()
      await db.insertInto('log_state').values({ id: ONLY_ROW, origin: null, size: 0, root }).execute()
    },
  }
}

/** Makes one table with its indexes. */
export async function makeTable(
  db: Kysely<Schema>,
  facts: EngineFacts,
  name: string,
  table: Table,
): Promise<void> {
  let builder: CreateTableBuilder<string, string> = db.schema.createTable(name)
  for (const [column, { type, optional: mayBeNull, length }] of Object.entries(table.columns)) {
    const dataType = type === 'text' ? type : facts.columns[type]
    builder = builder.addColumn(column, dataType, (it) => (mayBeNull ? it : it.notNull()))
    if (length === undefined) continue
    const check = sql<boolean>`length(${sql.ref(column)}) = ${sql.lit(length)}`
    builder = builder.addCheckConstraint(`${name}_${column}_length`, check)
  }
  builder = builder.addPrimaryKeyConstraint(`${name}_key`, [...table.key])
  for (const [check, condition] of Object.entries(table.checks ?? {})) {
    builder = builder.addCheckConstraint(`${name}_${check}`, sql.raw(condition))
  }
  if (table.unique) builder = builder.addUniqueConstraint(`${name}_${table.unique}_key`, [table.unique])
  if (facts.tableEnd) builder = builder.modifyEnd(sql.raw(facts.tableEnd))
  await builder.execute()
  for (const columns of table.indexes ?? []) await makeIndex(db, name, table, columns)
  for (const [index, { columns, where }] of Object.entries(table.partial ?? {})) {
    const made = db.schema.createIndex(`${name}_${index}_index`).on(name)
    await made
      .columns([...columns])
      .where(sql.raw<boolean>(where))
      .execute()
  }
}

async function makeIndex(
  db: Kysely<Schema>,
  name: string,
  table: Table,
  columns: readonly string[],
): Promise<void> {
  const index = db.schema
    .createIndex([name, ...columns, 'index'].join('_'))
    .on(name)
    .columns([...columns])
  const sparse = columns.find((column) => table.columns[column]?.optional)
  await (sparse === undefined ? index : index.where(sql.ref(sparse), 'is not', null)).execute()
}
