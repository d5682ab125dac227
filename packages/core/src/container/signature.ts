import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { concat, fromBase64, toBase64, utf8Encode, wipe } from '../bytes/index.ts'
import { ContainerError } from './container-error.ts'

/** Which generation of algorithms a container uses: hybrid with post-quantum ones, or classic alone. */
export type Profile = 'pq' | 'classic'

/** The name of a signature suite, as it is written in texts. */
export type SuiteName = 'ed25519+mldsa65' | 'ed25519'

/** One algorithm of a suite; lengths in bytes. */
interface Half {
  readonly algorithm: 'ed25519' | 'ml-dsa-65'
  readonly seedFormat: 'raw-private' | 'raw-seed'
  readonly publicLength: number
  readonly signatureLength: number
}

/** One row of `SIGNATURE_SUITES`. */
export interface SignatureSuite {
  readonly name: SuiteName
  /** The byte that stands for the suite in binary formats. */
  readonly id: number
  readonly profile: Profile
  /** Bytes of a public key, of a signature and of a secret key. */
  readonly publicLength: number
  readonly signatureLength: number
  readonly secretLength: number
  /** In the order in which keys and signatures are concatenated. All of them must verify. */
  readonly halves: readonly Half[]
}

const SEED_LENGTH = 32
const KEY_ID_LABEL = utf8Encode('strongroom signer v1\n')

/** RFC 8032 §5.1: seed 32, public key 32, signature 64. */
const ED25519: Half = {
  algorithm: 'ed25519',
  seedFormat: 'raw-private',
  publicLength: 32,
  signatureLength: 64,
}

/** FIPS 204, table 2: seed 32, public key 1952, signature 3309. */
const ML_DSA_65: Half = {
  algorithm: 'ml-dsa-65',
  seedFormat: 'raw-seed',
  publicLength: 1952,
  signatureLength: 3309,
}

/** The signature suites: docs/spec/container.md, "Signature suites". */
export const SIGNATURE_SUITES: Readonly<Record<SuiteName, SignatureSuite>> = {
  'ed25519+mldsa65': suite('ed25519+mldsa65', 2, 'pq', [ED25519, ML_DSA_65]),
  ed25519: suite('ed25519', 1, 'classic', [ED25519]),
}

/** The suite that a profile signs with. */
export function suiteOfProfile(profile: Profile): SignatureSuite {
  return SIGNATURE_SUITES[profile === 'pq' ? 'ed25519+mldsa65' : 'ed25519']
}

/** The suite that a binary format names by `id`; undefined for an unknown one. */
export function suiteById(id: number): SignatureSuite | undefined {
  return Object.values(SIGNATURE_SUITES).find((candidate) => candidate.id === id)
}

/** The suite of that name; undefined for an unknown one. */
export function suiteByName(name: string): SignatureSuite | undefined {
  return Object.values(SIGNATURE_SUITES).find((candidate) => candidate.name === name)
}

/**
 * The public half of a signature pair: tells whether its owner signed a message.
 *
 * Text form: `<suite> <unpadded base64 of the public key>`, in the manner of ssh.
 */
export class SignerKey {
  readonly suite: SuiteName
  /** The algorithms' public keys in the suite's order: 32 bytes, or 32 + 1952. */
  readonly publicBytes: Uint8Array
  /** 32 bytes: SHA-256 of the label `strongroom signer v1\n`, the suite's id byte and the public key. */
  readonly keyId: Uint8Array
  #keys: readonly KeyObject[] | undefined

  private constructor(row: SignatureSuite, publicBytes: Uint8Array) {
    this.suite = row.name
    this.publicBytes = Uint8Array.from(publicBytes)
    this.keyId = keyIdOf(row, this.publicBytes)
  }

  /** @throws ContainerError CONTAINER_KEY if `bytes` is not as long as the suite's public key */
  static fromBytes(name: SuiteName, bytes: Uint8Array): SignerKey {
    const row = SIGNATURE_SUITES[name]
    checkLength('public key', row, bytes, row.publicLength)
    return new SignerKey(row, bytes)
  }

