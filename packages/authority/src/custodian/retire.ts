import { equalBytes } from '@strongroom/core/bytes'
import { nodeMeans, verifyRaw } from '@strongroom/core/client'
import type { KeyContainer } from '@strongroom/core/container'
import {
  ACTS,
  openStatement,
  ProtocolError,
  verifyReceipt,
  type Completion,
  type EpochChain,
  type VerifiedStatement,
} from '@strongroom/core/protocol'
import { TiledTree, TlogError } from '@strongroom/core/tlog'
import { sha256 } from '../model/digest.ts'
import { CustodianError } from './custodian-error.ts'
import type { CustodianFolder } from './custodian-folder.ts'
import { lastSeen } from './knowledge.ts'
import { lookAtLog, type LogWire } from './looked-at-log.ts'
import { RewrapFiles } from './rewrap-files.ts'
import { everyDeposit, type RollWire } from './roll-call.ts'

// Held by this module alone: nobody else can make a RetirableKey.
const MADE_BY_PROOF = Symbol('proved')

/** An exchange key that nothing needs any more. Only `provedRetirable` makes one: to hold it is the proof. */
export class RetirableKey {
  /** The age recipient. */
  readonly exchange: string
  /** The epochs that name it, and how many deposits of them and of those before were wrapped for others. */
  readonly epochs: readonly number[]
  readonly deposits: number
  /** How many open with no key and were given up. */
  readonly unopened: number

  constructor(
    token: typeof MADE_BY_PROOF,
    exchange: string,
    epochs: readonly number[],
    { deposits, unopened }: Pick<RetirableKey, 'deposits' | 'unopened'>,
  ) {
    if (token !== MADE_BY_PROOF) throw new TypeError('a key is proved retirable by provedRetirable alone')
    this.exchange = exchange
    this.epochs = epochs
    this.deposits = deposits
    this.unopened = unopened
  }
}

/**
 * Proves that the exchange key of an epoch is not needed: docs/spec/recovery.md, "Rotation". All deposits of every epoch up to the last
 * that names the key are wrapped for one behind it: this custodian's own certificates say so, the log has them, and no deposit came behind.
 *
 * @throws CustodianError CUSTODIAN_NEEDED if it is needed, or not proved that it is not; CUSTODIAN_HIDDEN and what `lookAtLog` refuses;
 *   ClientError
 */
export async function provedRetirable(
  folder: CustodianFolder,
  wire: LogWire & RollWire,
  epoch: number,
  now: number,
): Promise<RetirableKey> {
  const epochs = await lookAtLog(folder, wire, now)
  const named = epochs.find(epoch)?.payload.exchange
  if (named === undefined) throw needed(`there is no epoch ${epoch}`)
  const own = epochs.epochs.map(({ payload }) => payload).filter(({ exchange }) => exchange === named)
  const last = Math.max(...own.map(({ number }) => number))
  if (last === epochs.latest.payload.number) {
    throw needed(`deposits are made for the key of epoch ${epoch} now`)
  }
  const certificates: Certificate[] = []
  for (let from = 1; from <= last; from++) certificates.push(certificateOf(folder, epochs, from, last))
  await checkLog(folder, wire, certificates)
  const all = certificates.reduce((sum, { files }) => sum + files.count, 0)
  const unopened = certificates.reduce((sum, { files }) => sum + files.unopened.length, 0)
  return new RetirableKey(
    MADE_BY_PROOF,
    named,
    own.map(({ number }) => number),
    { deposits: all - unopened, unopened },
  )
}

/** Destroys the key in a container; what is retired there, and not saved, comes back. @throws CustodianError CUSTODIAN_KEY */
export function destroyKey(container: KeyContainer, { exchange }: RetirableKey): void {
  const held = container.info().keys.find((key) => key.use === 'exchange' && key.public === exchange)
  if (!held) throw new CustodianError('CUSTODIAN_KEY', 'the container does not hold this key')
  if (held.state === 'active') {
    throw new CustodianError('CUSTODIAN_NEEDED', 'the container has no newer exchange key than this one')
  }
  container.removeKey('exchange', exchange)
}

/** A completion of this custodian, with the tree of its receipt. */
interface Certificate {
  readonly files: RewrapFiles
  readonly completion: VerifiedStatement<Completion>
  readonly size: number
  readonly root: Uint8Array
}

/** The certificate that an epoch was wrapped for one behind `last`: signed here, of just what is kept here, and with its receipt. */
function certificateOf(folder: CustodianFolder, epochs: EpochChain, from: number, last: number): Certificate {
  const steps = RewrapFiles.all(folder.path).filter((step) => step.from === from && step.to > last)
  const [step] = steps.toSorted((one, other) => other.to - one.to)
  const files = step && new RewrapFiles(folder.path, step)
  const kept = files?.completion()
  if (!step || !files || !kept?.receipt) throw needed(`epoch ${from} is not complete`)
  const { identity, signers } = folder.knowledge()
  const trust = { ...nodeMeans, identity }
  const completion = believed(from, () => openStatement(ACTS.completion, kept.envelope, trust))
  const { payload, digest } = completion
  const { count, unopened, results } = files.results()
  const fits =
    payload.identity === identity &&
    signers.includes(payload.custodian) &&
    payload.from === from &&
    payload.to === step.to &&
    payload.count === count &&
    payload.unopened === unopened &&
    equalBytes(payload.results, results)
  if (!fits) throw needed(`the certificate of epoch ${from} is not about what this custodian has wrapped`)
  const statement = { kind: 'completion', digest } as const
  const receipt = kept.receipt
  const { size, root } = believed(from, () =>
    verifyReceipt(receipt, { ...trust, verifyRaw, epochs, statement }),
  )
  return { files, completion, size, root }
}

/** The trees of the receipts are the beginning of the log that was just seen, and no deposit stands behind the certificates. */
async function checkLog(
  { memory }: CustodianFolder,
  wire: LogWire & RollWire,
  certificates: readonly Certificate[],
): Promise<void> {
  const head = lastSeen(memory)
  if (!head) throw needed('the log was never seen')
  const tree = new TiledTree(sha256, head, (tile) => wire.tile(tile))
  for (const { completion, size, root } of certificates) {
    const { from, checkpoint } = completion.payload
    for (const promised of [{ size, root }, checkpoint]) {
      const same = promised.size <= head.size && equalBytes(await rootOf(tree, promised.size), promised.root)
      if (!same) throw needed(`the certificate of epoch ${from} is not in the log that was seen`)
    }
  }
  const start = Math.min(...certificates.map(({ completion }) => completion.payload.checkpoint.size))
  const late: Uint8Array[] = []
  for await (const { id, epoch } of everyDeposit(wire, head, start)) {
    const certificate = certificates[epoch - 1]
    if (certificate && !certificate.files.has(id)) late.push(id)
  }
  if (late.length > 0) throw needed(`${late.length} deposits came in behind the certificate`, late)
}

async function rootOf(tree: TiledTree, size: number): Promise<Uint8Array> {
  try {
    return await tree.rootAt(size)
  } catch (cause) {
    if (cause instanceof TlogError) throw new CustodianError('BUNDLE_FORKED', cause.message, { cause })
    throw cause
  }
}

function believed<T>(from: number, verify: () => T): T {
  try {
    return verify()
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    throw new CustodianError('CUSTODIAN_NEEDED', `the certificate of epoch ${from}: ${cause.message}`, {
      cause,
    })
  }
}

function needed(message: string, digests?: readonly Uint8Array[]): CustodianError {
  return new CustodianError('CUSTODIAN_NEEDED', message, digests && { digests })
}
