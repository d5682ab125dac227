import type { Configuration } from '../config/index.ts'
import type { ContactRow } from '../store/index.ts'
import { withStore } from './opening.ts'

/** Says where somebody is told: the people of a tenant, or the owner of a client. */
export async function addContact(configuration: Configuration, contact: ContactRow): Promise<void> {
  await withStore(configuration, (store) => store.recovery.notices.addContact(contact))
}

/** False if there was no such contact. */
export async function removeContact(configuration: Configuration, contact: ContactRow): Promise<boolean> {
  return withStore(configuration, (store) => store.recovery.notices.removeContact(contact))
}

/** Where the people of a tenant and its clients are told. */
export async function listContacts(configuration: Configuration, tenant: string): Promise<ContactRow[]> {
  return withStore(configuration, (store) => store.recovery.notices.contacts(tenant))
}
