import { randomBytes } from 'node:crypto'
import { wipe } from '@strongroom/core/bytes'
import { SigningKey, type KeyContainer } from '@strongroom/core/container'
import { encodeInvitation, signerIdOf } from '@strongroom/core/protocol'
import type { Configuration } from '../config/index.ts'
import { sha256, type ClientRow, type ClientState } from '../model/index.ts'
import type { Store } from '../store/index.ts'
import { draftCharter, type FirstCharterPlan } from './charters.ts'
import { checkNote, checkTenant } from './checked-names.ts'
import { withStore } from './opening.ts'
import { SetupError } from './setup-error.ts'

const DAY_MS = 86_400_000
const SEED_BYTES = 32

/** Whom to invite. */
export interface NewInvitation {
  readonly tenant: string
  /** For whom it is: the administrator's note, shown to no client. */
  readonly name: string
  readonly days: number
  /** Milliseconds since 1970. */
  readonly now: number
}

/** An invitation that was made. */
export interface MadeInvitation {
  /** For the one person that it is for: a secret until it is used. It is kept nowhere. */
  readonly text: string
  readonly tenant: string
  readonly expires: number
  /** What the authority knows of it: the key id of its public key. */
  readonly id: Uint8Array
}

/**
 * Makes an invitation. The authority keeps its public key's id alone.
 *
 * @throws SetupError SETUP_NAME, SETUP_TENANT
 */
export async function invite(
  configuration: Configuration,
  { tenant, name, days, now }: NewInvitation,
): Promise<MadeInvitation> {
  checkNote(name)
  checkTenant(tenant)
  const { url, identity } = configuration
  const expires = Math.floor(now / 1000) * 1000 + days * DAY_MS
  const secret = new Uint8Array(randomBytes(SEED_BYTES))
  try {
    const pair = SigningKey.fromSecretBytes('ed25519', secret)
    const id = signerIdOf(sha256, pair.signer.toString())
    pair.wipe()
    const text = encodeInvitation({ url, tenant, identity, secret, expires })
    const added = await withStore(configuration, (store) =>
      store.addInvitation({ tenant, id, name, created: now, expires }),
    )
    if (!added) throw noTenant(tenant)
    return { text, tenant, expires, id }
  } finally {
    wipe(secret)
  }
}

/** Who decides in a tenant from its beginning, and the identity key, which signs that. */
export type TenantBeginning = Omit<FirstCharterPlan, 'tenant' | 'now'> & { readonly identity: KeyContainer }

/**
 * Adds a tenant, with its first charter if there is to be one. What is wrong with the charter is found out before the tenant is there.
 *
 * @returns the digest of the charter
 * @throws SetupError SETUP_TENANT if there is one of that name; SETUP_NAME; what `newCharter` throws
 */
export async function addTenant(
  configuration: Configuration,
  tenant: string,
  now: number,
  beginning?: TenantBeginning,
): Promise<Uint8Array | undefined> {
  checkTenant(tenant)
  return withStore(configuration, async (store) => {
    const draft = beginning && (await draftCharter(configuration, store, { ...beginning, tenant, now }))
    const added = await store.addTenant({ tenant, created: now })
    if (!added) throw new SetupError('SETUP_TENANT', `there is a tenant ${tenant} already`)
    await draft?.append()
    return draft?.digest
  })
}

/** What is said of a tenant. */
export interface TenantSummary {
  readonly tenant: string
  readonly created: number
  readonly clients: number
  readonly suspended: number
  /** Invitations that can still be used. */
  readonly invitations: number
  readonly deposits: number
  readonly bytes: number
}

/** All tenants, by name. */
export async function listTenants(configuration: Configuration, now: number): Promise<TenantSummary[]> {
  return withStore(configuration, (store) => tenantsOf(store, now))
}

/** The same of a store that is open. */
export async function tenantsOf(store: Store, now: number): Promise<TenantSummary[]> {
  const summaries: TenantSummary[] = []
  for (const { tenant, created } of await store.tenants()) {
    const clients = await store.clients(tenant)
    const open = (await store.invitations(tenant)).filter(({ spent, expires }) => !spent && expires > now)
    const usage = await store.usage({ tenant, client: '' })
    const suspended = clients.filter(({ state }) => state === 'suspended').length
    summaries.push({
      tenant,
      created,
      clients: clients.length,
      suspended,
      invitations: open.length,
      ...usage,
    })
  }
  return summaries
}

/** A client and what is stored for it. */
export interface ClientSummary extends Pick<ClientRow, 'tenant' | 'client' | 'name' | 'received' | 'state'> {
  readonly deposits: number
  readonly bytes: number
  /** For whom its invitation was made: the administrator's note. */
  readonly invited: string
}

/** The clients of a tenant, or of all, in the order in which they enrolled. @throws SetupError SETUP_TENANT */
export async function listClients(configuration: Configuration, only?: string): Promise<ClientSummary[]> {
  return withStore(configuration, async (store) => {
    const tenants = (await store.tenants()).filter(({ tenant }) => only === undefined || tenant === only)
    if (only !== undefined && tenants.length === 0) throw noTenant(only)
    const summaries: ClientSummary[] = []
    for (const { tenant } of tenants) {
      for (const { client, name, received, state, invitation } of await store.clients(tenant)) {
        const usage = await store.usage({ tenant, client })
        const invited = (await store.invitation(tenant, invitation))?.name ?? ''
        summaries.push({ tenant, client, name, received, state, invited, ...usage })
      }
    }
    return summaries
  })
}

/** Lets a client deposit, or not. @returns its tenant. @throws SetupError SETUP_CLIENT */
export async function setClientState(
  configuration: Configuration,
  client: string,
  state: ClientState,
): Promise<string> {
  return withStore(configuration, async (store) => {
    const found = await store.client(client)
    if (!found || !(await store.setClientState(found, state))) {
      throw new SetupError('SETUP_CLIENT', 'there is no client of that id')
    }
    return found.tenant
  })
}

function noTenant(tenant: string): SetupError {
  return new SetupError('SETUP_TENANT', `there is no tenant ${tenant}`)
}
