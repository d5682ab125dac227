import {
  encodePvk,
  exportKeyBlob,
  openPvk,
  type PairUse,
  parsePvk,
  RsaKey,
  wincrypt,
} from '@strongroom/core/cryptoapi'
import { equalBytes, utf8Encode } from '@strongroom/core/bytes'
import { parseBlobHeader } from '../../../src/cryptoapi/blob/blob-header.ts'
import { encodePrivateKeyBlob } from '../../../src/cryptoapi/blob/private-key-blob.ts'
import { parsePublicKeyBlob } from '../../../src/cryptoapi/blob/public-key-blob.ts'
import { parseSimpleBlob } from '../../../src/cryptoapi/blob/simple-blob.ts'
import { openSignedKeyBlob, signKeyBlob } from '../../../src/cryptoapi/files/signed-key-blob.ts'
import { algorithmNamed } from './algorithm-names.ts'
import type { FileCase } from './file-case.ts'
import { FieldError } from './fields.ts'

/** `signed-simpleblob`: verified, unwrapped, signed again; and nothing is unwrapped once a bit has changed. */
export function replaySignedBlob(run: FileCase): void {
  const { fields } = run
  const blob = fields.bytes('blob')
  const signature = fields.bytes('signature')
  const expected = fields.bytes('plaintextKeyBlob')
  const hash = algorithmNamed(fields.text('hash'))
  const [oaep, noHashOid] = [fields.flag('oaep'), fields.flag('noHashOid')]
  const description = fields.textOrNull('description')
  const [signer, unwrapKey] = [run.keyBlob('signer'), run.keyBlob('unwrapKey')]
  const flags = noHashOid ? wincrypt.CRYPT_NOHASHOID : 0

  run.attempt('WinCrypt', () => {
    const api = run.api()
    const publicKey = api.importKey(signer)
    run.attempt('CryptVerifySignature', () =>
      api.verify(api.hash(hash, blob), signature, publicKey, description, flags),
    )
    run.expectFailure('CryptVerifySignature', () =>
      api.verify(api.hash(hash, flipped(blob)), signature, publicKey, description, flags),
    )
    run.expectBytes('CryptImportKey', 'plaintextKeyBlob', expected, () => {
      const use = wincrypt.CRYPT_EXPORTABLE | (oaep ? wincrypt.CRYPT_OAEP : 0)
      const key = api.importKey(blob, api.importKey(unwrapKey), use)
      return api.exportKey(key, wincrypt.PLAINTEXTKEYBLOB)
    })
  })

  const context = run.context()
  run.attempt('importKey', () => void context.importKey(unwrapKey))
  const form = noHashOid ? ('bare' as const) : ('oid' as const)
  const signing = { hash, form, ...(description === null ? {} : { description }) }
  const opening = { ...signing, signer: expectRsaKey(context.importKey(signer)), oaep, exportable: true }
  const open = (given: Uint8Array): Uint8Array =>
    exportKeyBlob(openSignedKeyBlob(context, { blob: given, signature }, opening), wincrypt.PLAINTEXTKEYBLOB)
  run.expectBytes('openSignedKeyBlob', 'plaintextKeyBlob', expected, () => open(blob))
  run.expectFailure('openSignedKeyBlob', () => open(flipped(blob)))
  signAgain(run, { blob, signature, signing, flags, description })
}

/** Signatures of this kind are not random: with the private key at hand the same bytes come again. */
function signAgain(
  run: FileCase,
  made: {
    readonly blob: Uint8Array
    readonly signature: Uint8Array
    readonly signing: Parameters<typeof signKeyBlob>[3] & { readonly hash: number }
    readonly flags: number
    readonly description: string | null
  },
): void {
  const privateBlob = run.privateBlobOf('signer')
  if (privateBlob === undefined) return
  const exchange = parseBlobHeader(privateBlob).algorithm === wincrypt.CALG_RSA_KEYX
  const use: PairUse = exchange ? 'exchange' : 'signature'
  const { blob, signature, signing, flags, description } = made
  run.expectBytes('signKeyBlob', 'signature', signature, () => {
    const context = run.context()
    context.importKey(privateBlob)
    return signKeyBlob(context, blob, use, signing)
  })
  run.expectBytes('CryptSignHash', 'signature', signature, () => {
    const api = run.api()
    api.importKey(privateBlob)
    const keySpec = exchange ? wincrypt.AT_KEYEXCHANGE : wincrypt.AT_SIGNATURE
    return api.sign(api.hash(signing.hash, blob), keySpec, description, flags)
  })
}

