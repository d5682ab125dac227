import { equalBytes, toHex } from '@strongroom/core/bytes'
import { nodeMeans, verifyHead, verifyRaw, type LogHead } from '@strongroom/core/client'
import { merkleTree } from '@strongroom/core/merkle'
import {
  parseTerms,
  verifyEpochs,
  witnessPolicyOf,
  type AuthorityCard,
  type CharterPage,
  type EpochChain,
} from '@strongroom/core/protocol'
import {
  ENTRY_BYTES,
  ENTRY_KINDS,
  TILE_WIDTH,
  TiledTree,
  TlogError,
  type Tile,
  type WitnessPolicy,
} from '@strongroom/core/tlog'
import { sha256 } from '../model/digest.ts'
import { BUNDLED_BYTES } from '../model/tile-cut.ts'
import { CustodianError } from './custodian-error.ts'
import type { CustodianFolder } from './custodian-folder.ts'
import { lastSeen } from './knowledge.ts'
import { refusing } from './refusing.ts'

/** Bundles of entries that are read in one look: an old log is caught up with in several. */
const MOST_BUNDLES = 16

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
  const tree = new TiledTree(sha256, head, (tile) => wire.tile(tile))
  await checkGoesOn(folder, tree, head)
  const read = await readOn(folder, wire, tree)
  folder.learn({ sighting: { size: head.size, root: head.root, at: now }, read, epoch: epochs.known })
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

async function checkGoesOn({ memory }: CustodianFolder, tree: TiledTree, head: LogHead): Promise<void> {
  const last = lastSeen(memory)
  if (!last || last.size === 0) return
  if (head.size < last.size) {
    const message = `the log has ${head.size} leaves, and had ${last.size} when it was seen last`
    throw new CustodianError('BUNDLE_BEHIND', message)
  }
  const root = await rootOf(tree, last.size)
  if (equalBytes(root, last.root)) return
  throw new CustodianError('BUNDLE_FORKED', 'the log does not begin with the tree that was seen last')
}

async function rootOf(tree: TiledTree, size: number): Promise<Uint8Array> {
  try {
    return await tree.rootAt(size)
  } catch (cause) {
    return refusing('BUNDLE_CHECKPOINT', () => {
      throw cause
    })
  }
}

/**
 * Reads the entries that were not read yet, up to a release that is not known: whether that one was forgotten, the bundle says which
 * has to begin there. What the authority does not give is left for the bundle too.
 *
 * @returns how many leaves were read
 */
async function readOn(folder: CustodianFolder, wire: LogWire, tree: TiledTree): Promise<number> {
  const { read, releases } = folder.knowledge()
  const most = Math.min(tree.size, (Math.floor(read / TILE_WIDTH) + MOST_BUNDLES) * TILE_WIDTH)
  for (let at = read; at < most; ) {
    const index = Math.floor(at / TILE_WIDTH)
    const width = Math.min(TILE_WIDTH, tree.size - index * TILE_WIDTH)
    const bytes = await wire.tile({ level: 'entries', index, width })
    for (; at < index * TILE_WIDTH + width; at++) {
      const end = (at - index * TILE_WIDTH + 1) * BUNDLED_BYTES
      const entry = bytes.subarray(end - ENTRY_BYTES, end)
      if (entry.length < ENTRY_BYTES || !(await isLeaf(tree, at, entry))) return at
      if (entry[0] === ENTRY_KINDS.release && !releases.has(toHex(entry.subarray(1)))) return at
    }
  }
  return Math.max(read, most)
}

async function isLeaf(tree: TiledTree, index: number, entry: Uint8Array): Promise<boolean> {
  try {
    return equalBytes(await tree.leafHash(index), merkleTree(sha256).leafHash(entry))
  } catch (error) {
    if (error instanceof TlogError) return false
    throw error
  }
}
