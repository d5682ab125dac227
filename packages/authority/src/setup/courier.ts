import { equalBytes } from '@strongroom/core/bytes'
import { parseKeyBlobs, releaseListDigest } from '@strongroom/core/protocol'
import type { Configuration } from '../config/index.ts'
import { AuthorityLog, makeBundle } from '../log/index.ts'
import { admitRecovery, sha256 } from '../model/index.ts'
import { depositIds, type Store, type SubjectRecord } from '../store/index.ts'
import { readLogKeys, trustOf, withStore } from './opening.ts'
import { SetupError } from './setup-error.ts'

/** What is carried between an authority and a custodian that has no network. The courier need not be trusted: the custodian checks all. */
export interface Errand {
  /** The statement digest of a request or charter. */
  readonly subject: Uint8Array
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * The bundle of a subject, for the custodian. @param errand `seen`: how many leaves it has seen, as its status shows
 *
 * @throws SetupError SETUP_COURIER if there is no such subject; StoreError, LogError
 */
export async function fetchBundle(
  configuration: Configuration,
  { subject, seen, now }: Errand & { readonly seen: number },
): Promise<Uint8Array> {
  return withLog(configuration, now, async (store, log) => {
    const trust = trustOf(configuration)
    return makeBundle({ store, log, trust }, await subjectOf(configuration, store, { subject, now }), seen)
  })
}

/** Puts a release in the log. The same again changes nothing. @throws SetupError SETUP_COURIER if it is refused; AdmissionError, StoreError, LogError */
export async function bringRelease(
  configuration: Configuration,
  release: Uint8Array,
  now: number,
): Promise<void> {
  const statement = admitRecovery(release, trustOf(configuration), {})
  if (statement.facts.kind !== 'release') throw refused('it is no release')
  await withLog(configuration, now, async (_, log) => {
    const [outcome] = await log.append([statement])
    if (outcome?.state !== 'logged')
      throw refused(`the log does not take it: ${outcome?.reason ?? 'unknown'}`)
  })
}

/** Keeps the key blobs of a release that is logged, for the requester. @throws SetupError SETUP_COURIER if they are not those; StoreError */
export async function bringKeys(
  configuration: Configuration,
  { subject, blobs, now }: Errand & { readonly blobs: Uint8Array },
): Promise<void> {
  await withStore(configuration, async (store) => {
    const { row, ending } = await subjectOf(configuration, store, { subject, now })
    if (ending?.phase !== 'released') throw refused('the release is not in the log')
    const [list, ids] = [parseKeyBlobs(blobs), depositIds(row)]
    const rows = ids.flatMap((id, i) => {
      const blob = list[i]
      return blob ? [{ id, blob }] : []
    })
    const results = await store.recovery.releaseResults(row.tenant, ending.digest)
    const same = results && list.length === ids.length && equalBytes(releaseListDigest(sha256, rows), results)
    if (!same) throw refused('these are not the key blobs that were released')
    await store.recovery.keepReleaseBlobs(row.tenant, row.digest, rows)
  })
}

async function withLog<T>(
  configuration: Configuration,
  now: number,
  work: (store: Store, log: AuthorityLog) => Promise<T>,
): Promise<T> {
  const keys = await readLogKeys(configuration)
  return withStore(configuration, async (store) => {
    const options = { store, keys, trust: trustOf(configuration), signedPath: configuration.log.signed }
    const log = await AuthorityLog.open({ ...options, now: () => now })
    try {
      return await work(store, log)
    } finally {
      await log.close()
    }
  })
}

async function subjectOf(
  configuration: Configuration,
  store: Store,
  { subject, now }: Errand,
): Promise<SubjectRecord> {
  const tenant = await store.recovery.subjectHome(subject)
  const found =
    tenant === undefined
      ? undefined
      : await store.recovery.subject(trustOf(configuration), tenant, subject, now)
  if (found) return found
  throw refused('there is no request or charter of that digest')
}

function refused(message: string): SetupError {
  return new SetupError('SETUP_COURIER', message)
}
