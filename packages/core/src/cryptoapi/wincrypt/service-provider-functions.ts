import { ApiState } from './api-state.ts'
import { randomFillSync } from 'node:crypto'
import {
  CRYPT_DELETE_DEFAULT,
  CRYPT_MACHINE_DEFAULT,
  CRYPT_SILENT,
  CRYPT_USER_DEFAULT,
} from '../constants.ts'
import { CryptoApiError } from '../crypto-api-error.ts'
import { type ProviderRow, PROVIDERS } from '../provider-table.ts'
import { has } from './flags.ts'
import { acquire, chooseProvider, PROVIDER_TYPES } from './provider-choice.ts'
import { readProviderParameter } from './provider-parameters.ts'
import { answer, expectFlags, input, type Ref, zeroTerminated } from './size-protocol.ts'

/** The service provider functions: contexts, their parameters, and which provider is the default. */
export abstract class ServiceProviderFunctions extends ApiState {
  readonly #defaults = new Map<number, ProviderRow>()

  CryptAcquireContext(
    phProv: Ref<number>,
    szContainer: string | null,
    szProvider: string | null,
    dwProvType: number,
    dwFlags: number,
  ): boolean {
    return this.run(() => {
      const row = chooseProvider(szProvider, dwProvType, this.#defaults)
      const call = { container: szContainer, provider: szProvider, type: dwProvType, flags: dwFlags }
      const context = acquire(row, this.store, call)
      if (context === undefined) return
      phProv.value = this.handles.addContext(context)
      if (has(dwFlags, CRYPT_SILENT)) this.silent.add(phProv.value)
    })
  }

  CryptContextAddRef(hProv: number, _pdwReserved: null, dwFlags: number): boolean {
    return this.run(() => {
      const entry = this.handles.context(hProv)
      expectFlags(dwFlags, 0)
      entry.references += 1
    })
  }

  /** With flags it fails, and releases all the same. */
  CryptReleaseContext(hProv: number, dwFlags: number): boolean {
    return this.run(() => {
      if (this.handles.releaseContext(hProv)) this.silent.delete(hProv)
      expectFlags(dwFlags, 0)
    })
  }

  CryptGetProvParam(
    hProv: number,
    dwParam: number,
    pbData: Uint8Array | null,
    pdwDataLen: Ref<number>,
    dwFlags: number,
  ): boolean {
    return this.run(() =>
      readProviderParameter(this.handles.context(hProv), dwParam, pbData, pdwDataLen, dwFlags),
    )
  }

  /** There is nothing to set. */
  CryptSetProvParam(hProv: number, dwParam: number, _pbData: Uint8Array | null, _dwFlags: number): boolean {
    return this.run(() => {
      this.handles.context(hProv)
      throw new CryptoApiError('NTE_BAD_TYPE', `the parameter ${dwParam} cannot be set`)
    })
  }

  CryptSetProvider(pszProvName: string, dwProvType: number): boolean {
    return this.CryptSetProviderEx(pszProvName, dwProvType, null, CRYPT_USER_DEFAULT)
  }

  CryptSetProviderEx(
    pszProvName: string | null,
    dwProvType: number,
    _pdwReserved: null,
    dwFlags: number,
  ): boolean {
    return this.run(() => {
      expectFlags(dwFlags, CRYPT_MACHINE_DEFAULT | CRYPT_USER_DEFAULT | CRYPT_DELETE_DEFAULT)
      if (has(dwFlags, CRYPT_DELETE_DEFAULT)) this.#defaults.delete(dwProvType)
      else this.#defaults.set(dwProvType, chooseProvider(pszProvName, dwProvType, this.#defaults))
    })
  }

  CryptGetDefaultProvider(
    dwProvType: number,
    _pdwReserved: null,
    dwFlags: number,
    pszProvName: Uint8Array | null,
    pcbProvName: Ref<number>,
  ): boolean {
    return this.run(() => {
      expectFlags(dwFlags, CRYPT_MACHINE_DEFAULT | CRYPT_USER_DEFAULT)
      const { name } = chooseProvider(null, dwProvType, this.#defaults)
      answer(zeroTerminated(name), pszProvName, pcbProvName)
    })
  }

  CryptEnumProviders(
    dwIndex: number,
    _pdwReserved: null,
    dwFlags: number,
    pdwProvType: Ref<number>,
    szProvName: Uint8Array | null,
    pcbProvName: Ref<number>,
  ): boolean {
    return this.run(() => {
      expectFlags(dwFlags, 0)
      const { name, type } = item(PROVIDERS, dwIndex)
      pdwProvType.value = type
      answer(zeroTerminated(name), szProvName, pcbProvName)
    })
  }

  CryptEnumProviderTypes(
    dwIndex: number,
    _pdwReserved: null,
    dwFlags: number,
    pdwProvType: Ref<number>,
    szTypeName: Uint8Array | null,
    pcbTypeName: Ref<number>,
  ): boolean {
    return this.run(() => {
      expectFlags(dwFlags, 0)
      const [type, name] = item([...PROVIDER_TYPES], dwIndex)
      pdwProvType.value = type
      answer(zeroTerminated(name), szTypeName, pcbTypeName)
    })
  }

  CryptGenRandom(hProv: number, dwLen: number, pbBuffer: Uint8Array): boolean {
    return this.run(() => {
      this.handles.context(hProv)
      randomFillSync(input(pbBuffer, dwLen))
    })
  }
}

function item<T>(items: readonly T[], index: number): T {
  const found = items[index]
  if (found === undefined) throw new CryptoApiError('ERROR_NO_MORE_ITEMS', 'the enumeration is over')
  return found
}
