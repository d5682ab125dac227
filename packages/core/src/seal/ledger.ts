import { appendFileSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { equalBytes, fromHex, toHex } from '../bytes/index.ts'
import { formatSerial, type Serial, type VerifiedSeal } from '../keyblob/index.ts'
import { SealError } from './seal-error.ts'

const LINE = /^([0-9a-f-]{36}) (\d{1,10}) ([0-9a-f]{64})$/

interface Newest {
  readonly version: number
  readonly sealId: Uint8Array
}

/**
 * The newest version seen of every file that has more than one: who puts back an older one, whose seal is
 * perfectly valid, is noticed.
 *
 * A text file on the owner's own disk, one line for each version seen: `serial version seal-id`. Lines are only
 * added; one cut off by a crash is passed over. What this computer has never seen, it cannot notice.
 */
export class Ledger {
  readonly #path: string
  #newest: Map<string, Newest> | undefined

  constructor(path: string) {
    this.#path = path
  }

  /** @throws SealError SUPERSEDED for an older version than the newest seen, or another of the same number */
  check(seal: VerifiedSeal): void {
    const newest = this.#read().get(formatSerial(seal.serial))
    if (!newest || seal.metadata.version > newest.version) return
    if (seal.metadata.version < newest.version) {
      const versions = `version ${seal.metadata.version} of it, version ${newest.version} was seen before`
      throw new SealError('SUPERSEDED', `an older version was put in its place: this is ${versions}`)
    }
    if (!equalBytes(seal.sealId, newest.sealId)) {
      throw new SealError('SUPERSEDED', `another version ${newest.version} of it was seen before`)
    }
  }

  /** Remembers a version, durably, if it is a second or later one. */
  record(serial: Serial, version: number, sealId: Uint8Array): void {
    if (version < 2) return
    const key = formatSerial(serial)
    const known = this.#read().get(key)
    if (known && known.version >= version) return
    this.#append(`${key} ${version} ${toHex(sealId)}\n`)
    this.#read().set(key, { version, sealId })
  }

  #read(): Map<string, Newest> {
    this.#newest ??= parse(readIfThere(this.#path))
    return this.#newest
  }

  #append(line: string): void {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 })
    const fd = openSync(this.#path, 'a', 0o600)
    try {
      // A line of its own even if a crash cut the one before.
      const separator = /(?:^|\n)$/.test(readIfThere(this.#path)) ? '' : '\n'
      appendFileSync(fd, separator + line)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  }
}

function parse(text: string): Map<string, Newest> {
  const newest = new Map<string, Newest>()
  for (const line of text.split('\n')) {
    const [, serial, versionText, id] = LINE.exec(line) ?? []
    if (serial === undefined || id === undefined) continue
    const version = Number(versionText)
    if (version > (newest.get(serial)?.version ?? 0)) newest.set(serial, { version, sealId: fromHex(id) })
  }
  return newest
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}
