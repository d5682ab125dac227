import { derivePayloadKey } from '../age/index.ts'
import { wipe } from '../bytes/index.ts'
import type { VerifiedSeal } from '../keyblob/index.ts'
import { reporting } from './failure.ts'
import { assertUnchanged, type Input } from './input.ts'
import type { Output } from './output.ts'
import { openRange, type ByteRange } from './open-range.ts'
import { runPayload, type RunOptions } from './payload-run.ts'
import { intoPrivateFile, type FileTarget } from './private-file.ts'
import { InputFiles } from './same-file.ts'
import type { Watching } from './seal-files.ts'
import { openSealedInput, type SealedInput } from './sealed-input.ts'
import { checkSegments } from './segment-check.ts'
import { writeStream } from './stream-io.ts'
import { unlock, type Proof, type Reader, type Unlocked } from './unlock.ts'

/** One file to open. */
export interface OpenJob {
  readonly input: Input
  readonly output: Output
}

/** Who opens, and how. */
export interface OpenOptions extends Reader, Watching {
  /** Only this part of the plaintext. */
  readonly range?: ByteRange | undefined
  /** Give the output the permission bits that were sealed with it; otherwise it is 0600. */
  readonly restoreMode?: boolean | undefined
}

/** A file that was opened. */
export interface OpenedFile {
  readonly proof: Proof
  /** Present if `proof` is `sealed`. */
  readonly seal: VerifiedSeal | undefined
  readonly plaintextBytes: number
}

const PRIVATE_MODE = 0o600

/**
 * Opens a file: what comes out is what its owner sealed, or nothing comes out.
 *
 * To a file: it appears when all of it is verified. To a stream: each segment is verified before a byte
 * of it is written.
 *
 * @throws SealError
 */
export async function openFile(job: OpenJob, options: OpenOptions): Promise<OpenedFile> {
  return reporting('path' in job.input ? job.input.path : undefined, async () => {
    new InputFiles([job.input]).checkOutput(job.output)
    const file = await openSealedInput(job.input)
    try {
      return await openInto(file, job.output, options)
    } finally {
      file.close()
    }
  })
}

/** Takes plaintext, in order; what it gets holds until it is done. */
export type Sink = (bytes: Uint8Array) => Promise<void>

/**
 * Opens a file and hands its plaintext to a function. Each segment is verified before a byte of it is handed on, and a
 * file whose last segment is wrong is noticed at its end: only what returns was opened.
 *
 * @throws SealError
 */
export async function openToSink(input: Input, sink: Sink, options: OpenOptions): Promise<OpenedFile> {
  return reporting('path' in input ? input.path : undefined, async () => {
    const file = await openSealedInput(input)
    try {
      return await openInto(file, { sink }, options)
    } finally {
      file.close()
    }
  })
}

type Destination = Output | { readonly sink: Sink }

async function openInto(file: SealedInput, output: Destination, options: OpenOptions): Promise<OpenedFile> {
  const unlocked = unlock(file, options)
  const key = derivePayloadKey(unlocked.sessionKey, file.nonce)
  wipe(unlocked.sessionKey)
  try {
    const plaintextBytes = await write(file, unlocked, key, output, options)
    return { proof: unlocked.proof, seal: unlocked.seal, plaintextBytes }
  } finally {
    wipe(key)
  }
}

function write(
  file: SealedInput,
  unlocked: Unlocked,
  key: Uint8Array,
  output: Destination,
  options: OpenOptions,
): Promise<number> {
  if ('path' in output) {
    return options.range
      ? rangeToFile(file, unlocked, key, output, options.range, options)
      : toFile(file, unlocked, key, output, options)
  }
  const range = options.range ?? { offset: 0, length: unlocked.plaintextLength }
  const sink = 'sink' in output ? output.sink : (bytes: Uint8Array) => writeStream(output.fd, bytes)
  return toSink(file, unlocked, key, range, options, sink)
}

/** All threads write into a file that nobody can read until every segment is verified. */
async function toFile(
  file: SealedInput,
  unlocked: Unlocked,
  key: Uint8Array,
  target: FileTarget,
  options: OpenOptions,
): Promise<number> {
  const { plaintextLength, seal } = unlocked
  return intoPrivateFile(target, modeOf(seal, options), async (output) => {
    const input = { fd: file.fd, offset: file.payloadOffset, key }
    const work = { plaintextLength, input, output: { fd: output.fd, offset: 0 } }
    const hashes = await runPayload(work, runOptions(plaintextLength, options))
    if (seal) checkSegments(hashes.input, seal.table)
    assertUnchanged(file.source)
    return plaintextLength
  })
}

async function rangeToFile(
  file: SealedInput,
  unlocked: Unlocked,
  key: Uint8Array,
  target: FileTarget,
  range: ByteRange,
  options: OpenOptions,
): Promise<number> {
  return intoPrivateFile(target, modeOf(unlocked.seal, options), (output) =>
    toSink(file, unlocked, key, range, options, (bytes) => writeStream(output.fd, bytes)),
  )
}

async function toSink(
  file: SealedInput,
  unlocked: Unlocked,
  key: Uint8Array,
  range: ByteRange,
  options: OpenOptions,
  sink: Sink,
): Promise<number> {
  const { plaintextLength, seal } = unlocked
  const payload = { fd: file.fd, offset: file.payloadOffset, key, plaintextLength, table: seal?.table }
  return openRange(payload, range, sink, runOptions(range.length, options))
}

/** Never more than the owner of the file could do: no execution for others, no set-user-id; only what was sealed. */
function modeOf(seal: VerifiedSeal | undefined, options: OpenOptions): number {
  return options.restoreMode ? (seal?.metadata.mode ?? PRIVATE_MODE) : PRIVATE_MODE
}

function runOptions(totalBytes: number, options: OpenOptions): RunOptions {
  return {
    threads: options.threads,
    signal: options.signal,
    onBytes: (doneBytes) => options.onProgress?.({ job: 0, doneBytes, totalBytes }),
  }
}
