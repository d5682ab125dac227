import type { ClientRow } from '../model/index.ts'
import type { Store } from '../store/index.ts'
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

  /** The client of that id; undefined if there is none, which is not remembered. */
  find(clientId: string): Promise<ClientRow | undefined> {
    const known = this.#known.get(clientId)
    if (known && this.#now() < known.until) return known.row
    const row = this.#store.client(clientId)
    // Others who ask meanwhile wait for the same answer.
    this.#known.set(clientId, { row, until: this.#now() + CLIENT_ROW_MS })
    const forget = () => {
      if (this.#known.get(clientId)?.row === row) this.#known.delete(clientId)
    }
    row.then((found) => found ?? forget(), forget)
    return row
  }
}
