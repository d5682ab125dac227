import { equalBytes, fromHex, toHex, wipe } from '@strongroom/core/bytes'
import { ClientError, type DepositRecord } from '@strongroom/core/client'
import type { KeyContainer } from '@strongroom/core/container'
import { keyCommitment } from '@strongroom/core/keyblob'
import { CliError, usage } from '../cli-error.ts'
import type { Context } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { sealingKey } from '../named-keys.ts'
import { planSources } from '../outputs.ts'
import { readerOf, type FileReader } from '../reader.ts'
import type { ChosenAuthority } from './authority-choice.ts'
import { openHeader } from './file-deposit.ts'
import { KnownDeposits } from './known-deposits.ts'
import { bytesOf } from './named-key-deposit.ts'

/** A deposit that is asked about. */
export interface ProbeTarget {
  /** In hexadecimal. */
  readonly id: string
  readonly name: string
  /** Its session key, to be wiped; undefined where there is none here to compare with. */
  readonly key: Uint8Array | undefined
}

/** The values of the options that say what is asked about. */
export interface ProbeChoice {
  readonly key: readonly string[]
  readonly serial: readonly string[]
  readonly all: boolean
}

/** By what targets are found. */
interface Finding {
  readonly context: Context
  readonly chosen: ChosenAuthority
  readonly container: KeyContainer
  readonly reader: FileReader
}

const SERIAL = /^[0-9a-f]{32}$/

/** All deposits that are asked about, each once. What cannot be asked about is reported, and keeps the others from nothing. */
export async function findTargets(
  context: Context,
  paths: readonly string[],
  choice: ProbeChoice,
  { chosen, container }: Pick<Finding, 'chosen' | 'container'>,
): Promise<ProbeTarget[]> {
  const reader = readerOf(context, { signer: undefined, allowSuperseded: true }, container)
  const finding: Finding = { context, chosen, container, reader }
  const found = new Map<string, ProbeTarget>()
  const attempt = async (name: string, find: () => Promise<ProbeTarget> | ProbeTarget) => {
    try {
      const target = await find()
      // Named twice, the one counts whose key is here.
      if (found.get(target.id)?.key) forget([target])
      else found.set(target.id, target)
    } catch (error) {
      if (context.signal.aborted) throw error
      context.failures.report(reader.explain(error), name)
    }
  }
  const sources = paths.length > 0 ? planSources(context, paths).sources : []
  for (const { inputName } of sources) await attempt(inputName, () => targetOfFile(inputName, finding))
  for (const name of choice.key) await attempt(`session key ${name}`, () => targetOfKey(name, finding))
  for (const record of recordsOf(chosen, choice)) {
    if (!found.has(record.id)) await attempt(record.label ?? record.id, () => targetOfRecord(record, finding))
  }
  reader.wipe()
  return [...found.values()]
}

/** Wipes what was found. */
export function forget(targets: readonly ProbeTarget[]): void {
  for (const { key } of targets) if (key) wipe(key)
}

async function targetOfFile(path: string, { chosen, reader }: Finding): Promise<ProbeTarget> {
  const { sessionKey, seal } = await openHeader(path, reader)
  return depositedTarget(path, { sessionKey, sealId: seal.sealId }, chosen)
}

function targetOfKey(name: string, { context, chosen, container }: Finding): ProbeTarget {
  const key = sealingKey(context, container, { key: name, keySigner: undefined })
  if (!key) throw usage('there is no session key without a name')
  try {
    const { sealId } = key.seal
    const sessionKey = bytesOf(context, container, key)
    return depositedTarget(`session key ${name}`, { sessionKey, sealId }, chosen)
  } finally {
    key.wipe()
  }
}

/** The deposit of a session key that is here. @throws CliError NO_RECEIPT if there is none, or it was not delivered */
function depositedTarget(
  name: string,
  { sessionKey, sealId }: { readonly sessionKey: Uint8Array; readonly sealId: Uint8Array },
  { folder, state }: ChosenAuthority,
): ProbeTarget {
  const known = new KnownDeposits(folder, state).ofSeal(sealId)
  const record = known && folder.deposits.load(known.id)
  if (record) return { id: record.id, name, key: ownKey(sessionKey, record) }
  wipe(sessionKey)
  const what = known ? 'was not delivered yet' : 'was not deposited by itself'
  throw new CliError('NO_RECEIPT', `its key ${what} at ${folder.name}`, {
    hint: known
      ? 'strongroom deposit --flush sends what waits'
      : 'strongroom deposit FILE deposits it; what is sealed under a named key is probed with --key NAME',
  })
}

/** The key, if it is the one that was committed to: with another there is nothing to compare. */
function ownKey(sessionKey: Uint8Array, { serial, commitment }: DepositRecord): Uint8Array | undefined {
  if (equalBytes(keyCommitment(sessionKey, serial), commitment)) return sessionKey
  wipe(sessionKey)
  return undefined
}

function* recordsOf({ folder }: ChosenAuthority, { serial, all }: ProbeChoice): Generator<DepositRecord> {
  const wanted = new Set(serial.map(serialOf))
  if (wanted.size === 0 && !all) return
  const missing = new Set(wanted)
  for (const id of folder.deposits.list()) {
    const record = folder.deposits.load(id)
    if (!record) continue
    const own = toHex(record.serial)
    missing.delete(own)
    // Who asks for all does not mean what holds no key.
    if (wanted.has(own) || (all && record.format !== 'password-parameters')) yield record
  }
  const [first] = missing
  if (first !== undefined) throw usage(`no deposit with the serial number ${first} was delivered from here`)
}

function serialOf(text: string): string {
  const serial = text.toLowerCase()
  if (SERIAL.test(serial)) return serial
  throw usage(`${displayName(text)} is no serial number`, 'it has 32 hexadecimal digits: strongroom inspect')
}

/** A delivered deposit, with its key if the file that it is for is still there and opens. */
async function targetOfRecord(record: DepositRecord, finding: Finding): Promise<ProbeTarget> {
  const { id, label, path, format, sealId } = record
  const name = label ?? id
  if (format === 'password-parameters') {
    throw new ClientError(
      'CLIENT_DEPOSIT',
      'it says how a key follows from a password: there is no key in it to open',
    )
  }
  const key = path === null || sealId === null ? undefined : await keyOfFile(path, sealId, finding)
  if (key) return { id, name, key: ownKey(key, record) }
  const named = /^session key (.+)$/.exec(label ?? '')?.[1]
  if (format !== 'named-key' || named === undefined) return { id, name, key: undefined }
  return namedTarget(record, named, finding)
}

/** The key of a file; undefined if it is not there any more, does not open or is another by now. */
async function keyOfFile(
  path: string,
  sealId: Uint8Array,
  { context, reader }: Finding,
): Promise<Uint8Array | undefined> {
  try {
    const { sessionKey, seal } = await openHeader(path, reader)
    if (equalBytes(seal.sealId, sealId)) return sessionKey
    wipe(sessionKey)
  } catch (error) {
    if (context.signal.aborted || !(error instanceof Error) || !('code' in error)) throw error
  }
  return undefined
}

function namedTarget(record: DepositRecord, name: string, finding: Finding): ProbeTarget {
  const target = { id: record.id, name: `session key ${name}`, key: undefined }
  try {
    const found = targetOfKey(name, finding)
    if (found.id === record.id) return found
    forget([found])
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error
  }
  return target
}

/** The bytes of an id. */
export function idBytes({ id }: Pick<ProbeTarget, 'id'>): Uint8Array {
  return fromHex(id)
}
