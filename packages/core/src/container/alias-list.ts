import { utf8Decode, utf8Encode } from '../bytes/index.ts'
import { writeFileAtomically } from './atomic-write.ts'
import { ContainerError } from './container-error.ts'
import { OTHERS_WRITE, checkMode, readRegularFile } from './regular-file.ts'

/** What stands after the alias on a line: how it is read, written and told apart. */
export interface AliasValueFormat<T> {
  /** The name of one value in errors, as in `signer`. */
  readonly what: string
  /** How many words separated by single spaces it takes. */
  readonly words: number
  /** Accepts exactly what `encode` writes. */
  parse(text: string): T
  /** The only text form of the value. */
  encode(value: T): string
  /** Equal for equal values only; what `withIdentity` looks for. */
  identity(value: T): string
}

/** One line that names a value. */
export interface AliasEntry<T> {
  readonly alias: string
  readonly value: T
  /** The rest of the line; empty if there is none. */
  readonly comment: string
}

/** 16 MiB: some six thousand hybrid signers. */
const MAX_FILE_BYTES = 16 * 1024 * 1024

/** A line as it stands in the file: an entry, or text that is kept as it is. */
type Line<T> = { readonly text: string; readonly entry?: AliasEntry<T> }

const ALIAS = /^[A-Za-z0-9_][A-Za-z0-9._@+-]{0,63}$/
// Everything that could move a cursor, end a line or hide a part of one, in the manner of Trojan Source.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

/**
 * A list of `alias value [comment]` lines, between which stand empty lines and `#` comments.
 *
 * Reading is strict and loses nothing: what is accepted is written again exactly. An alias stands for one
 * value and a value has one alias, so that an answer to "who was it?" is never a choice.
 */
export class AliasList<T> {
  readonly #format: AliasValueFormat<T>
  #lines: Line<T>[] = []
  readonly #byAlias = new Map<string, AliasEntry<T>>()
  readonly #byIdentity = new Map<string, AliasEntry<T>>()

  constructor(format: AliasValueFormat<T>) {
    this.#format = format
  }

