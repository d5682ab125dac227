import type { KeyContainer } from '@strongroom/core/container'
import {
  ACTS,
  encodeEnvelope,
  epochStanding,
  fingerprintOf,
  signStatement,
  type AuthorityTrust,
  type Epoch,
  type EpochChain,
  type EpochStanding,
  type MessageSigner,
} from '@strongroom/core/protocol'
import type { Configuration } from '../config/index.ts'
import { AuthorityLog, readEpochChain, type LogKeys } from '../log/index.ts'
import { admitEpoch, sha256, type AdmittedStatement } from '../model/index.ts'
import type { Store } from '../store/index.ts'
import type { Custodian } from './custodian-card.ts'
import { lockFolder } from './folder-lock.ts'
import { openStore, readLogKeys, trustOf } from './opening.ts'
import { checkTerms } from './policy.ts'
import { SetupError } from './setup-error.ts'

const DAY_MS = 86_400_000

/** From when to when an epoch is used: milliseconds since 1970, full seconds. */
export interface Validity {
  readonly notBefore: number
  readonly notAfter: number
}

/** So many days from a moment on, in full seconds. */
export function validFor(days: number, from: number): Validity {
  const notBefore = Math.floor(from / 1000) * 1000
  return { notBefore, notAfter: notBefore + days * DAY_MS }
}

/** What is said of an epoch. */
export interface EpochSummary extends Validity {
  readonly number: number
  readonly standing: EpochStanding
  /** Whether clients deposit under it: the last that has begun, unless it has been over for too long. */
  readonly inUse: boolean
  /** The keys of its custodian: an age recipient, and a fingerprint. */
  readonly exchange: string
  readonly custodian: string
  /** Its statement digest. */
  readonly digest: Uint8Array
}

/** Every epoch of an authority, the first one first. */
export function summariesOf(chain: EpochChain | undefined, now: number): EpochSummary[] {
  const known = chain?.epochs ?? []
  const begun = known.findLast(({ payload }) => epochStanding(payload, now) !== 'future')
  return known.map((epoch) => {
    const { payload, digest } = epoch
    const { number, notBefore, notAfter, exchange } = payload
    const custodian = fingerprintOf(sha256, payload.custodian)
    const standing = epochStanding(payload, now)
    const inUse = epoch === begun && standing !== 'over'
    return { number, notBefore, notAfter, exchange, custodian, digest, standing, inUse }
  })
}

/** The epochs of an authority, verified. @throws ProtocolError if the database was changed; StoreError */
export async function listEpochs(configuration: Configuration, now: number): Promise<EpochSummary[]> {
  const store = await openStore(configuration)
  try {
    return summariesOf(await readEpochChain(store, trustOf(configuration)), now)
  } finally {
    await store.close()
  }
}

/** The identity key as a signer. @throws SetupError SETUP_IDENTITY if it is not the one with this fingerprint */
export function identityOf(container: KeyContainer, fingerprint?: string): MessageSigner {
  const key = container.signingKey()
  const signer = key.signer.toString()
  if (fingerprint !== undefined && fingerprintOf(sha256, signer) !== fingerprint) {
    throw new SetupError('SETUP_IDENTITY', 'that container does not hold the identity key of this authority')
  }
  return { signer, sign: (message) => key.sign(message) }
}

/** Signs an epoch record. */
export function signEpoch(epoch: Epoch, identity: MessageSigner, trust: AuthorityTrust): AdmittedStatement {
  return admitEpoch(encodeEnvelope(signStatement(sha256, ACTS.epoch, epoch, [identity])), trust)
}

