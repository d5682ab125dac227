import { createPrivateKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { MlKem768X25519Identity, X25519Identity, parseIdentityFile } from '../age/index.ts'
import { wipe } from '../bytes/index.ts'
import { ContainerError } from './container-error.ts'
import { exchangePair, rsaPair, signaturePair } from './key-pair.ts'
import type { KeyPair } from './key-pair.ts'
import { checkDerivationCost } from './pkcs8-cost.ts'
import { SigningKey } from './signature.ts'

/** Asks for the passphrase of an encrypted key; called once, and only if there is one. */
export type AskPassphrase = () => Promise<string>

/** Characters of a PEM text: an RSA key of 16384 bits takes some 13,000. */
const MAX_PEM_LENGTH = 65_536

const PEM = /^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END \1PRIVATE KEY-----$/

/**
 * The pairs in an identity file of age (`AGE-SECRET-KEY-PQ-1…`, `AGE-SECRET-KEY-1…`, comments).
 *
 * @throws AgeError KEY with the number of the line that is wrong
 */
export function importAgeIdentities(text: string): KeyPair[] {
  return parseIdentityFile(text).map((identity) => {
    if (identity instanceof X25519Identity || identity instanceof MlKem768X25519Identity) {
      return exchangePair(identity)
    }
    throw new ContainerError('CONTAINER_KEY', `a container cannot hold an identity of ${identity.kind}`)
  })
}

/**
 * The pair of a PKCS#8 private key in PEM (RFC 7468 §10 and §11, RFC 5958): X25519, Ed25519 or RSA of 384
 * to 16384 bits, as CryptoAPI can use it; encrypted or not.
 *
 * @throws ContainerError CONTAINER_FORMAT if it is not one such text, or derivation would take too long
 * @throws ContainerError CONTAINER_KEY for another kind of key, or halves of an RSA key that do not fit
 * @throws ContainerError CONTAINER_LOCKED for a wrong passphrase or a damaged encrypted key
 * @throws ContainerError CONTAINER_SECRET if it is encrypted and nobody can be asked
 */
export async function importPkcs8(text: string, ask?: AskPassphrase): Promise<KeyPair> {
  const { der, encrypted } = decodePem(text)
  try {
    return await toPair(encrypted ? await readEncrypted(der, ask) : readPlain(der))
  } finally {
    wipe(der)
  }
}

function decodePem(text: string): { der: Buffer<ArrayBuffer>; encrypted: boolean } {
  const match = text.length > MAX_PEM_LENGTH ? undefined : PEM.exec(text.trim())
  const [, encrypted, base64 = ''] = match ?? []
  const der = Buffer.from(base64, 'base64')
  // The platform's decoder passes over what it does not know; what it read must be what was written.
  if (!match || der.length === 0 || der.toString('base64') !== base64.replace(/[\r\n]/g, '')) {
    throw new ContainerError('CONTAINER_FORMAT', 'expected one PKCS#8 private key in PEM and nothing else')
  }
  return { der, encrypted: encrypted !== undefined }
}

function readPlain(der: Buffer): KeyObject {
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  } catch (cause) {
    throw new ContainerError('CONTAINER_FORMAT', 'private key: not PKCS#8', { cause })
  }
}

async function readEncrypted(der: Buffer, ask: AskPassphrase | undefined): Promise<KeyObject> {
  checkDerivationCost(der)
  if (!ask) throw new ContainerError('CONTAINER_SECRET', 'the private key is encrypted')
  const passphrase = await ask()
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8', passphrase })
  } catch (cause) {
    // The platform tells a wrong passphrase from what decrypts to nonsense: an oracle, so not passed on.
    void cause
    const message = 'the private key did not open: wrong passphrase, or it was damaged'
    throw new ContainerError('CONTAINER_LOCKED', message)
  }
}

/** What to make of a key, by the platform's name of its algorithm. */
const IMPORTS: Readonly<Record<string, (key: KeyObject) => KeyPair | Promise<KeyPair>>> = {
  x25519: (key) => withRaw(key, (secret) => exchangePair(X25519Identity.fromBytes(secret))),
  ed25519: (key) => withRaw(key, (secret) => signaturePair(SigningKey.fromSecretBytes('ed25519', secret))),
  rsa: importRsa,
}

async function toPair(key: KeyObject): Promise<KeyPair> {
  const type = key.asymmetricKeyType ?? 'unknown'
  const make = Object.hasOwn(IMPORTS, type) ? IMPORTS[type] : undefined
  if (make) return await make(key)
  throw new ContainerError('CONTAINER_KEY', `expected an X25519, Ed25519 or RSA key, got ${type}`)
}

function withRaw(key: KeyObject, use: (secret: Uint8Array) => KeyPair): KeyPair {
  const secret = key.export({ format: 'raw-private' })
  try {
    return use(secret)
  } finally {
    wipe(secret)
  }
}

async function importRsa(key: KeyObject): Promise<KeyPair> {
  // All of CryptoAPI: loaded for this one check, and not with every container.
  const { rsaKeyToCryptoApi } = await import('./rsa-conversion.ts')
  const der = key.export({ format: 'der', type: 'pkcs8' })
  try {
    // DER carries eight numbers that nothing ties together, and wrong ones show the key to whoever sees a result.
    const { privateKey } = rsaKeyToCryptoApi(der, 'exchange')
    privateKey?.wipe()
    return rsaPair(der)
  } finally {
    wipe(der)
  }
}