  /**
   * Reads the text form; exactly what `toString` writes is accepted.
   *
   * @throws ContainerError CONTAINER_KEY for another suite or length
   * @throws BytesError BYTES_ENCODING for anything but unpadded base64
   */
  static parse(text: string): SignerKey {
    const space = text.indexOf(' ')
    const row = suiteByName(text.slice(0, Math.max(space, 0)))
    if (!row) throw new ContainerError('CONTAINER_KEY', 'signer: expected a signature suite and a public key')
    return SignerKey.fromBytes(row.name, fromBase64(text.slice(space + 1)))
  }

  /** The key id for people: `SHA256:` and its unpadded base64. */
  get fingerprint(): string {
    return `SHA256:${toBase64(this.keyId)}`
  }

  toString(): string {
    return `${this.suite} ${toBase64(this.publicBytes)}`
  }

  /**
   * Whether every algorithm of the suite accepts its part of the signature over the same message.
   *
   * The message carries its own domain label. Any malformed signature is `false`, never an error; no
   * part is skipped because another failed.
   */
  verify(message: Uint8Array, signature: Uint8Array): boolean {
    const halves = this.#halves(signature)
    return halves !== undefined && halves.map((half) => verifyHalf(half, message)).every((valid) => valid)
  }

  /**
   * The same, by the threads of the platform's pool. Both arrays are copied before this returns.
   *
   * Whoever verifies much limits how many are under way: files are read and written by the same threads.
   */
  async verifyInPool(message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    const halves = this.#halves(signature)
    if (!halves) return false
    const all = await Promise.all(halves.map((half) => verifyHalfInPool(half, message)))
    return all.every((valid) => valid)
  }

  /** Each algorithm's key and part of a signature; undefined if that has not the length of the suite's. */
  #halves(signature: Uint8Array): readonly KeyAndPart[] | undefined {
    const row = SIGNATURE_SUITES[this.suite]
    if (signature.length !== row.signatureLength) return undefined
    const keys = this.#publicKeys(row)
    return split(signature, lengths(row, 'signatureLength')).map((part, i) => ({ key: keys[i], part }))
  }

  #publicKeys(row: SignatureSuite): readonly KeyObject[] {
    this.#keys ??= split(this.publicBytes, lengths(row, 'publicLength')).map((key, i) =>
      createPublicKey({ key, format: 'raw-public', asymmetricKeyType: halfAt(row, i).algorithm }),
    )
    return this.#keys
  }
}

/** A signature pair. The secret lives in the platform's key objects until `secretBytes` asks for it. */
export class SigningKey {
  readonly signer: SignerKey
  #keys: readonly KeyObject[]

  private constructor(row: SignatureSuite, keys: readonly KeyObject[]) {
    this.#keys = keys
    this.signer = SignerKey.fromBytes(row.name, concat(...keys.map(publicBytesOf)))
  }

  /** A new pair from the platform's random generator. */
  static generate(name: SuiteName): SigningKey {
    const row = SIGNATURE_SUITES[name]
    return new SigningKey(row, row.halves.map(generateHalf))
  }

  /**
   * The pair of a secret key: the seeds of the suite's algorithms in its order, 32 bytes each
   * (RFC 8032 §5.1.5, FIPS 204 algorithm 1). The bytes stay the caller's, to be wiped.
   *
   * @throws ContainerError CONTAINER_KEY if there are more or fewer bytes
   */
  static fromSecretBytes(name: SuiteName, secret: Uint8Array): SigningKey {
    const row = SIGNATURE_SUITES[name]
    checkLength('secret key', row, secret, row.secretLength)
    const seeds = split(
      secret,
      row.halves.map(() => SEED_LENGTH),
    )
    return new SigningKey(
      row,
      seeds.map((seed, i) => importSeed(halfAt(row, i), seed)),
    )
  }

