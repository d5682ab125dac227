import { parseEnvelope, ProtocolError, statementDigest } from '@strongroom/core/protocol'
import { sha256 } from '../model/digest.ts'
import type { StatementRow } from '../model/statement-rows.ts'

/**
 * The statement digest as it follows from the bytes: of a key blob that of all of it, of an envelope that of what was signed.
 *
 * Bytes that are no envelope have that of all of them, which is not the one in the log.
 */
export function statementDigestOf({ kind, bytes }: Pick<StatementRow, 'kind' | 'bytes'>): Uint8Array {
  if (kind === 'deposit') return sha256(bytes)
  try {
    return statementDigest(sha256, parseEnvelope(bytes))
  } catch (error) {
    if (error instanceof ProtocolError) return sha256(bytes)
    throw error
  }
}
