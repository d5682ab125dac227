/**
 * Microsoft's "Storing a session key", as its documentation tells it, in the functions that it names.
 *
 * A session key is exported under its owner's exchange key, signed, and put on a disk that nobody trusts; read back,
 * verified, imported and used. It is exported a second time for a backup authority. And somebody who can write to that
 * disk, and knows the owner's public key, exchanges the blob for one of their own.
 *
 * Run: node -C source examples/storing-a-session-key.ts   or   npm run quickstart -- --cryptoapi
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Ref, STATUS, WinCrypt, wincrypt } from '@strongroom/core/cryptoapi'

const {
  AT_KEYEXCHANGE,
  AT_SIGNATURE,
  CALG_AES_256,
  CALG_SHA_256,
  CRYPT_EXPORTABLE,
  CRYPT_NEWKEYSET,
  MS_ENH_RSA_AES_PROV,
  PROV_RSA_AES,
  PUBLICKEYBLOB,
  SIMPLEBLOB,
} = wincrypt

/** The length of new pairs, in the upper half of CryptGenKey's flags. */
const PAIR_BITS = 3072
/** Room for any ciphertext and blob of this example. */
const ROOM = 4096

/** Runs the procedure on a text and returns it as it came back. `say` is told each step and the calls it takes. */
export function storeSessionKey(text: Uint8Array, say: (step: string, calls?: string) => void): Uint8Array {
  const disk = mkdtempSync(join(tmpdir(), 'strongroom-cryptoapi-'))
  try {
    return procedure(text, disk, say)
  } finally {
    rmSync(disk, { recursive: true, force: true })
  }
}

function procedure(text: Uint8Array, disk: string, say: (step: string, calls?: string) => void): Uint8Array {
  const api = new WinCrypt()
  const blobFile = join(disk, 'key.blob')
  const signatureFile = join(disk, 'key.sig')
  const textFile = join(disk, 'text.encrypted')

  say(
    'You make a key container with an exchange pair and a signature pair.',
    'CryptAcquireContext, CryptGenKey',
  )
  const you = owner(api, 'you')
  say(
    'The authority has a container of its own, and publishes its exchange key.',
    'CryptExportKey(PUBLICKEYBLOB)',
  )
  const authority = owner(api, 'authority')
  const authorityKey = exported(api, authority.exchange, 0, PUBLICKEYBLOB)

  say('A session key encrypts the text.', 'CryptGenKey, CryptEncrypt')
  const sessionKey = handle(api, (key) => api.CryptGenKey(you.context, CALG_AES_256, CRYPT_EXPORTABLE, key))
  writeFileSync(textFile, encrypted(api, sessionKey, text))

  say(
    'It is exported under your own exchange key, signed, and both are stored.',
    'CryptExportKey(SIMPLEBLOB), CryptSignHash',
  )
  const blob = exported(api, sessionKey, you.exchange, SIMPLEBLOB)
  writeFileSync(blobFile, blob)
  writeFileSync(signatureFile, signed(api, you.context, blob))

  say(
    'It is exported a second time, for the authority, which unwraps the same key.',
    'CryptImportKey, CryptExportKey',
  )
  const deposit = exported(api, sessionKey, imported(api, you.context, authorityKey, 0), SIMPLEBLOB)
  done(api, api.CryptDestroyKey(sessionKey))
  const deposited = imported(api, authority.context, deposit, authority.exchange)
  expectSame(decrypted(api, deposited, readFileSync(textFile)), text)

  say(
    'Read back: the signature is verified first, then the key is imported and used.',
    'CryptVerifySignature, CryptImportKey',
  )
  const stored = readFileSync(blobFile)
  done(api, verified(api, you, stored, readFileSync(signatureFile)))
  const back = decrypted(api, imported(api, you.context, stored, you.exchange), readFileSync(textFile))
  expectSame(back, text)

  say(
    'Somebody writes a session key of their own, encrypted for you, over the blob: it would import, and is refused.',
  )
  const thief = owner(api, 'thief')
  const theirs = handle(api, (key) => api.CryptGenKey(thief.context, CALG_AES_256, CRYPT_EXPORTABLE, key))
  const yourKey = imported(api, thief.context, exported(api, you.exchange, 0, PUBLICKEYBLOB), 0)
  writeFileSync(blobFile, exported(api, theirs, yourKey, SIMPLEBLOB))
  imported(api, you.context, readFileSync(blobFile), you.exchange)
  assert.equal(verified(api, you, readFileSync(blobFile), readFileSync(signatureFile)), false)
  assert.equal(api.GetLastError(), STATUS.NTE_BAD_SIGNATURE)
  return back
}

