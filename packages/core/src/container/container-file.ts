import { createHash } from 'node:crypto'
import { AgeError, armor, dearmor } from '../age/index.ts'
import { BytesError, toHex } from '../bytes/index.ts'
import { ContainerError } from './container-error.ts'
import type { ContainerInfo } from './container-info.ts'
import { checkCanonical, encodeJson, malformed, parseJson, readObject, readText } from './json-fields.ts'
import type { Fields } from './json-fields.ts'
import { KeyContainer } from './key-container.ts'
import {
  lockPrivatePart,
  pairsOf,
  privatePartOf,
  privatePartToJson,
  readPrivatePart,
  unlockPrivatePart,
} from './private-part.ts'
import type { PrivatePart } from './private-part.ts'
import { PUBLIC_MEMBERS, publicPartToJson, readPublicPart } from './public-part.ts'
import type { ProtectionKind, PublicPart } from './public-part.ts'

/** How a container is to be protected at rest. Texts are taken as UTF-8 and not normalised. */
export type Protection =
  | { readonly kind: 'passphrase'; readonly passphrase: string | Uint8Array; readonly logN?: number }
  /** A random secret of full entropy that a secret store keeps: see `encodeForKeyring`. */
  | { readonly kind: 'keyring'; readonly secret: string }
  | { readonly kind: 'none' }

/** The longest container file, in bytes. */
export const MAX_CONTAINER_BYTES = 1024 * 1024

/** scrypt's work factor for a person's passphrase, as a logarithm: 256 MiB, about a second. */
const PASSPHRASE_LOG_N = 18

/** For a secret of 256 random bits: guessing is hopeless at any cost, so unlocking may be quick. */
const KEYRING_LOG_N = 10

/** Above this a container is not tried: 1 GiB. */
const MAX_LOG_N = 20

/**
 * Encodes a container for the disk. The encoding of the public part is deterministic; the private part is
 * encrypted anew each time, unless its protection is `none`.
 *
 * @throws ContainerError CONTAINER_SECRET for an empty passphrase or a work factor that is not 1 to 20
 * @throws ContainerError CONTAINER_FORMAT if the file would be longer than 1 MiB, CONTAINER_KEY after `wipe`
 */
export function encodeContainer(container: KeyContainer, protection: Protection): Uint8Array {
  const publicPart = publicPartToJson({ info: container.info(), protection: protection.kind })
  const pairs = container.pairs().map(({ pair }) => pair)
  if (pairs.length === 0) throw new ContainerError('CONTAINER_KEY', 'the container was wiped')
  const privatePart = privatePartOf(pairs, digestOf(publicPart))
  const bytes = encodeJson({ ...publicPart, private: protect(privatePart, protection) })
  checkLength(bytes)
  return bytes
}

/**
 * Reads a container file without its secrets.
 *
 * What is accepted is exactly what `encodeContainer` writes. The public part is not proven until `unlock`
 * succeeds: whoever could write the file could have put their own keys there.
 *
 * @throws ContainerError CONTAINER_FORMAT saying where
 */
export function parseContainer(bytes: Uint8Array): LockedContainer {
  checkLength(bytes)
  const fields = readObject(parseJson(bytes), '', [...PUBLIC_MEMBERS, 'private'])
  const part = readPublicPart(fields)
  const publicPart = publicPartToJson(part)
  const privatePart =
    part.protection === 'none' ? readPrivatePart(fields['private']) : readArmor(fields['private'])
  checkCanonical(bytes, encodeJson({ ...publicPart, private: privateToJson(privatePart) }))
  return new LockedContainer(part, privatePart, digestOf(publicPart), sha256(bytes))
}

/** A container as it lies on the disk. */
export class LockedContainer {
  /** What the file says of itself; proven only by `unlock`. */
  readonly info: ContainerInfo
  readonly protection: ProtectionKind
  /** SHA-256 of the whole file: which version of it this is. */
  readonly digest: Uint8Array
  /** Armor, or for protection `none` what it would hold. */
  readonly #private: PrivatePart | string
  readonly #publicDigest: Uint8Array

