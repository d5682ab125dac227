import { equalBytes } from '../bytes/index.ts'
import {
  custodianAt,
  parseTerms,
  ProtocolError,
  statementDigest,
  verifyCharters,
  witnessPolicyOf,
  type CharterChain,
  type CharterLink,
  type CharterPage,
  type EpochChain,
  type KnownCharter,
  type LoggedEnvelope,
  type Terms,
} from '../protocol/index.ts'
import { ENTRY_KINDS, type WitnessPolicy } from '../tlog/index.ts'
import { ClientError } from './client-error.ts'
import { nodeMeans, sha256, verifyRaw } from './node-verify.ts'
import type { ProvenLog } from './recovery-log.ts'

/** Whose charters are looked at. */
export interface CharterQuestion {
  /** The fingerprint of the authority. */
  readonly identity: string
  readonly tenant: string
  readonly epochs: EpochChain
  readonly log: ProvenLog
  /** What was seen of them before. */
  readonly known?: KnownCharter | undefined
}

/** Who decides in a tenant, proved from the identity key on. */
export interface ProvenCharters {
  readonly terms: Terms
  /** The chain that was in force before a leaf of the log; all of it unless told. */
  readonly before: (index: number) => CharterChain
  readonly chain: CharterChain
  /** Whose statements count as the custodian's at a leaf. */
  readonly custodianAt: (index: number) => string | undefined
  /** Signers in text form, by fingerprint, of people of the charters: as many as the authority knows. */
  readonly keys: readonly string[]
}

/**
 * Verifies what an authority says about the charters of a tenant: docs/spec/recovery.md, "Verifying charters". Every place in the log
 * that it names is proved.
 *
 * @throws ClientError CLIENT_ALARM for places that are not those of the log, terms that no epoch names, charters that do not follow
 */
export async function proveCharters(page: CharterPage, question: CharterQuestion): Promise<ProvenCharters> {
  const { identity, tenant, epochs, log, known } = question
  const placed = await provedEpochs(page, epochs, log)
  for (const { charter, release } of page.charters) {
    await proveStatement(log, 'charter', charter)
    if (release) await proveStatement(log, 'release', release)
  }
  const custodian = (index: number) => custodianAt(placed, index)
  const verify = (links: readonly CharterLink[], seen?: KnownCharter) =>
    alarming(() =>
      verifyCharters(links, {
        ...nodeMeans,
        identity,
        tenant,
        custodianAt: custodian,
        ...(seen && { known: seen }),
      }),
    )
  const chain = verify(page.charters, known)
  return {
    terms: termsOf(page, epochs),
    chain,
    before: (index) => verify(page.charters.filter((_, i) => (chain.charters[i]?.from ?? Infinity) < index)),
    custodianAt: custodian,
    keys: page.keys,
  }
}

/** The witnesses that the terms in force ask for. */
export function witnessesOf(terms: Terms): WitnessPolicy | undefined {
  return witnessPolicyOf(terms, { sha256, verifyRaw })
}

/** Makes sure that a statement stands where it is said to. @throws ClientError CLIENT_ALARM */
export async function proveStatement(
  log: ProvenLog,
  kind: keyof typeof ENTRY_KINDS,
  { envelope, index }: LoggedEnvelope,
): Promise<void> {
  await log.prove({ kind: ENTRY_KINDS[kind], digest: statementDigest(sha256, envelope) }, index)
}

async function provedEpochs(page: CharterPage, { epochs }: EpochChain, log: ProvenLog) {
  if (page.epochs.length !== epochs.length) {
    const message = `expected the places of ${epochs.length} epochs, got ${page.epochs.length}`
    throw new ClientError('CLIENT_ALARM', message)
  }
  const placed = epochs.map(({ payload, digest }, i) => ({
    epoch: payload,
    digest,
    index: page.epochs[i] ?? 0,
  }))
  for (const { digest, index } of placed) await log.prove({ kind: ENTRY_KINDS.epoch, digest }, index)
  return placed
}

function termsOf({ terms }: CharterPage, { latest }: EpochChain): Terms {
  if (!equalBytes(sha256(terms), latest.payload.policy)) {
    throw new ClientError('CLIENT_ALARM', 'the terms are not those that the epoch names')
  }
  return alarming(() => parseTerms(terms))
}

function alarming<T>(check: () => T): T {
  try {
    return check()
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause
    throw new ClientError('CLIENT_ALARM', `the charters: ${cause.message}`, { cause })
  }
}