interface Owner {
  readonly context: number
  readonly exchange: number
  readonly signature: number
}

function owner(api: WinCrypt, container: string): Owner {
  const context = handle(api, (out) =>
    api.CryptAcquireContext(out, container, MS_ENH_RSA_AES_PROV, PROV_RSA_AES, CRYPT_NEWKEYSET),
  )
  const flags = PAIR_BITS << 16
  const pair = (keySpec: number): number =>
    handle(api, (out) => api.CryptGenKey(context, keySpec, flags, out))
  return { context, exchange: pair(AT_KEYEXCHANGE), signature: pair(AT_SIGNATURE) }
}

function signed(api: WinCrypt, context: number, data: Uint8Array): Uint8Array {
  const hash = hashed(api, context, data)
  return bytes((buffer, length) => done(api, api.CryptSignHash(hash, AT_SIGNATURE, null, 0, buffer, length)))
}

function verified(
  api: WinCrypt,
  { context, signature }: Owner,
  data: Uint8Array,
  value: Uint8Array,
): boolean {
  return api.CryptVerifySignature(hashed(api, context, data), value, value.length, signature, null, 0)
}

function hashed(api: WinCrypt, context: number, data: Uint8Array): number {
  const hash = handle(api, (out) => api.CryptCreateHash(context, CALG_SHA_256, 0, 0, out))
  done(api, api.CryptHashData(hash, data, data.length, 0))
  return hash
}

function exported(api: WinCrypt, key: number, wrapWith: number, type: number): Uint8Array {
  return bytes((buffer, length) => done(api, api.CryptExportKey(key, wrapWith, type, 0, buffer, length)))
}

function imported(api: WinCrypt, context: number, blob: Uint8Array, unwrapWith: number): number {
  return handle(api, (out) => api.CryptImportKey(context, blob, blob.length, unwrapWith, 0, out))
}

function encrypted(api: WinCrypt, key: number, text: Uint8Array): Uint8Array {
  const buffer = new Uint8Array(text.length + ROOM)
  buffer.set(text)
  const length = { value: text.length }
  done(api, api.CryptEncrypt(key, 0, true, 0, buffer, length, buffer.length))
  return buffer.slice(0, length.value)
}

function decrypted(api: WinCrypt, key: number, ciphertext: Uint8Array): Uint8Array {
  const buffer = Uint8Array.from(ciphertext)
  const length = { value: buffer.length }
  done(api, api.CryptDecrypt(key, 0, true, 0, buffer, length))
  return buffer.slice(0, length.value)
}

/** Asks for the size with a null buffer, then for the bytes: the size protocol. */
function bytes(call: (buffer: Uint8Array | null, length: Ref<number>) => void): Uint8Array {
  const length = { value: 0 }
  call(null, length)
  const buffer = new Uint8Array(length.value)
  call(buffer, length)
  return buffer.slice(0, length.value)
}

function handle(api: WinCrypt, call: (out: Ref<number>) => boolean): number {
  const out = { value: 0 }
  done(api, call(out))
  return out.value
}

function expectSame(found: Uint8Array, text: Uint8Array): void {
  assert.ok(Buffer.compare(found, text) === 0, 'what came back is not what went in')
}

function done(api: WinCrypt, succeeded: boolean): void {
  if (!succeeded) throw new Error(`the call failed with 0x${api.GetLastError().toString(16)}`)
}

if (import.meta.main) {
  const text = new TextEncoder().encode('the year in figures')
  const back = storeSessionKey(text, (step, calls) => {
    process.stdout.write(`${step}${calls === undefined ? '' : `\n    ${calls}`}\n`)
  })
  process.stdout.write(`\n${new TextDecoder().decode(back)}\n`)
}
