import { wincrypt } from '../../../src/cryptoapi/index.ts'
import {
  ancestors,
  answerOrBadData,
  bitsOf,
  blobType,
  blockOfKey,
  bothAnswer,
  bothFail,
  calls,
  DES_FAMILY,
  failedWith,
  hasFlag,
  isPair,
  keyOrigin,
  littleEndianAt,
  madeAlgorithm,
  madeWithinMessage,
  opensBadBlock,
  SALTED,
  type Situation,
} from './situation.ts'
import { numberOf, type Step, textOf } from './step.ts'

import type { KnownDifference } from './difference.ts'

const DATA_CALLS = ['CryptEncrypt', 'CryptDecrypt', 'CryptGetHashParam', 'CryptSignHash', 'CryptExportKey']

/** Where Windows is known to do otherwise than Wine 8.0, and we do as Windows. Source: `docs/cryptoapi.md`. */
export const WINDOWS_DIFFERENCES: readonly KnownDifference[] = [
  {
    id: 'parity',
    reason: 'derived and generated DES keys have odd parity; Wine leaves them as hashed',
    allows: (at) =>
      bothAnswer(at) &&
      (calls(at, 'CryptExportKey')
        ? evenBits(at.wine.data) === evenBits(at.ours.data)
        : calls(at, 'CryptGetHashParam', 'CryptSignHash')) &&
      ancestors(at).some(({ step }) => makesKey(step) && DES_FAMILY.has(madeAlgorithm(step))),
  },
  {
    id: 'salt-of-generated-keys',
    reason: 'generated keys of 40 bits have eleven zero bytes of salt; those of Wine are random',
    allows: (at) =>
      calls(at, 'CryptGetKeyParam') &&
      numberOf(at.step, 'param') === wincrypt.KP_SALT &&
      bothAnswer(at) &&
      keyOrigin(at)?.fn === 'CryptGenKey' &&
      at.ours.data === '00'.repeat(11),
  },
  {
    id: 'create-salt',
    reason:
      'CRYPT_CREATE_SALT gives eleven bytes to keys of 40 bits of the Base and Strong providers, else none; Wine fills up to 16',
    allows: (at) =>
      (answerOrBadData(at) || readsSalt(at)) &&
      usesCipher(at) &&
      ancestors(at).some(
        ({ step }) =>
          makesKey(step) &&
          SALTED.has(madeAlgorithm(step)) &&
          hasFlag(step, wincrypt.CRYPT_CREATE_SALT) &&
          (bitsOf(step) !== 40 || at.provider === 'enh' || at.provider === 'aes'),
      ),
  },
  {
    id: 'no-salt-on-import',
    reason: 'CryptImportKey honours CRYPT_NO_SALT; Wine ignores it',
    allows: (at) =>
      (answerOrBadData(at) || readsSalt(at)) &&
      usesCipher(at) &&
      ancestors(at).some(
        ({ step }) =>
          calls({ step }, 'CryptImportKey') &&
          SALTED.has(madeAlgorithm(step)) &&
          hasFlag(step, wincrypt.CRYPT_NO_SALT),
      ),
  },
  {
    id: 'key-not-exportable',
    reason: 'session keys without CRYPT_EXPORTABLE stay inside: NTE_BAD_KEY_STATE; Wine exports them',
    allows: (at) =>
      calls(at, 'CryptExportKey') && failedWith(at.ours, 'NTE_BAD_KEY_STATE') && !exportable(at),
  },
  {
    id: 'container-key-unwraps',
    reason:
      'without hPubKey a SIMPLEBLOB is opened with the pair of the container; Wine answers NTE_BAD_PUBLIC_KEY',
    ends: true,
    allows: (at) =>
      importsSimple(at.step) && at.step['pubKey'] === undefined && failedWith(at.wine, 'NTE_BAD_PUBLIC_KEY'),
  },
  {
    id: 'blob-version',
    reason: 'a wrong version is NTE_BAD_VER; Wine answers NTE_BAD_DATA',
    allows: (at) =>
      calls(at, 'CryptImportKey') &&
      textOf(at.step, 'blob').slice(2, 4) !== '02' &&
      bothFail(at, ['NTE_BAD_DATA', 'NTE_BAD_TYPE'], ['NTE_BAD_VER']),
  },
  {
    id: 'wrapping-algorithm',
    reason:
      'a SIMPLEBLOB names CALG_RSA_KEYX as its wrapping algorithm, else NTE_BAD_ALGID; Wine does not look',
    ends: true,
    allows: (at) =>
      importsSimple(at.step) &&
      littleEndianAt(textOf(at.step, 'blob'), 8) !== wincrypt.CALG_RSA_KEYX &&
      failedWith(at.ours, 'NTE_BAD_ALGID'),
  },
  {
    id: 'oaep-and-exportable',
    reason: 'CRYPT_OAEP counts beside CRYPT_EXPORTABLE; Wine then opens the blob as PKCS #1 v1.5',
    ends: true,
    allows: (at) =>
      importsSimple(at.step) &&
      hasFlag(at.step, wincrypt.CRYPT_OAEP) &&
      hasFlag(at.step, ~wincrypt.CRYPT_OAEP),
  },
  {
    id: 'private-blob-under-session-key',
    reason: 'a PRIVATEKEYBLOB is encrypted under hExpKey; Wine leaves it in the clear',
    ends: true,
    allows: (at) =>
      calls(at, 'CryptExportKey') &&
      at.step['expKey'] !== undefined &&
      numberOf(at.step, 'blobType') === wincrypt.PRIVATEKEYBLOB &&
      at.wine.ok,
  },
  {
    id: 'simple-blob-under-session-key',
    reason: 'a SIMPLEBLOB is wrapped under an RSA key only; Wine crashes over a session key',
    crashes: exportsSimpleUnderSessionKey,
    allows: (at) => exportsSimpleUnderSessionKey(at) && !at.ours.ok,
  },
  {
    id: 'empty-last-block',
    reason: 'decrypting nothing with Final is NTE_BAD_LEN; Wine crashes',
    ends: true,
    crashes: decryptsNothing,
    allows: (at) => decryptsNothing(at) && !at.ours.ok,
  },
  {
    id: 'partial-block',
    reason: 'decrypting part of a block is NTE_BAD_DATA; Wine reads past the end',
    ends: true,
    allows: (at) =>
      calls(at, 'CryptDecrypt') &&
      at.wine.ok &&
      failedWith(at.ours, 'NTE_BAD_DATA') &&
      blockOfKey(at) > 0 &&
      (textOf(at.step, 'data').length / 2) % blockOfKey(at) !== 0,
  },
  {
    id: 'iv-within-message',
    reason: 'KP_IV set within a message waits for the next one; Wine starts over at once',
    ends: true,
    allows: (at) => answerOrBadData(at) && usesCipher(at) && setsIvWithinMessage(at),
  },
  {
    id: 'stream-size-query',
    reason: 'the size of an RC4 ciphertext is that of the data; Wine answers the length of the buffer',
    allows: (at) =>
      calls(at, 'CryptEncrypt') &&
      at.step['buf'] === 'null' &&
      bothAnswer(at) &&
      at.wine.len === numberOf(at.step, 'bufLen') &&
      at.ours.len === numberOf(at.step, 'len'),
  },
  {
    id: 'rsa-short-buffer',
    reason: 'a buffer too small for an RSA ciphertext stores the size needed; Wine leaves the length alone',
    allows: (at) =>
      calls(at, 'CryptEncrypt') &&
      bothFail(at, ['ERROR_MORE_DATA'], ['ERROR_MORE_DATA']) &&
      at.wine.len === textOf(at.step, 'data').length / 2,
  },
  {
    id: 'hmac-of-128-byte-blocks',
    reason: 'HMAC with SHA-384 and SHA-512 pads to 128 bytes; Wine to 64',
    allows: (at) =>
      answerOrBadData(at) &&
      calls(at, 'CryptGetHashParam', 'CryptExportKey', 'CryptEncrypt', 'CryptDecrypt') &&
      ancestors(at).some(({ step }) =>
        [wincrypt.CALG_SHA_384, wincrypt.CALG_SHA_512].includes(numberOf(step, 'hmacAlg')),
      ),
  },
  {
    id: 'mac-apart-from-its-key',
    reason:
      'a MAC takes pieces of any size and does not share the state of its key; in Wine the two interfere',
    ends: true,
    allows: (at) => concernsMac(at) || besideMac(at),
  },
  {
    id: 'salt-of-aes',
    reason: 'KP_SALT of AES has length 0; Wine answers NTE_BAD_KEY',
    allows: (at) =>
      calls(at, 'CryptGetKeyParam') &&
      numberOf(at.step, 'param') === wincrypt.KP_SALT &&
      failedWith(at.wine, 'NTE_BAD_KEY') &&
      at.ours.ok &&
      at.ours.len === 0,
  },
  {
    id: 'algorithm-of-another-class',
    reason: 'a cipher is no hash and a hash is no cipher: NTE_BAD_ALGID; Wine takes either',
    allows: (at) =>
      calls(at, 'CryptCreateHash', 'CryptImportKey', 'CryptDeriveKey', 'CryptGenKey') &&
      failedWith(at.ours, 'NTE_BAD_ALGID') &&
      madeAlgorithm(at.step) >> 13 !== (at.step.fn === 'CryptCreateHash' ? HASH_CLASS : CIPHER_CLASS),
  },
  {
    id: 'provider-type',
    reason: 'PP_PROVTYPE of the AES provider is 24; Wine answers 1',
    allows: (at) =>
      calls(at, 'CryptGetProvParam') &&
      numberOf(at.step, 'param') === wincrypt.PP_PROVTYPE &&
      bothAnswer(at) &&
      at.ours.data === '18000000',
  },
  {
    id: 'pair-stored-at-once',
    reason: 'a pair is in its container as soon as it is made; Wine stores it when the context is released',
    ends: true,
    allows: (at) => calls(at, 'CryptGetUserKey') && failedWith(at.wine, 'NTE_NO_KEY') && at.ours.ok,
  },
  {
    id: 'signature-above-modulus',
    reason: 'a number not below the modulus is NTE_BAD_SIGNATURE like any other; Wine answers NTE_FAIL',
    allows: (at) => calls(at, 'CryptVerifySignature') && bothFail(at, ['NTE_FAIL'], ['NTE_BAD_SIGNATURE']),
  },
  {
    id: 'padding-faults-alike',
    reason:
      'whatever is wrong behind the RSA operation is NTE_BAD_DATA; Wine tells cases apart and lets some pass',
    ends: true,
    allows: (at) => failedWith(at.ours, 'NTE_BAD_DATA') && opensBadBlock(at),
  },
  {
    id: 'effective-length-of-base',
    reason:
      'RC2 of the Base provider counts 40 bits once another effective length has been refused; Wine counts the whole key',
    ends: true,
    allows: (at) =>
      at.provider === 'base' &&
      answerOrBadData(at) &&
      ancestors(at).some(
        ({ step, ours }) =>
          step.fn === 'CryptSetKeyParam' &&
          numberOf(step, 'param') === wincrypt.KP_EFFECTIVE_KEYLEN &&
          !ours.ok,
      ),
  },
  {
    id: 'permission-bits',
    reason:
      'what the other permission bits do is not confirmed: they stay as they are; Wine reads back what was set',
    allows: (at) =>
      calls(at, 'CryptGetKeyParam') &&
      numberOf(at.step, 'param') === wincrypt.KP_PERMISSIONS &&
      bothAnswer(at) &&
      ancestors(at).some(
        ({ step }) =>
          calls({ step }, 'CryptSetKeyParam') && numberOf(step, 'param') === wincrypt.KP_PERMISSIONS,
      ),
  },
  {
    id: 'unique-container',
    reason: 'PP_UNIQUE_CONTAINER names a file of the store; Wine repeats the name of the container',
    allows: (at) =>
      calls(at, 'CryptGetProvParam') &&
      numberOf(at.step, 'param') === wincrypt.PP_UNIQUE_CONTAINER &&
      bothAnswer(at),
  },
]

