import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ByteReader, ByteWriter, toHex } from '@strongroom/core/bytes'
import { readRegularFile, writeFileAtomically } from '@strongroom/core/container'
import {
  ACTS,
  completionListDigest,
  RECOVERY_LIMITS,
  signStatement,
  type DepositResult,
  type Envelope,
} from '@strongroom/core/protocol'
import { sha256 } from '../model/digest.ts'
import { CustodianError } from './custodian-error.ts'
import type { CustodianKeys } from './custody.ts'
import type { DepositTrust } from './opened-deposits.ts'
import { reading } from './reading.ts'
import type { DiskCalls } from './release-files.ts'

const SUFFIX = '.rewrapped'
const ID_BYTES = 32

/**
 * What was wrapped for another epoch so far: a file a batch, each durable and whole before the next. Whoever was interrupted goes on behind
 * the last one, and the completion is made of these files, not of what anybody says.
 */
export class RewrapFiles {
  readonly #folder: string
  readonly #calls: DiskCalls
  readonly #done = new Map<string, DepositResult>()

  /** @param folder the custodian's. @throws CustodianError CUSTODIAN_STATE */
  constructor(
    folder: string,
    { from, to }: { readonly from: number; readonly to: number },
    calls?: DiskCalls,
  ) {
    this.#folder = join(folder, `rewrap-${from}-${to}`)
    this.#calls = calls
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    for (const name of readdirSync(this.#folder).filter((file) => file.endsWith(SUFFIX))) this.#read(name)
  }

  /** Those of these deposits that are not wrapped yet. */
  open(ids: readonly Uint8Array[]): Uint8Array[] {
    return ids.filter((id) => !this.#done.has(toHex(id)))
  }

  /** Keeps a batch. What was wrapped before stays what it was. */
  keep(wrapped: readonly DepositResult[]): void {
    const fresh = wrapped.filter(({ id }) => !this.#done.has(toHex(id)))
    const [first] = fresh
    if (!first) return
    const writer = new ByteWriter(fresh.reduce((length, { blob }) => length + ID_BYTES + 4 + blob.length, 0))
    for (const { id, blob } of fresh) writer.bytes(id).u32(blob.length).bytes(blob)
    writeFileAtomically(join(this.#folder, `${toHex(first.id)}${SUFFIX}`), writer.toBytes(), {}, this.#calls)
    for (const result of fresh) this.#done.set(toHex(result.id), result)
  }

  /**
   * The completion certificate: only if every deposit of the epoch is wrapped. Without it the old exchange key stays.
   *
   * @param ids of all deposits of the epoch, as the log has them
   * @throws CustodianError CUSTODIAN_DEPOSITS with those that are missing
   */
  complete(ids: readonly Uint8Array[], epoch: number, keys: CustodianKeys, judged: DepositTrust): Envelope {
    const missing = this.open(ids)
    if (missing.length > 0) {
      const message = `${missing.length} of ${ids.length} deposits are not wrapped for the new epoch`
      throw new CustodianError('CUSTODIAN_DEPOSITS', message, { digests: missing })
    }
    const results = ids.flatMap((id) => this.#done.get(toHex(id)) ?? [])
    const payload = {
      identity: judged.trust.identity,
      custodian: keys.signer.signer,
      epoch,
      count: results.length,
      results: completionListDigest(sha256, results),
      checkpoint: judged.tree,
      created: Math.floor(judged.now / 1000) * 1000,
    }
    return signStatement(sha256, ACTS.completion, payload, [keys.signer])
  }

  #read(name: string): void {
    const path = join(this.#folder, name)
    reading(path, () => {
      const reader = new ByteReader(readRegularFile(path, RECOVERY_LIMITS.bundleBytes, 'rewrap').bytes)
      while (reader.remaining > 0) {
        const id = reader.take(ID_BYTES)
        this.#done.set(toHex(id), { id, blob: reader.take(reader.u32()) })
      }
    })
  }
}