/** Bits of the RC4 key that hides a PVK. The rest of the 16 bytes of a weak one is the salt of a 40-bit key. */
const PVK_BITS: ReadonlyMap<string, number> = new Map([
  ['none', 0],
  ['weak', 40],
  ['strong', 128],
])

/** `pvk`: opened, written again byte for byte, and its body imported the way CryptoAPI does it. */
export function replayPvk(run: FileCase): void {
  const file = run.fields.bytes('file')
  const expected = run.keyBlob('key')
  const level = run.fields.text('level')
  const bits = PVK_BITS.get(level)
  if (bits === undefined) throw new FieldError(`"level" is ${level}`)
  const text = run.fields.textOrNull('password')
  const password = text === null ? undefined : utf8Encode(text)

  run.attempt('openPvk', () => {
    const opened = openPvk(file, password)
    if (opened.protection !== level) run.differ('openPvk', 'protection', level, opened.protection)
    run.expectBytes('openPvk', 'key', expected, () => encodePrivateKeyBlob(opened.algorithm, opened.key))
    const { protection } = opened
    const writing =
      protection === 'none'
        ? { protection }
        : { protection, password: password ?? new Uint8Array(0), salt: parsePvk(file).salt }
    run.expectBytes('encodePvk', 'file', file, () => encodePvk(opened.key, opened.algorithm, writing))
  })

  run.expectBytes('CryptImportKey', 'key', expected, () => {
    const api = run.api()
    const { salt, body } = parsePvk(file)
    const hidden =
      bits === 0
        ? 0
        : api.deriveKey(
            wincrypt.CALG_RC4,
            api.hash(wincrypt.CALG_SHA1, salt, password ?? new Uint8Array(0)),
            bits,
          )
    const key = api.importKey(body, hidden, wincrypt.CRYPT_EXPORTABLE)
    return api.exportKey(key, wincrypt.PRIVATEKEYBLOB)
  })
}

/** `known-simpleblob`: without the private key the block can only be encrypted again. */
export function replayKnownSimpleBlob(run: FileCase): void {
  const publicBlob = run.fields.bytes('publicKeyBlob')
  const block = run.fields.bytes('encryptionBlockLittleEndian')
  const sessionKey = run.fields.bytes('sessionKey')
  const simpleBlob = run.fields.bytes('simpleBlob')
  run.expectBytes('CryptExportKey', 'publicKeyBlob', publicBlob, () => {
    const api = run.api()
    return api.exportKey(api.importKey(publicBlob), wincrypt.PUBLICKEYBLOB)
  })
  run.attempt('parseSimpleBlob', () => {
    const { key } = parsePublicKeyBlob(publicBlob, () => true)
    const { payload } = parseSimpleBlob(simpleBlob, () => true)
    run.expectBytes('RsaPublicKey.raw', 'payload', payload, () =>
      (key.raw(block.toReversed()) ?? new Uint8Array(0)).toReversed(),
    )
  })
  const message = block.toReversed()
  const end = message.indexOf(0, 2)
  if (message[0] !== 0 || message[1] !== 2 || !equalBytes(message.subarray(end + 1), sessionKey)) {
    run.differ('padding', 'sessionKey', 'the session key behind PKCS #1 v1.5 padding', 'another block')
  }
}

function flipped(bytes: Uint8Array): Uint8Array {
  const last = bytes.length - 1
  return bytes.with(last, (bytes[last] ?? 0) ^ 1)
}

function expectRsaKey(key: unknown): RsaKey {
  if (key instanceof RsaKey) return key
  throw new FieldError('"signer" is no RSA key')
}
