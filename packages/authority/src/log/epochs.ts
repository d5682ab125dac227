import {
  parseEnvelope,
  verifyEpochs,
  type AuthorityTrust,
  type Envelope,
  type EpochChain,
} from '@strongroom/core/protocol'
import type { StatementRow } from '../model/statement-rows.ts'
import type { Store } from '../store/store.ts'
import type { LogKeys } from './log-keys.ts'
import { sameValue } from './same-value.ts'

/**
 * The epoch records of an authority, verified under its own identity; undefined before the first is appended.
 *
 * @param known what was read before: given back if there is nothing new
 * @throws ProtocolError what `verifyEpochs` throws: the database was changed
 */
export async function readEpochChain(
  store: Store,
  trust: AuthorityTrust,
  known?: EpochChain,
): Promise<EpochChain | undefined> {
  const rows = await store.epochs()
  if (rows.length === 0) return undefined
  if (known && isSame(known, rows)) return known
  return verifyEpochs(
    rows.map(({ bytes }) => parseEnvelope(bytes)),
    trust,
  )
}

function isSame({ epochs }: EpochChain, rows: readonly StatementRow[]): boolean {
  const last = [epochs.at(-1)?.digest, rows.at(-1)?.digest]
  return epochs.length === rows.length && sameValue(last[0], last[1])
}

/** The last record that names these keys as those of the log; undefined if none does. */
export function epochOfKeys(chain: EpochChain, keys: LogKeys): Envelope | undefined {
  const own = new Set(keys.verifierKeys)
  const named = chain.epochs.findLast(({ payload: { log } }) => {
    return log.origin === keys.origin && new Set(log.keys).symmetricDifference(own).size === 0
  })
  return named?.envelope
}
