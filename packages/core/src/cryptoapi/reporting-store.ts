import type { ContainerChange, ContainerScope, ContainerStore, StoredContainer } from './container-store.ts'
import { CryptoApiError, type CryptoApiErrorCode } from './crypto-api-error.ts'

/**
 * A store whose failures are those of the functions that use it; what the store itself said is the `cause`.
 *
 * NTE_KEYSET_ENTRY_BAD: it cannot be read; NTE_FAIL: it cannot be written.
 */
export class ReportingStore implements ContainerStore {
  readonly #store: ContainerStore

  constructor(store: ContainerStore) {
    this.#store = store
  }

  names(scope: ContainerScope): string[] {
    return reporting('NTE_KEYSET_ENTRY_BAD', () => this.#store.names(scope))
  }

  read(scope: ContainerScope, name: string): StoredContainer | undefined {
    return reporting('NTE_KEYSET_ENTRY_BAD', () => this.#store.read(scope, name))
  }

  update(scope: ContainerScope, name: string, change: ContainerChange): void {
    reporting('NTE_FAIL', () => this.#store.update(scope, name, change))
  }
}

function reporting<T>(code: CryptoApiErrorCode, call: () => T): T {
  try {
    return call()
  } catch (cause) {
    if (cause instanceof CryptoApiError) throw cause
    const what = code === 'NTE_FAIL' ? 'written' : 'read'
    throw new CryptoApiError(code, `the key containers could not be ${what}`, { cause })
  }
}
