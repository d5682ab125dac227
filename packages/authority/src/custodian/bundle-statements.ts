import { toHex } from '@strongroom/core/bytes'
import {
  ACTS,
  loggedAt,
  openStatement,
  type Act,
  type ActName,
  type ActPayloads,
  type Envelope,
  type Logged,
  type RecoveryBundle,
} from '@strongroom/core/protocol'
import { ENTRY_KINDS } from '@strongroom/core/tlog'
import { entryOf } from './bundle-entries.ts'
import type { BundleTree } from './bundle-tree.ts'
import { CustodianError } from './custodian-error.ts'
import { refusing } from './refusing.ts'

/** Kinds of which every entry in the range must have its statement in the bundle: what is left out could forbid the release. */
const WATCHED_ACTS = ['epoch', 'rejection', 'cancellation', 'release', 'codes'] as const

/** What the bundle says beside its epochs and charters, verified and at its place in the log; each list in the order of the log. */
export type LoggedActs = {
  readonly [K in Exclude<ActName, 'epoch' | 'enrolment' | 'charter'>]: readonly Logged<ActPayloads[K]>[]
}

const LISTED = [
  'request',
  'approval',
  'rejection',
  'cancellation',
  'release',
  'verification',
  'rewrap',
  'completion',
  'codes',
  'vetting',
] as const satisfies readonly (keyof LoggedActs)[]

/**
 * Verifies the statements of a bundle, and that none is missing: step 4 of the check.
 *
 * @throws CustodianError BUNDLE_STATEMENT, BUNDLE_NOT_LOGGED, BUNDLE_INCOMPLETE
 */
export function readStatements(bundle: RecoveryBundle, tree: BundleTree): LoggedActs {
  const { epochs, charters, evidence, statements } = bundle
  const released = charters.flatMap(({ release }) => (release ? [release] : []))
  const shown = uniqueEnvelopes([...evidence, ...statements, ...released])
  const lists = LISTED.map((name) => [name, statementsOf(name, shown, tree)] as const)
  for (const list of [evidence, statements]) checkOrder(list, tree)
  checkComplete([...epochs, ...shown], tree)
  return Object.fromEntries(lists) as unknown as LoggedActs
}

function statementsOf<K extends ActName>(
  name: K,
  envelopes: readonly Envelope[],
  tree: BundleTree,
): Logged<ActPayloads[K]>[] {
  const act: Act<ActPayloads[K]> = ACTS[name]
  const own = envelopes.filter(({ payloadType }) => payloadType === act.payloadType)
  const found = own.map((envelope) => {
    const statement = refusing('BUNDLE_STATEMENT', () => openStatement(act, envelope, tree.trust))
    return loggedAt(statement, tree.places.of(entryOf(envelope), `a statement of the act ${name}`))
  })
  return found.toSorted((one, other) => one.index - other.index)
}

/** In the order of the log, each once: a bundle that says the same in two ways was not made by an authority. */
function checkOrder(envelopes: readonly Envelope[], { places }: BundleTree): void {
  const indices = envelopes.map((envelope) => places.of(entryOf(envelope), 'a statement'))
  if (indices.every((index, i) => i === 0 || index > (indices[i - 1] ?? 0))) return
  throw new CustodianError('BUNDLE_STATEMENT', 'statements that are not in the order of the log')
}

/** The same statement may stand in two sections. */
function uniqueEnvelopes(envelopes: readonly Envelope[]): Envelope[] {
  const seen = new Map(envelopes.map((envelope) => [toHex(entryOf(envelope).digest), envelope]))
  return [...seen.values()]
}

function checkComplete(shown: readonly Envelope[], { places }: BundleTree): void {
  const digests = new Set(shown.map((envelope) => toHex(entryOf(envelope).digest)))
  for (const name of WATCHED_ACTS) {
    const missing = places.watched.find(
      ({ kind, digest }) => kind === ENTRY_KINDS[name] && !digests.has(toHex(digest)),
    )
    if (!missing) continue
    throw new CustodianError(
      'BUNDLE_INCOMPLETE',
      `the statement of the entry at leaf ${missing.index} (${name}) is not in the bundle`,
    )
  }
}
