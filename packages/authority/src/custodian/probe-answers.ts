import { equalBytes } from '@strongroom/core/bytes'
import { nodeMeans, parseDepositBlob, probeMac } from '@strongroom/core/client'
import { merkleTree } from '@strongroom/core/merkle'
import {
  ACTS,
  depositListDigest,
  fingerprintOf,
  openStatement,
  probeListDigest,
  ProtocolError,
  signStatement,
  verifyDeposit,
  verifyOwner,
  type CustodianDeposit,
  type Probe,
  type ProbeAnswerSubmission,
  type ProbeFile,
  type ProbeResult,
  type VerifiedOwner,
  type VerifiedStatement,
} from '@strongroom/core/protocol'
import { encodeLogEntry, ENTRY_KINDS, TlogError, type LogEntry, type TiledTree } from '@strongroom/core/tlog'
import { sha256 } from '../model/digest.ts'
import { CustodianError } from './custodian-error.ts'
import type { CustodianKeys } from './custody.ts'
import type { DepositTrust } from './opened-deposits.ts'
import { refusing } from './refusing.ts'
import { withSessionKey } from './wrapped-key.ts'

/** By what a probe is judged. */
export interface ProbeTrust extends DepositTrust {
  /** The log as it was seen last: nothing is opened that does not stand in it. */
  readonly log: TiledTree
}

/**
 * Answers a probe: docs/spec/probe.md, "What the custodian checks". Whatever the authority shows, nothing is opened but deposits that the log
 * has, of the client that signed the probe; and what is said of them is that client's alone to understand.
 *
 * A deposit that is not shown, is not the client's, holds no key or does not open is a result, and there is one way of not opening.
 *
 * @param digest of the probe that was asked for
 * @throws CustodianError BUNDLE_STATEMENT, BUNDLE_SUBJECT, BUNDLE_FOREIGN, BUNDLE_NOT_LOGGED, BUNDLE_OWNER,
 *   BUNDLE_DEPOSITS, BUNDLE_PROOF: nothing was opened;
 *   CUSTODIAN_KEY if these are not the keys of the last epoch's custodian
 */
export async function answerProbe(
  digest: Uint8Array,
  file: ProbeFile,
  keys: CustodianKeys,
  judged: ProbeTrust,
): Promise<ProbeAnswerSubmission> {
  checkKeys(keys, judged)
  const probe = refusing('BUNDLE_STATEMENT', () => openStatement(ACTS.probe, file.statement, nodeMeans))
  if (!equalBytes(probe.digest, digest)) {
    throw new CustodianError('BUNDLE_SUBJECT', 'the probe is another than the one asked for')
  }
  const owner = checkProbe(probe, file, judged)
  if (!(await isLogged(judged.log, file.index, probe.entry))) {
    throw new CustodianError('BUNDLE_NOT_LOGGED', 'the probe does not stand in the log as it was seen last')
  }
  const answers: ProbeResult[] = []
  const opening = { probe, before: file.index, owner, keys, judged }
  for (const id of file.ids) {
    const shown = file.deposits.find(({ blob }) => equalBytes(sha256(blob), id))
    const mac = shown && (await openedMac(id, shown, opening))
    answers.push({ id, mac: mac ?? null })
  }
  return { statement: stated(probe, answers, keys, judged), answers }
}

/** Nobody would take the answer of another custodian: nothing is opened for it. */
function checkKeys({ signer }: CustodianKeys, { epochs }: ProbeTrust): void {
  if (epochs.latest.payload.custodian === signer.signer) return
  throw new CustodianError('CUSTODIAN_KEY', 'the last epoch names another custodian than this one')
}

/** That it is for this authority, of the client that is shown, and about these deposits. */
function checkProbe(
  { payload }: VerifiedStatement<Probe>,
  { enrolments, ids }: ProbeFile,
  { trust, epochs }: ProbeTrust,
): VerifiedOwner {
  const own = trust.identity.startsWith('SHA256:') ? trust.identity : fingerprintOf(sha256, trust.identity)
  if (payload.identity !== own) {
    throw new CustodianError('BUNDLE_FOREIGN', 'the probe is for another authority')
  }
  const owner = refusing('BUNDLE_OWNER', () => verifyOwner(enrolments, { ...trust, epochs }))
  const { tenant, client, signer, deposits } = payload
  if (owner.tenant !== tenant || owner.clientId !== client || owner.signer !== signer) {
    throw new CustodianError('BUNDLE_OWNER', 'the probe is of another client than the one that is shown')
  }
  const listed = refusing('BUNDLE_DEPOSITS', () => depositListDigest(sha256, ids))
  if (ids.length !== deposits.count || !equalBytes(listed, deposits.digest)) {
    throw new CustodianError('BUNDLE_DEPOSITS', 'the deposits are not those that the probe lists')
  }
  return owner
}

/** Whether the log that was seen has that entry at that leaf. @throws CustodianError BUNDLE_PROOF for tiles that are not those of the log */
async function isLogged(log: TiledTree, index: number, entry: LogEntry): Promise<boolean> {
  if (index >= log.size) return false
  try {
    return equalBytes(await log.leafHash(index), merkleTree(sha256).leafHash(encodeLogEntry(entry)))
  } catch (cause) {
    if (!(cause instanceof TlogError)) throw cause
    throw new CustodianError('BUNDLE_PROOF', cause.message, { cause })
  }
}

/** With what the deposits of one probe are opened. */
interface Opening {
  readonly probe: VerifiedStatement<Probe>
  /** The leaf of the probe: its deposits stand before it. */
  readonly before: number
  readonly owner: VerifiedOwner
  readonly keys: CustodianKeys
  readonly judged: ProbeTrust
}

/** The MAC of a deposit that opens; undefined in all other cases, which are one. */
async function openedMac(
  id: Uint8Array,
  { index, blob, rewrapped }: CustodianDeposit,
  { probe, before, owner, keys, judged }: Opening,
): Promise<Uint8Array | undefined> {
  if (index >= before) return undefined
  if (!(await isLogged(judged.log, index, { kind: ENTRY_KINDS.deposit, digest: id }))) return undefined
  if (!holdsKey(blob, owner, judged)) return undefined
  // Of a SIMPLEBLOB the hybrid envelope alone is opened, as in a verification: nobody learns anything of its padding.
  const deposit = { id, blob, ...(rewrapped && { rewrapped }) }
  return withSessionKey(deposit, keys.identities, (sessionKey) => probeMac(sessionKey, probe.digest, id))
}

/** Whether a deposit is the client's own, and of a format that holds a key. */
function holdsKey(blob: Uint8Array, owner: VerifiedOwner, { trust, epochs }: ProbeTrust): boolean {
  try {
    const { body, recipientStanza } = parseDepositBlob(blob)
    const expected = { ...trust, epochs, recipientStanza }
    const { context } = verifyDeposit(body, { ...expected, ...owner })
    return context.format !== 'password-parameters'
  } catch (error) {
    if (error instanceof ProtocolError) return false
    throw error
  }
}

function stated(
  { payload, digest: subject }: VerifiedStatement<Probe>,
  answers: readonly ProbeResult[],
  { signer }: CustodianKeys,
  { tree, now }: ProbeTrust,
): ProbeAnswerSubmission['statement'] {
  const { identity, tenant } = payload
  const answer = {
    identity,
    tenant,
    custodian: signer.signer,
    subject,
    count: answers.length,
    results: probeListDigest(sha256, answers),
    checkpoint: { size: tree.size, root: tree.root },
    created: Math.floor(now / 1000) * 1000,
  }
  return signStatement(sha256, ACTS['probe-answer'], answer, [signer])
}
