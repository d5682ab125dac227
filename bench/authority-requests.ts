import { concat, utf8Encode } from '../packages/core/src/bytes/index.ts'
import {
  encodeDeposits,
  encodeReceipt,
  MEDIA_TYPES,
  parseReceiptList,
  receiptsOf,
} from '../packages/core/src/protocol/index.ts'
import { sha256 } from '../packages/authority/src/model/index.ts'
import type { BenchAuthority } from './authority-scene.ts'

/** A request, and the blobs that are in it. */
export interface Prepared {
  readonly bytes: Uint8Array
  readonly blobs: readonly Uint8Array[]
}

/** Deposits that are signed once and sent to every database. */
export class PreparedDeposits {
  readonly #authority: BenchAuthority
  readonly #made: Uint8Array[] = []
  #next: number
  /** Some receipts, and the digests that they are for. */
  receipts: { readonly digest: Uint8Array; readonly receipt: Uint8Array }[] = []

  /** @param first the number of the first deposit */
  constructor(authority: BenchAuthority, first = 0) {
    this.#authority = authority
    this.#next = first
  }

  again(): void {
    this.#next = 0
  }

  request(size: number): Prepared {
    const blobs = Array.from({ length: size }, () => this.#blob(this.#next++))
    const [blob] = blobs
    if (size === 1 && blob) return { bytes: posted(MEDIA_TYPES.deposit, blob), blobs }
    return { bytes: posted(MEDIA_TYPES.deposits, encodeDeposits(blobs)), blobs }
  }

  /** Keeps the receipts of an answer for several deposits. */
  keep(request: Prepared | undefined, answer: Uint8Array): void {
    const digests = request?.blobs.map((blob) => sha256(blob)) ?? []
    const statements = digests.map((digest) => ({ kind: 'deposit', digest }) as const)
    this.receipts = receiptsOf(parseReceiptList(answer), statements).flatMap((receipt, i) => {
      if (typeof receipt === 'string') throw new Error(`a deposit was refused: ${receipt}`)
      return [{ digest: digests[i] ?? new Uint8Array(0), receipt: encodeReceipt(receipt) }]
    })
  }

  #blob(number: number): Uint8Array {
    const made = this.#made[number] ?? this.#authority.blob(number)
    this.#made[number] = made
    return made
  }
}

function posted(type: string, body: Uint8Array): Uint8Array {
  const lines = [
    'POST /v1/deposits HTTP/1.1',
    'Host: vault.example.org',
    `Content-Type: ${type}`,
    `Content-Length: ${body.length}`,
  ]
  return concat(utf8Encode(`${lines.join('\r\n')}\r\n\r\n`), body)
}
