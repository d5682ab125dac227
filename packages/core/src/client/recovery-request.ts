import { randomBytes } from 'node:crypto'
import { toHex } from '../bytes/index.ts'
import type { KeyContainer } from '../container/index.ts'
import {
  ACTS,
  depositListDigest,
  EVIDENCE_KINDS,
  LIMITS,
  signStatement,
  sortedIds,
  statementDigest,
  type Envelope,
  type EvidenceKind,
  type FoundDeposit,
  type MessageSigner,
  type Receipt,
  type RecoveryRequest,
  type RequestClass,
} from '../protocol/index.ts'
import { ClientError } from './client-error.ts'
import { openChallenge } from './enrolment-proof.ts'
import { sha256 } from './node-verify.ts'
import type { RecoveryWire } from './recovery-client.ts'
import { fullSecond, signerOf } from './recovery-codes.ts'

/** What is asked for, by whom, and by what right. */
export interface NewRequest {
  /** The fingerprint of the authority. */
  readonly identity: string
  readonly tenant: string
  /** The statement digest of the charter in force. */
  readonly charter: Uint8Array
  readonly class: RequestClass
  /** The id of the client that made the deposits. */
  readonly client: string
  /** The ids of the deposits. */
  readonly deposits: readonly Uint8Array[]
  /** The new container, for which everything is wrapped again. Its profile has a post-quantum exchange key. */
  readonly container: KeyContainer
  readonly evidence: readonly { readonly kind: EvidenceKind; readonly key: MessageSigner }[]
  /** The person of the charter who asks. */
  readonly requester: { readonly person: string; readonly key: MessageSigner } | null
  readonly reason: string
  readonly reference: string | null
  /** Milliseconds since 1970. */
  readonly nowMs: number
  /** At most what the charter allows, in seconds. */
  readonly validSeconds: number
}

/** A request, ready to be sent: these bytes are sent again until there is a receipt for them. */
export interface SignedRequest {
  readonly statement: Envelope
  readonly digest: Uint8Array
  /** In ascending order. */
  readonly deposits: readonly Uint8Array[]
}

/** Makes and signs a request: docs/spec/recovery.md, "Requests". @throws ProtocolError for what no request has */
export function newRecoveryRequest(wanted: NewRequest): SignedRequest {
  const { container, requester, nowMs } = wanted
  const own = signerOf(container.signingKey())
  const evidence = wanted.evidence.toSorted((one, other) => rank(one.kind) - rank(other.kind))
  const created = fullSecond(nowMs)
  const request: RecoveryRequest = {
    identity: wanted.identity,
    tenant: wanted.tenant,
    charter: wanted.charter,
    class: wanted.class,
    client: wanted.client,
    deposits: { count: wanted.deposits.length, digest: depositListDigest(sha256, wanted.deposits) },
    requester: requester?.person ?? null,
    by: requester?.key.signer ?? null,
    recipient: container.recipient('pq').toString(),
    signer: own.signer,
    evidence: evidence.map(({ kind, key }) => ({ kind, key: key.signer })),
    reason: wanted.reason,
    reference: wanted.reference,
    created,
    expires: created + wanted.validSeconds * 1000,
    nonce: new Uint8Array(randomBytes(32)),
  }
  const signers = [own, ...(requester ? [requester.key] : []), ...evidence.map(({ key }) => key)]
  const statement = signStatement(sha256, ACTS.request, request, signers)
  return { statement, digest: statementDigest(sha256, statement), deposits: sortedIds(wanted.deposits) }
}

const rank = (kind: EvidenceKind) => EVIDENCE_KINDS.indexOf(kind)

/**
 * Sends a request, after it proved that the container can open what will be made for it. The same request sent again gets a receipt
 * again.
 *
 * @throws ClientError as the wire; CLIENT_ANSWER for a challenge that is none
 */
export async function sendRequest(
  wire: RecoveryWire,
  { statement, deposits }: Pick<SignedRequest, 'statement' | 'deposits'>,
  { container, nowMs }: Pick<NewRequest, 'container' | 'nowMs'>,
): Promise<Receipt> {
  const { signer } = container.signingKey()
  const recipient = container.recipient('pq').toString()
  const { file } = await wire.recipientChallenge({ signer: signer.toString(), recipient })
  return wire.submitRequest({ statement, deposits, challenge: openChallenge(file, container, nowMs) })
}

/** What is kept of the deposits of one client at once. */
const MOST_KEPT = 200_000

/**
 * The deposits of a client that are wanted, the newest first. The authority's word alone: what comes back is compared with what was
 * signed. There may be more of them than a request can ask for.
 *
 * @param wanted which to keep; all unless told
 * @throws ClientError CLIENT_RECOVERY if more are wanted than can be kept; CLIENT_ANSWER for pages that do not go on
 */
export async function findDeposits(
  wire: Pick<RecoveryWire, 'depositsOf'>,
  client: string,
  wanted: (deposit: FoundDeposit) => boolean = () => true,
): Promise<FoundDeposit[]> {
  const found: FoundDeposit[] = []
  for await (const page of depositPages(wire, client)) {
    found.push(...page.filter(wanted))
    if (found.length > MOST_KEPT) throw new ClientError('CLIENT_RECOVERY', `more than ${MOST_KEPT} deposits`)
  }
  return found
}

/** Those of some ids, in the order of the ids; without those that are not found. @throws as `findDeposits` */
export async function depositsNamed(
  wire: Pick<RecoveryWire, 'depositsOf'>,
  client: string,
  ids: readonly Uint8Array[],
): Promise<FoundDeposit[]> {
  const missing = new Set(ids.map(toHex))
  const found = new Map<string, FoundDeposit>()
  for await (const page of depositPages(wire, client)) {
    for (const deposit of page) if (missing.delete(toHex(deposit.id))) found.set(toHex(deposit.id), deposit)
    if (missing.size === 0) break
  }
  return ids.flatMap((id) => found.get(toHex(id)) ?? [])
}

async function* depositPages(
  wire: Pick<RecoveryWire, 'depositsOf'>,
  client: string,
): AsyncGenerator<readonly FoundDeposit[], void, undefined> {
  for (let before: number | undefined; ; ) {
    const page = await wire.depositsOf(client, {
      limit: LIMITS.depositsPerPage,
      ...(before !== undefined && { before }),
    })
    const [first] = page.deposits
    if (before !== undefined && first && first.index >= before) {
      throw new ClientError('CLIENT_ANSWER', 'a page of deposits from before the one asked for')
    }
    yield page.deposits
    if (page.next === null) return
    before = page.next
  }
}