  /** A copy of the seeds, for the caller to wipe. @throws ContainerError CONTAINER_KEY after `wipe` */
  secretBytes(): Uint8Array {
    const row = SIGNATURE_SUITES[this.signer.suite]
    const seeds = this.#secretKeys().map((key, i) => exportSeed(key, halfAt(row, i)))
    const secret = concat(...seeds)
    wipe(...seeds)
    return secret
  }

  /**
   * Signs a message, which carries its own domain label, with every algorithm of the suite.
   *
   * ML-DSA signs in its hedged form: the same message gets another signature each time.
   *
   * @throws ContainerError CONTAINER_KEY after `wipe`
   */
  sign(message: Uint8Array): Uint8Array {
    return concat(...this.#secretKeys().map((key) => sign(null, message, key)))
  }

  /** Lets go of the secret; the platform frees, and clears, the key objects. */
  wipe(): void {
    this.#keys = []
  }

  #secretKeys(): readonly KeyObject[] {
    // Signing with no keys would give an empty signature: refuse instead.
    if (this.#keys.length === 0) throw new ContainerError('CONTAINER_KEY', 'signing key was wiped')
    return this.#keys
  }
}

function suite(name: SuiteName, id: number, profile: Profile, halves: readonly Half[]): SignatureSuite {
  const sum = (field: 'publicLength' | 'signatureLength') =>
    halves.reduce((total, half) => total + half[field], 0)
  return {
    name,
    id,
    profile,
    publicLength: sum('publicLength'),
    signatureLength: sum('signatureLength'),
    secretLength: SEED_LENGTH * halves.length,
    halves,
  }
}

function keyIdOf(row: SignatureSuite, publicBytes: Uint8Array): Uint8Array {
  const hash = createHash('sha256').update(KEY_ID_LABEL).update(Uint8Array.of(row.id)).update(publicBytes)
  return Uint8Array.from(hash.digest())
}

/** One algorithm's key and its part of a signature. */
interface KeyAndPart {
  readonly key: KeyObject | undefined
  readonly part: Uint8Array
}

function verifyHalfInPool({ key, part }: KeyAndPart, message: Uint8Array): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  try {
    if (key) verify(null, message, key, part, (error, valid) => resolve(error === null && valid))
    else resolve(false)
  } catch {
    resolve(false)
  }
  return promise
}

function verifyHalf({ key, part }: KeyAndPart, message: Uint8Array): boolean {
  if (!key) return false
  try {
    return verify(null, message, key, part)
  } catch {
    // A public key that is no point of the curve verifies nothing; the reason is of no use to anyone.
    return false
  }
}

function generateHalf(half: Half): KeyObject {
  // The overloads name one algorithm each; the union needs the two calls apart.
  return half.algorithm === 'ed25519'
    ? generateKeyPairSync('ed25519').privateKey
    : generateKeyPairSync('ml-dsa-65').privateKey
}

function importSeed(half: Half, seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: seed, format: half.seedFormat, asymmetricKeyType: half.algorithm })
}

function exportSeed(key: KeyObject, half: Half): Uint8Array {
  return key.export({ format: half.seedFormat })
}

function publicBytesOf(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ format: 'raw-public' })
}

function lengths(row: SignatureSuite, field: 'publicLength' | 'signatureLength'): number[] {
  return row.halves.map((half) => half[field])
}

/** Cuts bytes, whose total has been checked, into parts of the given lengths. */
function split(bytes: Uint8Array, partLengths: readonly number[]): Uint8Array[] {
  let end = 0
  return partLengths.map((length) => {
    end += length
    return bytes.subarray(end - length, end)
  })
}

function halfAt(row: SignatureSuite, index: number): Half {
  const half = row.halves[index]
  if (!half) throw new ContainerError('CONTAINER_KEY', `${row.name} has no part ${index}`)
  return half
}

function checkLength(what: string, row: SignatureSuite, bytes: Uint8Array, expected: number): void {
  if (bytes.length !== expected) {
    const message = `${row.name} ${what}: expected ${expected} bytes, got ${bytes.length}`
    throw new ContainerError('CONTAINER_KEY', message)
  }
}
