import { parsePublicCard, type KeyContainer } from '@strongroom/core/container'
import {
  ACTS,
  encodeEnvelope,
  fingerprintOf,
  parseEnvelope,
  signStatement,
  statementDigest,
  type Charter,
  type CharterPerson,
  type MessageSigner,
  type RecoveryClass,
  type RecoveryRule,
} from '@strongroom/core/protocol'
import type { Configuration } from '../config/index.ts'
import { AuthorityLog } from '../log/index.ts'
import { admitRecovery, sha256, type AdmittedStatement } from '../model/index.ts'
import { NoticeKeys } from '../notices/index.ts'
import type { RecoveryGround, Store } from '../store/index.ts'
import { checkTenant } from './checked-names.ts'
import { identityOf } from './epochs.ts'
import { readLogKeys, trustOf, withStore } from './opening.ts'
import { SetupError } from './setup-error.ts'

const DAY = 86_400

/** Somebody who decides: an id for life, and a key. */
export interface NewPerson {
  /** 1 to 64 of a to z, 0 to 9 and hyphens. */
  readonly id: string
  /** In text form. */
  readonly signer: string
}

/** Who decides in a tenant from its beginning: officers, or the one person who owns everything, with the identity key. */
export type FirstCharter = 'personal' | readonly NewPerson[]

/** How long everybody has to say no, in seconds, unless it is told. */
const WAITING = DAY

/** A rule of a first charter, but for the waiting time, which is the same in all of them. */
type RuleOf = Omit<RecoveryRule, 'waiting'>

const rule = (approvals: number, evidence: RecoveryRule['evidence']): RuleOf => {
  return { approvals, expiry: 30 * DAY, evidence }
}
const NONE = { need: 0, of: [] } as const
const SOME = { need: 1, of: ['client-key', 'recovery-code', 'vetting'] } as const
const CODE = { need: 1, of: ['recovery-code'] } as const

const SHARED = {
  self: rule(2, SOME),
  'third-party': rule(2, NONE),
  'break-glass': rule(2, NONE),
  charter: rule(2, NONE),
}
const PERSONAL = {
  self: rule(0, CODE),
  'third-party': rule(0, CODE),
  'break-glass': rule(0, CODE),
  charter: rule(0, NONE),
}
const EVERYTHING = ['administrator', 'auditor', 'officer'] as const

/** The key of a person's public card. @throws SetupError SETUP_CHARTER unless it has one signature key; ContainerError CONTAINER_FORMAT */
export function readPersonCard(id: string, text: string): NewPerson {
  const { signers } = parsePublicCard(text)
  const [signer] = signers
  if (signer && signers.length === 1) return { id, signer: signer.toString() }
  throw new SetupError('SETUP_CHARTER', `expected a card with one signature key, got ${signers.length}`)
}

/** Signs the first charter of a tenant. Everybody in it may do everything; the next one may be finer. */
export function signFirstCharter(
  {
    identity,
    tenant,
    plan,
    waiting = WAITING,
    now,
  }: { identity: MessageSigner; tenant: string; plan: FirstCharter; waiting?: number; now: number },
  configuration: Configuration,
  notices: NoticeKeys,
): AdmittedStatement {
  const people = plan === 'personal' ? [{ id: 'owner', signer: identity.signer }] : plan
  const charter: Charter = {
    identity: configuration.identity,
    tenant,
    number: 1,
    standing: plan === 'personal' ? 'personal' : 'shared',
    people: people.map(personOfCharter),
    policy: waitingIn(plan === 'personal' ? PERSONAL : SHARED, waiting),
    by: identity.signer,
    previous: null,
    created: Math.floor(now / 1000) * 1000,
  }
  const keys = people.map(({ signer }) => signer)
  return admitCharter(charter, identity, keys, configuration, notices)
}

function waitingIn(rules: Readonly<Record<RecoveryClass, RuleOf>>, waiting: number): Charter['policy'] {
  const ruleOf = (name: RecoveryClass): RecoveryRule => {
    const { approvals, expiry, evidence } = rules[name]
    return { approvals, waiting, expiry, evidence }
  }
  return {
    self: ruleOf('self'),
    'third-party': ruleOf('third-party'),
    'break-glass': ruleOf('break-glass'),
    charter: ruleOf('charter'),
  }
}

