import { type SessionKey, wincrypt } from '@strongroom/core/cryptoapi'
import { algorithmName } from './algorithm-names.ts'
import { asUsage, keyFromOldPassword } from './derived-keys.ts'
import { rc2EffectiveBits, type SampleFormatValues } from './sample-options.ts'

/** The key of a file under a password. @param password wiped @throws as `keyFromOldPassword` */
export function keyFromPassword(values: SampleFormatValues, password: Uint8Array): SessionKey {
  const key = keyFromOldPassword(values, password)
  asUsage(() => limitRc2(key, rc2EffectiveBits(values)))
  return key
}

/** Tells RC2 how many bits of its key count; other ciphers do not ask. */
export function limitRc2(key: SessionKey, effectiveBits: number | undefined): void {
  if (effectiveBits !== undefined && key.algorithm === wincrypt.CALG_RC2) key.effectiveBits = effectiveBits
}

/** The cipher of a key, for programs. */
export function cipherFacts(key: SessionKey): { readonly algorithm: string; readonly bits: number } {
  const { row, algorithm, effectiveBits } = key
  return { algorithm: algorithmName(algorithm), bits: row.effectiveBits ?? effectiveBits }
}