/** What a new epoch is to be. */
export interface NewEpoch {
  /** The unlocked container of the identity key. */
  readonly identity: KeyContainer
  readonly validity: Validity
  /** Another custodian than that of the epoch before. */
  readonly custodian?: Custodian
  /** Other terms than those of the epoch before: the document of docs/spec/recovery.md, "Terms". */
  readonly terms?: Uint8Array
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * Signs the epoch that follows the last one, and appends it.
 *
 * A service may run in the same folder: it finds the record in the database.
 *
 * @throws SetupError SETUP_IDENTITY, SETUP_EPOCH, SETUP_TERMS; StoreError, LogError, ProtocolError
 */
export async function newEpoch(configuration: Configuration, wanted: NewEpoch): Promise<EpochSummary> {
  if (wanted.terms) checkTerms(wanted.terms)
  const [trust, keys] = [trustOf(configuration), await readLogKeys(configuration)]
  const identity = identityOf(wanted.identity, configuration.identity)
  const store = await openStore(configuration)
  try {
    const chain = await readEpochChain(store, trust)
    if (!chain) throw new SetupError('SETUP_EPOCH', 'the authority has no first epoch')
    const epoch = nextEpoch(chain, keys, wanted)
    // Before the record that names them: an epoch whose terms are not there would stop every charter and request.
    if (wanted.terms) await store.recovery.addTerms(wanted.terms)
    await appendEpoch(configuration, store, signEpoch(epoch, identity, trust), { keys, now: wanted.now })
    const after = summariesOf(await readEpochChain(store, trust), wanted.now).at(-1)
    if (after) return after
    throw new SetupError('SETUP_EPOCH', 'the epoch was not appended')
  } finally {
    await store.close()
  }
}

function nextEpoch(chain: EpochChain, keys: LogKeys, wanted: NewEpoch): Epoch {
  const { payload: last, digest } = chain.latest
  checkValidity(last, wanted.validity, wanted.now)
  return {
    ...last,
    ...wanted.validity,
    number: last.number + 1,
    ...(wanted.custodian && {
      exchange: wanted.custodian.exchange,
      custodian: wanted.custodian.signer,
      rsa: wanted.custodian.rsa,
    }),
    log: { origin: keys.origin, keys: keys.verifierKeys },
    policy: wanted.terms ? sha256(wanted.terms) : last.policy,
    previous: digest,
  }
}

/** Refuses what would leave clients without an epoch for a while, or end earlier than what they have. */
function checkValidity(last: Validity, { notBefore, notAfter }: Validity, now: number): void {
  if (notBefore <= last.notBefore) throw refused('must begin after the last one')
  if (notBefore > Math.max(last.notAfter, now))
    throw refused('would begin after the end of the last one: a gap')
  if (notAfter <= last.notAfter) throw refused('must end after the last one')
}

function refused(reason: string): SetupError {
  return new SetupError('SETUP_EPOCH', `the next epoch ${reason}`)
}

async function appendEpoch(
  configuration: Configuration,
  store: Store,
  statement: AdmittedStatement,
  { keys, now }: { readonly keys: LogKeys; readonly now: number },
): Promise<void> {
  const [outcome] = await appendHere(configuration, store, statement, { keys, now })
  if (outcome?.state === 'logged') return
  throw new SetupError('SETUP_EPOCH', 'another epoch was appended meanwhile: look at the list and try again')
}

async function appendHere(
  configuration: Configuration,
  store: Store,
  statement: AdmittedStatement,
  { keys, now }: { readonly keys: LogKeys; readonly now: number },
): Promise<readonly { readonly state: 'logged' | 'refused' }[]> {
  const { folder, log: paths } = configuration
  const lock = lockOrNone(folder)
  // With a service in the folder this process is a node of its own, with a memory of its own: the file of the service is the service's.
  const signedPath = lock ? paths.signed : `${paths.signed}-operator`
  try {
    const log = await AuthorityLog.open({
      store,
      keys,
      trust: trustOf(configuration),
      signedPath,
      now: () => now,
    })
    const outcomes = await log.append([statement])
    await log.close()
    return outcomes
  } finally {
    lock?.release()
  }
}

function lockOrNone(folder: string): ReturnType<typeof lockFolder> | undefined {
  try {
    return lockFolder(folder)
  } catch (error) {
    if (error instanceof SetupError && error.code === 'SETUP_BUSY') return undefined
    throw error
  }
}
