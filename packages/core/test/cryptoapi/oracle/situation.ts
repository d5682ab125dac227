import { type CryptoApiErrorCode, PROVIDERS, STATUS, wincrypt } from '../../../src/cryptoapi/index.ts'
import { ancestryOf } from './ancestry.ts'
import type { Played } from './run-sequence.ts'
import { PROVIDER_IDS, type ProviderName } from './sequence-writer.ts'
import { sealedLength } from './sealed-block.ts'
import { numberOf, type Step, textOf } from './step.ts'
import { pairOfBlob, type TestPair } from './test-pairs.ts'
import type { Answer } from './wine-driver.ts'

/** Two answers to one call, and what was called before it. */
export interface Situation {
  readonly provider: ProviderName
  readonly step: Step
  readonly wine: Answer
  readonly ours: Answer
  readonly past: readonly Played[]
}

export const DES_FAMILY: ReadonlySet<number> = new Set([
  wincrypt.CALG_DES,
  wincrypt.CALG_3DES,
  wincrypt.CALG_3DES_112,
])
export const SALTED: ReadonlySet<number> = new Set([wincrypt.CALG_RC2, wincrypt.CALG_RC4])

/** Whether a call failed with one of these. */
export function failedWith(answer: Answer, ...codes: CryptoApiErrorCode[]): boolean {
  return !answer.ok && codes.some((code) => STATUS[code] === answer.err)
}

/** Wine succeeds, we fail with one of these. */
export function onlyWine({ wine, ours }: Situation, ...codes: CryptoApiErrorCode[]): boolean {
  return wine.ok && failedWith(ours, ...codes)
}

/** Both fail, each with one of its own codes. */
export function bothFail(
  { wine, ours }: Situation,
  theirs: readonly CryptoApiErrorCode[],
  own: readonly CryptoApiErrorCode[],
): boolean {
  return failedWith(wine, ...theirs) && failedWith(ours, ...own)
}

/** Both succeed, and what they answered differs. */
export function bothAnswer({ wine, ours }: Situation): boolean {
  return wine.ok && ours.ok
}

export const calls = ({ step }: Pick<Situation, 'step'>, ...fns: string[]): boolean => fns.includes(step.fn)
export const hasFlag = (step: Step, flag: number): boolean => (numberOf(step, 'flags') & flag) !== 0

/** The call that a key or hash comes from, through its duplicates. */
export function originOf(past: readonly Played[], name: string): Played | undefined {
  const creation = past.find(({ step }) => step['out'] === name)
  if (creation === undefined || !creation.step.fn.startsWith('CryptDuplicate')) return creation
  return originOf(past, textOf(creation.step, creation.step.fn === 'CryptDuplicateKey' ? 'key' : 'hash'))
}

/** What made the key and the hash of this call what they are; see `ancestryOf`. */
export function ancestors({ past, step }: Situation): Played[] {
  return ['key', 'hash'].flatMap((argument) => ancestryOf(past, textOf(step, argument)))
}

/** The origin of the key of this call. */
export function keyOrigin({ past, step }: Pick<Situation, 'past' | 'step'>): Step | undefined {
  return originOf(past, textOf(step, 'key'))?.step
}

/** The ALG_ID of the key that a step makes or names first: from its argument or its blob. */
export function madeAlgorithm(step: Step): number {
  return step['alg'] === undefined ? littleEndianAt(textOf(step, 'blob'), 4) : numberOf(step, 'alg')
}

/** Four bytes of hexadecimal text as a number; NaN beyond its end. */
export function littleEndianAt(hex: string, offset: number): number {
  const bytes = hex.slice(offset * 2, offset * 2 + 8)
  return bytes.length < 8 ? Number.NaN : Number.parseInt(bytes.match(/../g)?.toReversed().join('') ?? '', 16)
}

/** The ALG_ID of the hash of this call; NaN if there is none. */
export function hashAlgorithm({ past, step }: Pick<Situation, 'past' | 'step'>): number {
  return Number(originOf(past, textOf(step, 'hash'))?.step['alg'])
}

export const KEYED_HASHES: ReadonlySet<number> = new Set([wincrypt.CALG_HMAC, wincrypt.CALG_MAC])

/** The key length in bits that flags ask for, 0 for the default. */
export const bitsOf = (step: Step): number => numberOf(step, 'flags') >>> 16

/** The type of a key blob; NaN of an empty one. */
export const blobType = (step: Step): number => Number.parseInt(textOf(step, 'blob').slice(0, 2), 16)

const PAIR_ALGORITHMS: ReadonlySet<number> = new Set([
  wincrypt.CALG_RSA_KEYX,
  wincrypt.CALG_RSA_SIGN,
  wincrypt.AT_KEYEXCHANGE,
  wincrypt.AT_SIGNATURE,
])

