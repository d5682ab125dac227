import type { Kysely } from 'kysely'
import { equalBytes, toHex } from '@strongroom/core/bytes'
import {
  ACTS,
  custodianAt,
  fingerprintOf,
  LIMITS,
  parseEnvelope,
  parseJson,
  parseTerms,
  ProtocolError,
  statementDigest,
  verifyCharters,
  type ActName,
  type ActPayloads,
  type AuthorityTrust,
  type CharterChain,
  type CharterLink,
  type Envelope,
  type Epoch,
  type Logged,
  type Terms,
} from '@strongroom/core/protocol'
import { sha256 } from '../model/digest.ts'
import { readEpochs } from './read-statements.ts'
import type { Schema } from './schema.ts'
import { StoreError } from './store-error.ts'

/** By what all that happens in a tenant is judged. */
export interface RecoveryGround {
  readonly tenant: string
  /** The fingerprint of the authority. */
  readonly identity: string
  readonly epochs: readonly { readonly epoch: Epoch; readonly index: number }[]
  /** The policy document of the last epoch, if the authority has it and it is one. */
  readonly terms: Terms | undefined
  readonly termsBytes: Uint8Array | undefined
  /** Charters that are or were in force; undefined before the first. */
  readonly charters: CharterChain | undefined
  readonly links: readonly CharterLink[]
}

/** A statement that is kept, with what is known of it. */
export interface KeptStatement<T> extends Logged<T> {
  readonly received: number
  readonly envelope: Envelope
}

/** Whose statements count as the custodian's in a log of so many leaves. */
export function custodianOf({ epochs }: Pick<RecoveryGround, 'epochs'>, index: number): string | undefined {
  return custodianAt(epochs, index)
}

/** The epochs, terms and charters of a tenant. */
export async function readGround(
  db: Kysely<Schema>,
  trust: AuthorityTrust,
  tenant: string,
): Promise<RecoveryGround> {
  const epochs = (await readEpochs(db)).map(({ bytes, index }) => {
    return { epoch: payloadOf('epoch', parseEnvelope(bytes)), index }
  })
  const termsBytes = await readTerms(db, epochs.at(-1)?.epoch.policy)
  const links = await readLinks(db, tenant)
  const identity = trust.identity.startsWith('SHA256:')
    ? trust.identity
    : fingerprintOf(sha256, trust.identity)
  const charters = links.length > 0 ? chainOf(links, { trust, tenant, epochs }) : undefined
  return { tenant, identity, epochs, terms: termsOf(termsBytes), termsBytes, charters, links }
}

/** The payload of an envelope that was admitted. */
export function payloadOf<K extends ActName>(act: K, envelope: Envelope): ActPayloads[K] {
  return parseJson(ACTS[act].payload, envelope.payload, LIMITS.payloadBytes)
}

/** A statement of a tenant that is of that act; undefined if there is none. */
export async function readKept<K extends ActName>(
  db: Kysely<Schema>,
  tenant: string,
  act: K,
  digest: Uint8Array,
): Promise<KeptStatement<ActPayloads[K]> | undefined> {
  const row = await db
    .selectFrom('statement')
    .select(['bytes', 'leaf', 'received'])
    .where('tenant', '=', tenant)
    .where('digest', '=', digest)
    .executeTakeFirst()
  if (!row) return undefined
  const envelope = parseEnvelope(row.bytes)
  if (envelope.payloadType !== ACTS[act].payloadType) return undefined
  // A row is an index: what counts is what was signed.
  if (!equalBytes(statementDigest(sha256, envelope), digest)) {
    throw new StoreError('STORE_CORRUPT', `the row of leaf ${row.leaf} is not that of its statement`)
  }
  return { payload: payloadOf(act, envelope), digest, index: row.leaf, received: row.received, envelope }
}

/** A policy document; undefined if it was never given to the authority. */
export async function readTerms(
  db: Kysely<Schema>,
  digest: Uint8Array | undefined,
): Promise<Uint8Array | undefined> {
  if (!digest) return undefined
  const row = await db.selectFrom('terms').select('bytes').where('digest', '=', digest).executeTakeFirst()
  return row?.bytes
}

function termsOf(bytes: Uint8Array | undefined): Terms | undefined {
  try {
    return bytes && parseTerms(bytes)
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

async function readLinks(db: Kysely<Schema>, tenant: string): Promise<CharterLink[]> {
  const rows = await db
    .selectFrom('charter')
    .leftJoin('ending', (it) =>
      it.onRef('ending.tenant', '=', 'charter.tenant').onRef('ending.subject', '=', 'charter.digest'),
    )
    .select(['charter.digest', 'ending.digest as release'])
    .where('charter.tenant', '=', tenant)
    .orderBy('charter.number')
    .execute()
  const links: CharterLink[] = []
  for (const { digest, release } of rows) {
    const charter = await readKept(db, tenant, 'charter', digest)
    if (!charter) continue
    links.push({ charter, release: (release && (await readKept(db, tenant, 'release', release))) ?? null })
  }
  return links.map(({ charter, release }) => ({
    charter: { index: charter.index, envelope: charter.envelope },
    release: release && { index: release.index, envelope: release.envelope },
  }))
}

const MOST_CHAINS = 256
const chains = new Map<string, CharterChain>()

/** Verified once for each time that they change: the same links give the same chain. */
function chainOf(
  links: readonly CharterLink[],
  { trust, tenant, epochs }: Pick<RecoveryGround, 'tenant' | 'epochs'> & { readonly trust: AuthorityTrust },
): CharterChain {
  const parts = links.flatMap(({ charter, release }) =>
    [charter, release].map((it) => [
      it?.index,
      it && toHex(sha256(it.envelope.payload, ...it.envelope.signatures.map(({ sig }) => sig))),
    ]),
  )
  const key = JSON.stringify([
    trust.identity,
    tenant,
    epochs.map(({ index, epoch }) => [index, epoch.custodian]),
    parts,
  ])
  const known = chains.get(key)
  if (known) return known
  const at = (index: number) => custodianAt(epochs, index)
  const chain = verifyCharters(links, { ...trust, tenant, custodianAt: at })
  const [oldest] = chains.keys()
  if (chains.size >= MOST_CHAINS && oldest !== undefined) chains.delete(oldest)
  chains.set(key, chain)
  return chain
}
