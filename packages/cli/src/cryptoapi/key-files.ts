import { ByteReader, wipe } from '@strongroom/core/bytes'
import {
  acquireContext,
  CryptoApiError,
  importKeyBlob,
  openPvk,
  type PairUse,
  parsePvk,
  type ProviderRow,
  RsaKey,
  wincrypt,
} from '@strongroom/core/cryptoapi'
import { CliError, usage } from '../cli-error.ts'
import type { Context } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { MAX_KEY_FILE_BYTES, readInput } from './input-bytes.ts'
import { oldPassword, type OldPasswordValues, wrongKeyPassword } from './old-password.ts'
import { namedError } from './named-error.ts'
import { isPem, readPemKey } from './pem-keys.ts'

const PVK_MAGIC = 0xb0b5f11e
const PAIR_BLOBS: ReadonlySet<number> = new Set([wincrypt.PUBLICKEYBLOB, wincrypt.PRIVATEKEYBLOB])
const SESSION_BLOBS: ReadonlySet<number> = new Set([wincrypt.SIMPLEBLOB, wincrypt.PLAINTEXTKEYBLOB])

/** The provider that reads all that any of them wrote: it has every algorithm, and every length of it. */
export const READING_PROVIDER: ProviderRow = acquireContext().provider

/** A key pair or public key from a file, and what the file says of it. */
export interface KeyFile {
  readonly form: 'PEM' | 'PVK' | 'key blob'
  readonly key: RsaKey
  /** Whether the file says what the pair is for; a PEM text does not. */
  readonly saysUse: boolean
}

/** What matters when a key file is read. */
export interface KeyFileReading extends OldPasswordValues {
  /** What a key is taken for whose file does not say it; without it such a file is refused. */
  readonly use: PairUse | undefined
  /** Takes keys that nobody should use: with an exponent of one, for example. */
  readonly recovery?: boolean
}

/**
 * Reads an RSA key: PEM (PKCS#8 or PKCS#1, also public), a PVK file, a PUBLICKEYBLOB or a PRIVATEKEYBLOB. The caller
 * wipes the private part, if there is one.
 *
 * @throws CliError UNSUPPORTED: none of these, WRONG_PASSPHRASE, NO_PASSPHRASE; CryptoApiError for what is in it
 */
export async function readKeyFile(context: Context, path: string, reading: KeyFileReading): Promise<KeyFile> {
  const bytes = readInput(path, MAX_KEY_FILE_BYTES, 'a key file')
  const ask = async () => await oldPassword(context, reading, `Password of ${displayName(path)}`)
  try {
    if (isPem(bytes)) {
      return { form: 'PEM', key: await readPemKey(bytes, expectUse(path, reading), ask), saysUse: false }
    }
    if (isPvk(bytes)) return { form: 'PVK', key: await readPvk(bytes, reading, ask), saysUse: true }
    return { form: 'key blob', key: readBlob(path, bytes, reading), saysUse: true }
  } catch (error) {
    throw namedError(path, error)
  } finally {
    wipe(bytes)
  }
}

/** Reads the private key of a pair. @throws as `readKeyFile`; CryptoApiError NTE_BAD_KEY for a public key alone */
export async function readPrivateKey(
  context: Context,
  path: string,
  reading: KeyFileReading,
): Promise<KeyFile> {
  const file = await readKeyFile(context, path, reading)
  if (file.key.privateKey !== undefined) return file
  throw new CryptoApiError(
    'NTE_BAD_KEY',
    `${displayName(path)}: this takes a private key, and it is a public one`,
  )
}

/** Whether bytes begin like a PVK file. */
export function isPvk(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && new ByteReader(bytes).u32le() === PVK_MAGIC
}

function expectUse(path: string, { use }: KeyFileReading): PairUse {
  if (use !== undefined) return use
  throw usage(
    `${displayName(path)} does not say what its key is for`,
    'add --use exchange for a key that opens, --use signature for one that signs',
  )
}

async function readPvk(
  bytes: Uint8Array,
  { recovery = false }: KeyFileReading,
  ask: () => Promise<Uint8Array>,
): Promise<RsaKey> {
  const { encrypted } = parsePvk(bytes)
  const password = encrypted ? await ask() : undefined
  try {
    const { algorithm, key } = openPvk(bytes, password, { recovery })
    return new RsaKey({ algorithm, publicKey: key.publicKey, privateKey: key, exportable: true })
  } catch (error) {
    if (!encrypted || !(error instanceof CryptoApiError && error.code === 'NTE_BAD_DATA')) throw error
    throw wrongKeyPassword()
  } finally {
    if (password) wipe(password)
  }
}

function readBlob(path: string, bytes: Uint8Array, { recovery = false }: KeyFileReading): RsaKey {
  const key = PAIR_BLOBS.has(bytes[0] ?? 0)
    ? importKeyBlob(READING_PROVIDER, bytes, { recovery, exportable: true })
    : undefined
  if (key instanceof RsaKey) return key
  if (SESSION_BLOBS.has(bytes[0] ?? 0)) throw sessionKey(path)
  throw new CliError(
    'UNSUPPORTED',
    `${displayName(path)} is no RSA key in PEM, no PVK file and no key blob of a pair`,
    {
      hint: `strongroom cryptoapi inspect ${displayName(path)} shows what can be said of it`,
    },
  )
}

function sessionKey(path: string): CliError {
  const message = `${displayName(path)} holds a session key, and this takes a key pair`
  return new CliError('UNSUPPORTED', message, {
    hint: 'strongroom cryptoapi export --session-key FILE converts session keys',
  })
}
