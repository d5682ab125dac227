import { armor, dearmor, decryptFile, encryptFile, ScryptIdentity, ScryptRecipient } from '../age/index.ts'
import { toHex, wipe } from '../bytes/index.ts'
import { ContainerError } from './container-error.ts'
import { MAX_KEYS } from './container-info.ts'
import type { KeyInfo } from './container-info.ts'
import {
  checkCanonical,
  encodeJson,
  parseJson,
  readArray,
  readObject,
  readOneOf,
  readText,
} from './json-fields.ts'
import type { Fields } from './json-fields.ts'
import { KEY_KINDS } from './key-pair.ts'
import type { KeyPair } from './key-pair.ts'

/** The private part of a container, opened but not yet believed. */
export interface PrivatePart {
  /** SHA-256 of the encoded public part that it belongs to, in hexadecimal. */
  readonly publicDigest: string
  /** The secret texts, in the order of the public part's keys. */
  readonly secrets: readonly string[]
}

const KIND = 'key container secrets'
const VERSION = 1
const MEMBERS = ['strongroom', 'version', 'public', 'secrets'] as const

/** The private part for these pairs and the public part with that hash. */
export function privatePartOf(pairs: readonly KeyPair[], publicDigest: Uint8Array): PrivatePart {
  return { publicDigest: toHex(publicDigest), secrets: pairs.map((pair) => pair.secretText()) }
}

/** The private part as a value whose members stand in their order, ready for `encodeJson`. */
export function privatePartToJson({ publicDigest, secrets }: PrivatePart): Fields {
  return { strongroom: KIND, version: VERSION, public: publicDigest, secrets }
}

/** Reads the members of a private part. @throws ContainerError CONTAINER_FORMAT, without any secret */
export function readPrivatePart(value: unknown): PrivatePart {
  const fields = readObject(value, 'private', MEMBERS)
  readOneOf(fields['strongroom'], 'private.strongroom', [KIND])
  readOneOf(fields['version'], 'private.version', [VERSION])
  const secrets = readArray(fields['secrets'], 'private.secrets', MAX_KEYS)
  return {
    publicDigest: readText(fields['public'], 'private.public'),
    secrets: secrets.map((secret, i) => readText(secret, `private.secrets[${i}]`)),
  }
}

/**
 * The pairs in a private part, if it belongs to the public part with that hash.
 *
 * @throws ContainerError | AgeError | BytesError with messages that depend on the secrets: not for people
 */
export function pairsOf(
  part: PrivatePart,
  publicDigest: Uint8Array,
  keys: readonly KeyInfo[],
): readonly KeyPair[] {
  // First of all: the algorithms that the secrets are read with are the public part's.
  if (part.publicDigest !== toHex(publicDigest)) {
    throw new ContainerError('CONTAINER_FORMAT', 'private.public: not the hash of the public part')
  }
  if (part.secrets.length !== keys.length) {
    throw new ContainerError('CONTAINER_FORMAT', 'private.secrets: expected one for each key')
  }
  return keys.map(({ algorithm }, i) => KEY_KINDS[algorithm].fromSecretText(part.secrets[i] ?? ''))
}

/** Encrypts a private part: an age file with a passphrase, in armor. */
export function lockPrivatePart(part: PrivatePart, passphrase: string | Uint8Array, logN: number): string {
  const bytes = encodeJson(privatePartToJson(part))
  try {
    return armor(encryptFile(bytes, [new ScryptRecipient(passphrase, logN)]))
  } finally {
    wipe(bytes)
  }
}

/**
 * Decrypts a private part.
 *
 * @param maxLogN the work factor above which nothing is tried: the file must not decide how long it takes
 * @throws AgeError for the wrong passphrase or damage, ContainerError for what is not a private part
 */
export function unlockPrivatePart(
  locked: string,
  passphrase: string | Uint8Array,
  maxLogN: number,
): PrivatePart {
  const bytes = decryptFile(dearmor(locked), [new ScryptIdentity(passphrase, maxLogN)])
  try {
    const part = readPrivatePart(parseJson(bytes))
    const canonical = encodeJson(privatePartToJson(part))
    checkCanonical(bytes, canonical)
    wipe(canonical)
    return part
  } finally {
    wipe(bytes)
  }
}
