import { createHash, randomBytes } from 'node:crypto'
import { open, rename, rm, type FileHandle } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ByteReader, concat, equalBytes, toHex } from '@strongroom/core/bytes'
import { syncFolder, takeFreeName } from '@strongroom/core/container'
import {
  BACKUP_MAGIC,
  encodeEnd,
  malformed,
  MOST_BYTES,
  parseEnd,
  RECORDS,
  type RecordName,
} from './backup-records.ts'
import { SetupError } from './setup-error.ts'

const FLUSH_BYTES = 1024 * 1024
const FRAME_BYTES = 5
const NAMES = Object.keys(RECORDS) as RecordName[]

/** One record of a backup. */
export interface BackupRecord {
  readonly name: RecordName
  readonly body: Uint8Array
}

/** Writes records, hashing as it goes; holds a megabyte of them at most. */
export class BackupWriter {
  readonly #file: FileHandle
  readonly #hash = createHash('sha256')
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #records = 0
  /** Bytes of the file so far. */
  bytes = 0

  constructor(file: FileHandle) {
    this.#file = file
    this.#add(BACKUP_MAGIC)
  }

  async write(name: RecordName, body: Uint8Array): Promise<void> {
    if (body.length > MOST_BYTES[name]) throw malformed(`a record, ${name}, that is too long`)
    const frame = Buffer.alloc(FRAME_BYTES)
    frame.writeUInt8(RECORDS[name])
    frame.writeUInt32BE(body.length, 1)
    this.#add(frame)
    this.#add(body)
    this.#records++
    if (this.#waitingBytes >= FLUSH_BYTES) await this.#flush()
  }

  /** The last record; then everything is on the disk. */
  async finish(): Promise<void> {
    const digest = new Uint8Array(this.#hash.copy().digest())
    await this.write('end', encodeEnd(this.#records, digest))
    await this.#flush()
    await this.#file.sync()
  }

  #add(bytes: Uint8Array): void {
    this.#hash.update(bytes)
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    this.bytes += bytes.length
  }

  async #flush(): Promise<void> {
    const bytes = concat(...this.#waiting)
    this.#waiting = []
    this.#waitingBytes = 0
    // `writeFile` of a handle goes on from where the last one ended, and writes all of it.
    await this.#file.writeFile(bytes)
  }
}

/**
 * Makes a backup file: under another name until it is whole and on the disk, so that a file of that name is a backup or what was there
 * before.
 *
 * @throws SetupError SETUP_EXISTS if there is one and it is not to be replaced; the platform's errors
 */
export async function writeBackupFile(
  path: string,
  { overwrite }: { readonly overwrite: boolean },
  write: (writer: BackupWriter) => Promise<void>,
): Promise<number> {
  if (!overwrite && existsSync(path)) throw new SetupError('SETUP_EXISTS', `${path} already exists`)
  const temporary = join(dirname(path), `.${basename(path)}.${toHex(randomBytes(8))}.tmp`)
  const file = await open(temporary, 'wx', 0o600)
  try {
    const writer = new BackupWriter(file)
    await write(writer)
    await writer.finish()
    await file.close()
    if (overwrite) await rename(temporary, path)
    else takeFreeName(temporary, path)
    syncFolder(dirname(path))
    return writer.bytes
  } catch (error) {
    await file.close().catch(() => undefined)
    await rm(temporary, { force: true })
    throw error
  }
}

/**
 * Reads the records of a backup, the last one too: by then its digest and count have been compared. Until then nothing of it may be
 * relied on.
 *
 * @throws SetupError BACKUP_FORMAT; the platform's errors
 */
export async function* readBackupFile(
  path: string,
): AsyncGenerator<BackupRecord & { readonly offset: number }> {
  const file = await open(path, 'r')
  try {
    const source = new Source(file)
    if (!equalBytes(await source.take(BACKUP_MAGIC.length), BACKUP_MAGIC))
      throw malformed('it begins otherwise')
    let last: RecordName = 'log'
    for (let records = 0; ; records++) {
      const digest = source.digest()
      const record = await nextRecord(source)
      if (RECORDS[record.name] < RECORDS[last] || (records === 0) !== (record.name === 'log')) {
        throw malformed(`a record, ${record.name}, out of its place`)
      }
      last = record.name
      if (record.name === 'end') {
        await checkEnd(source, record.body, { records, digest })
        yield { ...record, offset: source.offset }
        return
      }
      yield { ...record, offset: source.offset }
    }
  } finally {
    await file.close()
  }
}

async function nextRecord(source: Source): Promise<BackupRecord> {
  const frame = new ByteReader(await source.take(FRAME_BYTES))
  const [code, length] = [frame.u8(), frame.u32()]
  const name = NAMES.find((candidate) => RECORDS[candidate] === code)
  if (name === undefined) throw malformed(`a record of an unknown type, ${code}`)
  if (length > MOST_BYTES[name]) throw malformed(`a record, ${name}, that is too long`)
  return { name, body: await source.take(length) }
}

async function checkEnd(
  source: Source,
  body: Uint8Array,
  expected: { readonly records: number; readonly digest: () => Uint8Array },
): Promise<void> {
  const { records, digest } = parseEnd(body)
  if (records !== expected.records) throw malformed('another number of records than it says')
  if (!equalBytes(digest, expected.digest())) throw malformed('it was changed after it was made')
  if (!(await source.isAtEnd())) throw malformed('bytes behind its end')
}

/** A file from its beginning to its end, hashed on the way. */
class Source {
  readonly #file: FileHandle
  readonly #hash = createHash('sha256')
  #buffer: Uint8Array = new Uint8Array(0)
  offset = 0

  constructor(file: FileHandle) {
    this.#file = file
  }

  /** What the digest of all bytes so far is, when it is asked for. */
  digest(): () => Uint8Array {
    const copy = this.#hash.copy()
    return () => new Uint8Array(copy.digest())
  }

  /** @throws SetupError BACKUP_FORMAT at the end of the file */
  async take(length: number): Promise<Uint8Array> {
    while (this.#buffer.length < length) {
      if (!(await this.#fill())) throw malformed('it ends too early')
    }
    const bytes = this.#buffer.slice(0, length)
    this.#buffer = this.#buffer.subarray(length)
    this.#hash.update(bytes)
    this.offset += length
    return bytes
  }

  async isAtEnd(): Promise<boolean> {
    return this.#buffer.length === 0 && !(await this.#fill())
  }

  async #fill(): Promise<boolean> {
    const chunk = new Uint8Array(FLUSH_BYTES)
    const { bytesRead } = await this.#file.read(chunk, 0, chunk.length)
    this.#buffer = concat(this.#buffer, chunk.subarray(0, bytesRead))
    return bytesRead > 0
  }
}
