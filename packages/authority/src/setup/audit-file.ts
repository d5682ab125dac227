import { createHash, type Hash } from 'node:crypto'
import { open, rm, type FileHandle } from 'node:fs/promises'
import { utf8Encode } from '@strongroom/core/bytes'
import {
  AUDIT_CSV_HEAD,
  auditCsvLine,
  auditEndLine,
  auditHeadLine,
  auditJsonLine,
  auditProofFile,
  type AuditStatement,
} from '@strongroom/core/client'
import {
  checkTarget,
  syncFolder,
  takeFreeName,
  temporaryFor,
  writeFileAtomically,
} from '@strongroom/core/container'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Audit } from './audit.ts'
import { SetupError } from './setup-error.ts'

/** The forms of an export. */
export type AuditForm = 'json' | 'csv'

/** What is beside a CSV export. */
export const auditProofPath = (path: string) => `${path}.proof`

/** How an export is made. */
export interface AuditFileOptions {
  readonly form: AuditForm
  /** Whether the statements come along, by which their signatures can be checked; else their digests alone. */
  readonly statements: boolean
}

/**
 * Writes an export: docs/spec/audit.md. A file of that name is whole and on the disk, or is not there. Beside CSV lies a second file,
 * which is written last.
 *
 * @returns how many statements are in it
 * @throws SetupError SETUP_EXISTS if a file is there; what reading the audit throws; the platform's errors
 */
export async function writeAuditFile(path: string, audit: Audit, options: AuditFileOptions): Promise<number> {
  const files = options.form === 'csv' ? [path, auditProofPath(path)] : [path]
  for (const file of files) {
    if (existsSync(file)) throw new SetupError('SETUP_EXISTS', `${file} already exists`)
  }
  checkTarget(path)
  const temporary = temporaryFor(path)
  const file = await open(temporary, 'wx', 0o600)
  try {
    const out = new HashedFile(file)
    const written = await FORMS[options.form](out, audit, options)
    await out.flush()
    await file.sync()
    await file.close()
    takeFreeName(temporary, path)
    syncFolder(dirname(path))
    if (written.beside) writeFileAtomically(auditProofPath(path), utf8Encode(written.beside))
    return written.count
  } catch (error) {
    await file.close().catch(() => undefined)
    await rm(temporary, { force: true })
    throw error
  }
}

interface Written {
  readonly count: number
  readonly beside?: string
}

type Write = (file: HashedFile, audit: Audit, options: AuditFileOptions) => Promise<Written>

const FORMS: Readonly<Record<AuditForm, Write>> = {
  async json(file, { head, rows }, options) {
    await file.write(`${auditHeadLine(head)}\n`)
    let count = 0
    for await (const row of rows) {
      await file.write(`${count++ > 0 ? ',\n' : ''}${auditJsonLine(chosen(row, options))}`)
    }
    if (count > 0) await file.write('\n')
    await file.write(auditEndLine({ count, sha256: file.digest() }))
    return { count }
  },
  async csv(file, { head, rows }, options) {
    await file.write(`${AUDIT_CSV_HEAD}\r\n`)
    let count = 0
    for await (const row of rows) {
      await file.write(`${auditCsvLine(chosen(row, options))}\r\n`)
      count++
    }
    return { count, beside: auditProofFile(head, { count, sha256: file.digest() }) }
  },
}

const chosen = (row: AuditStatement, { statements }: AuditFileOptions): AuditStatement =>
  statements ? row : { ...row, statement: null }

/** Writes go to the disk in pieces of some size. */
const PIECE = 65_536

class HashedFile {
  readonly #file: FileHandle
  readonly #hash: Hash = createHash('sha256')
  #waiting = ''

  constructor(file: FileHandle) {
    this.#file = file
  }

  async write(text: string): Promise<void> {
    this.#hash.update(text)
    this.#waiting += text
    if (this.#waiting.length >= PIECE) await this.flush()
  }

  /** Of everything so far. */
  digest(): Uint8Array {
    return new Uint8Array(this.#hash.copy().digest())
  }

  async flush(): Promise<void> {
    const text = this.#waiting
    this.#waiting = ''
    // `writeFile` of a handle goes on from where the last one ended, and writes all of it.
    await this.#file.writeFile(text)
  }
}
