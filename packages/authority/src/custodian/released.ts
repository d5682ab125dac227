import { MlKem768X25519Recipient } from '@strongroom/core/age'
import { wipe } from '@strongroom/core/bytes'
import {
  ACTS,
  encodeJson,
  encodeKeyBlobs,
  LIMITS,
  releaseListDigest,
  signStatement,
  type Envelope,
  type RecoveryBundle,
  type Release,
} from '@strongroom/core/protocol'
import { ENTRY_KINDS } from '@strongroom/core/tlog'
import { sha256 } from '../model/digest.ts'
import { sameDigest } from './bundle-entries.ts'
import { placedReceipt } from './bundle-tree.ts'
import { checkBundle, checkShown, type CheckedBundle, type ShownSubject } from './checked-bundle.ts'
import { CustodianError } from './custodian-error.ts'
import type { CustodianFolder } from './custodian-folder.ts'
import type { CustodianKeys } from './custody.ts'
import type { KeptRelease } from './release-files.ts'
import { releaseDigest, releaseOf } from './release-record.ts'
import { codesOf } from './recover.ts'
import { cryptoApiKeyStanza, releaseBlob, withSessionKey } from './wrapped-key.ts'

/** A release of a custodian. */
export interface MadeRelease {
  readonly subject: Uint8Array
  readonly release: Release
  readonly envelope: Envelope
  /** Whether it had been made before: the same answer again. */
  readonly again: boolean
}

/**
 * Checks a bundle, opens what it asks for, and releases it: once. The key blobs stay here until a receipt proves that the release is in
 * the log (`handOut`).
 *
 * The subject is spent, durably, before anything is signed. A process that ends anywhere in between leaves a folder with which the next
 * call goes on; a subject that was released gets the release that was stored, whatever else stands in the bundle.
 *
 * @param now milliseconds since 1970
 * @throws CustodianError one of `BundleRefusal`, CUSTODIAN_KEY, CUSTODIAN_DEPOSITS, CUSTODIAN_STATE
 */
export function releaseBundle(
  bundle: RecoveryBundle,
  folder: CustodianFolder,
  keys: CustodianKeys,
  now: number,
): MadeRelease {
  const kept = folder.keptOf(bundle)
  if (kept) return { ...signed(kept, folder, keys), again: true }
  const checked = learning(folder, () => checkBundle(bundle, folder.knowledge(), now))
  folder.learn(checked.learned)
  spend(checked, folder, keys, now)
  const made = folder.keptOf(bundle)
  if (!made) throw new CustodianError('CUSTODIAN_STATE', 'the release that was just written is not there')
  return { ...signed(made, folder, keys), again: false }
}

/** What was proved before a refusal is remembered. */
export function learning<T>(folder: CustodianFolder, check: () => T): T {
  try {
    return check()
  } catch (error) {
    if (error instanceof CustodianError && error.learned) folder.learn(error.learned)
    throw error
  }
}

/** Key blobs that may leave: somebody proved that their release is in the log. */
export interface HandedOut {
  readonly subject: Uint8Array
  readonly release: Release
  /** In ascending order of the ids of their deposits, each behind its length: `encodeKeyBlobs`. */
  readonly blobs: Uint8Array
}

/**
 * The key blobs of a release, against a bundle that shows the release in the log, in a tree that goes on from all that was seen, with
 * no rejection or cancellation before it: docs/spec/recovery.md, "What the custodian checks". Whenever it is asked again, the same.
 *
 * @param now milliseconds since 1970
 * @throws CustodianError one of `BundleRefusal`, CUSTODIAN_RELEASE, CUSTODIAN_STATE
 */
export function handOut(bundle: RecoveryBundle, folder: CustodianFolder, now: number): HandedOut {
  const shown = learning(folder, () => checkShown(bundle, folder.knowledge(), now))
  folder.learn(shown.learned)
  const { digest: subject } = shown.subject.statement
  const kept = folder.kept(subject)
  if (!kept) throw new CustodianError('CUSTODIAN_RELEASE', 'this custodian has not released it')
  const release = releaseOf(kept.record)
  if (release.kind === 'charter') {
    throw new CustodianError('CUSTODIAN_RELEASE', 'of a charter there is nothing to hand out')
  }
  checkReleaseShown(bundle, shown, kept)
  const blobs = folder.releases.blobs(subject, kept.record)
  const receipt = bundle.releaseReceipt
  if (receipt && !folder.releases.receipt(subject)) folder.releases.keepReceipt(subject, receipt)
  return { subject, release, blobs }
}

