import { clientIdOf, ProtocolError } from '@strongroom/core/protocol'
import { sha256, type ClientRow } from '../model/index.ts'
import { StoreError, type Store } from '../store/index.ts'
import { Recent } from './recent.ts'

/** How long a row may be used without being read again, in milliseconds. */
export const CLIENT_ROW_MS = 5_000
const MOST_CLIENTS = 4_096

interface Known {
  readonly row: Promise<ClientRow | undefined>
  readonly until: number
}

/**
 * Clients that were asked for a moment ago.
 *
 * A row tells which key signs for a client. Whether it may write is not decided by it: the store looks again, under the lock with
 * which it appends, so a suspended client is refused from that very commit on, on every node. A client that changes its key has
 * the old one for `CLIENT_ROW_MS` more.
 */
export class KnownClients {
  readonly #store: Pick<Store, 'client'>
  readonly #now: () => number
  readonly #known = new Recent<Known>(MOST_CLIENTS)

  constructor(store: Pick<Store, 'client'>, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /**
   * The client of that id; undefined if there is none, which is not remembered.
   *
   * @throws StoreError STORE_CORRUPT if the row has another key than the one that the id was made of
   */
  find(clientId: string): Promise<ClientRow | undefined> {
    const known = this.#known.get(clientId)
    if (known && this.#now() < known.until) return known.row
    const row = this.#store.client(clientId).then(checked)
    // Others who ask meanwhile wait for the same answer.
    this.#known.set(clientId, { row, until: this.#now() + CLIENT_ROW_MS })
    const forget = () => {
      if (this.#known.get(clientId)?.row === row) this.#known.delete(clientId)
    }
    row.then((found) => found ?? forget(), forget)
    return row
  }
}

/** A client's id is made of its tenant and key: whoever exchanges those in a row does not sign for somebody else with it. */
function checked(row: ClientRow | undefined): ClientRow | undefined {
  if (!row || isOwnId(row)) return row
  throw new StoreError('STORE_CORRUPT', `the row of client ${row.client} has another key than its id`)
}

function isOwnId({ tenant, client, signer }: ClientRow): boolean {
  try {
    return clientIdOf(sha256, tenant, signer) === client
  } catch (error) {
    if (error instanceof ProtocolError) return false
    throw error
  }
}
