import { equalBytes, toHex, utf8Decode } from '../../src/bytes/index.ts'
import { merkleTree } from '../../src/merkle/index.ts'
import { signerIdOf, statementDigest, type Envelope, type Receipt } from '../../src/protocol/index.ts'
import {
  EMPTY_EDGE,
  encodeCheckpoint,
  encodeLogEntry,
  encodeLogProof,
  encodeVerifierKey,
  ENTRY_KINDS,
  extendTiles,
  Frontier,
  logOrigin,
  signNote,
  TiledTree,
  tilePath,
  type EntryKindName,
  type Tile,
  type TileEdge,
} from '../../src/tlog/index.ts'
import { sha256, START } from '../protocol/fixtures.ts'
import { IDENTITY } from '../protocol/recovery-fixtures.ts'
import { testKey } from '../tlog/node-keys.ts'

const SEED = 0x61

interface Stated {
  readonly kind: EntryKindName
  readonly digest: Uint8Array
  readonly envelope: Envelope | undefined
}

/** A true log of statements in this process: keys, tiles, proofs and receipts. */
export class GrownLog {
  nowMs = START
  readonly origin = logOrigin('vault.example.org', toHex(signerIdOf(sha256, IDENTITY.signer)))
  readonly stated: Stated[] = []
  /** The epoch that receipts name. */
  readonly epochs: Envelope[] = []
  #edge: TileEdge = EMPTY_EDGE
  #tiles = new Map<string, Uint8Array>()
  #note: Uint8Array | undefined

  get verifierKeys(): string[] {
    const keys = [testKey(this.origin, 'note', SEED), testKey(this.origin, 'subtree', SEED + 1)]
    return keys.map(({ key }) => encodeVerifierKey(key))
  }

  root(): Uint8Array {
    return Frontier.fromEdge(sha256, this.#edge).root()
  }

  log(
    kind: EntryKindName,
    envelope: Envelope | undefined,
    digest = envelope && statementDigest(sha256, envelope),
  ): number {
    if (!digest) throw new RangeError('nothing to log')
    const at = this.stated.findIndex((one) => equalBytes(one.digest, digest))
    if (at >= 0) return at
    const leaf = merkleTree(sha256).leafHash(encodeLogEntry({ kind: ENTRY_KINDS[kind], digest }))
    const { edge, written } = extendTiles(sha256, this.#edge, [leaf])
    for (const { tile, bytes } of written) this.#tiles.set(tilePath(tile), bytes)
    this.#edge = edge
    this.#note = undefined
    return this.stated.push({ kind, digest, envelope }) - 1
  }

  async receiptOf(index: number): Promise<Receipt> {
    const one = this.stated[index]
    const [epoch] = this.epochs
    if (!one || !epoch) throw new RangeError(`no statement ${index}`)
    const root = this.root()
    const tree = new TiledTree(sha256, { size: this.stated.length, root }, (tile) => this.#tile(tile))
    const proof = encodeLogProof({ index, hashes: await tree.inclusionProof(index), checkpoint: this.sign() })
    return { statement: { kind: one.kind, digest: one.digest }, level: 0, epoch, proof: utf8Decode(proof) }
  }

  sign(): Uint8Array {
    if (this.#note) return this.#note
    const root = this.root()
    const seconds = Math.floor(this.nowMs / 1000)
    const signers = [
      testKey(this.origin, 'note', SEED, seconds).signer,
      testKey(this.origin, 'subtree', SEED + 1, seconds).signer,
    ]
    const text = encodeCheckpoint({ origin: this.origin, size: this.stated.length, root, extensions: [] })
    this.#note = signNote(text, signers)
    return this.#note
  }

  /** Time passes, and the log signs again. */
  wait(ms: number): void {
    this.nowMs += ms
    this.#note = undefined
  }

  async tile(tile: Tile): Promise<Uint8Array> {
    return this.#tile(tile)
  }

  #tile(tile: Tile): Uint8Array {
    for (let { width } = tile; width <= 256; width++) {
      const found = this.#tiles.get(tilePath({ ...tile, width }))
      if (found) return found
    }
    throw new RangeError(`no ${tilePath(tile)}`)
  }
}
