import { randomBytes } from 'node:crypto'
import { AEAD_NONCE_BYTES, hkdfSha256, openAead, sealAead } from '../age/index.ts'
import { BytesError, fromBase64, toBase64, wipe } from '../bytes/index.ts'
import { ContainerError } from './container-error.ts'
import { activeKey } from './container-info.ts'
import { encodeRecord, parseRecord } from './crypto-api-record.ts'
import type { StoredEntries } from './crypto-api-record.ts'
import {
  checkCanonical,
  encodeJson,
  malformed,
  parseJson,
  readObject,
  readOneOf,
  readText,
} from './json-fields.ts'
import type { Fields } from './json-fields.ts'
import type { KeyContainer } from './key-container.ts'

/** The longest file of CryptoAPI key containers, in bytes: some ten thousand pairs of 1024 bits. */
export const MAX_CRYPTO_API_BYTES = 16 * 1024 * 1024

const KIND = 'CryptoAPI key containers'
const VERSION = 1
const MEMBERS = ['strongroom', 'version', 'container', 'key', 'salt', 'nonce', 'private'] as const
const LABEL = 'strongroom cryptoapi v1\n'
const SALT_BYTES = 32

/** What stands before the private part; it is authenticated with it. */
interface Header {
  /** The name of the container whose key opens it. */
  readonly container: string
  /** The fingerprint of that exchange key. */
  readonly key: string
  readonly salt: Uint8Array
  readonly nonce: Uint8Array
}

/**
 * Encrypts CryptoAPI key containers under the active exchange key of a container: docs/spec/container.md, "CryptoAPI
 * key containers". Every call has a key of its own, from a random salt.
 *
 * @throws ContainerError CONTAINER_KEY after `wipe`; CONTAINER_FORMAT if the file would be longer than 16 MiB; and those
 *   of `encodeRecord`
 */
export function encodeCryptoApiFile(owner: KeyContainer, entries: StoredEntries): Uint8Array {
  const active = activeKey(owner.info().keys, 'exchange', owner.profile)
  if (active === undefined) throw new ContainerError('CONTAINER_KEY', 'the container was wiped')
  const [salt, nonce] = [randomBytes(SALT_BYTES), randomBytes(AEAD_NONCE_BYTES)]
  const header = headerToJson({ container: owner.name, key: active.id, salt, nonce })
  const record = encodeRecord(entries)
  const key = recordKey(owner, active.id, salt)
  const sealed = sealAead(key, nonce, encodeJson(header), record)
  wipe(record, key)
  const bytes = encodeJson({ ...header, private: toBase64(sealed) })
  if (bytes.length <= MAX_CRYPTO_API_BYTES) return bytes
  throw malformed('', `expected at most ${MAX_CRYPTO_API_BYTES} bytes, got ${bytes.length}`)
}

/**
 * Opens what `encodeCryptoApiFile` wrote, also under a key that has been retired since.
 *
 * @throws ContainerError CONTAINER_FORMAT saying where; CONTAINER_KEY if it is under a key that the container has not
 * @throws ContainerError CONTAINER_LOCKED for everything that depends on the key
 */
export function openCryptoApiFile(owner: KeyContainer, bytes: Uint8Array): StoredEntries {
  const fields = readObject(parseJson(bytes), '', MEMBERS)
  const header = readHeader(fields)
  const sealed = readBase64(fields['private'], 'private')
  const headerJson = headerToJson(header)
  checkCanonical(bytes, encodeJson({ ...headerJson, private: fields['private'] }))
  if (header.container !== owner.name) {
    throw malformed('container', `not "${owner.name}": the file is another container's`)
  }
  const key = recordKey(owner, header.key, header.salt)
  const record = openAead(key, header.nonce, encodeJson(headerJson), sealed)
  wipe(key)
  return uniformly(() => {
    if (record === undefined) throw new ContainerError('CONTAINER_LOCKED', 'not authentic')
    return parseRecord(record)
  }, record)
}

function headerToJson({ container, key, salt, nonce }: Header): Fields {
  const random = { salt: toBase64(salt), nonce: toBase64(nonce) }
  return { strongroom: KIND, version: VERSION, container, key, ...random }
}

function readHeader(fields: Fields): Header {
  readOneOf(fields['strongroom'], 'strongroom', [KIND])
  readOneOf(fields['version'], 'version', [VERSION])
  return {
    container: readText(fields['container'], 'container'),
    key: readText(fields['key'], 'key'),
    salt: readBase64(fields['salt'], 'salt', SALT_BYTES),
    nonce: readBase64(fields['nonce'], 'nonce', AEAD_NONCE_BYTES),
  }
}

function readBase64(value: unknown, path: string, length?: number): Uint8Array {
  const text = readText(value, path)
  try {
    const bytes = fromBase64(text)
    if (length === undefined || bytes.length === length) return bytes
  } catch (cause) {
    if (!(cause instanceof BytesError)) throw cause
  }
  throw malformed(path, length === undefined ? 'expected base64' : `expected ${length} bytes in base64`)
}

/** The key of one version of the file. @throws ContainerError CONTAINER_KEY if the owner has no such exchange key */
function recordKey(owner: KeyContainer, id: string, salt: Uint8Array): Uint8Array {
  for (const { info, pair } of owner.pairs()) {
    if (pair.kind !== 'exchange' || info.id !== id) continue
    const secret = pair.identity.toBytes()
    const key = hkdfSha256(secret, salt, LABEL)
    wipe(secret)
    return key
  }
  throw new ContainerError('CONTAINER_KEY', 'key: the container does not have this exchange key')
}

/** One error, with one text and no cause, for whatever goes wrong once a secret has been used. */
function uniformly<T>(work: () => T, secret: Uint8Array | undefined): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof ContainerError || error instanceof BytesError)) throw error
    const message = 'the CryptoAPI key containers did not open: their file was damaged or altered'
    throw new ContainerError('CONTAINER_LOCKED', message)
  } finally {
    if (secret !== undefined) wipe(secret)
  }
}
