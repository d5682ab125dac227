import { wincrypt } from '../../../src/cryptoapi/index.ts'
import {
  ancestors,
  answerOrBadData,
  bitsOf,
  blobType,
  calls,
  DES_FAMILY,
  failedWith,
  hasFlag,
  hashAlgorithm,
  installedPair,
  isPair,
  KEYED_HASHES,
  littleEndianAt,
  madeAlgorithm,
  madeWithinMessage,
  onlyWine,
  originOf,
  type Situation,
  testPairOf,
} from './situation.ts'
import type { KnownDifference } from './difference.ts'
import type { Played } from './run-sequence.ts'
import { numberOf, textOf } from './step.ts'
import { pairOfBlob } from './test-pairs.ts'

/** Where nobody knows what Windows does, or this provider has chosen the safer answer. */
export const DECIDED_DIFFERENCES: readonly KnownDifference[] = [
  {
    id: 'size-query-within-message',
    reason: 'asking for a size changes nothing; in Wine, with Final, it starts the chain over',
    ends: true,
    allows: (at) =>
      answerOrBadData(at) &&
      madeWithinMessage(at).some(
        (step) => step.fn === 'CryptEncrypt' && step['buf'] === 'null' && step['final'] === 1,
      ),
  },
  {
    id: 'size-query-of-hash',
    reason: 'asking for the length of a hash value leaves the hash open; Wine finishes it',
    ends: true,
    allows: (at) =>
      ancestors(at).some(
        ({ step }) =>
          step.fn === 'CryptGetHashParam' &&
          step['buf'] === 'null' &&
          numberOf(step, 'param') === wincrypt.HP_HASHVAL,
      ),
  },
  {
    id: 'finished-hash-stops-decryption',
    reason: 'a hash that takes no more data is found before anything is decrypted; Wine decrypts first',
    ends: true,
    allows: (at) =>
      answerOrBadData(at) &&
      ancestors(at).some(
        ({ step, wine }) =>
          step.fn === 'CryptDecrypt' && failedWith(wine, 'NTE_BAD_HASH_STATE', 'NTE_BAD_ALGID'),
      ),
  },
  {
    id: 'hmac-hash-of-another-provider',
    reason: 'HMAC is made with the hashes that the provider has: NTE_BAD_ALGID; Wine takes SHA-2 everywhere',
    ends: true,
    allows: (at) =>
      calls(at, 'CryptSetHashParam') && at.step['hmacAlg'] !== undefined && onlyWine(at, 'NTE_BAD_ALGID'),
  },
  {
    id: 'hmac-without-settings',
    reason:
      'an HMAC that has not been told its hash takes no data and has no value: NTE_BAD_HASH_STATE; Wine goes on',
    ends: true,
    allows: (at) => hashAlgorithm(at) === wincrypt.CALG_HMAC && onlyWine(at, 'NTE_BAD_HASH_STATE'),
  },
  {
    id: 'value-of-shamd5',
    reason:
      'SSL3 SHAMD5 has no value before one is set: NTE_BAD_HASH_STATE; Wine answers whatever is in its memory',
    ends: true,
    allows: (at) =>
      calls(at, 'CryptGetHashParam', 'CryptSignHash', 'CryptVerifySignature', 'CryptDeriveKey') &&
      failedWith(at.ours, 'NTE_BAD_HASH_STATE') &&
      hashAlgorithm(at) === wincrypt.CALG_SSL3_SHAMD5,
  },
  {
    id: 'refusal-leaves-hash',
    reason: 'a call that is refused leaves the hash as it was; Wine has then hashed or finished',
    ends: true,
    allows: (at) => ancestors(at).some(refused),
  },
  {
    id: 'derive-from-keyed-hash',
    reason:
      'what CryptDeriveKey makes of a MAC or an HMAC is written nowhere: its value is cut, and NTE_BAD_HASH if short',
    ends: true,
    allows: (at) =>
      [...ancestors(at).map(({ step }) => step), at.step].some(
        (step) => step.fn === 'CryptDeriveKey' && KEYED_HASHES.has(hashAlgorithm({ past: at.past, step })),
      ),
  },
  {
    id: 'ssl2-fallback',
    reason: 'CRYPT_SSL2_FALLBACK means nothing to these providers; Wine refuses it',
    allows: (at) =>
      calls(at, 'CryptExportKey') &&
      hasFlag(at.step, wincrypt.CRYPT_SSL2_FALLBACK) &&
      failedWith(at.wine, 'NTE_BAD_KEY'),
  },
  {
    id: 'mode-without-data',
    reason: 'a mode that no provider has is NTE_BAD_ALGID; Wine does not look when there are no data',
    allows: (at) =>
      calls(at, 'CryptEncrypt', 'CryptDecrypt') &&
      onlyWine(at, 'NTE_BAD_ALGID') &&
      textOf(at.step, 'data') === '',
  },
  {
    id: 'des-key-without-parity',
    reason: 'the key of a blob has its parity bytes; Wine takes seven for eight, and reads on',
    allows: (at) =>
      calls(at, 'CryptImportKey') &&
      onlyWine(at, 'NTE_BAD_DATA') &&
      DES_FAMILY.has(madeAlgorithm(at.step)) &&
      littleEndianAt(textOf(at.step, 'blob'), 8) % 7 === 0,
  },
  {
    id: 'empty-description',
    reason: 'an empty description is none; Wine wants an open hash for it',
    allows: (at) =>
      calls(at, 'CryptSignHash', 'CryptVerifySignature') &&
      at.step['descUtf16'] === '' &&
      failedWith(at.wine, 'NTE_BAD_HASH_STATE', 'NTE_BAD_ALGID'),
  },
  {
    id: 'empty-key',
    reason: 'a key of no bytes is NTE_BAD_DATA; Wine makes it one of zeros',
    allows: (at) =>
      calls(at, 'CryptImportKey') &&
      blobType(at.step) === wincrypt.PLAINTEXTKEYBLOB &&
      littleEndianAt(textOf(at.step, 'blob'), 8) === 0 &&
      onlyWine(at, 'NTE_BAD_DATA'),
  },
  {
    id: 'short-hmac-pad',
    reason: 'a pad shorter than the key leaves out no part of the key; in Wine it does',
    allows: (at) =>
      answerOrBadData(at) &&
      ancestors(at).some(({ step }) =>
        [step['inner'], step['outer']].some((pad) => typeof pad === 'string' && pad.length / 2 < 64),
      ),
  },
  {
    id: 'long-hmac-key-again',
    reason:
      'a key longer than a block serves any number of HMACs; Wine puts its hash in its place with the first',
    allows: (at) => answerOrBadData(at) && ancestors(at).some(isLongHmacKey) && hmacsSoFar(at) > 1,
  },
  {
    id: 'pair-as-session-key',
    reason: 'a key pair leaves as PUBLICKEYBLOB or PRIVATEKEYBLOB only; Wine would wrap what it keeps of it',
    allows: (at) =>
      calls(at, 'CryptExportKey') &&
      isPair(at) &&
      [wincrypt.SIMPLEBLOB, wincrypt.PLAINTEXTKEYBLOB].includes(numberOf(at.step, 'blobType')) &&
      failedWith(at.ours, 'NTE_BAD_TYPE', 'NTE_BAD_KEY'),
  },
  {
    id: 'signature-key-wraps-nothing',
    reason: 'session keys are wrapped for exchange keys only; Wine takes signature keys too',
    allows: (at) =>
      calls(at, 'CryptExportKey') &&
      numberOf(at.step, 'blobType') === wincrypt.SIMPLEBLOB &&
      isPair(at, 'expKey') &&
      failedWith(at.ours, 'NTE_BAD_KEY'),
  },
  {
    id: 'public-exponent',
    reason: 'an exponent that is even, zero or one makes no key; Wine takes it',
    ends: true,
    allows: (at) =>
      importsPair(at) &&
      onlyWine(at, 'NTE_BAD_DATA') &&
      isEvenOrOne(littleEndianAt(textOf(at.step, 'blob'), 16)),
  },
  {
    id: 'private-parts',
    reason: 'the parts of a private key fit each other; Wine takes them unseen',
    ends: true,
    allows: (at) =>
      importsPair(at) &&
      onlyWine(at, 'NTE_BAD_DATA') &&
      pairOfBlob(textOf(at.step, 'blob')) === undefined &&
      blobType(at.step) === wincrypt.PRIVATEKEYBLOB,
  },
  {
    id: 'size-of-what-is-too-long',
    reason:
      'what does not fit an exchange key is NTE_BAD_LEN when its size is asked for; Wine finds out later',
    allows: (at) =>
      calls(at, 'CryptExportKey') &&
      at.step['buf'] === 'null' &&
      onlyWine(at, 'NTE_BAD_LEN') &&
      isPair(at, 'expKey'),
  },
  {
    id: 'salt-in-enhanced',
    reason: 'KP_SALT means no salt in the Enhanced providers; in Wine it counts until the cipher starts over',
    ends: true,
    allows: (at) =>
      answerOrBadData(at) &&
      (at.provider === 'enh' || at.provider === 'aes') &&
      ancestors(at).some(
        ({ step }) => calls({ step }, 'CryptSetKeyParam') && numberOf(step, 'param') === wincrypt.KP_SALT,
      ),
  },
  {
    id: 'salt-of-other-ciphers',
    reason: 'only RC2 and RC4 keys take salt; Wine keeps that of others without effect',
    ends: true,
    allows: (at) =>
      calls(at, 'CryptSetKeyParam') &&
      numberOf(at.step, 'param') === wincrypt.KP_SALT_EX &&
      failedWith(at.ours, 'NTE_BAD_KEY', 'NTE_BAD_TYPE'),
  },
  {
    id: 'parameter-spoils-pair',
    reason:
      'a pair has no IV and no salt: NTE_BAD_TYPE; Wine writes them over its key, and may then never come back',
    crashes: spoilsPair,
    allows: (at) => spoilsPair(at) && !at.ours.ok,
  },
  {
    id: 'cipher-parameter-of-pair',
    reason: 'a pair has no mode, padding or IV: NTE_BAD_TYPE; Wine answers zeros',
    allows: (at) =>
      calls(at, 'CryptGetKeyParam', 'CryptSetKeyParam') && isPair(at) && failedWith(at.ours, 'NTE_BAD_TYPE'),
  },
  {
    id: 'hmac-only-key',
    reason:
      'a key imported with CRYPT_IPSEC_HMAC_KEY stays CALG_RC2; Wine makes it CALG_HMAC, without bytes to export',
    ends: true,
    allows: (at) =>
      (!calls(at, 'CryptGetHashParam', 'CryptCreateHash') || at.step['alg'] === wincrypt.CALG_MAC) &&
      ancestors(at).some(
        ({ step }) => step.fn === 'CryptImportKey' && hasFlag(step, wincrypt.CRYPT_IPSEC_HMAC_KEY),
      ),
  },
  {
    id: 'signature-too-long',
    reason: 'a value too long for the key is NTE_BAD_LEN; Wine pads with fewer bytes than eight, or crashes',
    ends: true,
    crashes: signsTooMuch,
    allows: (at) =>
      signsTooMuch(at) && (!at.ours.ok || calls(at, 'CryptVerifySignature') || at.step['buf'] === 'null'),
  },
]

