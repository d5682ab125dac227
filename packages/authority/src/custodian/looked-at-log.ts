import { equalBytes } from '@strongroom/core/bytes'
import { nodeMeans, verifyHead, verifyRaw, type LogHead } from '@strongroom/core/client'
import {
  parseTerms,
  verifyEpochs,
  witnessPolicyOf,
  type AuthorityCard,
  type CharterPage,
  type EpochChain,
} from '@strongroom/core/protocol'
import { TiledTree, type Tile, type WitnessPolicy } from '@strongroom/core/tlog'
import { sha256 } from '../model/digest.ts'
import { CustodianError } from './custodian-error.ts'
import type { CustodianFolder } from './custodian-folder.ts'
import { lastSeen } from './knowledge.ts'
import { refusing } from './refusing.ts'

/** What a look at the log needs of an authority. Answers are its word alone. Each call throws ClientError. */
export interface LogWire {
  readonly card: () => Promise<AuthorityCard>
  /** The signed note. */
  readonly checkpoint: () => Promise<Uint8Array>
  /** A tile or bundle, or a wider one that begins with it. */
  readonly tile: (tile: Tile) => Promise<Uint8Array>
  /** The charters of a tenant; here for the terms beside them. */
  readonly chartersOf: (tenant: string) => Promise<CharterPage>
}

/**
 * Looks at the newest tree of the log, and remembers it once it is shown to begin with the one seen last. A custodian that looks often
 * knows when a tree without some request was there last, whatever the times in the log say.
 *
 * @param now milliseconds since 1970
 * @returns the epochs of the authority
 * @throws ClientError; CustodianError BUNDLE_IDENTITY, BUNDLE_EPOCHS, BUNDLE_TERMS, BUNDLE_CHECKPOINT, BUNDLE_UNWITNESSED, BUNDLE_BEHIND,
 *   BUNDLE_FORKED, with what was learned before it
 */
export async function lookAtLog(folder: CustodianFolder, wire: LogWire, now: number): Promise<EpochChain> {
  const { identity, epoch } = folder.knowledge()
  const card = await wire.card()
  const epochs = refusing('BUNDLE_EPOCHS', () => verifyEpochs(card.epochs, { ...nodeMeans, identity }, epoch))
  const witnesses = await witnessesOf(folder, wire, epochs)
  const note = await wire.checkpoint()
  const head = refusing('BUNDLE_CHECKPOINT', () => verifyHead(note, epochs, witnesses))
  await checkGoesOn(folder, wire, head)
  folder.learn({ sighting: { size: head.size, root: head.root, at: now }, epoch: epochs.known })
  return epochs
}

/** Whose signatures the terms ask for. The terms stand beside the charters: before a tenant is known nothing can be released either. */
async function witnessesOf(
  { memory }: CustodianFolder,
  wire: LogWire,
  { latest }: EpochChain,
): Promise<WitnessPolicy | undefined> {
  const [known] = memory.charters
  if (!known) return undefined
  const { terms } = await wire.chartersOf(known.tenant)
  if (!equalBytes(sha256(terms), latest.payload.policy)) {
    throw new CustodianError('BUNDLE_TERMS', 'the terms are not those that the last epoch names')
  }
  return refusing('BUNDLE_TERMS', () => witnessPolicyOf(parseTerms(terms), { sha256, verifyRaw }))
}

async function checkGoesOn({ memory }: CustodianFolder, wire: LogWire, head: LogHead): Promise<void> {
  const last = lastSeen(memory)
  if (!last || last.size === 0) return
  if (head.size < last.size) {
    const message = `the log has ${head.size} leaves, and had ${last.size} when it was seen last`
    throw new CustodianError('BUNDLE_BEHIND', message)
  }
  const root = await rootOf(wire, head, last.size)
  if (equalBytes(root, last.root)) return
  throw new CustodianError('BUNDLE_FORKED', 'the log does not begin with the tree that was seen last')
}

async function rootOf(wire: LogWire, head: LogHead, size: number): Promise<Uint8Array> {
  const tree = new TiledTree(sha256, head, (tile) => wire.tile(tile))
  try {
    return await tree.rootAt(size)
  } catch (cause) {
    return refusing('BUNDLE_CHECKPOINT', () => {
      throw cause
    })
  }
}