  /**
   * Reads a whole file; every line ends with a line feed.
   *
   * @throws ContainerError CONTAINER_FORMAT with the number of the line
   */
  static parse<T>(text: string, format: AliasValueFormat<T>): AliasList<T> {
    const list = new AliasList(format)
    if (text === '') return list
    const lines = text.split('\n')
    if (lines.pop() !== '') throw new ContainerError('CONTAINER_FORMAT', 'last line: expected a line feed')
    for (const [i, line] of lines.entries()) atLine(i + 1, () => list.#append(list.#parseLine(line)))
    return list
  }

  /**
   * Reads the file at `path`.
   *
   * @throws ContainerError CONTAINER_NOT_FOUND if there is none
   * @throws ContainerError CONTAINER_PERMISSIONS if others can write it: they would decide who is trusted
   * @throws ContainerError CONTAINER_FORMAT if it is too long, not UTF-8, or a line is wrong
   */
  static load<T>(path: string, format: AliasValueFormat<T>): AliasList<T> {
    const { bytes, mode } = readRegularFile(path, MAX_FILE_BYTES, `list of ${format.what}s`)
    checkMode(path, mode, OTHERS_WRITE)
    return AliasList.parse(decode(bytes), format)
  }

  /** The text of the file: what was read, comments included, and what was changed since. */
  encode(): string {
    return this.#lines.map((line) => `${line.text}\n`).join('')
  }

  /** Writes the file atomically, 0600, in the place of an older one. */
  save(path: string): void {
    writeFileAtomically(path, utf8Encode(this.encode()), { overwrite: true })
  }

  /** All entries in the order of their lines. */
  get entries(): readonly AliasEntry<T>[] {
    return [...this.#byAlias.values()]
  }

  /** The entry of that alias, whatever its case. */
  withAlias(alias: string): AliasEntry<T> | undefined {
    return this.#byAlias.get(alias.toLowerCase())
  }

  /** The entry of the value with that identity. */
  withIdentity(identity: string): AliasEntry<T> | undefined {
    return this.#byIdentity.get(identity)
  }

  /**
   * Adds a line at the end; adding exactly what is there changes nothing.
   *
   * @throws ContainerError CONTAINER_EXISTS if the alias stands for another value, or the value has
   *   another alias
   * @throws ContainerError CONTAINER_NAME | CONTAINER_FORMAT for what cannot stand on a line
   */
  add(alias: string, value: T, comment = ''): void {
    const text = this.#format.encode(value)
    const known = this.withAlias(alias)
    if (known?.alias === alias && this.#format.encode(known.value) === text) return
    const line = comment === '' ? `${alias} ${text}` : `${alias} ${text} ${comment}`
    this.#append({ text: line, entry: this.#parseEntry(line) })
  }

  /** Takes the line of an alias out. @throws ContainerError CONTAINER_NOT_FOUND if there is none */
  remove(alias: string): void {
    const entry = this.withAlias(alias)
    if (!entry) {
      throw new ContainerError('CONTAINER_NOT_FOUND', `no ${this.#format.what} called ${quote(alias)}`)
    }
    this.#lines = this.#lines.filter((line) => line.entry !== entry)
    this.#byAlias.delete(alias.toLowerCase())
    this.#byIdentity.delete(this.#format.identity(entry.value))
  }

  #parseLine(text: string): Line<T> {
    checkVisible(text)
    if (text === '' || text.startsWith('#')) return { text }
    return { text, entry: this.#parseEntry(text) }
  }

  #parseEntry(text: string): AliasEntry<T> {
    checkVisible(text)
    const [alias = '', ...words] = text.split(' ')
    if (!ALIAS.test(alias)) throw new ContainerError('CONTAINER_NAME', `not an alias: ${quote(alias)}`)
    const valueWords = words.slice(0, this.#format.words)
    const value = this.#parseValue(valueWords.join(' '))
    const comment = words.slice(this.#format.words).join(' ')
    if (words.length > this.#format.words && (comment === '' || comment.trim() !== comment)) {
      throw new ContainerError('CONTAINER_FORMAT', 'expected single spaces and none at the end')
    }
    return { alias, value, comment }
  }

  #parseValue(text: string): T {
    try {
      return this.#format.parse(text)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : 'not readable'
      throw new ContainerError('CONTAINER_FORMAT', `expected a ${this.#format.what}: ${reason}`, { cause })
    }
  }

  #append(line: Line<T>): void {
    if (line.entry) this.#index(line.entry)
    this.#lines.push(line)
  }

  #index(entry: AliasEntry<T>): void {
    const { what } = this.#format
    const identity = this.#format.identity(entry.value)
    const taken = this.withAlias(entry.alias)
    if (taken) {
      throw new ContainerError('CONTAINER_EXISTS', `alias ${entry.alias} already stands for a ${what}`)
    }
    const same = this.withIdentity(identity)
    if (same) throw new ContainerError('CONTAINER_EXISTS', `this ${what} is already called ${same.alias}`)
    this.#byAlias.set(entry.alias.toLowerCase(), entry)
    this.#byIdentity.set(identity, entry)
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8Decode(bytes)
  } catch (cause) {
    throw new ContainerError('CONTAINER_FORMAT', 'not UTF-8', { cause })
  }
}

function checkVisible(text: string): void {
  if (INVISIBLE.test(text)) {
    throw new ContainerError('CONTAINER_FORMAT', 'control or invisible characters are not allowed')
  }
}

/** Runs one line's work and puts the line's number before its error; all become CONTAINER_FORMAT. */
function atLine(number: number, work: () => void): void {
  try {
    work()
  } catch (cause) {
    if (!(cause instanceof ContainerError)) throw cause
    throw new ContainerError('CONTAINER_FORMAT', `line ${number}: ${cause.message}`, { cause })
  }
}

/** A word from a public file, cut to a length that an error message can bear. */
function quote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}
