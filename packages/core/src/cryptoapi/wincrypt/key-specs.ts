import { AT_KEYEXCHANGE, AT_SIGNATURE } from '../constants.ts'
import { CryptoApiError } from '../crypto-api-error.ts'
import { type PairUse } from '../rsa-key.ts'

const KEY_SPECS: ReadonlyMap<number, PairUse> = new Map([
  [AT_KEYEXCHANGE, 'exchange'],
  [AT_SIGNATURE, 'signature'],
])

/** The pair that a key spec means. @throws CryptoApiError NTE_NO_KEY */
export function pairUse(keySpec: number): PairUse {
  const use = KEY_SPECS.get(keySpec)
  if (use === undefined) throw new CryptoApiError('NTE_NO_KEY', `there is no key spec ${keySpec}`)
  return use
}
