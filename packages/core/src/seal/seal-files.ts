import { fstatSync, statSync } from 'node:fs'
import { syncFolder } from '../container/index.ts'
import { signDrafts, type BatchSignature, type Serial } from '../keyblob/index.ts'
import { asSealError } from './failure.ts'
import type { FileState } from './file-state.ts'
import type { Conversion } from './chunks.ts'
import { fileVersion, type Ledger } from './ledger.ts'
import type { Output } from './output.ts'
import { checkRecipients } from './recipients.ts'
import { finishedSeal, type Releasing } from './releasing.ts'
import { SealError } from './seal-error.ts'
import type { Input } from './input.ts'
import { InputFiles } from './same-file.ts'
import { plainSource } from './source.ts'
import { stage, type Naming, type Sealer, type Staged } from './stage.ts'

/** One file to seal. */
export interface SealJob extends Naming {
  readonly input: Input
  /** Makes the plaintext of what is read; the input is the plaintext unless told. */
  readonly convert?: Conversion | undefined
  readonly output: Output
}

/** How far a job is. */
export interface Progress {
  /** Index of the job. */
  readonly job: number
  /** Plaintext bytes. */
  readonly doneBytes: number
  /** Undefined for a stream. */
  readonly totalBytes: number | undefined
}

/** What all operations on files may be told. */
export interface Watching {
  readonly threads?: number | undefined
  readonly onProgress?: ((progress: Progress) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Who seals, for whom, and how. */
export interface SealOptions extends Sealer, Releasing, Watching {
  /** Where new versions are remembered. */
  readonly ledger?: Ledger | undefined
  /** Called for each job of a group when the group is finished, in order. */
  readonly onResult?: ((result: SealResult) => void) | undefined
}

/** What became of one job. */
export type SealResult = SealedFile | FailedJob

export interface SealedFile {
  readonly job: number
  readonly output: Output
  readonly serial: Serial
  readonly sealId: Uint8Array
  readonly version: number
  readonly plaintextBytes: number
  readonly sealedBytes: number
  /** What the input was when it was sealed, for `removeIfUnchanged`; undefined for a stream. */
  readonly source: FileState | undefined
  readonly error?: undefined
}

export interface FailedJob {
  readonly job: number
  readonly output: Output
  readonly error: unknown
}

// A group shares one signature and appears together: as many files as pay for a signature of
// milliseconds, few enough that little is lost if the process is stopped.
const MOST_FILES = 256
const MOST_BYTES = 256 * 1_048_576

/**
 * Seals files: each is whole and durable when its result comes, or it was never there.
 *
 * A job that fails does not stop the others; its result has the error.
 *
 * @throws SealError RECIPIENTS if nobody can be sealed for like that, CANCELLED
 */
export async function sealFiles(jobs: readonly SealJob[], options: SealOptions): Promise<SealResult[]> {
  checkRecipients(options.recipients, options.namedKey)
  const inputs = new InputFiles(jobs.map((job) => job.input))
  const results: SealResult[] = []
  for (const group of groups(jobs)) {
    if (options.signal?.aborted) throw new SealError('CANCELLED', 'stopped on request')
    results.push(...(await sealGroup(group, inputs, options)))
  }
  return results
}

interface Numbered {
  readonly index: number
  readonly job: SealJob
  readonly bytes: number
}

/** In order: a group is closed when it has enough files or bytes. */
function groups(jobs: readonly SealJob[]): Numbered[][] {
  const all: Numbered[][] = []
  let bytes = Infinity
  for (const [index, job] of jobs.entries()) {
    const size = sizeOf(job)
    let group = all.at(-1)
    if (!group || group.length >= MOST_FILES || bytes + size > MOST_BYTES) {
      group = []
      all.push(group)
      bytes = 0
    }
    group.push({ index, job, bytes: size })
    bytes += size
  }
  return all
}

/** For grouping alone; what cannot be looked at fails later, with its own error. */
function sizeOf({ input }: SealJob): number {
  try {
    const found = 'path' in input ? statSync(input.path) : fstatSync(input.fd)
    return found.isFile() ? found.size : MOST_BYTES
  } catch {
    return 0
  }
}

async function sealGroup(
  group: readonly Numbered[],
  inputs: InputFiles,
  options: SealOptions,
): Promise<SealResult[]> {
  const failures: SealResult[] = []
  const staged: StagedJob[] = []
  try {
    for (const item of group) {
      try {
        staged.push({ item, file: await stageJob(item, group.length, inputs, options) })
      } catch (error) {
        if (isCancelled(error)) throw error
        failures.push(failed(item, error))
      }
    }
    const results = [...failures, ...(await releaseAll(staged, options))].sort((a, b) => a.job - b.job)
    for (const result of results) options.onResult?.(result)
    return results
  } finally {
    for (const { file } of staged) file.discard()
  }
}

interface StagedJob {
  readonly item: Numbered
  readonly file: Staged
}

async function stageJob(
  item: Numbered,
  batchSize: number,
  inputs: InputFiles,
  options: SealOptions,
): Promise<Staged> {
  const { input, output, convert } = item.job
  inputs.checkOutput(output)
  const source = await plainSource(input, convert)
  try {
    return await stage(source, output, item.job, options, batchSize, running(item, options))
  } finally {
    source.close()
  }
}

/** Signs once for all, lets the caller keep the keys, gives every file its name, then makes the names durable. */
async function releaseAll(staged: readonly StagedJob[], options: SealOptions): Promise<SealResult[]> {
  if (staged.length === 0) return []
  const batches = signDrafts(
    staged.map(({ file }) => file.draft),
    options.signingKey,
  )
  const refusal = await handOver(staged, options)
  if (refusal) return staged.map(({ item }) => failed(item, refusal.error))
  const released = await Promise.all(staged.map((job, i) => release(job, batches[i])))
  const refused = syncFolders(staged.map(({ file }) => file.folder))
  return staged.map(({ item, file }, i) => {
    // Without its folder synchronised, the file is there, but perhaps not after a power cut.
    const failure = released[i] ?? refused.get(file.folder)
    return failure ? failed(item, failure.error) : recorded(item, file, options)
  })
}

interface Failure {
  readonly error: unknown
}

async function handOver(
  staged: readonly StagedJob[],
  { beforeRelease }: SealOptions,
): Promise<Failure | undefined> {
  try {
    await beforeRelease?.(staged.map(({ item, file }) => finishedSeal(item.index, file)))
    return undefined
  } catch (error) {
    return { error }
  }
}

async function release({ file }: StagedJob, batch: BatchSignature | undefined): Promise<Failure | undefined> {
  try {
    if (!batch) throw new SealError('LIMIT', 'batch: no signature')
    await file.release(batch)
    return undefined
  } catch (error) {
    return { error }
  }
}

/** Synchronises each folder once; returns those that refused. */
function syncFolders(folders: readonly (string | undefined)[]): ReadonlyMap<string | undefined, Failure> {
  const refused = new Map<string | undefined, Failure>()
  for (const folder of new Set(folders)) {
    try {
      if (folder !== undefined) syncFolder(folder)
    } catch (error) {
      refused.set(folder, { error })
    }
  }
  return refused
}

function recorded(item: Numbered, file: Staged, { ledger, signingKey }: SealOptions): SealResult {
  try {
    const { serial, draft } = file
    const { version } = file.metadata
    // Nothing precedes a first version: it need not be remembered.
    if (version > 1) ledger?.remember(fileVersion(serial, signingKey.signer.keyId, version, draft.sealId))
    return sealed(item, file)
  } catch (error) {
    return failed(item, error)
  }
}

function running(item: Numbered, options: SealOptions) {
  const total = 'path' in item.job.input ? item.bytes : undefined
  return {
    threads: options.threads,
    signal: options.signal,
    onBytes: (doneBytes: number) => options.onProgress?.({ job: item.index, doneBytes, totalBytes: total }),
  }
}

function sealed({ index, job }: Numbered, file: Staged): SealedFile {
  const { serial, metadata, plaintextBytes, sealedBytes, source, draft } = file
  return {
    job: index,
    output: job.output,
    serial,
    sealId: draft.sealId,
    version: metadata.version,
    plaintextBytes,
    sealedBytes,
    source,
  }
}

function failed({ index, job }: Numbered, error: unknown): FailedJob {
  const path = 'path' in job.input ? job.input.path : undefined
  return { job: index, output: job.output, error: asSealError(error, path) }
}

function isCancelled(error: unknown): boolean {
  return error instanceof SealError && error.code === 'CANCELLED'
}
