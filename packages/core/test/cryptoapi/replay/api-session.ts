import {
  CryptoApiError,
  type CryptoApiErrorCode,
  type ProviderId,
  STATUS,
  WinCrypt,
  wincrypt,
} from '@strongroom/core/cryptoapi'
import { FieldError, type Resolve } from './fields.ts'
import type { TestKeys } from './test-keys.ts'

interface NamedProvider {
  readonly id: ProviderId
  /** What CryptAcquireContext takes. */
  readonly name: string
  readonly type: number
}

/** The providers by the names that vectors use. */
const PROVIDERS: ReadonlyMap<string, NamedProvider> = new Map<string, NamedProvider>([
  ['base', { id: 'base', name: wincrypt.MS_DEF_PROV, type: wincrypt.PROV_RSA_FULL }],
  ['strong', { id: 'strong', name: wincrypt.MS_STRONG_PROV, type: wincrypt.PROV_RSA_FULL }],
  ['enh', { id: 'enhanced', name: wincrypt.MS_ENHANCED_PROV, type: wincrypt.PROV_RSA_FULL }],
  ['aes', { id: 'enhanced-aes', name: wincrypt.MS_ENH_RSA_AES_PROV, type: wincrypt.PROV_RSA_AES }],
])

/** In place of the handle of something: a number that no call has answered with. */
const BAD_HANDLE = 0x0badc0de

/** One caller of CryptoAPI with an empty key store: the handles and bytes that a case has named so far. */
export class ApiSession {
  readonly api: WinCrypt
  readonly resolve: Resolve
  readonly #handles = new Map<string, number>()
  readonly #saved = new Map<string, Uint8Array>()

  constructor(keys: TestKeys, api = new WinCrypt()) {
    this.api = api
    this.resolve = (name) => (name.startsWith('@') ? keys.get(name.slice(1)) : this.#saved.get(name.slice(1)))
  }

  /** Opens a context that stores nothing, and names it. @throws FieldError if the provider is unknown */
  openContext(handle: string, provider: string): number {
    const { name, type } = providerNamed(provider)
    const prov = { value: 0 }
    this.expect(
      'CryptAcquireContext',
      this.api.CryptAcquireContext(prov, null, name, type, wincrypt.CRYPT_VERIFYCONTEXT),
    )
    this.setHandle(handle, prov.value)
    return prov.value
  }

  /** Turns the failure of a call that should succeed into an exception. @throws CryptoApiError what GetLastError says */
  expect(fn: string, ok: boolean): void {
    if (ok) return
    const status = this.api.GetLastError()
    const code = Object.keys(STATUS).find(
      (name): name is CryptoApiErrorCode => STATUS[name as CryptoApiErrorCode] === status,
    )
    throw new CryptoApiError(code ?? 'NTE_FAIL', `${fn} fails with 0x${status.toString(16)}`)
  }

  /** The handle of a name: 0 for none. @throws FieldError for a name that no step has claimed */
  handle(name: string | null): number {
    if (name === null) return 0
    if (name === 'bad') return BAD_HANDLE
    const handle = this.#handles.get(name)
    if (handle === undefined) throw new FieldError(`no step makes the handle "${name}"`)
    return handle
  }

  /** Names a handle; whatever had the name before lives on without one. */
  setHandle(name: string, handle: number): void {
    this.#handles.set(name, handle)
  }

  /** A call failed that should have made a handle: the name keeps what it had, or means none. */
  claimHandle(name: string): void {
    if (!this.#handles.has(name)) this.#handles.set(name, 0)
  }

  /** Keeps bytes for `$name`. */
  save(name: string, bytes: Uint8Array): void {
    this.#saved.set(name, bytes.slice())
  }
}

/** The provider that a name of the vectors means. @throws FieldError if there is none */
export function providerNamed(name: string): NamedProvider {
  const provider = PROVIDERS.get(name)
  if (provider === undefined) throw new FieldError(`no provider is called "${name}"`)
  return provider
}

/** What CryptAcquireContext takes for a provider: any text that is no name of the vectors is taken as it is. */
export function providerArgument(name: string | null): string | null {
  if (name === 'default' || name === null) return null
  return PROVIDERS.get(name)?.name ?? name
}
