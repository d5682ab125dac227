import { fromHex, toHex } from '@strongroom/core/bytes'
import {
  ClientError,
  depositsNamed,
  judgeSubject,
  keyCredentials,
  lookAtAuthority,
  personOfKey,
  signerOf,
  verifyHead,
  type JudgedSubject,
  type RecoveryClient,
  type SeenAuthority,
} from '@strongroom/core/client'
import type { SigningKey } from '@strongroom/core/container'
import type { CharterPerson, FoundDeposit, FoundSubject } from '@strongroom/core/protocol'
import { CliError, usage } from '../cli-error.ts'
import { chosenAuthority, type AuthorityValues, type ChosenAuthority } from '../client/authority-choice.ts'
import type { Context } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { openContainer, type OwnerValues } from '../owner.ts'
import { asking } from './asking.ts'

/** Somebody of the charter at work: who they are, and what they see, all of it verified. */
export interface AtWork {
  readonly client: RecoveryClient
  readonly chosen: ChosenAuthority
  readonly key: SigningKey
  /** As the charter in force has them. */
  readonly person: CharterPerson
  readonly seen: SeenAuthority
}

/** A subject with what officers look at besides. */
export interface SubjectView {
  readonly judged: JudgedSubject
  /** The ids of its deposits, ascending. */
  readonly ids: readonly Uint8Array[]
  /** What the authority says of them, in the order of the ids: officers do not get what the owner signed. */
  readonly deposits: readonly FoundDeposit[]
  /** Requests for deposits of the same owner, this one too: the authority's word. */
  readonly siblings: readonly FoundSubject[]
  /** Whether the authority says the same of where it stands. */
  readonly claimed: string
}

const TIMEOUT_MS = 120_000
/** So many deposits are shown unless all are asked for. */
export const MOST_SHOWN = 100
const DIGEST = /^[0-9a-f]{8,64}$/

/** Does something as a person of the charter in force. @throws CliError AUTHORITY_REFUSED for whoever is nobody of it */
export async function atWork<Result>(
  context: Context,
  values: AuthorityValues & OwnerValues,
  use: (at: AtWork) => Promise<Result>,
): Promise<Result> {
  const chosen = chosenAuthority(context, values)
  const container = await openContainer(context, values)
  try {
    const { url, ca } = chosen.state
    const key = container.signingKey()
    const credentials = keyCredentials(signerOf(key))
    return await asking(context, { url, ca, timeoutMs: TIMEOUT_MS, credentials }, async (client) => {
      const seen = await look(client, chosen)
      return await use({ client, chosen, key, person: personIn(seen, key), seen })
    })
  } catch (error) {
    throw isNobody(error) ? nobody(error) : error
  } finally {
    container.wipe()
  }
}

/** An authority knows the keys of people by its charters, and says no more to others. */
function isNobody(error: unknown): error is Error {
  const cause = error instanceof CliError ? error.cause : error
  return cause instanceof ClientError && cause.problem?.code === 'unauthenticated'
}

function nobody(cause?: Error): CliError {
  return new CliError(
    'AUTHORITY_REFUSED',
    'the charter in force names nobody with the key of this container',
    {
      hint: 'name the container with --container NAME; its fingerprint is what an administrator puts into the charter',
      cause,
    },
  )
}

async function look(client: RecoveryClient, { state }: ChosenAuthority): Promise<SeenAuthority> {
  const { identity, tenant, epochs, checkpoint } = state
  // What monitor followed the log to is in it.
  const seen = checkpoint === null ? undefined : verifyHead(Buffer.from(checkpoint), epochs)
  return await lookAtAuthority(client, { identity, tenant, epochs, ...(seen && { seen }) })
}

function personIn({ charters }: SeenAuthority, key: SigningKey): CharterPerson {
  const person = personOfKey(charters.chain.latest.statement.payload, key.signer.toString())
  if (person) return person
  throw nobody()
}

/** The digest that was meant: given in whole, or by the first 8 digits or more of one that waits. */
export async function digestOf({ client }: Pick<AtWork, 'client'>, text: string): Promise<Uint8Array> {
  const wanted = text.toLowerCase()
  if (!DIGEST.test(wanted)) {
    throw usage(`${displayName(text)} is no request`, 'name it by its first 8 digits or more')
  }
  if (wanted.length === 64) return fromHex(wanted)
  const found = (await subjectsOf(client)).filter(({ digest }) => toHex(digest).startsWith(wanted))
  const [one] = found
  if (one && found.length === 1) return one.digest
  throw usage(
    found.length > 1 ? `several requests begin with ${wanted}` : `no request begins with ${wanted}`,
    'strongroom officer inbox lists what waits',
  )
}

/** All requests and charters of the tenant, the newest first. The authority's word alone. */
export async function subjectsOf(client: RecoveryClient, open = false): Promise<FoundSubject[]> {
  const found: FoundSubject[] = []
  for (let before: number | undefined; ; ) {
    const page = await client.subjects({
      ...(open && { state: 'open' }),
      ...(before !== undefined && { before }),
    })
    found.push(...page.subjects)
    if (page.next === null) return found
    if (before !== undefined && page.next >= before) {
      throw new ClientError('CLIENT_ANSWER', 'a page of requests that does not go on')
    }
    before = page.next
  }
}

/** Verifies one subject. @throws ClientError CLIENT_ALARM for what does not hold */
export async function judge({ client, chosen, seen }: AtWork, digest: Uint8Array): Promise<JudgedSubject> {
  const { identity, tenant } = chosen.state
  const file = await client.subject(digest)
  // It may have been logged after the log was looked at.
  const now = file.index < seen.log.head.size ? seen : await look(client, chosen)
  return await judgeSubject(file, { identity, tenant, ...now, nowMs: Date.now() })
}

/** All that is shown of one subject. */
export async function viewOf(at: AtWork, digest: Uint8Array): Promise<SubjectView> {
  const { client, chosen } = at
  const file = await client.subject(digest)
  const { identity, tenant } = chosen.state
  const seen = await look(client, chosen)
  const judged = await judgeSubject(file, { identity, tenant, ...seen, nowMs: Date.now() })
  const owner = judged.request?.client
  const all = owner === undefined ? [] : await subjectsOf(client)
  return {
    judged,
    ids: file.deposits,
    deposits: owner === undefined ? [] : await depositsNamed(client, owner, file.deposits),
    siblings: all.filter(({ client: other }) => other === owner),
    claimed: file.standing.phase,
  }
}
