import { CRYPT_USER_PROTECTED } from '../constants.ts'
import { type ContainerStore, MemoryContainerStore } from '../container-store.ts'
import { CryptoApiError, STATUS } from '../crypto-api-error.ts'
import { SessionKey } from '../session-key.ts'
import { has } from './flags.ts'
import { HandleTable } from './handle-table.ts'

/** What one process knows: its containers, its handles, and how its last call failed. */
export abstract class ApiState {
  protected readonly store: ContainerStore
  protected readonly handles = new HandleTable()
  /** Contexts that ask the user nothing. */
  protected readonly silent = new Set<number>()
  #lastError = 0

  /** @param options.store where key containers are kept; without one they live as long as this object */
  constructor(options: { readonly store?: ContainerStore } = {}) {
    this.store = options.store ?? new MemoryContainerStore()
  }

  /** The status of the last function that failed, unsigned; 0 if none has. */
  GetLastError(): number {
    return this.#lastError
  }

  /** Runs a function and turns a refusal into its status. Anything else is a fault of ours, and is thrown. */
  protected run(call: () => void): boolean {
    try {
      call()
      return true
    } catch (error) {
      if (!(error instanceof CryptoApiError)) throw error
      this.#lastError = STATUS[error.code]
      return false
    }
  }

  /** @throws CryptoApiError NTE_BAD_KEY for a key pair */
  protected sessionKey(handle: number): SessionKey {
    const { key } = this.handles.key(handle)
    if (key instanceof SessionKey) return key
    throw new CryptoApiError('NTE_BAD_KEY', 'this takes a session key')
  }

  /** CRYPT_USER_PROTECTED would ask the user, which a silent context forbids. */
  protected refuseQuestions(hProv: number, flags: number): void {
    if (!has(flags, CRYPT_USER_PROTECTED) || !this.silent.has(hProv)) return
    throw new CryptoApiError('NTE_SILENT_CONTEXT', 'a silent context asks the user nothing')
  }
}
