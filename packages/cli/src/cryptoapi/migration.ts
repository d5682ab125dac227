import { createHash, type Hash } from 'node:crypto'
import { lstatSync } from 'node:fs'
import { dirname } from 'node:path'
import { toHex } from '@strongroom/core/bytes'
import { syncFolder, type KeyContainer } from '@strongroom/core/container'
import {
  openChunks,
  openToSink,
  sealFiles,
  SealError,
  type ChunkInput,
  type FileState,
  type SealOptions,
} from '@strongroom/core/seal'
import type { Context } from '../command.ts'
import type { Task } from '../outputs.ts'
import { successionOf } from '../previous-version.ts'
import type { FileReader } from '../reader.ts'
import { endOfText, expectWholeBlocks, textOf } from './old-file-plaintext.ts'
import type { OldFile, OldFileOpener } from './old-file.ts'
import { rsaRecord } from './rsa-text.ts'

/** Who migrates, and how. */
export interface Migration {
  readonly context: Context
  /** What opens old files; another for each where each has a signature of its own. */
  readonly openerFor: (task: Task) => OldFileOpener
  /** The keys that seal the new files, and open them again. */
  readonly container: KeyContainer
  readonly reader: FileReader
  readonly sealing: Pick<SealOptions, 'recipients' | 'signingKey' | 'visibility'>
  readonly findEnd: boolean
}

/** An old file whose text is in a sealed one, which was opened and holds it. */
export interface Migrated {
  readonly old: OldFile
  /** Whether the sealed file was there before, holding the same text. */
  readonly alreadyThere: boolean
  readonly plaintextBytes: number
  readonly plaintextSha256: string
  /** What the old file was when it was read, for its removal. */
  readonly source: FileState | undefined
}

/**
 * Seals the text of an old file, opens the sealed file again and compares.
 *
 * A sealed file that is in its place already and holds the same text is left there: a migration that was stopped is
 * repeated without harm.
 *
 * @throws as `OldFileOpener.open` and `sealFiles`; SealError NOT_AUTHENTIC if the sealed file holds anything else
 */
export async function migrateOne(
  migration: Migration,
  task: Task,
  onBytes: (doneBytes: number) => void,
): Promise<Migrated> {
  const { context, findEnd } = migration
  const input = await openChunks(task.input, { signal: context.signal })
  let old: OldFile | undefined
  try {
    old = await migration.openerFor(task).open(input.chunks())
    if (!findEnd && input.bytes !== undefined) expectWholeBlocks(old, input.bytes)
    const text = { old, length: findEnd ? await endOfText(old, input.chunks()) : undefined }
    const alreadyThere = isThere(task)
    const read = alreadyThere ? await digestOf(text, input) : await sealText(migration, task, text, onBytes)
    await expectSameText(migration, task, read, alreadyThere)
    // Whoever was stopped may have given the file its name and not made that last.
    if (alreadyThere && task.outputName !== undefined) syncFolder(dirname(task.outputName))
    return {
      old,
      alreadyThere,
      plaintextBytes: read.bytes,
      plaintextSha256: toHex(read.sha256),
      source: read.source,
    }
  } finally {
    old?.key.wipe()
    input.close()
  }
}

/** What the description of a sealed file says of the old one. */
export function originOf({ facts, key, madeFor, signed }: OldFile): string {
  const cipher = `from a CryptoAPI file: ${key.row.name} with ${facts.bits} bits`
  if (madeFor === undefined) return `${cipher}, from a password through ${facts.hash}`
  const blob = `key blob sha256:${facts.keyBlobSha256} for ${rsaRecord(madeFor).fingerprint}`
  const proof = signed ? `signed by ${rsaRecord(signed.signer).fingerprint}` : 'signed by nobody'
  return `${cipher}, ${blob}, ${proof}`
}

/** Text of an old file, up to its length where it is known to end before the file. */
interface OldText {
  readonly old: OldFile
  readonly length: number | undefined
}

/** A text that was read to its end. */
interface ReadText {
  readonly bytes: number
  readonly sha256: Uint8Array
  readonly source: FileState | undefined
}

function isThere({ output }: Task): boolean {
  if (!('path' in output) || output.overwrite) return false
  return lstatSync(output.path, { throwIfNoEntry: false })?.isFile() === true
}

async function digestOf({ old, length }: OldText, input: ChunkInput): Promise<ReadText> {
  const digest = new TextDigest()
  for await (const piece of textOf(old, input.chunks(), length)) digest.update(piece)
  return { ...digest.end(), source: input.state }
}

async function sealText(
  { context, container, reader, sealing }: Migration,
  task: Task,
  { old, length }: OldText,
  onBytes: (doneBytes: number) => void,
): Promise<ReadText> {
  const digest = new TextDigest()
  const convert = async function* (file: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of textOf(old, file, length)) {
      digest.update(piece)
      yield piece
    }
  }
  const naming = await successionOf(task, { reader, container })
  const job = { input: task.input, output: task.output, convert, description: originOf(old), ...naming }
  const [result] = await sealFiles([job], {
    ...sealing,
    ledger: reader.ledger,
    signal: context.signal,
    onProgress: ({ doneBytes }) => onBytes(doneBytes),
  })
  if (!result || !('source' in result)) throw result?.error
  return { ...digest.end(), source: result.source }
}

/** Nothing may be removed for the sake of a file that does not open, or opens to something else. */
async function expectSameText(
  { context, reader }: Migration,
  { output, outputName = '' }: Task,
  expected: ReadText,
  alreadyThere: boolean,
): Promise<void> {
  const digest = new TextDigest()
  const sink = async (piece: Uint8Array): Promise<void> => digest.update(piece)
  try {
    if ('path' in output) await openToSink({ path: output.path }, sink, { ...reader, signal: context.signal })
  } catch (error) {
    if (!alreadyThere || context.signal.aborted) throw error
    throw new SealError('EXISTS', `${outputName} exists`, { cause: error, path: outputName })
  }
  const { bytes, sha256 } = digest.end()
  if (bytes === expected.bytes && Buffer.compare(sha256, expected.sha256) === 0) return
  if (alreadyThere)
    throw new SealError('EXISTS', `${outputName} exists and holds another text`, { path: outputName })
  throw new SealError('NOT_AUTHENTIC', `${outputName} does not hold the text of the old file: keep that`)
}

/** SHA-256 of a text, and its length. */
class TextDigest {
  readonly #hash: Hash = createHash('sha256')
  #bytes = 0

  update(piece: Uint8Array): void {
    this.#hash.update(piece)
    this.#bytes += piece.length
  }

  end(): { readonly bytes: number; readonly sha256: Uint8Array } {
    return { bytes: this.#bytes, sha256: Uint8Array.from(this.#hash.digest()) }
  }
}
