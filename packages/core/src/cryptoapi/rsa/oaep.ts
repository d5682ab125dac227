import { createHash, randomBytes } from 'node:crypto'
import { wipe } from '../../bytes/index.ts'
import { encryptBlock, tooLong } from './pkcs1.ts'
import type { RsaPrivateKey } from './rsa-private-key.ts'
import type { RsaPublicKey } from './rsa-public-key.ts'
import {
  type ExpectedLengths,
  findSeparator,
  isEqual,
  isZero,
  messageOf,
  type Padding,
  recoverBlock,
} from './unpadding.ts'

/** SHA-1, the only hash that these providers know for OAEP. */
const HASH_BYTES = 20
/** 00, the seed, the hash of the label, 01. */
const OVERHEAD = 2 + 2 * HASH_BYTES
const SEED_START = 1
const DATA_START = SEED_START + HASH_BYTES
const FILLER_START = DATA_START + HASH_BYTES
const NO_LABEL = new Uint8Array(0)

/**
 * EME-OAEP with SHA-1 and MGF1 with SHA-1: 00, masked seed, masked data block (hash of the label, zeros, 01, message).
 *
 * The first byte, the hash of the label and the separator fail alike and after the same work: telling the first byte
 * from the rest is enough to decrypt (Manger 2001). RFC 8017, section 7.1.2, step 3
 */
export function oaep(label: Uint8Array = NO_LABEL): Padding {
  const labelHash = sha1(label)
  return {
    overhead: OVERHEAD,
    judge(block, separators) {
      mask(block, SEED_START, DATA_START, block.subarray(DATA_START))
      mask(block, DATA_START, block.length, block.subarray(SEED_START, DATA_START))
      const { good, start } = findSeparator(block, FILLER_START, separators, isNotZero, isOne)
      let difference = block[0] ?? 1
      for (const [i, byte] of labelHash.entries()) difference |= byte ^ (block[DATA_START + i] ?? 0)
      return { good: good & isZero(difference), start }
    },
  }
}

/**
 * Encrypts a message with OAEP.
 *
 * @param message at most n - 42 bytes; may be empty
 * @returns n bytes, little-endian
 * @throws CryptoApiError NTE_BAD_LEN if it is longer
 */
export function encryptOaep(
  key: RsaPublicKey,
  message: Uint8Array,
  label: Uint8Array = NO_LABEL,
): Uint8Array {
  const room = key.length - OVERHEAD
  if (message.length > room) throw tooLong(message.length, room)
  const block = new Uint8Array(key.length)
  block.set(randomBytes(HASH_BYTES), SEED_START)
  block.set(sha1(label), DATA_START)
  block[block.length - message.length - 1] = 1
  block.set(message, block.length - message.length)
  mask(block, DATA_START, block.length, block.subarray(SEED_START, DATA_START))
  mask(block, SEED_START, DATA_START, block.subarray(DATA_START))
  const ciphertext = encryptBlock(key, block)
  wipe(block)
  return ciphertext
}

/**
 * Decrypts a ciphertext with OAEP.
 *
 * @param ciphertext n bytes, little-endian
 * @param expected which lengths of the message are right, in bytes; without it, all
 * @throws CryptoApiError NTE_BAD_DATA with one text for every fault
 */
export function decryptOaep(
  key: RsaPrivateKey,
  ciphertext: Uint8Array,
  expected: ExpectedLengths = () => true,
  label: Uint8Array = NO_LABEL,
): Uint8Array {
  return messageOf(recoverBlock(key, ciphertext, oaep(label), expected))
}

const isNotZero = (byte: number): number => ~isZero(byte)
const isOne = (byte: number): number => isEqual(byte, 1)

/** Masks or unmasks a part of the block with MGF1 of a seed. RFC 8017, appendix B.2.1 */
function mask(block: Uint8Array, from: number, to: number, seed: Uint8Array): void {
  for (let at = from, counter = 0; at < to; at += HASH_BYTES, counter++) {
    const stream = sha1(seed, Uint8Array.of(counter >> 24, counter >> 16, counter >> 8, counter))
    const end = Math.min(at + HASH_BYTES, to)
    for (let i = at; i < end; i++) block[i] = (block[i] ?? 0) ^ (stream[i - at] ?? 0)
    wipe(stream)
  }
}

function sha1(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha1')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
