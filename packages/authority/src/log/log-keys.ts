import { createSecretKey, hkdfSync, randomBytes, type KeyObject } from 'node:crypto'
import { BytesError, concat, fromPaddedBase64, toPaddedBase64, wipe } from '@strongroom/core/bytes'
import {
  encodeVerifierKey,
  keyLabel,
  noteSigner,
  noteVerifier,
  TlogError,
  verifierKey,
  type NoteSigner,
  type NoteVerifier,
  type SignatureTypeName,
  type VerifierKey,
} from '@strongroom/core/tlog'
import { sha256 } from '../model/digest.ts'
import { LogError } from './log-error.ts'
import { rawSigner, verifyRaw } from './node-signatures.ts'

/** The keys of a log, all of which sign every checkpoint: the log holds while one of the algorithms does. */
const TYPES: readonly {
  readonly type: SignatureTypeName
  readonly id: number
  readonly algorithm: 'ed25519' | 'ml-dsa-44'
}[] = [
  { type: 'note', id: 0x01, algorithm: 'ed25519' },
  { type: 'subtree', id: 0x06, algorithm: 'ml-dsa-44' },
]
const SEED_BYTES = 32
const DERIVED_BYTES = 32
const LINE = /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/

interface LogKey {
  readonly key: VerifierKey
  readonly seed: KeyObject
  readonly sign: (message: Uint8Array) => Uint8Array
}

/**
 * The key pairs of an authority's log. They are used by the service itself: whoever has them can sign another history, which
 * witnesses and monitors would notice; they open nothing.
 */
export class LogKeys {
  readonly origin: string
  readonly #keys: readonly LogKey[]

  private constructor(origin: string, keys: readonly LogKey[]) {
    this.origin = origin
    this.#keys = keys
  }

  /**
   * New keys, as the text of a file for `parse`: a line for each, `PRIVATE+KEY+<origin>+<hash>+<base64 of type and seed>`, the form
   * that Go's note package writes.
   *
   * @param origin as `logOrigin` makes it. @throws TlogError TLOG_KEY if that cannot be the name of a key
   */
  static generate(origin: string): string {
    const lines = TYPES.map(({ type, id, algorithm }) => {
      const seed = new Uint8Array(randomBytes(SEED_BYTES))
      const encoded = concat(Uint8Array.of(id), seed)
      const { publicKey } = rawSigner(algorithm, seed)
      const line = `PRIVATE+KEY+${keyLabel(verifierKey(sha256, origin, type, publicKey))}+${toPaddedBase64(encoded)}`
      wipe(seed, encoded)
      return line
    })
    return `${lines.join('\n')}\n`
  }

  /** Reads what `generate` writes. @throws LogError LOG_KEYS, which quotes nothing of it */
  static parse(text: string): LogKeys {
    const lines = text.split('\n')
    if (lines.length !== TYPES.length + 1 || lines.at(-1) !== '') {
      throw malformed(`expected ${TYPES.length} lines`)
    }
    const keys = TYPES.map((type, i) => readKey(type, lines[i] ?? ''))
    const [origin = '', ...others] = keys.map(({ key }) => key.name)
    if (others.some((name) => name !== origin)) throw malformed('keys of different logs')
    return new LogKeys(origin, keys)
  }

  /** The verifier keys as epoch records name them. */
  get verifierKeys(): string[] {
    return this.#keys.map(({ key }) => encodeVerifierKey(key))
  }

  get verifiers(): NoteVerifier[] {
    return this.#keys.map(({ key }) => noteVerifier(key, verifyRaw))
  }

  /**
   * A key of 32 bytes that every node with these keys has, and nobody else: HKDF-SHA-256 of both seeds, without a salt.
   *
   * @param info what it is for
   */
  derive(info: string): Uint8Array {
    const seeds = concat(...this.#keys.map(({ seed }) => new Uint8Array(seed.export())))
    const key = new Uint8Array(hkdfSync('sha256', seeds, '', info, DERIVED_BYTES))
    wipe(seeds)
    return key
  }

  /** @param now the clock, in milliseconds since 1970 */
  signers(now: () => number): NoteSigner[] {
    const seconds = () => Math.floor(now() / 1000)
    return this.#keys.map(({ key, sign }) => noteSigner(key, { sign, now: seconds }))
  }
}

function readKey({ type, id, algorithm }: (typeof TYPES)[number], line: string): LogKey {
  const [, name = '', hash = '', encoded = ''] = LINE.exec(line) ?? []
  const bytes = decode(encoded)
  try {
    if (bytes.length !== SEED_BYTES + 1 || bytes[0] !== id) throw malformed(`expected a key of ${algorithm}`)
    const { publicKey, sign } = rawSigner(algorithm, bytes.subarray(1))
    const key = nameKey(name, type, publicKey)
    if (keyLabel(key) !== `${name}+${hash}`) throw malformed('the hash is of another key or name')
    return { key, seed: createSecretKey(bytes.subarray(1)), sign }
  } finally {
    wipe(bytes)
  }
}

function decode(encoded: string): Uint8Array {
  try {
    return fromPaddedBase64(encoded)
  } catch (error) {
    if (error instanceof BytesError) throw malformed('not base64')
    throw error
  }
}

function nameKey(name: string, type: SignatureTypeName, publicKey: Uint8Array): VerifierKey {
  try {
    return verifierKey(sha256, name, type, publicKey)
  } catch (error) {
    if (error instanceof TlogError) throw malformed('not the name of a log')
    throw error
  }
}

function malformed(reason: string): LogError {
  return new LogError('LOG_KEYS', `the file of the log's keys: ${reason}`)
}
