import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { utf8Decode } from '@strongroom/core/bytes'
import { importPkcs8, wipePair } from '@strongroom/core/container'
import { rsaKeyToCryptoApi } from '@strongroom/core/container/crypto-api'
import { type PairUse, RsaKey, RsaPrivateKey, RsaPublicKey, wincrypt } from '@strongroom/core/cryptoapi'
import { CliError } from '../cli-error.ts'
import { wrongKeyPassword } from './old-password.ts'

/** Asks for the password of a key; called only if there is one. */
export type AskPassword = () => Promise<Uint8Array>

/** ALG_ID of a pair by its use, which a PEM text does not tell. */
export const PAIR_IDS: Readonly<Record<PairUse, number>> = {
  exchange: wincrypt.CALG_RSA_KEYX,
  signature: wincrypt.CALG_RSA_SIGN,
}

type Reader = (block: string, use: PairUse, ask: AskPassword) => Promise<RsaKey>

/** How a block is read, by its label. RFC 7468; RFC 8017 for those with RSA in it. */
const READERS: ReadonlyMap<string, Reader> = new Map([
  ['PRIVATE KEY', readPkcs8],
  ['ENCRYPTED PRIVATE KEY', readPkcs8],
  ['RSA PRIVATE KEY', readPkcs1],
  ['PUBLIC KEY', readPublic],
  ['RSA PUBLIC KEY', readPublic],
])
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*(?:-[^-]+)*-----END \1-----/g
const ENCRYPTED_PKCS1 = /^Proc-Type: 4,ENCRYPTED/m

/** Whether bytes begin, behind whatever text there may be, like PEM. */
export function isPem(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('-----BEGIN ')
}

/**
 * The RSA key of a PEM text: PKCS#8 or PKCS#1, private or public, encrypted or not.
 *
 * @param use what it is taken for
 * @throws CliError UNSUPPORTED: not one key, or not RSA; WRONG_PASSPHRASE; ContainerError as `importPkcs8`
 */
export async function readPemKey(bytes: Uint8Array, use: PairUse, ask: AskPassword): Promise<RsaKey> {
  const blocks = [...utf8Decode(bytes).matchAll(BLOCK)]
  const [block, ...more] = blocks
  if (!block || more.length > 0) throw unsupported(`expected one key in PEM, got ${blocks.length}`)
  const [text, label = ''] = block
  const reader = READERS.get(label)
  if (!reader) throw unsupported(`expected a key in PEM, got ${label}`)
  return await reader(text, use, ask)
}

async function readPkcs8(block: string, use: PairUse, ask: AskPassword): Promise<RsaKey> {
  const pair = await importPkcs8(block, async () => Buffer.from(await ask()).toString('utf8'))
  try {
    if (pair.kind !== 'rsa') throw unsupported(`expected an RSA key, got ${pair.algorithm}`)
    return rsaKeyToCryptoApi(pair.pkcs8, use, { exportable: true })
  } finally {
    wipePair(pair)
  }
}

async function readPkcs1(block: string, use: PairUse, ask: AskPassword): Promise<RsaKey> {
  const encrypted = ENCRYPTED_PKCS1.test(block)
  const passphrase = encrypted ? Buffer.from(await ask()) : undefined
  const key = platformKey(encrypted, () =>
    createPrivateKey({ key: block, format: 'pem', ...(passphrase && { passphrase }) }),
  )
  passphrase?.fill(0)
  const privateKey = RsaPrivateKey.fromKeyObject(key)
  return new RsaKey({
    algorithm: PAIR_IDS[use],
    publicKey: privateKey.publicKey,
    privateKey,
    exportable: true,
  })
}

async function readPublic(block: string, use: PairUse): Promise<RsaKey> {
  const publicKey = RsaPublicKey.fromKeyObject(platformKey(false, () => createPublicKey(block)))
  return new RsaKey({ algorithm: PAIR_IDS[use], publicKey, exportable: true })
}

function platformKey(encrypted: boolean, read: () => KeyObject): KeyObject {
  try {
    return read()
  } catch (cause) {
    if (!encrypted) throw unsupported('a key in PEM that cannot be read', cause)
    // The platform tells a wrong password from what decrypts to nonsense: an oracle, so not passed on.
    throw wrongKeyPassword()
  }
}

function unsupported(message: string, cause?: unknown): CliError {
  const hint = 'an RSA key in PEM, a PVK file or a key blob can be read'
  return new CliError('UNSUPPORTED', message, { hint, cause })
}