const HASH_CLASS = 4
const CIPHER_CLASS = 3

/** The bytes of a blob without the bit of each that parity sets. */
function evenBits(hex = ''): string {
  return Uint8Array.fromHex(hex)
    .map((byte, at) => (at < PLAINTEXT_HEADER ? byte : byte & 0xfe))
    .toHex()
}
const PLAINTEXT_HEADER = 12

const makesKey = (step: Step): boolean => step.fn === 'CryptDeriveKey' || step.fn === 'CryptGenKey'

const importsSimple = (step: Step): boolean =>
  step.fn === 'CryptImportKey' && blobType(step) === wincrypt.SIMPLEBLOB

/** Calls whose bytes come out of a cipher, by way of a hash too, and reading its salt. */
const usesCipher = (at: Situation): boolean => readsSalt(at) || calls(at, ...DATA_CALLS)

/** Into a buffer that is long enough for one of the two salts, perhaps. */
const readsSalt = (at: Situation): boolean =>
  calls(at, 'CryptGetKeyParam') && numberOf(at.step, 'param') === wincrypt.KP_SALT

function exportable(at: Situation): boolean {
  const origin = keyOrigin(at)
  return origin !== undefined && hasFlag(origin, wincrypt.CRYPT_EXPORTABLE)
}

function exportsSimpleUnderSessionKey(at: Situation): boolean {
  return (
    calls(at, 'CryptExportKey') &&
    numberOf(at.step, 'blobType') === wincrypt.SIMPLEBLOB &&
    at.step['expKey'] !== undefined &&
    at.step['expKey'] !== 'bad' &&
    !isPair(at, 'expKey')
  )
}

