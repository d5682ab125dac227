import type { Configuration } from '../config/index.ts'
import type { ContactRow, Store } from '../store/index.ts'
import { checkTenant } from './checked-names.ts'
import { withStore } from './opening.ts'
import { SetupError } from './setup-error.ts'

const MOST_ADDRESS = 254
/** One address and nothing that a list or a header could be made of. */
const MAIL = /^[^\s@<>()[\],;:"\\]+@[^\s@<>()[\],;:"\\]+$/

/**
 * Says where somebody is told: the people of a tenant, or the owner of a client. The same again changes nothing.
 *
 * @throws SetupError SETUP_CONTACT for no mail address, SETUP_TENANT, SETUP_CLIENT if the tenant has no such client; StoreError
 */
export async function addContact(configuration: Configuration, contact: ContactRow): Promise<void> {
  const { tenant, client, channel, address } = contact
  if (channel === 'mail' && !(MAIL.test(address) && address.length <= MOST_ADDRESS)) {
    throw new SetupError('SETUP_CONTACT', 'expected one mail address, as in person@example.org')
  }
  await withStore(configuration, async (store) => {
    await checkKnown(store, tenant)
    const clients = client === '' ? [client] : (await store.clients(tenant)).map((row) => row.client)
    if (!clients.includes(client)) {
      throw new SetupError('SETUP_CLIENT', `there is no client of that id in the tenant ${tenant}`)
    }
    await store.recovery.notices.addContact(contact)
  })
}

/** Tells them no more. @throws SetupError SETUP_CONTACT if there was no such contact, SETUP_TENANT; StoreError */
export async function removeContact(configuration: Configuration, contact: ContactRow): Promise<void> {
  await withStore(configuration, async (store) => {
    await checkKnown(store, contact.tenant)
    if (await store.recovery.notices.removeContact(contact)) return
    throw new SetupError('SETUP_CONTACT', 'nobody is told there')
  })
}

/** Where the people of a tenant and its clients are told, the people first. @throws SetupError SETUP_TENANT; StoreError */
export async function listContacts(configuration: Configuration, tenant: string): Promise<ContactRow[]> {
  return withStore(configuration, async (store) => {
    await checkKnown(store, tenant)
    const contacts = await store.recovery.notices.contacts(tenant)
    return contacts.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
  })
}

const keyOf = ({ client, channel, address }: ContactRow) => `${client} ${channel} ${address}`

async function checkKnown(store: Store, tenant: string): Promise<void> {
  checkTenant(tenant)
  if ((await store.tenants()).some((row) => row.tenant === tenant)) return
  throw new SetupError('SETUP_TENANT', `there is no tenant ${tenant}`)
}
