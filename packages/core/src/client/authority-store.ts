import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { utf8Encode } from '../bytes/index.ts'
import { ContainerError, writeFileAtomically } from '../container/index.ts'
import { checkName, ProtocolError, verifyEpochs, type Envelope, type EpochChain } from '../protocol/index.ts'
import {
  encodeState,
  MAX_STATE_BYTES,
  parseState,
  trustIn,
  type AuthorityState,
  type Enrolled,
} from './authority-state.ts'
import { ClientError } from './client-error.ts'
import { DepositRecords } from './deposit-record.ts'
import { withLock } from './folder-lock.ts'
import { Outbox } from './outbox.ts'
import { makePrivateFolder, readOwnFile, readState, writeOwnFile } from './own-files.ts'
import { PromisedHeads } from './promised-heads.ts'
import { ReceiptStore } from './receipt-store.ts'
import { keepToldLevels, loadToldLevels, type ToldLevels } from './told-levels.ts'

const FILE = 'authority.json'
const LOCK = '.state.lock'
const LOOKED = 'looked-at'
const LEVELS = 'told-levels.json'
/** Changes of a state take milliseconds: who waits longer waits for a process that hangs. */
const LOCK_WAIT_MS = 5_000

/** A new authority: what enrolment gave. */
export interface NewAuthority extends Enrolled {
  readonly epochs: EpochChain
  /** The receipt of the enrolment, or of the release that put the client in the place of a lost one. */
  readonly receipt: Uint8Array
  /** Of which of the two; the enrolment unless told. */
  readonly enrolledBy?: 'enrolment' | 'release'
}

/** The authorities that a client is enrolled with, a folder each, which is its owner's alone. */
export class AuthorityStore {
  readonly folder: string

  /** @param folder made when it is first needed */
  constructor(folder: string) {
    this.folder = folder
  }

  /** The names of the authorities, sorted. Folders without a state are passed over: their enrolment was not finished. */
  list(): string[] {
    if (!existsSync(this.folder)) return []
    return readdirSync(this.folder)
      .filter((name) => isName(name) && existsSync(join(this.folder, name, FILE)))
      .sort()
  }

  /**
   * Begins to keep what belongs to an authority.
   *
   * @throws ClientError CLIENT_STATE if there is one of that name; ProtocolError for an invalid receipt or name
   */
  create({ receipt, enrolledBy = 'enrolment', ...enrolled }: NewAuthority): AuthorityFolder {
    const authority = new AuthorityFolder(this.#pathOf(enrolled.name), enrolled.name)
    const bytes = encodeState({ ...enrolled, checkpoint: null, followed: null })
    parseState(bytes)
    makePrivateFolder(authority.path)
    authority.receipts.save(receipt, {
      identity: enrolled.identity,
      epochs: enrolled.epochs,
      kind: enrolledBy,
    })
    try {
      // Last: as long as it is not there, nothing is.
      writeFileAtomically(join(authority.path, FILE), bytes, { mode: 0o600 })
    } catch (cause) {
      if (!(cause instanceof ContainerError)) throw cause
      throw new ClientError('CLIENT_STATE', `there is an authority ${enrolled.name} already`, { cause })
    }
    return authority
  }

  /** @throws ClientError CLIENT_NOT_ENROLLED */
  open(name: string): AuthorityFolder {
    const path = this.#pathOf(name)
    if (existsSync(join(path, FILE))) return new AuthorityFolder(path, name)
    throw new ClientError('CLIENT_NOT_ENROLLED', `not enrolled with an authority ${name}`)
  }

  #pathOf(name: string): string {
    return join(this.folder, checkName(name, 'authority'))
  }
}

/** All that a client keeps about one authority. */
export class AuthorityFolder {
  readonly path: string
  readonly name: string
  readonly outbox: Outbox
  readonly receipts: ReceiptStore
  readonly deposits: DepositRecords
  /** Trees of receipts that the log was not yet compared with. */
  readonly promised: PromisedHeads
  /** Where evidence against the authority is written. */
  readonly evidence: string

