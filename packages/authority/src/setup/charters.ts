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
  type RecoveryState,
  type Terms,
} from '@strongroom/core/protocol'
import type { Configuration } from '../config/index.ts'
import { AuthorityLog } from '../log/index.ts'
import { admitRecovery, sha256, type AdmittedStatement } from '../model/index.ts'
import { NoticeKeys } from '../notices/index.ts'
import type { RecoveryGround, Store } from '../store/index.ts'
import { checkRules, nextCharter, type CharterPlan } from './charter-proposal.ts'
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

const sharedRules = (approvals: number) => ({
  self: rule(approvals, SOME),
  'third-party': rule(approvals, NONE),
  'break-glass': rule(approvals, NONE),
  charter: rule(approvals, NONE),
})
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

/** What a first charter is to be. */
export interface FirstCharterPlan {
  readonly tenant: string
  readonly plan: FirstCharter
  /** How long everybody has to say no, in seconds; a day unless told, or what the terms ask for if that is more. */
  readonly waiting?: number
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * Signs the first charter of a tenant. Everybody in it may do everything; the next one may be finer.
 *
 * @param terms of the last epoch, whose floors it has
 * @throws SetupError SETUP_CHARTER with the names of the rules that it would break
 */
export function signFirstCharter(
  {
    identity,
    tenant,
    plan,
    waiting,
    now,
    terms,
  }: FirstCharterPlan & { readonly identity: MessageSigner; readonly terms: Terms },
  configuration: Configuration,
  notices: NoticeKeys,
): AdmittedStatement {
  const people = plan === 'personal' ? [{ id: 'owner', signer: identity.signer }] : plan
  const { floor } = terms
  const rules = plan === 'personal' ? PERSONAL : sharedRules(Math.max(2, floor.approvals))
  const charter: Charter = {
    identity: configuration.identity,
    tenant,
    number: 1,
    standing: plan === 'personal' ? 'personal' : 'shared',
    people: people.map(personOfCharter),
    policy: waitingIn(rules, waiting ?? Math.max(WAITING, floor.waiting)),
    by: identity.signer,
    previous: null,
    created: Math.floor(now / 1000) * 1000,
  }
  checkRules(charter, terms)
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

/** A first charter that was checked and signed, before anything is written. */
export interface FirstCharterDraft {
  /** Its statement digest: what a custodian is told. */
  readonly digest: Uint8Array
  append(): Promise<void>
}

/**
 * Appends the first charter of a tenant that has none.
 *
 * @returns its digest: what a custodian is told
 * @throws SetupError SETUP_IDENTITY, SETUP_CHARTER if it is refused: there is one, or it breaks the rules or the terms; StoreError, LogError
 */
export async function newCharter(
  configuration: Configuration,
  wanted: FirstCharterPlan & { readonly identity: KeyContainer },
): Promise<Uint8Array> {
  checkTenant(wanted.tenant)
  return withStore(configuration, async (store) => {
    const draft = await draftCharter(configuration, store, wanted)
    await draft.append()
    return draft.digest
  })
}

/** The same in a store that is open; nothing is written before `append`. @throws as `newCharter` */
export async function draftCharter(
  configuration: Configuration,
  store: Store,
  wanted: FirstCharterPlan & { readonly identity: KeyContainer },
): Promise<FirstCharterDraft> {
  const identity = identityOf(wanted.identity, configuration.identity)
  const notices = new NoticeKeys(await readLogKeys(configuration))
  const { terms } = await store.recovery.ground(trustOf(configuration), wanted.tenant)
  if (!terms) throw noTerms()
  const statement = signFirstCharter({ ...wanted, identity, terms }, configuration, notices)
  return {
    digest: statement.digest,
    append: () => appendCharter(configuration, store, statement, wanted.now),
  }
}

const noTerms = () => new SetupError('SETUP_TERMS', 'the terms of the last epoch are not here')

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
export interface NextCharter extends CharterPlan {
  /** Signers of people that the authority does not know yet. */
  readonly keys: readonly string[]
}

/**
 * Proposes the charter that follows: officers approve it, and the custodian lets it come into force.
 *
 * @param administrator whose container signs
 * @returns the statement digest
 * @throws SetupError SETUP_CHARTER as `nextCharter`, and if it is refused
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
    const { charters, terms } = await store.recovery.ground(trustOf(configuration), wanted.tenant)
    if (!charters) throw new SetupError('SETUP_CHARTER', 'there is no charter that another one could follow')
    if (!terms) throw noTerms()
    const ground = { terms, by: by.signer, now: wanted.now }
    const charter = nextCharter(charters.latest.statement, wanted, ground)
    const statement = admitCharter(charter, by, wanted.keys, configuration, notices)
    await appendCharter(configuration, store, statement, wanted.now)
    return statement.digest
  })
}

/** A charter that is proposed and not decided. */
export interface OpenProposal {
  /** The statement digest. */
  readonly digest: Uint8Array
  readonly charter: Charter
  readonly state: RecoveryState
}

const MOST_SUBJECTS = 100

/** The proposals of a tenant that are open, the newest first. */
export async function listProposals(
  configuration: Configuration,
  tenant: string,
  now: number,
): Promise<OpenProposal[]> {
  return withStore(configuration, async (store) => {
    const search = { kind: 'charter', state: 'open', limit: MOST_SUBJECTS } as const
    const found = await store.recovery.subjects(trustOf(configuration), tenant, search, now)
    return found.flatMap((subject) =>
      subject.kind === 'charter'
        ? [{ digest: subject.row.digest, charter: subject.statement.payload, state: subject.state }]
        : [],
    )
  })
}

/** When each person of a tenant was last heard of, by id: they approved one of the newest subjects. Milliseconds since 1970. */
export async function lastHeard(
  configuration: Configuration,
  tenant: string,
  now: number,
): Promise<Map<string, number>> {
  return withStore(configuration, async (store) => {
    const heard = new Map<string, number>()
    const subjects = await store.recovery.subjects(
      trustOf(configuration),
      tenant,
      { limit: MOST_SUBJECTS },
      now,
    )
    for (const { payload, received } of subjects.flatMap(({ approvals }) => approvals)) {
      heard.set(payload.person, Math.max(received, heard.get(payload.person) ?? 0))
    }
    return heard
  })
}
