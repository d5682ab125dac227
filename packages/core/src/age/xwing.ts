import {
  createHash,
  createPrivateKey,
  createPublicKey,
  decapsulate,
  encapsulate,
  type KeyObject,
} from 'node:crypto'
import { concat, copyOf, utf8Encode, wipe } from '../bytes/index.ts'
import { AgeError } from './age-error.ts'
import type { KemPrivateKey, KemPublicKey } from './hpke.ts'
import { copyKeyBytes } from './key-text.ts'
import {
  agreeX25519,
  ephemeralX25519,
  exportX25519Public,
  importX25519Private,
  importX25519Public,
  X25519_BYTES,
} from './x25519-key.ts'

/** Bytes of an X-Wing seed, which is the private key. */
export const XWING_SEED_BYTES = 32

/** Bytes of an X-Wing public key: ML-KEM-768 encapsulation key, then X25519 public key. */
export const XWING_PUBLIC_BYTES = 1216

/** Bytes of an X-Wing ciphertext: ML-KEM-768 ciphertext, then ephemeral X25519 public key. */
export const XWING_ENC_BYTES = 1120

/** The number of MLKEM768-X25519 in the IANA registry "HPKE KEM Identifiers". */
export const XWING_KEM_ID = 0x647a

const ML_KEM = 'ml-kem-768'
const ML_KEM_PUBLIC_BYTES = 1184
const ML_KEM_ENC_BYTES = 1088
const ML_KEM_SEED_BYTES = 64
const LABEL = utf8Encode('\\.//^\\')

/**
 * The public key of X-Wing, the hybrid of ML-KEM-768 and X25519 (draft-connolly-cfrg-xwing-kem,
 * MLKEM768-X25519 of draft-ietf-hpke-pq). Secure as long as one of the two is.
 */
export class XWingPublicKey implements KemPublicKey {
  readonly #bytes: Uint8Array
  readonly #mlKem: KeyObject
  readonly #x25519: KeyObject
  readonly #x25519Bytes: Uint8Array

  /** @param bytes 1,216 bytes, copied. @throws AgeError KEY for another length or an invalid ML-KEM key */
  constructor(bytes: Uint8Array) {
    this.#bytes = copyKeyBytes(bytes, XWING_PUBLIC_BYTES)
    this.#mlKem = importMlKemPublic(this.#bytes.subarray(0, ML_KEM_PUBLIC_BYTES))
    this.#x25519Bytes = this.#bytes.subarray(ML_KEM_PUBLIC_BYTES)
    this.#x25519 = importX25519Public(this.#x25519Bytes)
  }

  /** The 1,216 bytes of the key. */
  toBytes(): Uint8Array {
    return copyOf(this.#bytes)
  }

  /** §5.4 "Encapsulation". @throws AgeError KEY if the X25519 half is a low-order point */
  encapsulate(): { sharedSecret: Uint8Array; enc: Uint8Array } {
    const { ciphertext, sharedKey } = encapsulate(this.#mlKem)
    const { privateKey, share } = ephemeralX25519()
    const agreed = agreeX25519(privateKey, this.#x25519)
    const sharedSecret = combine(sharedKey, agreed, share, this.#x25519Bytes)
    return { sharedSecret, enc: concat(ciphertext, share) }
  }
}

/** The private key of X-Wing, made from a 32-byte seed. */
export class XWingPrivateKey implements KemPrivateKey {
  readonly publicKey: XWingPublicKey
  readonly #mlKem: KeyObject
  readonly #x25519: KeyObject
  readonly #x25519Bytes: Uint8Array

  /** §5.2 "Key derivation". @param seed 32 bytes. @throws AgeError KEY for another length */
  constructor(seed: Uint8Array) {
    const own = copyKeyBytes(seed, XWING_SEED_BYTES)
    const expanded = createHash('shake256', { outputLength: 96 }).update(own).digest()
    this.#mlKem = createPrivateKey({
      key: expanded.subarray(0, ML_KEM_SEED_BYTES),
      format: 'raw-seed',
      asymmetricKeyType: ML_KEM,
    })
    this.#x25519 = importX25519Private(expanded.subarray(ML_KEM_SEED_BYTES))
    wipe(own, expanded)
    this.#x25519Bytes = exportX25519Public(this.#x25519)
    const mlKemBytes = createPublicKey(this.#mlKem).export({ format: 'raw-public' })
    this.publicKey = new XWingPublicKey(concat(mlKemBytes, this.#x25519Bytes))
  }

  /**
   * §5.5 "Decapsulation". A tampered ML-KEM ciphertext gives an unrelated secret, by design of ML-KEM.
   *
   * @param enc 1,120 bytes. @throws AgeError KEY if it is not, or its X25519 share is a low-order point
   */
  decapsulate(enc: Uint8Array): Uint8Array {
    if (enc.length !== XWING_ENC_BYTES) {
      throw new AgeError('KEY', `expected an encapsulated key of ${XWING_ENC_BYTES} bytes, got ${enc.length}`)
    }
    const share = enc.subarray(ML_KEM_ENC_BYTES, ML_KEM_ENC_BYTES + X25519_BYTES)
    const agreed = agreeX25519(this.#x25519, importX25519Public(share))
    const sharedKey = decapsulate(this.#mlKem, enc.subarray(0, ML_KEM_ENC_BYTES))
    return combine(sharedKey, agreed, share, this.#x25519Bytes)
  }
}

/** §5.3 "Combiner": both secrets, and the X25519 half of the transcript, which ML-KEM's half already binds. */
function combine(
  sharedKey: Uint8Array,
  agreed: Uint8Array,
  share: Uint8Array,
  publicKey: Uint8Array,
): Uint8Array {
  const hash = createHash('sha3-256').update(sharedKey).update(agreed).update(share).update(publicKey)
  const sharedSecret = new Uint8Array(hash.update(LABEL).digest())
  wipe(sharedKey, agreed)
  return sharedSecret
}

function importMlKemPublic(bytes: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: bytes, format: 'raw-public', asymmetricKeyType: ML_KEM })
  } catch (cause) {
    throw new AgeError('KEY', 'not an ML-KEM-768 encapsulation key', { cause })
  }
}