  /** Made by `parseContainer`. */
  constructor(
    part: PublicPart,
    privatePart: PrivatePart | string,
    publicDigest: Uint8Array,
    digest: Uint8Array,
  ) {
    this.info = part.info
    this.protection = part.protection
    this.digest = digest
    this.#private = privatePart
    this.#publicDigest = publicDigest
  }

  /** Under which account a secret store keeps this version's secret: the name and a part of the hash. */
  get account(): string {
    return `${this.info.name} ${toHex(this.digest.subarray(0, 16))}`
  }

  /**
   * Opens the private part, and proves the public one: its hash is repeated inside, and every public key
   * is derived again from its secret.
   *
   * @param secret the passphrase, or the keyring's secret; none for protection `none`. A secret that is given
   *   where none is used is refused: whoever exchanged the file for an unprotected one of their own would
   *   otherwise not be noticed.
   * @throws ContainerError CONTAINER_SECRET if a secret is missing, or given in vain
   * @throws ContainerError CONTAINER_LOCKED for everything that depends on the secret
   */
  unlock(secret?: string | Uint8Array): KeyContainer {
    if (this.protection === 'none' && secret !== undefined) {
      throw new ContainerError('CONTAINER_SECRET', 'the container is not protected, but a secret was given')
    }
    if (this.protection !== 'none' && (secret === undefined || secret.length === 0)) {
      throw new ContainerError('CONTAINER_SECRET', `the container is protected by a ${this.protection}`)
    }
    return uniformly(() => {
      const part = this.#open(secret ?? '')
      return KeyContainer.fromPairs(this.info, pairsOf(part, this.#publicDigest, this.info.keys))
    })
  }

  #open(secret: string | Uint8Array): PrivatePart {
    if (typeof this.#private !== 'string') return this.#private
    return unlockPrivatePart(this.#private, secret, MAX_LOG_N)
  }
}

function protect(part: PrivatePart, protection: Protection): Fields | string {
  if (protection.kind === 'none') return privatePartToJson(part)
  if (protection.kind === 'keyring') return lockPrivatePart(part, protection.secret, KEYRING_LOG_N)
  const { passphrase, logN = PASSPHRASE_LOG_N } = protection
  if (passphrase.length === 0) throw new ContainerError('CONTAINER_SECRET', 'the passphrase is empty')
  if (!Number.isInteger(logN) || logN < 1 || logN > MAX_LOG_N) {
    const message = `expected a work factor from 1 to ${MAX_LOG_N}, got ${logN}`
    throw new ContainerError('CONTAINER_SECRET', message)
  }
  return lockPrivatePart(part, passphrase, logN)
}

function digestOf(publicPart: Fields): Uint8Array {
  return sha256(encodeJson(publicPart))
}

function sha256(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(bytes).digest())
}

function checkLength(bytes: Uint8Array): void {
  if (bytes.length <= MAX_CONTAINER_BYTES) return
  throw malformed('', `expected at most ${MAX_CONTAINER_BYTES} bytes, got ${bytes.length}`)
}

function privateToJson(part: PrivatePart | string): Fields | string {
  return typeof part === 'string' ? part : privatePartToJson(part)
}

function readArmor(value: unknown): string {
  const text = readText(value, 'private')
  try {
    if (armor(dearmor(text)) === text) return text
  } catch (cause) {
    if (!(cause instanceof AgeError)) throw cause
  }
  throw malformed('private', 'expected an armored age file')
}

/** One error, with one text and no cause, for whatever goes wrong once a secret has been used. */
function uniformly<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    const ours = error instanceof ContainerError || error instanceof AgeError || error instanceof BytesError
    if (!ours) throw error
    const message = 'the container did not open: wrong passphrase, or its file was damaged or altered'
    throw new ContainerError('CONTAINER_LOCKED', message)
  }
}
