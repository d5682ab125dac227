import { equalBytes, utf8Decode } from '../bytes/index.ts'
import { merkleTree } from '../merkle/index.ts'
import { encodeReceipt, type Envelope, type EpochChain, type ReceiptStatement } from '../protocol/index.ts'
import {
  encodeLogEntry,
  encodeLogProof,
  TiledTree,
  TlogError,
  type LogEntry,
  type TreeHead,
  type WitnessPolicy,
} from '../tlog/index.ts'
import type { AuthorityWire } from './authority-wire.ts'
import { ClientError } from './client-error.ts'
import { verifyHead, type LogHead } from './log-head.ts'
import { sha256 } from './node-verify.ts'

/** How a log is looked at. */
export interface ProvenLogOptions {
  /** The authority's epochs, verified: they name the keys of the log. */
  readonly epochs: EpochChain
  /** The tree that was seen last: the log must begin with it. */
  readonly seen?: TreeHead | undefined
  readonly witnesses?: WitnessPolicy | undefined
}

/**
 * The log of an authority as it stands now, by which each place that the authority says a statement has is proved.
 *
 * Only `open` makes one: its checkpoint is verified, and what was seen before is in it.
 */
export class ProvenLog {
  readonly head: LogHead
  readonly #tree: TiledTree

  private constructor(head: LogHead, tree: TiledTree) {
    this.head = head
    this.#tree = tree
  }

  /**
   * Fetches the latest checkpoint and verifies it.
   *
   * @throws ClientError CLIENT_ALARM if it is not validly signed, or the log does not begin with what was seen before; what the wire
   *   throws
   */
  static async open(
    wire: Pick<AuthorityWire, 'checkpoint' | 'tile'>,
    { epochs, seen, witnesses }: ProvenLogOptions,
  ): Promise<ProvenLog> {
    const note = await wire.checkpoint()
    return alarming('the log', async () => {
      const head = verifyHead(note, epochs, witnesses)
      const log = new ProvenLog(head, new TiledTree(sha256, head, (tile) => wire.tile(tile)))
      if (seen) await log.#checkBeginsWith(seen)
      return log
    })
  }

  /**
   * Makes sure that an entry stands where the authority says.
   *
   * @throws ClientError CLIENT_ALARM if it does not
   */
  async prove(entry: LogEntry, index: number): Promise<void> {
    await alarming(`entry ${index}`, async () => {
      const leaf = merkleTree(sha256).leafHash(encodeLogEntry(entry))
      if (equalBytes(await this.#tree.leafHash(index), leaf)) return
      throw new ClientError(
        'CLIENT_ALARM',
        `entry ${index} of the log is not the statement that was shown for it`,
      )
    })
  }

  /**
   * The receipt of an entry that was proved, as the authority itself would give it.
   *
   * @param epoch the record that names the keys of the log
   */
  async receipt(statement: ReceiptStatement, index: number, epoch: Envelope): Promise<Uint8Array> {
    return alarming(`entry ${index}`, async () => {
      const hashes = await this.#tree.inclusionProof(index)
      const proof = utf8Decode(encodeLogProof({ index, hashes, checkpoint: this.head.note }))
      return encodeReceipt({ statement, level: 0, epoch, proof })
    })
  }

  async #checkBeginsWith({ size, root }: TreeHead): Promise<void> {
    if (size > this.head.size) {
      throw new ClientError('CLIENT_ALARM', `the log has ${this.head.size} entries, and had ${size} before`)
    }
    if (equalBytes(await this.#tree.rootAt(size), root)) return
    throw new ClientError('CLIENT_ALARM', `the first ${size} entries of the log are not those seen before`)
  }
}

/** What cannot be proved is an alarm: whoever keeps a log proves what stands in it. */
async function alarming<T>(what: string, check: () => Promise<T>): Promise<T> {
  try {
    return await check()
  } catch (cause) {
    if (!(cause instanceof TlogError)) throw cause
    throw new ClientError('CLIENT_ALARM', `${what}: ${cause.message}`, { cause })
  }
}
