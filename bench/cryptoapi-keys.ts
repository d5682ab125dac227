/**
 * How many keys does the CryptoAPI provider derive, import, export and sign with in a second, beside node:crypto itself
 * and node-forge?
 *
 * Run: node bench/cryptoapi-keys.ts [--quick] [--rounds N] [--place TEXT]
 */
import {
  constants,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  sign,
  verify,
} from 'node:crypto'
import forge from 'node-forge'
import {
  acquireContext,
  exportKeyBlob,
  RsaKey,
  RsaPrivateKey,
  signHash,
  verifyHash,
  wincrypt,
} from '../packages/core/src/cryptoapi/index.ts'
import { contestOfPasses, type Pass } from './passes.ts'
import { report, type Section } from './report.ts'
import { withWorkbench } from './workbench.ts'

const OURS = 'strongroom'
const NODE = 'node:crypto'
const FORGE = 'node-forge'
const BITS = 2048
/** The key of AES-256, and what HMAC's pads are to CryptDeriveKey: 64 bytes of each. */
const KEY_BYTES = 32
const PAD_BYTES = 64

const context = acquireContext()
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: BITS })
const ours = RsaPrivateKey.fromKeyObject(privateKey)
const parts = { publicKey: ours.publicKey, privateKey: ours, exportable: true }
const exchange = new RsaKey({ ...parts, algorithm: wincrypt.CALG_RSA_KEYX })
const signature = new RsaKey({ ...parts, algorithm: wincrypt.CALG_RSA_SIGN })
const forgePrivate = forge.pki.privateKeyFromPem(privateKey.export({ format: 'pem', type: 'pkcs1' }))
const forgePublic = forge.pki.publicKeyFromPem(
  createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }),
)

const sessionKey = context.generateKey(wincrypt.CALG_AES_256, { exportable: true })
const blob = exportKeyBlob(sessionKey, wincrypt.SIMPLEBLOB, { wrapWith: exchange })
const ciphertext = blob.subarray(12).toReversed()
const forgeCiphertext = Buffer.from(ciphertext).toString('latin1')
const binaryKey = Buffer.from(sessionKey.key).toString('latin1')
const data = randomBytes(1024)
const signed = sign('sha256', data, privateKey)
const signedReversed = new Uint8Array(signed).toReversed()
const binarySignature = signed.toString('latin1')
const padded = { key: publicKey, padding: constants.RSA_PKCS1_PADDING }

const CONTESTS: Readonly<Record<string, readonly Pass[]>> = {
  'CryptDeriveKey, AES-256 from SHA-1 of a password': [
    { name: OURS, pass: deriveOurs },
    { name: NODE, pass: deriveNode },
    { name: FORGE, pass: deriveForge },
  ],
  [`SIMPLEBLOB, export, RSA ${BITS}`]: [
    { name: OURS, pass: () => exportKeyBlob(sessionKey, wincrypt.SIMPLEBLOB, { wrapWith: exchange }) },
    { name: NODE, pass: () => publicEncrypt(padded, sessionKey.key) },
    { name: FORGE, pass: () => forgePublic.encrypt(binaryKey, 'RSAES-PKCS1-V1_5') },
  ],
  // node:crypto does not remove this padding any more; its figure is that of the bare RSA operation.
  [`SIMPLEBLOB, import, RSA ${BITS}`]: [
    { name: OURS, pass: () => context.importKey(blob, { unwrapWith: exchange }) },
    {
      name: NODE,
      pass: () => privateDecrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, ciphertext),
    },
    { name: FORGE, pass: () => forgePrivate.decrypt(forgeCiphertext, 'RSAES-PKCS1-V1_5') },
  ],
  [`signature, made, SHA-256, RSA ${BITS}`]: [
    { name: OURS, pass: () => signHash(signature, hashed()) },
    { name: NODE, pass: () => sign('sha256', data, privateKey) },
    { name: FORGE, pass: () => forgePrivate.sign(forgeHashed()) },
  ],
  [`signature, verified, SHA-256, RSA ${BITS}`]: [
    { name: OURS, pass: () => verifyHash(signature, hashed(), signedReversed) },
    { name: NODE, pass: () => verify('sha256', data, publicKey, signed) },
    {
      name: FORGE,
      pass: () => forgePublic.verify(forgeHashed().digest().getBytes(), binarySignature),
    },
  ],
}

await withWorkbench((bench) => {
  const rounds = Math.min(bench.rounds, bench.quick ? 3 : 21)
  const sections = Object.entries(CONTESTS)
    .filter(([title]) => title.includes(bench.place))
    .map(([title, contestants]): Section => {
      const results = contestOfPasses(contestants, rounds)
      return { title, results, bases: [NODE, FORGE], targets: [], perSecond: true }
    })
  report('cryptoapi-keys', sections)
})

function hashed() {
  const hash = context.createHash(wincrypt.CALG_SHA_256)
  hash.update(data)
  return hash
}

function forgeHashed() {
  return forge.md.sha256.create().update(data.toString('latin1'))
}

function deriveOurs(): void {
  const hash = context.createHash(wincrypt.CALG_SHA1)
  hash.update(data)
  context.deriveKey(wincrypt.CALG_AES_256, hash)
}

/** The same arithmetic, by hand. */
function deriveNode(): Uint8Array {
  const value = createHash('sha1').update(data).digest()
  const halves = [0x36, 0x5c].map((mask) => {
    const block = Buffer.alloc(PAD_BYTES, mask)
    for (const [i, byte] of value.entries()) block[i] = mask ^ byte
    return createHash('sha1').update(block).digest()
  })
  return Buffer.concat(halves).subarray(0, KEY_BYTES)
}

function deriveForge(): string {
  const value = forge.md.sha1.create().update(data.toString('latin1')).digest().getBytes()
  const halves = [0x36, 0x5c].map((mask) => {
    const block = Buffer.alloc(PAD_BYTES, mask)
    for (const [i, byte] of Buffer.from(value, 'latin1').entries()) block[i] = mask ^ byte
    return forge.md.sha1.create().update(block.toString('latin1')).digest().getBytes()
  })
  return halves.join('').slice(0, KEY_BYTES)
}
