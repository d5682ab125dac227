import {
  acquireContext,
  type Chunks,
  CryptoApiError,
  type HashObject,
  type RsaKey,
  type SignatureForm,
  verifyHash,
} from '@strongroom/core/cryptoapi'
import type { Context, OptionTable } from '../command.ts'
import { algorithmName, HASH_OPTION, hashId } from './algorithm-names.ts'
import { readInput } from './input-bytes.ts'
import { readKeyFile } from './key-files.ts'

/** What most old programs signed with. */
const OLD_HASH = 'sha1'
/** A signature is as long as the modulus of its key: 16384 bits at most. */
const MAX_SIGNATURE_BYTES = 2048
/** So much is also hashed with the other algorithms, to be able to say which of them it is. */
const MOST_BYTES_TO_EXPLAIN = 1_048_576

const SIGNATURE = 'Signature:'

/** How a detached signature was made. */
export const SIGNATURE_FORM_OPTIONS = {
  noHashOid: {
    flags: '--no-hash-oid',
    kind: 'flag',
    description: 'the signature does not name its hash (CRYPT_NOHASHOID)',
    group: SIGNATURE,
  },
  description: {
    flags: '--description <text>',
    kind: 'value',
    description: 'the text that was signed along (sDescription)',
    group: SIGNATURE,
  },
} as const satisfies OptionTable

/** Whose signature it must be, and of which kind. */
export const SIGNATURE_CHECK_OPTIONS = {
  signer: {
    flags: '--signer <file>',
    kind: 'value',
    description: 'the public key of whoever must have signed: PUBLICKEYBLOB or PEM',
    completes: 'file',
    group: SIGNATURE,
  },
  ...SIGNATURE_FORM_OPTIONS,
  strict: {
    flags: '--strict',
    kind: 'flag',
    description: 'only a signature that names its hash; Windows takes others too',
    group: SIGNATURE,
  },
} as const satisfies OptionTable

/** The hash of a signature that is verified. */
export const SIGNATURE_HASH_OPTION = {
  ...HASH_OPTION,
  description: 'the hash of the signature; sha1 unless told, as in most old programs',
  group: SIGNATURE,
} as const

/** The values of `SIGNATURE_CHECK_OPTIONS` and the hash. */
export interface SignatureCheckValues {
  readonly hash: string | undefined
  readonly noHashOid: boolean
  readonly description: string | undefined
  readonly strict: boolean
}

/** A signature that was verified. */
export interface VerifiedSignature {
  readonly signer: RsaKey
  /** As `--hash` names it. */
  readonly hash: string
  /** Whether it names its hash. */
  readonly form: SignatureForm
}

/** A signature and whose it must be, read from files. */
export interface DetachedSignature {
  readonly signature: Uint8Array
  readonly signer: RsaKey
}

/** Reads a signature and the key of its signer. @throws as `readInput` and `readKeyFile` */
export async function readSignature(
  context: Context,
  paths: { readonly signature: string; readonly signer: string },
): Promise<DetachedSignature> {
  const signature = readInput(paths.signature, MAX_SIGNATURE_BYTES, 'a signature')
  const { key } = await readKeyFile(context, paths.signer, { use: 'signature', passwordFile: undefined })
  // A private key would do as well; none of it is needed.
  key.privateKey?.wipe()
  return { signature, signer: key }
}

/**
 * Verifies a detached signature over all these bytes, as CryptVerifySignature does.
 *
 * @throws CryptoApiError NTE_BAD_SIGNATURE: not over these bytes, not with this hash, or not by this signer
 */
export async function verifySignature(
  data: Chunks,
  { signature, signer }: DetachedSignature,
  values: SignatureCheckValues,
): Promise<VerifiedSignature> {
  const wanted = hashId(values.hash ?? OLD_HASH)
  const hashes = await hashAll(data, wanted)
  const formOf = (hash: HashObject): SignatureForm | undefined =>
    formsOf(values).find((form) =>
      // Of a finished hash, or one with a description, nothing more can be asked.
      verifyHash(signer, hash.duplicate(), signature, { ...descriptionOf(values), form, strict: true }),
    )
  const form = hashes.wanted && formOf(hashes.wanted)
  if (form) return { signer, hash: algorithmName(wanted), form }
  const other = hashes.others.find((hash) => formOf(hash) !== undefined)
  throw new CryptoApiError('NTE_BAD_SIGNATURE', refusal(wanted, other?.algorithm, signature, signer))
}

/** A description for signing and verifying, if there is one. */
export function descriptionOf({ description }: Pick<SignatureCheckValues, 'description'>): {
  readonly description?: string
} {
  return description === undefined ? {} : { description }
}

/** The forms that are accepted, the better one first. */
function formsOf({ noHashOid, strict }: SignatureCheckValues): readonly SignatureForm[] {
  if (noHashOid) return ['bare']
  return strict ? ['oid'] : ['oid', 'bare']
}

interface Hashes {
  readonly wanted: HashObject
  readonly others: readonly HashObject[]
}

async function hashAll(data: Chunks, wanted: number): Promise<Hashes> {
  const context = acquireContext()
  const hash = context.createHash(wanted)
  let others = HASH_OPTION.choices
    .map((name) => hashId(name))
    .filter((id) => id !== wanted)
    .map((id) => context.createHash(id))
  let bytes = 0
  for await (const chunk of data) {
    bytes += chunk.length
    if (bytes > MOST_BYTES_TO_EXPLAIN) others = []
    for (const each of [hash, ...others]) each.update(chunk)
  }
  return { wanted: hash, others }
}

/** Nothing here depends on a secret: everybody who has the public key can find it out. */
function refusal(
  wanted: number,
  other: number | undefined,
  { length }: Uint8Array,
  { publicKey }: RsaKey,
): string {
  if (length !== publicKey.length)
    return `a signature of that key has ${publicKey.length} bytes, and this one ${length}`
  const named = `not a signature of that key over these bytes with ${algorithmName(wanted)}`
  return other === undefined ? named : `${named}, but one with ${algorithmName(other)}`
}
