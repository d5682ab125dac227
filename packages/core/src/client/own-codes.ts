import { join } from 'node:path'
import {
  ACTS,
  encodeEnvelope,
  LIMITS,
  openStatement,
  parseEnvelope,
  type Envelope,
  type RecoveryCodes,
} from '../protocol/index.ts'
import type { AuthorityState } from './authority-state.ts'
import type { AuthorityFolder } from './authority-store.ts'
import { nodeMeans } from './node-verify.ts'
import { readOwnFile, readState, writeOwnFile } from './own-files.ts'

const FILE = 'codes.envelope'

/** The recovery codes that a client named last, as far as this computer knows. Public keys: nothing here asks for anything. */
export interface OwnCodes {
  readonly digest: Uint8Array
  readonly codes: RecoveryCodes
}

/** @returns undefined if none were named from here. @throws ClientError CLIENT_STATE */
export function loadOwnCodes({ path }: AuthorityFolder): OwnCodes | undefined {
  const file = join(path, FILE)
  const bytes = readOwnFile(file, LIMITS.envelopeBytes, 'recovery codes')
  if (!bytes) return undefined
  const { digest, payload } = readState(file, () =>
    openStatement(ACTS.codes, parseEnvelope(bytes), nodeMeans),
  )
  return { digest, codes: payload }
}

/**
 * Remembers codes that were logged, and keeps the receipt.
 *
 * @throws ProtocolError for a receipt that does not hold, and then nothing is remembered
 */
export function keepOwnCodes(
  folder: AuthorityFolder,
  { identity, epochs }: AuthorityState,
  {
    statement,
    digest,
    receipt,
  }: { readonly statement: Envelope; readonly digest: Uint8Array; readonly receipt: Uint8Array },
): void {
  folder.receipts.save(receipt, { identity, epochs, kind: 'codes', digest })
  writeOwnFile(join(folder.path, FILE), encodeEnvelope(statement))
}