function checkReleaseShown(bundle: RecoveryBundle, shown: ShownSubject, { record }: KeptRelease): void {
  const { subject, tree, acts } = shown
  const entry = { kind: ENTRY_KINDS.release, digest: releaseDigest(record) }
  const index = tree.places.of(entry, 'the release')
  if (!bundle.releaseReceipt) {
    throw new CustodianError('BUNDLE_RECEIPT', 'the bundle has no receipt of the release')
  }
  const { latestMs } = placedReceipt(bundle.releaseReceipt, entry, tree)
  const against = [...acts.rejection, ...acts.cancellation].find(
    ({ payload, index: at }) => sameDigest(payload.subject, subject.statement.digest) && at < index,
  )
  if (against) {
    const message = `it was rejected or cancelled at leaf ${against.index}, before its release at leaf ${index}`
    throw new CustodianError('BUNDLE_DECIDED', message)
  }
  if (subject.kind === 'request' && latestMs > subject.statement.payload.expires) {
    throw new CustodianError('BUNDLE_EXPIRED', 'the release was logged when the request had expired')
  }
}

function spend(checked: CheckedBundle, folder: CustodianFolder, keys: CustodianKeys, now: number): void {
  const { tree, digest, subject, tenant } = checked
  const custodian = keys.signer.signer
  if (tree.custodianAt(tree.size) !== custodian) {
    throw new CustodianError('CUSTODIAN_KEY', 'the key of this custodian is not the one of the last epoch')
  }
  const results = releasedBlobs(checked, keys)
  // Of a charter there is nothing to hand out: its file is empty.
  const blobs = results.length > 0 ? encodeKeyBlobs(results.map(({ blob }) => blob)) : new Uint8Array(0)
  const release: Release = {
    identity: subject.statement.payload.identity,
    tenant,
    custodian,
    subject: digest,
    kind: subject.kind,
    count: results.length,
    results: releaseListDigest(sha256, results),
    checkpoint: { size: tree.size, root: tree.root },
    created: Math.floor(now / 1000) * 1000,
  }
  const payload = encodeJson(ACTS.release.payload, release, LIMITS.payloadBytes)
  const codes = subject.kind === 'request' ? codesOf(subject.statement.payload) : []
  folder.spend(digest, { payload, codes, blobs: sha256(blobs) }, blobs)
}

/** Every session key wrapped for the recipient that was approved. One that does not open stops all: what is released is what was asked for. */
function releasedBlobs(
  checked: CheckedBundle,
  keys: CustodianKeys,
): { readonly id: Uint8Array; readonly blob: Uint8Array }[] {
  const { subject, deposits, digest: request } = checked
  if (subject.kind === 'charter') return []
  const recipient = MlKem768X25519Recipient.parse(subject.statement.payload.recipient)
  // Before anything is opened: whether a key is here depends on no secret.
  const rsaKeys = rsaKeysOf(checked, keys)
  const made = deposits.map(({ id, verified: { context }, ...deposit }) => ({
    id,
    blob: withSessionKey({ ...deposit, id }, keys.identities, (sessionKey, enclosed) => {
      const rsa = context.format === 'simple-blob' ? rsaKeys.get(context.epochNumber) : undefined
      const more = rsa && enclosed ? cryptoApiKeyStanza(sessionKey, enclosed, rsa) : []
      return releaseBlob(sessionKey, recipient, { request, deposit: id }, more)
    }),
  }))
  wipe(...rsaKeys.values())
  const wrong = made.filter(({ blob }) => blob === undefined).map(({ id }) => id)
  if (wrong.length > 0) {
    const message = `${wrong.length} of ${made.length} deposits do not open, or hold another key than was promised`
    throw new CustodianError('CUSTODIAN_DEPOSITS', message, { digests: wrong })
  }
  return made.map(({ id, blob }) => ({ id, blob: blob ?? new Uint8Array(0) }))
}

/** The RSA keys of the epochs in which a SIMPLEBLOB was deposited. @throws CustodianError CUSTODIAN_KEY if one is not here */
function rsaKeysOf({ deposits, tree }: CheckedBundle, { rsaKey }: CustodianKeys): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>()
  for (const { verified } of deposits) {
    const { format, epochNumber } = verified.context
    const rsa = tree.epochs.find(epochNumber)?.payload.rsa
    if (format !== 'simple-blob' || !rsa || found.has(epochNumber)) continue
    const key = rsaKey?.(rsa)
    if (!key) {
      wipe(...found.values())
      throw new CustodianError('CUSTODIAN_KEY', `the RSA key of epoch ${epochNumber} is not here`)
    }
    found.set(epochNumber, key)
  }
  return found
}

/** The signed release: the stored one, or the stored payload signed now. */
function signed(
  { subject, record }: KeptRelease,
  folder: CustodianFolder,
  { signer }: CustodianKeys,
): Omit<MadeRelease, 'again'> {
  const release = releaseOf(record)
  const stored = folder.releases.release(subject)
  if (stored) return { subject, release, envelope: stored }
  const envelope = signStatement(sha256, ACTS.release, release, [signer])
  folder.releases.keepRelease(subject, envelope)
  return { subject, release, envelope }
}
