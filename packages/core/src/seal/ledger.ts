import {
  appendFileSync,
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { equalBytes, fromHex, toHex } from '../bytes/index.ts'
import { formatSerial, type Serial, type VerifiedSeal } from '../keyblob/index.ts'
import { readAt } from './positional-io.ts'
import { SealError } from './seal-error.ts'

const NEWLINE = 0x0a
const LINE = /^(\S{1,100} [0-9a-f]{64}) (\d{1,16}) ([0-9a-f]{64})$/

/** One version of a file, or one blob of a named session key. */
export interface SeenVersion {
  /** What it is a version of, and by whom: another signer's versions are another chain. */
  readonly subject: string
  /** Grows from version to version: the version number of a file, the creation time of a named key. */
  readonly order: number
  /** 32 bytes. */
  readonly sealId: Uint8Array
}

/** The version that a file is, by its signer's key id. */
export function fileVersion(
  serial: Serial,
  signerId: Uint8Array,
  order: number,
  sealId: Uint8Array,
): SeenVersion {
  return { subject: `${formatSerial(serial)} ${toHex(signerId)}`, order, sealId }
}

/**
 * The newest version seen of every file that has more than one, and the newest blob of every named session
 * key: who puts back an older one, whose seal is perfectly valid, is noticed.
 *
 * A text file on the owner's own disk, one line for each version: `subject signer order seal-id`. The subject is a
 * serial number, or `key:` and a name. Each signer has a chain of their own: nobody can make another's file look old. Lines
 * are only added; one cut off by a crash is passed over. What this computer has never seen, it cannot notice.
 */
export class Ledger {
  readonly #path: string
  #newest = new Map<string, SeenVersion>()
  #readState = ''

  constructor(path: string) {
    this.#path = path
  }

  /** @throws SealError SUPERSEDED for an older version than the newest seen, or another of the same number */
  check(seal: VerifiedSeal): void {
    const { subject, order, sealId } = versionOf(seal)
    const newest = this.#read().get(subject)
    if (!newest || order > newest.order) return
    if (order < newest.order) {
      const which =
        seal.kind === 'file'
          ? `: this is version ${order} of it, version ${newest.order} was seen before`
          : ''
      throw new SealError('SUPERSEDED', `an older version was put in its place${which}`)
    }
    if (!equalBytes(sealId, newest.sealId)) {
      throw new SealError('SUPERSEDED', `another version ${newest.order} of it was seen before`)
    }
  }

  /** Remembers a seal that was verified, durably: first versions of files excepted, which nothing precedes. */
  record(seal: VerifiedSeal): void {
    if (seal.kind === 'file' && seal.metadata.version < 2) return
    this.remember(versionOf(seal))
  }

  /** Remembers a version, durably, if it is newer than the newest seen. */
  remember(version: SeenVersion): void {
    const known = this.#read().get(version.subject)
    if (known && known.order >= version.order) return
    this.#append(lineOf(version))
  }

  /** The number of the newest version seen of a file by that signer; 0 if none was. */
  newestVersion(serial: Serial, signerId: Uint8Array): number {
    return this.#read().get(fileVersion(serial, signerId, 0, signerId).subject)?.order ?? 0
  }

  /** Other processes add lines too: what was read before counts only as long as the file has not changed. */
  #read(): Map<string, SeenVersion> {
    const found = statSync(this.#path, { throwIfNoEntry: false })
    const state = found ? `${found.ino} ${found.size} ${found.mtimeMs}` : ''
    if (state !== this.#readState) {
      this.#newest = found ? parse(readFileSync(this.#path, 'utf8')) : new Map()
      this.#readState = state
    }
    return this.#newest
  }

  #append(line: string): void {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 })
    const fd = openSync(this.#path, 'a+', 0o600)
    try {
      // A line of its own even if a crash cut the one before.
      const separator = endsInLine(fd) ? '' : '\n'
      appendFileSync(fd, separator + line)
      fsyncSync(fd)
    } finally {
      closeSync(fd)
    }
  }
}

function versionOf({ kind, serial, signer, metadata, sealId }: VerifiedSeal): SeenVersion {
  if (kind === 'file') return fileVersion(serial, signer.keyId, metadata.version, sealId)
  const subject = `key:${metadata.name ?? ''} ${toHex(signer.keyId)}`
  return { subject, order: metadata.createdMs, sealId }
}

function lineOf({ subject, order, sealId }: SeenVersion): string {
  return `${subject} ${order} ${toHex(sealId)}\n`
}

function parse(text: string): Map<string, SeenVersion> {
  const newest = new Map<string, SeenVersion>()
  for (const line of text.split('\n')) {
    const [, subject, orderText, id] = LINE.exec(line) ?? []
    if (subject === undefined || id === undefined) continue
    const order = Number(orderText)
    if (order > (newest.get(subject)?.order ?? 0))
      newest.set(subject, { subject, order, sealId: fromHex(id) })
  }
  return newest
}

function endsInLine(fd: number): boolean {
  const { size } = fstatSync(fd)
  const last = new Uint8Array(1)
  return size === 0 || (readAt(fd, last, size - 1) === 1 && last[0] === NEWLINE)
}
