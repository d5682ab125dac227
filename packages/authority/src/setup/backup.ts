import { equalBytes } from '@strongroom/core/bytes'
import { ENTRY_KINDS } from '@strongroom/core/tlog'
import type { Configuration } from '../config/index.ts'
import { readEpochChain, verifiedBySome } from '../log/index.ts'
import type { KeptCheckpoint, Store } from '../store/index.ts'
import { writeBackupFile, type BackupWriter } from './backup-file.ts'
import { encodeBeside } from './beside-record.ts'
import {
  encodeContact,
  encodeInvitationRecord,
  encodeLog,
  encodeStatement,
  encodeSubjectBytes,
  encodeSuspended,
  encodeTenant,
} from './backup-records.ts'
import { trustOf, withStore } from './opening.ts'
import { SetupError } from './setup-error.ts'
import { StatementTree } from './statement-tree.ts'

/** Kinds of statements that something comes with. */
const ACCOMPANIED = [
  ENTRY_KINDS.charter,
  ENTRY_KINDS.request,
  ENTRY_KINDS.verification,
  ENTRY_KINDS.rewrap,
  ENTRY_KINDS.probe,
  ENTRY_KINDS['probe-answer'],
]

/** Statements that are read at once. */
const PAGE = 256

/** How a backup is made. */
export interface BackupOptions {
  /** Whether a file that is there may be replaced. */
  readonly overwrite?: boolean
  /** Milliseconds since 1970. */
  readonly now: number
  /** Called with how many statements were written, of how many. */
  readonly onProgress?: (written: number, of: number) => void
}

/** A backup that was made. */
export interface MadeBackup {
  readonly statements: number
  readonly bytes: number
}

/**
 * Writes everything that an authority keeps to a file: docs/spec/authority-backup.md. The service may run meanwhile: what is in the last
 * checkpoint is written, and the tree over it compared with what was signed. No key is in it.
 *
 * @throws SetupError SETUP_EXISTS; BACKUP_CONTENT if the database is not what was signed, and no file is made then; StoreError; the
 *   platform's errors
 */
export async function backup(
  configuration: Configuration,
  path: string,
  { overwrite = false, now, onProgress }: BackupOptions,
): Promise<MadeBackup> {
  return withStore(configuration, async (store) => {
    // First: whatever is in this tree was invited, and its tenant added, before.
    const kept = await store.checkpoint()
    const head = kept && (await verified(configuration, store, kept))
    if (!kept || !head)
      throw new SetupError('BACKUP_CONTENT', 'the database has no checkpoint of this authority')
    const bytes = await writeBackupFile(path, { overwrite }, async (writer) => {
      await writer.write('log', encodeLog({ taken: now, ...head, note: kept.note }))
      const suspended = await writePeople(store, writer)
      await writeBeside(store, writer, head.size)
      await writeStatements(store, writer, { head, ...(onProgress && { onProgress }) })
      for (const record of suspended) await writer.write('suspended', record)
      await writeSubjectBytes(store, writer)
    })
    return { statements: head.size, bytes }
  })
}

async function verified(
  configuration: Configuration,
  store: Store,
  { note }: KeptCheckpoint,
): Promise<{ readonly size: number; readonly root: Uint8Array } | undefined> {
  const chain = await readEpochChain(store, trustOf(configuration))
  const head = chain && verifiedBySome(note, chain)
  return head && { size: head.size, root: head.root }
}

/** What people wrote down, and what came with statements: a restored statement is checked with it. */
async function writeBeside(store: Store, writer: BackupWriter, size: number): Promise<void> {
  const { recovery } = store
  for (const terms of await recovery.allTerms()) await writer.write('terms', terms)
  for (const { tenant } of await store.tenants()) {
    for (const contact of await recovery.notices.contacts(tenant)) {
      await writer.write('contact', encodeContact(contact))
    }
  }
  for (const row of await recovery.statementsBetween(0, size, ACCOMPANIED)) {
    const beside = await recovery.audit.beside(row)
    await writer.write('beside', encodeBeside({ digest: row.digest, beside }))
  }
}

/** Receipts, then key blobs: what nobody can make again, and clients may not have fetched yet. */
async function writeSubjectBytes(store: Store, writer: BackupWriter): Promise<void> {
  for await (const kept of store.recovery.audit.subjectBytes()) {
    await writer.write(kept.deposit ? 'blob' : 'receipt', encodeSubjectBytes(kept))
  }
}

/** @returns the records of who is suspended, which stand at the end */
async function writePeople(store: Store, writer: BackupWriter): Promise<Uint8Array[]> {
  const tenants = await store.tenants()
  for (const tenant of tenants) await writer.write('tenant', encodeTenant(tenant))
  const suspended: Uint8Array[] = []
  for (const { tenant } of tenants) {
    for (const invitation of await store.invitations(tenant)) {
      await writer.write('invitation', encodeInvitationRecord(invitation))
    }
    const clients = await store.clients(tenant)
    suspended.push(...clients.filter(({ state }) => state === 'suspended').map(encodeSuspended))
  }
  return suspended
}

async function writeStatements(
  store: Store,
  writer: BackupWriter,
  {
    head,
    onProgress,
  }: {
    readonly head: { readonly size: number; readonly root: Uint8Array }
    readonly onProgress?: (written: number, of: number) => void
  },
): Promise<void> {
  const tree = new StatementTree()
  while (tree.size < head.size) {
    const page = await store.audit(tree.size, Math.min(PAGE, head.size - tree.size))
    for (const { statement } of page) {
      if (statement.index !== tree.size) throw notSigned()
      tree.add(statement)
      await writer.write('statement', encodeStatement(statement))
    }
    if (page.length === 0) throw notSigned()
    onProgress?.(tree.size, head.size)
  }
  if (!equalBytes(tree.root(), head.root)) throw notSigned()
}

function notSigned(): SetupError {
  return new SetupError('BACKUP_CONTENT', 'the statements in the database are not those that were signed')
}
