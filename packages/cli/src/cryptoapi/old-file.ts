import { createHash } from 'node:crypto'
import { equalBytes, toHex } from '@strongroom/core/bytes'
import {
  type Chunks,
  CryptoApiError,
  importKeyBlob,
  type RsaKey,
  SessionKey,
  splitSampleStream,
  type SampleStream,
  wincrypt,
} from '@strongroom/core/cryptoapi'
import { CliError } from '../cli-error.ts'
import type { VerifiedSignature } from './detached-signature.ts'
import { READING_PROVIDER } from './key-files.ts'
import { isBadData, notOpened, type OldLayout } from './not-opened.ts'
import { hashName } from './derived-keys.ts'
import { cipherFacts, keyFromPassword, limitRc2 } from './sample-keys.ts'
import { rc2EffectiveBits, type SampleFormatValues } from './sample-options.ts'

/** The length of the key blob, in front of it. */
const LENGTH_BYTES = 4
/** Type, version and reserved field of a SIMPLEBLOB. */
const SIMPLE_BLOB_START = [wincrypt.SIMPLEBLOB, wincrypt.CUR_BLOB_VERSION, 0, 0]

/** What an old file is, for programs. */
export interface OldFileFacts {
  readonly layout: OldLayout
  /** As `--algorithm` names it. */
  readonly algorithm: string
  /** Bits of the key that count. */
  readonly bits: number
  /** The hash of the password. */
  readonly hash?: string
  readonly keyBlobSha256?: string
}

/** An old file whose key is there; nothing proves yet that it is the right one. The caller wipes the key. */
export interface OldFile {
  readonly facts: OldFileFacts
  readonly key: SessionKey
  /** The key pair that the file was made for. */
  readonly madeFor?: RsaKey
  /** The signature over the key blob, verified before it was unwrapped. */
  readonly signed?: VerifiedSignature
  /** Bytes in front of the ciphertext. */
  readonly frontBytes: number
  /** The ciphertext of the same file, read once more. @throws CliError INPUT_CHANGED if it is another now */
  ciphertextOf(file: Chunks): AsyncGenerator<Uint8Array>
}

/** What gets at the keys of old files. */
export interface OldFileOpener {
  /**
   * Why it is no such file, as far as that shows without any key; undefined if it is one, or begins like one and is
   * damaged.
   */
  unlike(file: Chunks): Promise<string | undefined>
  /**
   * Gets at the key of a file.
   *
   * @throws CliError UNSUPPORTED: no such file; CryptoApiError NTE_NO_KEY: no key of its size; NTE_BAD_DATA: damaged or
   *   for another key; NTE_BAD_SIGNATURE as `verify`
   */
  open(file: Chunks): Promise<OldFile>
  wipe(): void
}

/** How files with a key blob in front are opened. */
export interface KeyBlobOpening {
  /** The exchange keys that may have been meant. */
  readonly keys: readonly RsaKey[]
  /** Called before a private key is touched: throws unless the blob is from the right maker. */
  readonly verify?: ((blob: Uint8Array) => Promise<VerifiedSignature>) | undefined
}

/** Opens files that begin with a key blob. */
export function keyBlobOpener(values: SampleFormatValues, { keys, verify }: KeyBlobOpening): OldFileOpener {
  const effectiveBits = rc2EffectiveBits(values)
  return {
    unlike: reasonAgainst,
    open: async (file) => {
      const front = await frontOf(file)
      const signed = await verify?.(front.blob)
      const { key, madeFor } = unwrap(front, keys, values.oaep)
      limitRc2(key, effectiveBits)
      const { blob } = front
      return {
        facts: { layout: 'key blob', ...cipherFacts(key), keyBlobSha256: sha256(blob) },
        key,
        madeFor,
        ...(signed && { signed }),
        frontBytes: LENGTH_BYTES + blob.length,
        ciphertextOf: (again) => ciphertextBehind(again, blob),
      }
    },
    wipe: () => undefined,
  }
}

