import { copyOf, equalBytes, wipe } from '../../bytes/index.ts'
import { CIPHERS } from '../algorithm-table.ts'
import { CALG_DES, CALG_RC2, CALG_RC4 } from '../constants.ts'
import { setOddParity } from '../parity.ts'
import type { SeenNumbers } from './field-layout.ts'
import type { FindingCode } from './findings.ts'

/** Below it RSA moduli have been factored by people without means. */
const FACTORED_BITS = 1024
/** Below it no one recommends RSA any more. NIST SP 800-131A. */
const SHORT_BITS = 2048
/** The usual exponent; smaller ones forgive fewer mistakes. */
const USUAL_EXPONENT = 65_537
/** Every key of so many bits has been tried in public. */
const TRIED_BITS = 64
const DES_KEY_BYTES = 8

type Found = FindingCode | undefined

/** What is weak about an RSA key, by the numbers of its blob. */
export function rsaWeaknesses(numbers: SeenNumbers): Found[] {
  return [lengthWeakness(numbers.get('bitlen')), exponentWeakness(numbers.get('pubexp'))]
}

function lengthWeakness(bits: number | undefined): Found {
  if (bits === undefined || bits >= SHORT_BITS) return undefined
  return bits < FACTORED_BITS ? 'RSA_FACTORED' : 'RSA_SHORT'
}

function exponentWeakness(exponent: number | undefined): Found {
  if (exponent === undefined || exponent >= USUAL_EXPONENT) return undefined
  if (exponent === 1) return 'EXPONENT_ONE'
  return exponent % 2 === 0 ? 'EXPONENT_EVEN' : 'EXPONENT_SMALL'
}

/** What is weak about a cipher, whatever the key. */
export function cipherWeaknesses(algorithm: number): Found[] {
  const row = CIPHERS.get(algorithm)
  if (algorithm === CALG_RC4) return ['RC4']
  if (algorithm === CALG_DES) return ['DES', 'SMALL_BLOCKS']
  if (algorithm === CALG_RC2) return ['RC2', 'SMALL_BLOCKS']
  return [row?.blockLength === DES_KEY_BYTES ? 'SMALL_BLOCKS' : undefined]
}

/** What is weak about the length of a key that a blob hides. */
export function hiddenLengthWeakness(algorithm: number): Found {
  return CIPHERS.has(algorithm) && CIPHERS.get(algorithm)?.keyLength === undefined
    ? 'KEY_LENGTH_UNKNOWN'
    : undefined
}

/** What is weak about a session key that can be seen. */
export function sessionKeyWeaknesses(algorithm: number, key: Uint8Array): Found[] {
  const parity = CIPHERS.get(algorithm)?.parity === true
  return [
    !parity && key.length * 8 < TRIED_BITS ? 'KEY_SHORT' : undefined,
    parity && hasKeysAlike(key) ? 'TWO_KEYS_ALIKE' : undefined,
    parity && !hasOddParity(key) ? 'PARITY' : undefined,
  ]
}

/** K1 = K2 or K2 = K3: two of the three operations cancel. The parity bits do not count. */
function hasKeysAlike(key: Uint8Array): boolean {
  const odd = setOddParity(copyOf(key))
  const part = (i: number): Uint8Array => odd.subarray(i * DES_KEY_BYTES, (i + 1) * DES_KEY_BYTES)
  const alike =
    key.length > DES_KEY_BYTES &&
    (equalBytes(part(0), part(1)) || (key.length === 3 * DES_KEY_BYTES && equalBytes(part(1), part(2))))
  wipe(odd)
  return alike
}

function hasOddParity(key: Uint8Array): boolean {
  const odd = setOddParity(copyOf(key))
  const same = equalBytes(odd, key)
  wipe(odd)
  return same
}