function personOfCharter({ id, signer }: NewPerson): CharterPerson {
  return { id, name: id, signers: [fingerprintOf(sha256, signer)], roles: EVERYTHING }
}

function admitCharter(
  charter: Charter,
  signer: MessageSigner,
  keys: readonly string[],
  configuration: Configuration,
  notices: NoticeKeys,
): AdmittedStatement {
  const bytes = encodeEnvelope(signStatement(sha256, ACTS.charter, charter, [signer]))
  const notice = notices.signerOf(statementDigest(sha256, parseEnvelope(bytes))).signer
  return admitRecovery(bytes, trustOf(configuration), { keys, notice })
}

/**
 * Appends the first charter of a tenant that has none.
 *
 * @returns its digest: what a custodian is told
 * @throws SetupError SETUP_IDENTITY, SETUP_CHARTER if it is refused: there is one, or it breaks the rules or the terms; StoreError, LogError
 */
export async function newCharter(
  configuration: Configuration,
  wanted: {
    readonly identity: KeyContainer
    readonly tenant: string
    readonly plan: FirstCharter
    /** How long everybody has to say no, in seconds; a day unless told. */
    readonly waiting?: number
    readonly now: number
  },
): Promise<Uint8Array> {
  checkTenant(wanted.tenant)
  const identity = identityOf(wanted.identity, configuration.identity)
  const keys = await readLogKeys(configuration)
  const statement = signFirstCharter({ ...wanted, identity }, configuration, new NoticeKeys(keys))
  await withStore(configuration, (store) => appendCharter(configuration, store, statement, wanted.now))
  return statement.digest
}

/** Appends a charter. A service may run in the same folder: it finds the charter in the database. */
export async function appendCharter(
  configuration: Configuration,
  store: Store,
  statement: AdmittedStatement,
  now: number,
): Promise<void> {
  const keys = await readLogKeys(configuration)
  const options = { store, keys, trust: trustOf(configuration), signedPath: configuration.log.signed }
  const log = await AuthorityLog.open({ ...options, now: () => now })
  const [outcome] = await log.append([statement])
  await log.close()
  if (outcome?.state !== 'logged') {
    throw new SetupError(
      'SETUP_CHARTER',
      `the charter was refused: ${outcome?.reason ?? 'it is not known why'}`,
    )
  }
  await store.recovery.keepReceipt(statement.owner.tenant, statement.digest, outcome.receipt)
}

/** What is in force in a tenant. @throws ProtocolError if the database was changed; StoreError */
export async function readCharters(configuration: Configuration, tenant: string): Promise<RecoveryGround> {
  return withStore(configuration, (store) => store.recovery.ground(trustOf(configuration), tenant))
}

/** What an administrator wants the next charter to be. */
export interface NextCharter {
  readonly people: Charter['people']
  readonly policy: Charter['policy']
  /** Signers of people that the authority does not know yet. */
  readonly keys: readonly string[]
}

/**
 * Proposes the charter that follows: officers approve it, and the custodian lets it come into force.
 *
 * @param administrator whose container signs
 * @returns the statement digest
 * @throws SetupError SETUP_CHARTER
 */
export async function proposeCharter(
  configuration: Configuration,
  wanted: NextCharter & {
    readonly administrator: KeyContainer
    readonly tenant: string
    readonly now: number
  },
): Promise<Uint8Array> {
  const key = wanted.administrator.signingKey()
  const by = { signer: key.signer.toString(), sign: (message: Uint8Array) => key.sign(message) }
  const notices = new NoticeKeys(await readLogKeys(configuration))
  return withStore(configuration, async (store) => {
    const { charters } = await store.recovery.ground(trustOf(configuration), wanted.tenant)
    if (!charters) throw new SetupError('SETUP_CHARTER', 'there is no charter that another one could follow')
    const { payload, digest } = charters.latest.statement
    const charter: Charter = {
      ...payload,
      number: payload.number + 1,
      people: wanted.people,
      policy: wanted.policy,
      by: by.signer,
      previous: digest,
      created: Math.floor(wanted.now / 1000) * 1000,
    }
    const statement = admitCharter(charter, by, wanted.keys, configuration, notices)
    await appendCharter(configuration, store, statement, wanted.now)
    return statement.digest
  })
}
