import { type BitLengths, CIPHERS, HASHES, PAIRS } from './algorithm-table.ts'
import {
  CALG_3DES,
  CALG_3DES_112,
  CALG_AES_128,
  CALG_AES_192,
  CALG_AES_256,
  CALG_DES,
  CALG_HMAC,
  CALG_MAC,
  CALG_MD2,
  CALG_MD4,
  CALG_MD5,
  CALG_RC2,
  CALG_RC4,
  CALG_RSA_KEYX,
  CALG_RSA_SIGN,
  CALG_SHA1,
  CALG_SHA_256,
  CALG_SHA_384,
  CALG_SHA_512,
  CALG_SSL3_SHAMD5,
  MS_DEF_PROV,
  MS_ENH_RSA_AES_PROV,
  MS_ENHANCED_PROV,
  MS_STRONG_PROV,
  PROV_RSA_AES,
  PROV_RSA_FULL,
} from './constants.ts'

/** The short names of the four providers, weakest first. */
export type ProviderId = 'base' | 'strong' | 'enhanced' | 'enhanced-aes'

/** What sets one provider apart from another. */
export interface ProviderRow {
  readonly id: ProviderId
  /** The published name, as CryptAcquireContext takes it. */
  readonly name: string
  readonly type: typeof PROV_RSA_FULL | typeof PROV_RSA_AES
  /** Whether it is the one that its type means when no name is given. */
  readonly typeDefault: boolean
  /** Every ALG_ID it supports, in the order in which PP_ENUMALGS lists them, with lengths in bits. */
  readonly algorithms: ReadonlyMap<number, BitLengths>
  /** Whether KP_SALT and CRYPT_CREATE_SALT give the eleven bytes of the export rules (Base and Strong only). */
  readonly exportSalt: boolean
  /** The only effective length that RC2 takes, in bits, or undefined if any. */
  readonly rc2EffectiveBits: number | undefined
}

/** RSA key pairs grow by this many bits: PP_SIG_KEYSIZE_INC and PP_KEYX_KEYSIZE_INC. */
export const PAIR_STEP_BITS = 8

const bits = (standard: number, min = standard, max = standard): BitLengths => ({
  default: standard,
  min,
  max,
})
const BASE_HASHES = [CALG_SHA1, CALG_MD2, CALG_MD4, CALG_MD5, CALG_SSL3_SHAMD5, CALG_MAC, CALG_HMAC]
const SHA2_HASHES = [CALG_SHA_256, CALG_SHA_384, CALG_SHA_512]
const TRIPLE_DES = [CALG_3DES_112, CALG_3DES]
const AES = [CALG_AES_128, CALG_AES_192, CALG_AES_256]

/** The lengths of an algorithm whose row alone decides them. */
function fixed(algorithm: number): [number, BitLengths] {
  const effective = CIPHERS.get(algorithm)?.effectiveBits
  return [algorithm, bits(effective ?? (HASHES.get(algorithm)?.length ?? 0) * 8)]
}

function algorithms(
  rivest: BitLengths,
  ciphers: readonly number[],
  hashes: readonly number[],
  signature: BitLengths,
  exchange: BitLengths,
): ReadonlyMap<number, BitLengths> {
  return new Map<number, BitLengths>([
    [CALG_RC2, rivest],
    [CALG_RC4, rivest],
    ...[CALG_DES, ...ciphers, ...hashes].map(fixed),
    [CALG_RSA_SIGN, signature],
    [CALG_RSA_KEYX, exchange],
  ])
}

const STRONG_PAIR = bits(1024, 384, 16384)
const STRONG = algorithms(bits(128, 40, 128), TRIPLE_DES, BASE_HASHES, STRONG_PAIR, STRONG_PAIR)

/** The providers. Source: Microsoft, "Cryptographic Provider Names"; `docs/cryptoapi.md` has the evidence for every length. */
export const PROVIDERS: readonly ProviderRow[] = [
  {
    id: 'base',
    name: MS_DEF_PROV,
    type: PROV_RSA_FULL,
    typeDefault: false,
    algorithms: algorithms(bits(40, 40, 56), [], BASE_HASHES, bits(512, 384, 16384), bits(512, 384, 1024)),
    exportSalt: true,
    rc2EffectiveBits: 40,
  },
  {
    id: 'strong',
    name: MS_STRONG_PROV,
    type: PROV_RSA_FULL,
    typeDefault: true,
    algorithms: STRONG,
    exportSalt: true,
    rc2EffectiveBits: undefined,
  },
  {
    id: 'enhanced',
    name: MS_ENHANCED_PROV,
    type: PROV_RSA_FULL,
    typeDefault: false,
    algorithms: STRONG,
    exportSalt: false,
    rc2EffectiveBits: undefined,
  },
  {
    id: 'enhanced-aes',
    name: MS_ENH_RSA_AES_PROV,
    type: PROV_RSA_AES,
    typeDefault: true,
    algorithms: algorithms(
      bits(128, 40, 128),
      [...TRIPLE_DES, ...AES],
      [...BASE_HASHES, ...SHA2_HASHES],
      STRONG_PAIR,
      STRONG_PAIR,
    ),
    exportSalt: false,
    rc2EffectiveBits: undefined,
  },
]

/** The name and long name of an algorithm that some provider lists. */
export function algorithmNames(algorithm: number): { readonly name: string; readonly longName: string } {
  const row = CIPHERS.get(algorithm) ?? HASHES.get(algorithm) ?? PAIRS.get(algorithm)
  if (row === undefined) throw new RangeError(`no algorithm 0x${algorithm.toString(16)}`)
  return row
}
