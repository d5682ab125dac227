import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import type { Reader, SealError } from '@strongroom/core/seal'
import { bytesOf, put } from './files.ts'
import { Refusals } from './refusal.ts'

/** One of the ways to open or verify. */
export type Way = 'toFile' | 'toStream' | 'toVerify'
export const WAYS: readonly Way[] = ['toFile', 'toStream', 'toVerify']

/** A part of a sealed file, and the position behind it. */
export type Part = 'version' | 'recipients' | 'seal type' | 'seal' | 'pad' | 'MAC' | 'nonce' | 'payload'

/** A sealed file that is damaged and mended again, in place. */
export class Patient {
  readonly path: string
  readonly sound: Uint8Array
  readonly #fd: number
  readonly #refusals = new Refusals()
  readonly #reader: Reader

  constructor(folder: string, sound: Uint8Array, reader: Reader) {
    this.path = put(folder, 'patient.age', sound)
    this.sound = sound
    this.#fd = openSync(this.path, 'r+')
    this.#reader = reader
  }

  /** Flips one bit, tries to open or verify, and flips it back. */
  async flipped(bit: number, way: Way, prefix?: Uint8Array): Promise<SealError> {
    const at = bit >> 3
    const byte = this.sound[at] ?? 0
    writeSync(this.#fd, Uint8Array.of(byte ^ (1 << (bit & 7))), 0, 1, at)
    const error = await this.#try(way, prefix)
    writeSync(this.#fd, Uint8Array.of(byte), 0, 1, at)
    return error
  }

  /** Cuts the file, for good. */
  async cut(length: number, way: Way): Promise<SealError> {
    ftruncateSync(this.#fd, length)
    return this.#try(way)
  }

  /** Whether the file is what it was. */
  get isMended(): boolean {
    return Buffer.compare(bytesOf(this.path), this.sound) === 0
  }

  end(): void {
    closeSync(this.#fd)
    this.#refusals.end()
  }

  #try(way: Way, prefix?: Uint8Array): Promise<SealError> {
    const input = { path: this.path }
    return way === 'toStream'
      ? this.#refusals.toStream(input, this.#reader, prefix)
      : this.#refusals[way](input, this.#reader)
  }
}

/** Where the parts of a file with one recipient end, in order. */
export function partsOf(file: Uint8Array): readonly { readonly part: Part; readonly end: number }[] {
  const text = Buffer.from(file).toString('latin1')
  const seal = text.indexOf('-> strongroom/seal')
  const pad = text.indexOf('-> strongroom/pad')
  const mac = text.indexOf('\n--- ') + 1
  const end = text.indexOf('\n', mac) + 1
  return [
    { part: 'version', end: text.indexOf('\n') + 1 },
    { part: 'recipients', end: seal },
    { part: 'seal type', end: seal + '-> strongroom/seal '.length },
    { part: 'seal', end: pad },
    { part: 'pad', end: mac },
    { part: 'MAC', end },
    { part: 'nonce', end: end + 16 },
    { part: 'payload', end: file.length },
  ]
}

/** Every position of a file with the part that it is in. */
export function* positionsOf(file: Uint8Array): Generator<{ readonly at: number; readonly part: Part }> {
  let at = 0
  for (const { part, end } of partsOf(file)) for (; at < end; at++) yield { at, part }
}
