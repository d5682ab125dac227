import { encodeJson, exactly, objectOf, parseJson, ProtocolError, wholeNumber } from '../protocol/index.ts'
import type { JsonField } from '../protocol/index.ts'
import { milliseconds } from './deposit-record.ts'
import { readOwnFile, writeOwnFile } from './own-files.ts'

/** What an authority said when it was asked how far its custodian is. Its word alone: for people, and nothing depends on it. */
export interface ToldLevels {
  /** When it was asked: milliseconds since 1970, by this computer's clock. */
  readonly askedMs: number
  /** Deposits of this client in force that the custodian had not opened then: those below level 2. */
  readonly below: number
  /** Those of them that it had found wrong: they never open. */
  readonly wrong: number
  /** So many receipts were here then. What came later was not asked about. */
  readonly receipts: number
}

interface ToldMembers extends ToldLevels {
  readonly strongroom: 'told-levels'
  readonly version: 1
}

const COUNT = wholeNumber(0, Number.MAX_SAFE_INTEGER)
const TOLD: JsonField<ToldMembers> = objectOf({
  strongroom: exactly('told-levels'),
  version: exactly(1),
  askedMs: milliseconds,
  below: COUNT,
  wrong: COUNT,
  receipts: COUNT,
})
const MAX_BYTES = 1_024

/** Remembers it, in place of what was said before. */
export function keepToldLevels(path: string, { askedMs, below, wrong, receipts }: ToldLevels): void {
  const members: ToldMembers = { strongroom: 'told-levels', version: 1, askedMs, below, wrong, receipts }
  writeOwnFile(path, encodeJson(TOLD, members, MAX_BYTES))
}

/** What was said last; undefined if nothing was, or nobody can read it any more. @throws ClientError CLIENT_STATE as `readOwnFile` */
export function loadToldLevels(path: string): ToldLevels | undefined {
  const bytes = readOwnFile(path, MAX_BYTES, 'levels that were told')
  if (!bytes) return undefined
  try {
    const { askedMs, below, wrong, receipts } = parseJson(TOLD, bytes, MAX_BYTES)
    return { askedMs, below, wrong, receipts }
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}
