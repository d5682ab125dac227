import assert from 'node:assert/strict'
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  openFile,
  SealError,
  verifyFile,
  type Input,
  type Reader,
  type SealErrorCode,
} from '@strongroom/core/seal'
import { bytesOf } from './files.ts'

const NOTHING = new Uint8Array(0)
const OLD = new TextEncoder().encode('what was there before\n')

/** Checks, as often as asked, that opening and verifying a file is refused and leaves no trace. */
export class Refusals {
  readonly #folder = mkdtempSync(join(tmpdir(), 'strongroom-outputs-'))
  readonly #output = join(this.#folder, 'output')
  readonly #stream: number
  readonly #before: bigint

  constructor() {
    writeFileSync(this.#output, OLD)
    this.#before = statSync(this.#output, { bigint: true }).ino
    this.#stream = openSync(join(this.#folder, 'stream'), 'a+')
  }

  /** Opens into an existing file: refused, and that file is still the same. */
  async toFile(input: Input, reader: Reader): Promise<SealError> {
    const job = { input, output: { path: this.#output, overwrite: true } }
    const error = await refusal(openFile(job, { ...reader, threads: 1 }))
    assert.deepEqual(bytesOf(this.#output), OLD)
    assert.equal(statSync(this.#output, { bigint: true }).ino, this.#before, 'the old output was replaced')
    assert.deepEqual(readdirSync(this.#folder).sort(), ['output', 'stream'], 'something was left behind')
    return error
  }

  /** Opens into a stream: refused, and nothing came out but what the owner sealed in the segments before. */
  async toStream(input: Input, reader: Reader, sound: Uint8Array = NOTHING): Promise<SealError> {
    const job = { input, output: { fd: this.#stream } }
    const error = await refusal(openFile(job, { ...reader, threads: 1 }))
    assert.equal(fstatSync(this.#stream).size, sound.length, 'more or less came out than was sound')
    if (sound.length > 0) assert.deepEqual(this.#takeStream(), sound)
    return error
  }

  async toVerify(input: Input, reader: Reader): Promise<SealError> {
    return refusal(verifyFile(input, { ...reader, threads: 1 }))
  }

  #takeStream(): Uint8Array {
    const bytes = bytesOf(join(this.#folder, 'stream'))
    ftruncateSync(this.#stream)
    return bytes
  }

  end(): void {
    closeSync(this.#stream)
    rmSync(this.#folder, { recursive: true })
  }
}

/** How a file must be refused. */
export interface Expected {
  readonly code: SealErrorCode
  readonly message?: RegExp
  /** What may come out of a stream: whole segments before the damage. */
  readonly sound?: Uint8Array
}

/** Asserts that a file is refused like this wherever it is opened or verified, and that nothing comes out. */
export async function assertRefused(path: string, reader: Reader, expected: Expected): Promise<void> {
  const refusals = new Refusals()
  try {
    const input = { path }
    const errors = [
      await refusals.toFile(input, reader),
      await refusals.toStream(input, reader, expected.sound),
      await refusals.toVerify(input, reader),
    ]
    for (const error of errors) assertExpected(error, path, expected)
  } finally {
    refusals.end()
  }
}

/** Asserts that an error is the expected one and names the file. */
export function assertExpected(error: SealError, path: string, { code, message = /./ }: Expected): void {
  assert.equal(error.code, code, error.message)
  assert.match(error.message, message)
  assert.equal(error.path, path)
}

/** The `SealError` that a promise must end with. */
export async function refusal(promise: Promise<unknown>): Promise<SealError> {
  const error: unknown = await promise.then(
    () => assert.fail('expected a refusal'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof SealError, `expected a SealError, got ${String(error)}`)
  return error
}