/** A call that would have fed or finished a hash; a signature that does not fit is no refusal. */
const refused = ({ step, ours }: Played): boolean =>
  step['hash'] !== undefined &&
  ['CryptSignHash', 'CryptVerifySignature', 'CryptEncrypt'].includes(step.fn) &&
  !ours.ok &&
  !failedWith(ours, 'NTE_BAD_SIGNATURE')

const BLOCK_BYTES = 64

const isLongHmacKey = ({ step }: Played): boolean =>
  step.fn === 'CryptImportKey' && littleEndianAt(textOf(step, 'blob'), 8) > BLOCK_BYTES

/** How many HMACs there have been so far; that they share their key is not looked at. */
const hmacsSoFar = ({ past }: Situation): number =>
  past.filter(({ step }) => step['hmacAlg'] !== undefined).length

function spoilsPair(at: Situation): boolean {
  const param = numberOf(at.step, 'param')
  return calls(at, 'CryptSetKeyParam') && isPair(at) && [wincrypt.KP_IV, wincrypt.KP_SALT_EX].includes(param)
}

const importsPair = (at: Situation): boolean =>
  calls(at, 'CryptImportKey') && [wincrypt.PUBLICKEYBLOB, wincrypt.PRIVATEKEYBLOB].includes(blobType(at.step))

