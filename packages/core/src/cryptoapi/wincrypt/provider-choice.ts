import { userInfo } from 'node:os'
import {
  CRYPT_DELETEKEYSET,
  CRYPT_MACHINE_KEYSET,
  CRYPT_NEWKEYSET,
  CRYPT_SILENT,
  CRYPT_VERIFYCONTEXT,
  PROV_RSA_AES,
  PROV_RSA_FULL,
} from '../constants.ts'
import type { ContainerStore } from '../container-store.ts'
import { CryptoApiError } from '../crypto-api-error.ts'
import { acquireContext, type CryptoContext, deleteContainer } from '../crypto-context.ts'
import { type ProviderRow, PROVIDERS } from '../provider-table.ts'
import { expectFlags } from './size-protocol.ts'

/** Provider types are below this. */
const PROVIDER_TYPE_LIMIT = 1000

/** The types that have providers here, with the names that CryptEnumProviderTypes gives. */
export const PROVIDER_TYPES: ReadonlyMap<number, string> = new Map([
  [PROV_RSA_FULL, 'RSA Full (Signature and Key Exchange)'],
  [PROV_RSA_AES, 'RSA Full and AES'],
])

/** What CryptAcquireContext is called with. */
export interface AcquireCall {
  readonly container: string | null
  readonly provider: string | null
  readonly type: number
  readonly flags: number
}

/**
 * The provider that a name and a type mean.
 *
 * @param defaults what CryptSetProvider has chosen, by type
 * @throws CryptoApiError NTE_BAD_PROV_TYPE; NTE_PROV_TYPE_NOT_DEF; NTE_KEYSET_NOT_DEF: no such name;
 *   NTE_PROV_TYPE_NO_MATCH
 */
export function chooseProvider(
  name: string | null,
  type: number,
  defaults: ReadonlyMap<number, ProviderRow>,
): ProviderRow {
  if (type <= 0 || type >= PROVIDER_TYPE_LIMIT) {
    throw new CryptoApiError('NTE_BAD_PROV_TYPE', `there is no provider type ${type}`)
  }
  if (name === null || name === '') {
    const standard = defaults.get(type) ?? PROVIDERS.find((row) => row.type === type && row.typeDefault)
    if (standard === undefined)
      throw new CryptoApiError('NTE_PROV_TYPE_NOT_DEF', `type ${type} has no provider here`)
    return standard
  }
  const named = PROVIDERS.find((row) => row.name === name)
  if (named === undefined) throw new CryptoApiError('NTE_KEYSET_NOT_DEF', 'there is no provider of this name')
  if (named.type !== type)
    throw new CryptoApiError('NTE_PROV_TYPE_NO_MATCH', `this provider is of type ${named.type}`)
  return named
}

/**
 * CryptAcquireContext, once the provider is known.
 *
 * @returns nothing for CRYPT_DELETEKEYSET
 * @throws CryptoApiError NTE_BAD_FLAGS; NTE_BAD_KEYSET; NTE_EXISTS; NTE_BAD_KEYSET_PARAM
 */
export function acquire(
  provider: ProviderRow,
  store: ContainerStore,
  call: AcquireCall,
): CryptoContext | undefined {
  const { flags } = call
  const known =
    CRYPT_NEWKEYSET | CRYPT_DELETEKEYSET | CRYPT_MACHINE_KEYSET | CRYPT_SILENT | CRYPT_VERIFYCONTEXT
  expectFlags(flags, known)
  // Four bits that mean something together only.
  if (![0, CRYPT_VERIFYCONTEXT].includes((flags & CRYPT_VERIFYCONTEXT) >>> 0)) {
    throw new CryptoApiError('NTE_BAD_FLAGS', 'a part of CRYPT_VERIFYCONTEXT means nothing')
  }
  const has = (flag: number): boolean => (flags & flag) !== 0
  const scope = has(CRYPT_MACHINE_KEYSET) ? 'machine' : 'user'
  const named = call.container !== null && call.container !== ''
  const contradicts = has(CRYPT_DELETEKEYSET) && (has(CRYPT_NEWKEYSET) || has(CRYPT_VERIFYCONTEXT))
  if (contradicts || (has(CRYPT_VERIFYCONTEXT) && named)) {
    throw new CryptoApiError('NTE_BAD_FLAGS', 'these flags do not go together')
  }
  if (has(CRYPT_VERIFYCONTEXT)) return acquireContext({ provider: provider.id, store, scope })
  const container = named ? (call.container ?? '') : loginName()
  if (has(CRYPT_DELETEKEYSET)) {
    deleteContainer(store, container, scope)
    return undefined
  }
  const mode = has(CRYPT_NEWKEYSET) ? 'create' : 'open'
  return acquireContext({ provider: provider.id, store, scope, container, mode })
}

/** What the default container is called. A system that has no name for its user, as in a bare image, has a number. */
function loginName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid-${process.getuid?.() ?? 0}`
  }
}