/**
 * Opens files that are ciphertext from their first byte. What is no such file cannot be told from one.
 *
 * @param password its bytes, which are wiped
 */
export function passwordOpener(values: SampleFormatValues, password: Uint8Array): OldFileOpener {
  const key = keyFromPassword(values, password)
  const facts: OldFileFacts = { layout: 'password', ...cipherFacts(key), hash: hashName(values) }
  return {
    unlike: async () => undefined,
    open: async () => ({
      facts,
      key: key.duplicate(),
      frontBytes: 0,
      ciphertextOf: async function* (file) {
        yield* file
      },
    }),
    wipe: () => key.wipe(),
  }
}

async function frontOf(file: Chunks): Promise<SampleStream> {
  try {
    return await splitSampleStream(file)
  } catch (error) {
    if (!(error instanceof CryptoApiError)) throw error
    throw new CliError(
      'UNSUPPORTED',
      `it is no file of Microsoft’s encryption sample, or a damaged one: ${error.message}`,
      {
        cause: error,
        hint: 'add --password and --algorithm if it was made with a password: such a file is ciphertext alone',
      },
    )
  }
}

async function reasonAgainst(file: Chunks): Promise<string | undefined> {
  const front: number[] = []
  const watched = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of file) {
      front.push(...chunk.subarray(0, LENGTH_BYTES + SIMPLE_BLOB_START.length - front.length))
      yield chunk
    }
  }
  try {
    await splitSampleStream(watched())
    return undefined
  } catch (error) {
    if (!(error instanceof CryptoApiError)) throw error
    // What was damaged is to be told, not to be passed over.
    const begins = SIMPLE_BLOB_START.every((byte, i) => front[LENGTH_BYTES + i] === byte)
    return begins ? undefined : error.message
  }
}

function unwrap(
  { blob, modulusLength }: SampleStream,
  keys: readonly RsaKey[],
  oaep: boolean,
): { key: SessionKey; madeFor: RsaKey } {
  const fitting = withoutRepetition(keys).filter(({ publicKey }) => publicKey.length === modulusLength)
  if (fitting.length === 0) {
    throw new CryptoApiError('NTE_NO_KEY', `it is for an RSA key of ${modulusLength * 8} bits: none of yours`)
  }
  const opened = fitting.flatMap((madeFor) => {
    const key = tryToUnwrap(blob, madeFor, oaep)
    return key ? [{ key, madeFor }] : []
  })
  const [only, ...others] = opened
  if (only && others.length === 0) return only
  for (const { key } of opened) key.wipe()
  if (!only) throw notOpened('key blob')
  // Once in some million files a wrong key finds a padding that fits: which text is the right one, nothing would show.
  throw new CliError('UNSUPPORTED', 'more than one of your keys opens it', {
    hint: 'name the right one with --key FILE, and only that',
  })
}

function withoutRepetition(keys: readonly RsaKey[]): RsaKey[] {
  return keys.filter((key, i) => keys.findIndex((other) => other.publicKey.equals(key.publicKey)) === i)
}

function tryToUnwrap(blob: Uint8Array, unwrapWith: RsaKey, oaep: boolean): SessionKey | undefined {
  try {
    const key = importKeyBlob(READING_PROVIDER, blob, { unwrapWith, oaep, exportable: true })
    return key instanceof SessionKey ? key : undefined
  } catch (error) {
    if (isBadData(error)) return undefined
    throw error
  }
}

async function* ciphertextBehind(file: Chunks, expected: Uint8Array): AsyncGenerator<Uint8Array> {
  const { blob, ciphertext } = await frontOf(file)
  if (!equalBytes(blob, expected))
    throw new CliError('INPUT_CHANGED', 'another file took its name while it was read')
  yield* ciphertext
}

const sha256 = (bytes: Uint8Array): string => toHex(createHash('sha256').update(bytes).digest())
