import { bech32Decode, bech32Encode, ByteReader, BytesError, ByteWriter, wipe } from '@strongroom/core/bytes'
import { CustodianError } from './custodian-error.ts'

/** One share of the secret that protects a custodian's container. */
export interface Share {
  /** For people: 1 to `count`. */
  readonly index: number
  /** So many open it, of so many that were made. */
  readonly threshold: number
  readonly count: number
  /** The first 8 bytes of the key id of the custodian's signer. */
  readonly key: Uint8Array
  /** 8 random bytes, the same in all shares that were made together. */
  readonly set: Uint8Array
  /** What the shares must lead to: `secretCheck`, 8 bytes. */
  readonly check: Uint8Array
  /** Shamir's share: 32 bytes of values, and the byte at which they were taken. */
  readonly value: Uint8Array
}

export const SHARE_VALUE_BYTES = 33
const PREFIX = 'STRONGROOM-SHARE-'
const VERSION = 1
const MARK_BYTES = 8
const MAX_CHARACTERS = 512
const GROUP = 5

/** The text of a share: `STRONGROOM-SHARE-1…`, Bech32 in upper case, one line. It is a secret. */
export function encodeShare({ index, threshold, count, key, set, check, value }: Share): string {
  const writer = new ByteWriter(64).u8(VERSION).u8(index).u8(threshold).u8(count)
  const bytes = writer.bytes(key).bytes(set).bytes(check).bytes(value).toBytes()
  const text = bech32Encode(PREFIX, bytes)
  wipe(bytes)
  return text
}

/** The same text in groups of five characters, for paper. */
export function printShare(text: string): string {
  const start = PREFIX.length + 1
  return [text.slice(0, start), ...(text.slice(start).match(new RegExp(`.{1,${GROUP}}`, 'g')) ?? [])].join(
    ' ',
  )
}

/**
 * Reads what `encodeShare` and `printShare` write, with blanks anywhere, in upper or lower case: it may have been typed from paper.
 *
 * @throws CustodianError SHARE_FORMAT, for one that was mistyped too; never quoting it
 */
export function parseShare(typed: string): Share {
  const text = typed.replaceAll(/\s/g, '').toUpperCase()
  try {
    if (text.length > MAX_CHARACTERS) throw new BytesError('BYTES_RANGE', 'too long')
    const { hrp, bytes } = bech32Decode(text)
    const share = hrp === PREFIX ? readShare(bytes) : undefined
    wipe(bytes)
    if (share) return share
  } catch (error) {
    // The platform's and our own messages may quote what was typed.
    if (!(error instanceof BytesError)) throw error
  }
  throw new CustodianError('SHARE_FORMAT', 'that is no share of this version, or a character of it is wrong')
}

function readShare(bytes: Uint8Array): Share | undefined {
  const reader = new ByteReader(bytes)
  const [version, index, threshold, count] = [reader.u8(), reader.u8(), reader.u8(), reader.u8()]
  const [key, set, check] = [mark(reader), mark(reader), mark(reader)]
  const value = reader.take(SHARE_VALUE_BYTES).slice()
  reader.end()
  const sound = version === VERSION && threshold >= 2 && threshold <= count && index >= 1 && index <= count
  return sound ? { index, threshold, count, key, set, check, value } : undefined
}

const mark = (reader: ByteReader): Uint8Array => reader.take(MARK_BYTES).slice()