/** Whether a handle of this call stands for an RSA pair. */
export function isPair({ past, step }: Pick<Situation, 'past' | 'step'>, argument = 'key'): boolean {
  const origin = originOf(past, textOf(step, argument))?.step
  if (origin === undefined) return false
  return origin.fn === 'CryptGetUserKey' || PAIR_ALGORITHMS.has(madeAlgorithm(origin))
}

/** Whether a handle of this call stands for a session key. */
export function isSessionKey(at: Pick<Situation, 'past' | 'step'>, argument = 'key'): boolean {
  return originOf(at.past, textOf(at.step, argument)) !== undefined && !isPair(at, argument)
}

/** The test pair that a handle of this call stands for; undefined if the provider has made it. */
export function testPairOf({ past, step }: Situation, argument: string): TestPair | undefined {
  const handle = textOf(step, argument)
  const born = past.findIndex((played) => played.step['out'] === handle)
  const creation = past[born]?.step
  if (creation?.fn !== 'CryptGetUserKey') return pairOfBlob(textOf(creation ?? step, 'blob'))
  const installed = installedPair(past.slice(0, born), textOf(creation, 'prov'), numberOf(creation, 'spec'))
  return installed === undefined ? undefined : pairOfBlob(textOf(installed, 'blob'))
}

const PAIR_BY_SPEC: ReadonlyMap<number, number> = new Map([
  [wincrypt.AT_KEYEXCHANGE, wincrypt.CALG_RSA_KEYX],
  [wincrypt.AT_SIGNATURE, wincrypt.CALG_RSA_SIGN],
])

/** The call that put the pair into a context that a key specification means. */
export function installedPair(past: readonly Played[], context: string, spec: number): Step | undefined {
  const use = PAIR_BY_SPEC.get(spec)
  if (use === undefined) return undefined
  return past.findLast(
    ({ step, wine }) =>
      wine.ok &&
      step['prov'] === context &&
      ((blobType(step) === wincrypt.PRIVATEKEYBLOB && madeAlgorithm(step) === use) ||
        (step.fn === 'CryptGenKey' && [use, spec].includes(madeAlgorithm(step)))),
  )?.step
}

/** Bytes in a block of the key of this call; 0 for RC4 and for pairs. */
export function blockOfKey(at: Pick<Situation, 'past' | 'step'>): number {
  const origin = keyOrigin(at)
  if (origin === undefined || isPair(at)) return 0
  const algorithm = madeAlgorithm(origin)
  if (algorithm === wincrypt.CALG_RC4) return 0
  return algorithm === wincrypt.CALG_RC2 || DES_FAMILY.has(algorithm) ? 8 : 16
}

/** Whether a pair opens something here whose padding is wrong, or of the wrong length for its algorithm. */
export function opensBadBlock(at: Situation): boolean {
  const [argument, hex] =
    at.step.fn === 'CryptDecrypt'
      ? ['key', textOf(at.step, 'data')]
      : ['pubKey', textOf(at.step, 'blob').slice(24)]
  const pair = testPairOf(at, argument)
  if (pair === undefined) return false
  const padding = hasFlag(at.step, wincrypt.CRYPT_OAEP) ? 'oaep' : 'pkcs1'
  const length = sealedLength(pair, Uint8Array.fromHex(hex).slice(0, pair.bits / 8), padding)
  if (length === undefined || at.step.fn === 'CryptDecrypt') return length === undefined
  return !isKeyLength(at.provider, madeAlgorithm(at.step), length)
}

/** Whether the provider takes a key of so many bytes for this cipher. */
function isKeyLength(provider: ProviderName, algorithm: number, bytes: number): boolean {
  const row = PROVIDERS.find(({ id }) => id === PROVIDER_IDS[provider])
  const bits = row?.algorithms.get(algorithm)
  if (bits === undefined) return false
  if (SALTED.has(algorithm)) return bytes * 8 >= bits.min && bytes * 8 <= bits.max
  return bytes === (DES_FAMILY.has(algorithm) ? (bits.max / 7) * 8 : bits.max) / 8
}

/** Both sides answer, or find bad padding at the end of what they decrypted. */
export function answerOrBadData({ wine, ours }: Situation): boolean {
  return [wine, ours].every((each) => each.ok || each.err === STATUS.NTE_BAD_DATA)
}

/** The calls before this one, of those that made its key and hash what they are, that were made within a message. */
export function madeWithinMessage(at: Situation): Step[] {
  const found: Step[] = []
  let open = false
  const related = new Set(ancestors(at))
  for (const { step, ours } of at.past.filter((played) => related.has(played) && played.ours.ok)) {
    if (open) found.push(step)
    const processes = ours.data !== undefined && ['CryptEncrypt', 'CryptDecrypt'].includes(step.fn)
    if (processes) open = numberOf(step, 'final') === 0
  }
  return found
}
