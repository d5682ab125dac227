import { join } from 'node:path'
import { equalBytes, toHex, utf8Encode } from '../bytes/index.ts'
import {
  ACTS,
  depositListDigest,
  encodeProbeSubmission,
  LIMITS,
  openStatement,
  parseProbeSubmission,
  ProtocolError,
  sortedIds,
  type Probe,
  type ProbeSubmission,
} from '../protocol/index.ts'
import type { AuthorityFolder } from './authority-store.ts'
import { nodeMeans, sha256 } from './node-verify.ts'
import { namesIn, readOwnFile, readState, removeOwnFiles, writeOwnFile } from './own-files.ts'

const PROBE = '.probe'
const OPENED = '.opened'

/** A probe that this client signed. */
export interface OpenProbe {
  /** Its statement digest. */
  readonly digest: Uint8Array
  readonly payload: Probe
  readonly submission: ProbeSubmission
  /** Ascending. */
  readonly ids: readonly Uint8Array[]
}

/**
 * Probes that wait for their answer, and when each deposit last opened. A probe is durable before it is sent: sent again it is the same,
 * and counts once.
 */
export class ProbeStore {
  readonly folder: string

  constructor({ path }: Pick<AuthorityFolder, 'path'>) {
    this.folder = join(path, 'probes')
  }

  /** Keeps a probe. @throws ProtocolError for what is none */
  add(submission: ProbeSubmission): OpenProbe {
    const probe = checked(submission)
    writeOwnFile(this.#pathOf(probe), encodeProbeSubmission(submission))
    return probe
  }

  /** Those that wait. @throws ClientError CLIENT_STATE */
  list(): OpenProbe[] {
    return namesIn(this.folder, PROBE).flatMap((name) => {
      const path = join(this.folder, name + PROBE)
      const bytes = readOwnFile(path, LIMITS.jsonBytes, 'probe')
      return bytes ? [readState(path, () => checked(parseProbeSubmission(bytes)))] : []
    })
  }

  /** Forgets a probe that was answered or expired. */
  remove(probe: Pick<OpenProbe, 'digest'>): void {
    removeOwnFiles(this.folder, [toHex(probe.digest) + PROBE])
  }

  /** Remembers that a deposit opened. @param id in hexadecimal @param atMs when the custodian said so: milliseconds since 1970 */
  noteOpened(id: string, atMs: number): void {
    writeOwnFile(join(this.folder, id + OPENED), utf8Encode(`${new Date(atMs).toISOString()}\n`))
  }

  /** When a deposit last opened; undefined if it never did. For people alone: nothing depends on it. */
  openedAt(id: string): number | undefined {
    const bytes = readOwnFile(join(this.folder, id + OPENED), 100, 'time of a probe')
    const time = bytes && Date.parse(Buffer.from(bytes).toString('latin1').trim())
    return time === undefined || Number.isNaN(time) ? undefined : time
  }

  /** The ids of deposits that opened, in hexadecimal. */
  opened(): string[] {
    return namesIn(this.folder, OPENED)
  }

  #pathOf({ digest }: OpenProbe): string {
    return join(this.folder, toHex(digest) + PROBE)
  }
}

function checked(submission: ProbeSubmission): OpenProbe {
  const { digest, payload } = openStatement(ACTS.probe, submission.statement, nodeMeans)
  const ids = sortedIds(submission.deposits)
  const same = equalBytes(depositListDigest(sha256, ids), payload.deposits.digest)
  if (same && ids.length === payload.deposits.count) return { digest, payload, submission, ids }
  throw new ProtocolError('PROTOCOL_BINDING', 'the list beside the probe is not the one that was signed')
}