  constructor(path: string, name: string) {
    this.path = path
    this.name = name
    this.outbox = new Outbox(join(path, 'outbox'))
    this.receipts = new ReceiptStore(join(path, 'receipts'))
    this.deposits = new DepositRecords(join(path, 'deposits'))
    this.promised = new PromisedHeads(join(path, 'promised.log'))
    this.evidence = join(path, 'evidence')
  }

  /**
   * The state, verified now.
   *
   * @throws ClientError CLIENT_STATE for a file that is damaged or of another authority, CLIENT_NOT_ENROLLED
   */
  load(): AuthorityState {
    const path = join(this.path, FILE)
    const bytes = readOwnFile(path, MAX_STATE_BYTES, 'state of an authority')
    if (!bytes) throw new ClientError('CLIENT_NOT_ENROLLED', `not enrolled with an authority ${this.name}`)
    const state = readState(path, () => parseState(bytes))
    if (state.name === this.name) return state
    throw new ClientError('CLIENT_STATE', `${path}: the state of another authority`)
  }

  /** Where the authority is reached from now on. */
  relocate(to: Pick<Enrolled, 'url' | 'ca'>): AuthorityState {
    return this.#change((state) => ({ ...state, url: to.url, ca: to.ca }))
  }

  /**
   * Takes in the epochs that the authority shows: those that are known must be among them.
   *
   * @throws ProtocolError as `verifyEpochs` does; EPOCH_CHAIN is an authority that tells different people different things
   */
  learnEpochs(envelopes: readonly Envelope[]): AuthorityState {
    const known = this.load()
    const check = ({ identity, epochs }: AuthorityState) =>
      verifyEpochs(envelopes, trustIn(identity), epochs.known)
    // Mostly there is nothing new, and then nothing is written.
    if (check(known).latest.payload.number === known.epochs.latest.payload.number) return known
    return this.#change((state) => ({ ...state, epochs: check(state) }))
  }

  /**
   * Remembers how far the log was followed, if nobody else did so meanwhile: what was checked was checked against `from`.
   *
   * @throws ClientError CLIENT_BUSY if the state has another checkpoint by now
   */
  follow(from: AuthorityState, to: Pick<AuthorityState, 'checkpoint' | 'followed'>): AuthorityState {
    return this.#change((state) => {
      if (state.checkpoint === from.checkpoint && state.followed === from.followed) return { ...state, ...to }
      throw new ClientError('CLIENT_BUSY', 'another process followed the log at the same time')
    })
  }

  /** Remembers that the log was looked at and all was well. @param nowMs milliseconds since 1970 */
  noteLook(nowMs: number): void {
    writeOwnFile(join(this.path, LOOKED), utf8Encode(`${new Date(nowMs).toISOString()}\n`))
  }

  /** When that was the last time; undefined if it never was, or nobody can read it. For people alone: nothing depends on it. */
  lookedAt(): number | undefined {
    const bytes = readOwnFile(join(this.path, LOOKED), 100, 'time of a look')
    const time = bytes && Date.parse(Buffer.from(bytes).toString('latin1').trim())
    return time === undefined || Number.isNaN(time) ? undefined : time
  }

  /** Remembers what the authority said of how far its custodian is. */
  noteLevels(told: ToldLevels): void {
    keepToldLevels(join(this.path, LEVELS), told)
  }

  /** What it said the last time; undefined if it was never asked. */
  toldLevels(): ToldLevels | undefined {
    return loadToldLevels(join(this.path, LEVELS))
  }

  #change(change: (state: AuthorityState) => AuthorityState): AuthorityState {
    return withLock(join(this.path, LOCK), LOCK_WAIT_MS, () => {
      const changed = change(this.load())
      writeOwnFile(join(this.path, FILE), encodeState(changed))
      return changed
    })
  }
}

function isName(text: string): boolean {
  try {
    return checkName(text) === text
  } catch (error) {
    if (error instanceof ProtocolError) return false
    throw error
  }
}
