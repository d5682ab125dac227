import { equalBytes } from '@strongroom/core/bytes'
import {
  ACTS,
  clientIdOf,
  LIMITS,
  parseEnvelope,
  parseJson,
  ProtocolError,
  statementDigest,
  type DepositContext,
} from '@strongroom/core/protocol'
import { AdmissionError } from './admission-error.ts'
import { parseDepositBlob } from './deposit-blob.ts'
import { sha256 } from './digest.ts'
import { foldText } from './folded-text.ts'
import type { DepositRow, Owner, StatementRow } from './statement-rows.ts'

/** What a statement says of itself. No signature is verified: it was when the statement came, and `fsck` does it again. */
interface StatementClaim {
  readonly digest: Uint8Array
  /** Whose it is; undefined if it says so in no place that is the same for all of its kind. */
  readonly owner?: Owner
  /** Of a deposit. */
  readonly context?: DepositContext
}

/**
 * Whether a row of a statement is what its bytes say: the kind, the digest, and whose it is.
 *
 * Whoever can write the database can exchange the owner of one row for that of another. Nothing is given out by the row's word.
 */
export function isOwnWord(row: Omit<StatementRow, 'index' | 'received'>): boolean {
  const claim = claimOf(row)
  return claim !== undefined && equalBytes(claim.digest, row.digest) && isOwner(row, claim.owner)
}

/** A row of a deposit as it is searched. */
export type SearchedDeposit = Omit<DepositRow, 'superseded' | 'wrong'> & { readonly folded: string | null }

/** Whether a row of a deposit is what its statement says, and stands where that does. */
export function isIndexOf(row: SearchedDeposit, statement: StatementRow): boolean {
  const claim = claimOf(statement)
  if (!claim?.context) return false
  const { index, received, bytes } = statement
  return (
    equalBytes(claim.digest, row.digest) &&
    isOwner(row, claim.owner) &&
    row.index === index &&
    row.received === received &&
    row.size === bytes.length &&
    saysTheSame(row, claim.context)
  )
}

/** Whether a deposit says that it replaces another of the same client. */
export function isSuccessor(statement: StatementRow, replaced: Uint8Array): boolean {
  return isOwnWord(statement) && same(claimOf(statement)?.context?.previous, replaced)
}

function saysTheSame(row: SearchedDeposit, context: DepositContext): boolean {
  const description = context.description?.kind === 'plain' ? context.description.text : undefined
  return (
    same(row.serial, context.serial) &&
    same(row.commitment, context.commitment) &&
    same(row.sealId, context.sealId) &&
    same(row.previous, context.previous) &&
    same(row.object?.nameDigest, context.object?.nameDigest) &&
    row.object?.size === context.object?.size &&
    row.epoch === context.epochNumber &&
    row.format === context.format &&
    row.retention === context.retention &&
    row.created === context.createdMs &&
    row.description === description &&
    row.folded === (description === undefined ? null : foldText(description))
  )
}

function same(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one && other ? equalBytes(one, other) : one === other
}

function isOwner({ tenant, client }: Owner, owner: Owner | undefined): boolean {
  return owner === undefined || (owner.tenant === tenant && owner.client === client)
}

/** What a statement says; undefined if its bytes are not those of its kind. */
function claimOf({ kind, bytes }: Pick<StatementRow, 'kind' | 'bytes'>): StatementClaim | undefined {
  try {
    return kind === 'deposit' ? claimOfDeposit(bytes) : claimOfEnvelope(kind, bytes)
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof AdmissionError) return undefined
    throw error
  }
}

function claimOfDeposit(bytes: Uint8Array): StatementClaim {
  const { context } = parseDepositBlob(bytes).claim()
  const { tenant, clientId: client } = context
  return { digest: sha256(bytes), owner: { tenant, client }, context }
}

function claimOfEnvelope(
  kind: Exclude<StatementRow['kind'], 'deposit'>,
  bytes: Uint8Array,
): StatementClaim | undefined {
  const envelope = parseEnvelope(bytes)
  if (envelope.payloadType !== ACTS[kind].payloadType) return undefined
  const digest = statementDigest(sha256, envelope)
  if (kind !== 'enrolment') return { digest }
  const { tenant, signer } = parseJson(ACTS.enrolment.payload, envelope.payload, LIMITS.payloadBytes)
  return { digest, owner: { tenant, client: clientIdOf(sha256, tenant, signer) } }
}
