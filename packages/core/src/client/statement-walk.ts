import { equalBytes, toHex } from '../bytes/index.ts'
import { merkleTree } from '../merkle/index.ts'
import {
  parseEnvelope,
  ProtocolError,
  statementDigest,
  verifyDeposit,
  verifyEnrolment,
  type FoundStatement,
} from '../protocol/index.ts'
import { encodeLogEntry, ENTRY_KINDS, TlogError, type TiledTree } from '../tlog/index.ts'
import type { AuthorityState } from './authority-state.ts'
import type { AuthorityFolder } from './authority-store.ts'
import type { AuthorityWire } from './authority-wire.ts'
import { ClientError } from './client-error.ts'
import { parseDepositBlob } from './deposit-parts.ts'
import type { Find } from './evidence.ts'
import { nodeMeans, sha256 } from './node-verify.ts'
import type { PromisedHead } from './promised-heads.ts'

/** A statement in the name of this client that nothing is known of here: of another computer, of before a restore, or of a thief. */
export interface UnknownStatement {
  readonly kind: string
  /** Its digest in hexadecimal; of a deposit its id. */
  readonly id: string
  readonly index: number
}

/** What the statements about a client are held against. */
export interface WalkSituation {
  /** The log, of a verified root. */
  readonly tree: TiledTree
  readonly state: AuthorityState
  /** Statements that there are receipts for and that were not looked for yet. */
  readonly promised: readonly PromisedHead[]
  readonly raise: (find: Find, message: string) => void
}

/** What a walk came to. */
export interface Walk {
  readonly seen: number
  /** At most 1,000. */
  readonly unknown: readonly UnknownStatement[]
  /** The last leaf before the first statement that is not in order; null if there is none. */
  readonly followed: number | null
  /** Statements, in hexadecimal, that should have been shown and were not, or were not looked for. */
  readonly omitted: ReadonlySet<string>
}

/** So many are enough to know that something is wrong: an authority must not fill the disk with evidence. */
const MOST_ALARMS = 100
const MOST_UNKNOWN = 1_000

/**
 * Looks at all statements about the client that were logged since the last time, page by page: each must be what it says, stand in
 * the log where it says, and be known here; and those that there are receipts for must be among them. Ends early where too much is
 * wrong.
 *
 * @throws ClientError CLIENT_ANSWER for pages that do not go on, and what the wire throws; TlogError for tiles of another tree
 */
export async function followStatements(
  authority: AuthorityFolder,
  wire: AuthorityWire,
  situation: WalkSituation,
): Promise<Walk> {
  const { tree, state, promised, raise } = situation
  const missing = new Map(promised.map(({ id, index }) => [id, index]))
  const unknown: UnknownStatement[] = []
  let [seen, wrong, followed] = [0, 0, state.followed]
  for await (const statement of statementsAfter(wire, state.followed, tree.size)) {
    seen += 1
    const { kind, bytes, index } = statement
    const id = toHex(statement.digest)
    missing.delete(id)
    const verdict = await judge(authority, situation, statement)
    if (verdict) {
      wrong += 1
      if (verdict.kind === 'unknown') unknown.push({ kind, id, index })
      if (wrong <= MOST_ALARMS) raise({ kind: verdict.kind, bytes, index }, verdict.message)
      if (wrong - unknown.length >= MOST_ALARMS || unknown.length >= MOST_UNKNOWN) {
        return { seen, unknown, followed, omitted: new Set(missing.keys()) }
      }
    }
    if (wrong === 0) followed = index
  }
  const omitted = raiseOmitted(authority, situation, missing)
  return { seen, unknown, followed: omitted.size > 0 ? state.followed : followed, omitted }
}

/** Of the statements that were not shown, those that should have been. */
function raiseOmitted(
  authority: AuthorityFolder,
  { tree, state, raise }: WalkSituation,
  missing: ReadonlyMap<string, number>,
): Set<string> {
  const omitted = new Set<string>()
  for (const [id, index] of missing) {
    // What was looked at before is not shown again, and what is not yet in this tree need not be.
    if (index <= (state.followed ?? -1) || index >= tree.size) continue
    omitted.add(id)
    if (omitted.size > MOST_ALARMS) continue
    const bytes = authority.receipts.read(id)
    const message = `statement ${id} has a receipt and is not shown any more`
    raise({ kind: 'omitted', index, ...(bytes && { bytes }) }, message)
  }
  return omitted
}

/** The statements behind a leaf and within a tree. What came after its checkpoint is for the next time. */
async function* statementsAfter(
  wire: AuthorityWire,
  followed: number | null,
  size: number,
): AsyncGenerator<FoundStatement, void, undefined> {
  for (let after = followed ?? undefined; ; ) {
    const { statements, next } = await wire.statements(after)
    for (const statement of statements) {
      if (statement.index <= (after ?? -1)) throw new ClientError('CLIENT_ANSWER', 'statements out of order')
      after = statement.index
      if (statement.index >= size) return
      yield statement
    }
    if (next === null) return
    // Pages that lead nowhere would never end.
    if (statements.length === 0 || next !== after) {
      throw new ClientError('CLIENT_ANSWER', 'a page of statements that does not go on')
    }
  }
}

interface Verdict {
  readonly kind: 'unknown' | 'foreign' | 'unlogged'
  readonly message: string
}

/** What is wrong with a statement; undefined if nothing is. */
async function judge(
  authority: AuthorityFolder,
  { tree, state }: WalkSituation,
  statement: FoundStatement,
): Promise<Verdict | undefined> {
  const { index, kind, digest } = statement
  const id = toHex(digest)
  const leaf = merkleTree(sha256).leafHash(encodeLogEntry({ kind: ENTRY_KINDS[kind], digest }))
  if (!equalBytes(await tree.leafHash(index), leaf)) {
    return { kind: 'unlogged', message: `entry ${index} of the log is not the ${kind} ${id}` }
  }
  const foreign = foreignness(statement, state)
  if (foreign !== undefined) return { kind: 'foreign', message: `the ${kind} ${id} at ${index}: ${foreign}` }
  if (authority.receipts.has(id) || authority.outbox.has(id)) return undefined
  return { kind: 'unknown', message: `the ${kind} ${id} at ${index} is not known here` }
}

/** Why a statement is not one of this client; undefined if it is, or of a kind that this version cannot read. */
function foreignness(statement: FoundStatement, state: AuthorityState): string | undefined {
  try {
    if (!equalBytes(digestOf(statement), statement.digest)) return 'its digest is of something else'
    if (statement.kind === 'deposit') checkDeposit(statement.bytes, state)
    if (statement.kind === 'enrolment') return foreignEnrolment(statement.bytes, state)
    return undefined
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof TlogError) return error.message
    throw error
  }
}

function digestOf({ kind, bytes }: FoundStatement): Uint8Array {
  return kind === 'deposit' ? sha256(bytes) : statementDigest(sha256, parseEnvelope(bytes))
}

function checkDeposit(blob: Uint8Array, { tenant, clientId, signer, epochs }: AuthorityState): void {
  const { body, recipientStanza } = parseDepositBlob(blob)
  verifyDeposit(body, { ...nodeMeans, tenant, clientId, signer, epochs, recipientStanza })
}

function foreignEnrolment(bytes: Uint8Array, { identity, clientId }: AuthorityState): string | undefined {
  const enrolled = verifyEnrolment(parseEnvelope(bytes), { ...nodeMeans, identity })
  return enrolled.clientId === clientId ? undefined : 'it is of another client'
}
