import type { IncomingMessage } from 'node:http'
import { ProblemError } from './problem-error.ts'

const NOTHING = new Uint8Array(0)
const LENGTH = /^(?:0|[1-9][0-9]{0,14})$/

/** Bytes of bodies that have arrived and are not answered, of all requests together. */
export class BodyBudget {
  readonly #most: number
  #used = 0

  constructor(most: number) {
    this.#most = most
  }

  get used(): number {
    return this.#used
  }

  /** @throws ProblemError too-many if all is taken */
  take(bytes: number): void {
    if (this.#used + bytes > this.#most)
      throw new ProblemError('too-many', { fields: { 'Retry-After': '1' } })
    this.#used += bytes
  }

  give(bytes: number): void {
    this.#used -= bytes
  }
}

/** Whether a request announces a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers
  return encoding !== undefined || (length !== undefined && length !== '0')
}

/**
 * The length that a request announces, before any of it is read.
 *
 * @throws ProblemError length-required for a body of unknown length, too-large, malformed
 */
export function announcedLength({ headers }: IncomingMessage, most: number): number {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers
  if (encoding !== undefined || length === undefined) throw new ProblemError('length-required')
  if (!LENGTH.test(length) || Number(length) > most) throw new ProblemError('too-large')
  return Number(length)
}

/** How a body is read. */
export interface BodyReading {
  readonly length: number
  readonly milliseconds: number
  readonly budget: BodyBudget
}

/** A body, and what gives its place to others when it was answered. */
export interface ReadBody {
  readonly bytes: Uint8Array
  readonly release: () => void
}

/**
 * Reads a body of the length that was announced. Nothing is allotted before it has arrived.
 *
 * @throws ProblemError timeout, too-many; the platform's error if the client goes away
 */
export function readBody(
  incoming: IncomingMessage,
  { length, milliseconds, budget }: BodyReading,
): Promise<ReadBody> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadBody>()
  const pieces: Buffer[] = []
  let got = 0
  const release = () => budget.give(got)
  const end = (error?: unknown) => {
    clearTimeout(timer)
    incoming.off('data', onData).off('end', onEnd).off('error', end).off('close', onClose)
    if (error === undefined) return resolve({ bytes: joined(pieces, got), release })
    release()
    reject(error)
  }
  const onData = (piece: Buffer) => {
    try {
      budget.take(piece.length)
    } catch (error) {
      return end(error)
    }
    got += piece.length
    pieces.push(piece)
  }
  const onEnd = () => end(got === length ? undefined : new ProblemError('malformed'))
  const onClose = () => end(new ConnectionClosed())
  const timer = setTimeout(() => end(new ProblemError('timeout')), milliseconds)
  incoming.on('data', onData).on('end', onEnd).on('error', end).on('close', onClose)
  return promise
}

/** The client went away before its request had arrived: nobody is there to be answered. */
export class ConnectionClosed extends Error {
  override readonly name = 'ConnectionClosed'
}

function joined(pieces: readonly Buffer[], length: number): Uint8Array {
  const [only] = pieces
  if (!only) return NOTHING
  const buffer = pieces.length === 1 ? only : Buffer.concat(pieces, length)
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}