function decryptsNothing(at: Situation): boolean {
  return (
    calls(at, 'CryptDecrypt') &&
    textOf(at.step, 'data') === '' &&
    numberOf(at.step, 'final') === 1 &&
    blockOfKey(at) > 0
  )
}

const isMac = (step: Step): boolean =>
  step.fn === 'CryptCreateHash' && numberOf(step, 'alg') === wincrypt.CALG_MAC

/** A MAC is asked for its value, or the hash it went into is, and Wine had a reason to get it wrong. */
function concernsMac(at: Situation): boolean {
  const related = new Set(ancestors(at))
  return at.past.some(
    (played, born) =>
      related.has(played) &&
      isMac(played.step) &&
      (inPieces(at, played.step) || keyHasState(at, played.step, born)),
  )
}

/** Whether a piece that is no whole number of blocks was hashed. */
function inPieces({ past }: Situation, { out, key }: Step): boolean {
  const block = blockOfKey({ past, step: { fn: '', key: key ?? '' } })
  return past.some(
    ({ step }) =>
      step.fn !== 'CryptEncrypt' && step['hash'] === out && (textOf(step, 'data').length / 2) % block !== 0,
  )
}

const STATEFUL = ['CryptEncrypt', 'CryptDecrypt', 'CryptSetKeyParam', 'CryptCreateHash', 'CryptDestroyKey']

/** Whether the key has been used, or set, besides being that of this MAC: its state may be any. */
const keyHasState = ({ past }: Situation, { key }: Step, born: number): boolean =>
  past.some(({ step }, at) => at !== born && step['key'] === key && STATEFUL.includes(step.fn)) ||
  past.some(({ step }) => step.fn === 'CryptDuplicateKey' && step['out'] === key)

/** A key is used of which a MAC was made. */
const besideMac = (at: Situation): boolean =>
  at.step['key'] !== undefined && at.past.some(({ step }) => isMac(step) && step['key'] === at.step['key'])

const setsIvWithinMessage = (at: Situation): boolean =>
  madeWithinMessage(at).some(
    (step) => step.fn === 'CryptSetKeyParam' && numberOf(step, 'param') === wincrypt.KP_IV,
  )