const isEvenOrOne = (exponent: number): boolean => exponent % 2 === 0 || exponent === 1

const HASH_LENGTHS: ReadonlyMap<number, number> = new Map([
  [wincrypt.CALG_MD2, 16],
  [wincrypt.CALG_MD4, 16],
  [wincrypt.CALG_MD5, 16],
  [wincrypt.CALG_SHA1, 20],
  [wincrypt.CALG_SSL3_SHAMD5, 36],
  [wincrypt.CALG_SHA_256, 32],
  [wincrypt.CALG_SHA_384, 48],
  [wincrypt.CALG_SHA_512, 64],
])
/** DER before the value: 18 bytes for those of MD5's family, 15 for SHA-1, 19 for SHA-2. */
const DIGEST_INFO: ReadonlyMap<number, number> = new Map([
  [wincrypt.CALG_MD2, 18],
  [wincrypt.CALG_MD4, 18],
  [wincrypt.CALG_MD5, 18],
  [wincrypt.CALG_SHA1, 15],
  [wincrypt.CALG_SSL3_SHAMD5, 0],
])
/** 00 01, eight bytes of FF, 00. */
const LEAST_PADDING = 11

/** 6B BA, the hash, 33 CC. */
const X931_FRAME = 4

/** Whether a signature would have to be padded with less than eight bytes. */
function signsTooMuch(at: Situation): boolean {
  const algorithm = hashAlgorithm(at)
  const hash = HASH_LENGTHS.get(algorithm)
  const bits = signingBits(at)
  if (hash === undefined || bits === undefined) return false
  if (hasFlag(at.step, wincrypt.CRYPT_X931_FORMAT)) return Math.ceil(bits / 8) < hash + X931_FRAME
  const info = hasFlag(at.step, wincrypt.CRYPT_NOHASHOID) ? 0 : (DIGEST_INFO.get(algorithm) ?? 19)
  return Math.ceil(bits / 8) < hash + info + LEAST_PADDING
}

/** The context of the hash of this call. */
const contextOf = ({ past, step }: Situation): string =>
  textOf(originOf(past, textOf(step, 'hash'))?.step ?? step, 'prov')

function signingBits(at: Situation): number | undefined {
  if (calls(at, 'CryptVerifySignature')) return testPairOf(at, 'pubKey')?.bits
  const pair = calls(at, 'CryptSignHash')
    ? installedPair(at.past, contextOf(at), numberOf(at.step, 'spec'))
    : undefined
  if (pair === undefined) return undefined
  return pair.fn === 'CryptGenKey' ? bitsOf(pair) : littleEndianAt(textOf(pair, 'blob'), 12)
}
