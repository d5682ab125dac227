import { toHex } from '@strongroom/core/bytes'
import {
  ACTS,
  openStatement,
  spentByUse,
  type RecoveryBundle,
  type RecoveryRequest,
} from '@strongroom/core/protocol'
import { readStatements } from './bundle-statements.ts'
import { readTree, type BundleTree } from './bundle-tree.ts'
import { forgottenReleases } from './checked-bundle.ts'
import type { CustodianFolder } from './custodian-folder.ts'
import type { RecoveredRelease } from './memory.ts'
import { refusing } from './refusing.ts'

/**
 * Reads from the log what a folder that was restored has forgotten: the releases of this custodian in the range of a bundle. Their subjects
 * are spent from now on, and with them the codes that their requests rest on, if those are in the bundle.
 *
 * The log is checked as for a release. It is for a person to say that the folder was restored: one that lost nothing has nothing to read.
 *
 * @param now milliseconds since 1970
 * @returns what was read
 * @throws CustodianError one of `BundleRefusal` up to BUNDLE_INCOMPLETE
 */
export function recoverReleases(
  bundle: RecoveryBundle,
  folder: CustodianFolder,
  now: number,
): readonly RecoveredRelease[] {
  const knowledge = folder.knowledge()
  const tree = readTree(bundle, knowledge, now)
  const acts = readStatements(bundle, tree)
  const requests = [...acts.request, ...subjectOf(bundle, tree)]
  const found = forgottenReleases(acts, knowledge, tree).map(({ digest, payload: { subject } }) => {
    const request = requests.find((candidate) => toHex(candidate.digest) === toHex(subject))
    return { digest, subject, codes: request ? codesOf(request.payload) : [] }
  })
  folder.recover(found, tree.size)
  return found
}

/** Keys of codes that a request rests on. They are good once; the own key of a client is no code. */
export function codesOf({ evidence }: RecoveryRequest): string[] {
  return spentByUse(evidence).map(({ key }) => key)
}

function subjectOf(
  { subject }: RecoveryBundle,
  { trust }: BundleTree,
): { readonly digest: Uint8Array; readonly payload: RecoveryRequest }[] {
  if (subject.payloadType !== ACTS.request.payloadType) return []
  return [refusing('BUNDLE_SUBJECT', () => openStatement(ACTS.request, subject, trust))]
}
