import { wincrypt } from '@strongroom/core/cryptoapi'
import { equalBytes, toHex } from '@strongroom/core/bytes'
import { encodeSampleFile, parseSampleFile } from '../../../src/cryptoapi/files/sample-file-layout.ts'
import {
  readPasswordSampleFile,
  readSampleFile,
  writePasswordSampleFile,
  writeSampleFile,
} from '../../../src/cryptoapi/files/sample-file.ts'
import { samplePasswordBytes } from '../../../src/cryptoapi/files/sample-password.ts'
import { decryptText, encryptText } from '../../../src/cryptoapi/files/whole-text.ts'
import { algorithmNamed } from './algorithm-names.ts'
import type { FileCase } from './file-case.ts'

/** `sample-file`: read by both APIs, written again with the same key byte for byte, written anew and read back. */
export function replaySampleFile(run: FileCase): void {
  const file = run.fields.bytes('file')
  const plaintext = run.plaintext()
  const algorithm = algorithmNamed(run.fields.text('alg'))
  const keyBlob = run.keyBlob('key')

  run.attempt('WinCrypt', () => {
    const api = run.api()
    const exchange = api.importKey(keyBlob)
    const parts = parseSampleFile(file, modulusLength(api, exchange))
    const key = api.importKey(parts.blob, exchange)
    const found = api.keyNumber(key, wincrypt.KP_ALGID)
    if (found !== algorithm) run.differ('CryptGetKeyParam', 'alg', algorithm.toString(16), found.toString(16))
    const cipher = api.cipher(key)
    run.expectBytes(
      'CryptDecrypt',
      'plaintext',
      plaintext,
      () => decryptText(cipher, parts.ciphertext).plaintext,
    )
    run.expectBytes('CryptEncrypt', 'file', file, () =>
      encodeSampleFile({ blob: parts.blob, ciphertext: encryptText(cipher, plaintext) }),
    )
  })

  const context = run.context()
  run.attempt('importKey', () => void context.importKey(keyBlob))
  run.expectBytes('readSampleFile', 'plaintext', plaintext, () => readSampleFile(context, file).plaintext)
  run.expectBytes('writeSampleFile', 'plaintext', plaintext, () => {
    const written = writeSampleFile(context, plaintext, { algorithm })
    if (written.length !== file.length)
      run.differ('writeSampleFile', 'len', `${file.length}`, `${written.length}`)
    return readSampleFile(context, written).plaintext
  })
}

/** `sample-file-damaged`: no reader may answer with anything. */
export function replayDamagedFile(run: FileCase): void {
  const file = run.fields.bytes('file')
  const keyBlob = run.keyBlob('key')
  const api = run.api()
  const exchange = api.importKey(keyBlob)
  run.expectFailure('WinCrypt', () => {
    const { blob, ciphertext } = parseSampleFile(file, modulusLength(api, exchange))
    return decryptText(api.cipher(api.importKey(blob, exchange)), ciphertext)
  })
  const context = run.context()
  context.importKey(keyBlob)
  run.expectFailure('readSampleFile', () => readSampleFile(context, file))
}

/** `sample-file-password`: nothing is random, so that both APIs must read and write the same bytes. */
export function replayPasswordFile(run: FileCase): void {
  const file = run.fields.bytes('file')
  const plaintext = run.plaintext()
  const password = run.fields.bytes('passwordBytes')
  expectPasswordRule(run, password)
  const hash = algorithmNamed(run.fields.text('hash'))
  const algorithm = algorithmNamed(run.fields.text('alg'))
  const bits = run.fields.number('bits', 0)

  run.attempt('WinCrypt', () => {
    const api = run.api()
    const cipher = api.cipher(api.deriveKey(algorithm, api.hash(hash, password), bits))
    run.expectBytes('CryptDecrypt', 'plaintext', plaintext, () => decryptText(cipher, file).plaintext)
    run.expectBytes('CryptEncrypt', 'file', file, () => encryptText(cipher, plaintext))
  })

  const context = run.context()
  const options = { hash, algorithm, bits }
  run.expectBytes(
    'readPasswordSampleFile',
    'plaintext',
    plaintext,
    () => readPasswordSampleFile(context, file, password, options).plaintext,
  )
  run.expectBytes('writePasswordSampleFile', 'file', file, () =>
    writePasswordSampleFile(context, plaintext, password, options),
  )
}

/** The bytes must be those that one of the two builds makes of the password; beyond ASCII a code page decides. */
function expectPasswordRule(run: FileCase, bytes: Uint8Array): void {
  const password = run.fields.textOrNull('password')
  if (password === null || /[^ -~]/.test(password)) return
  const builds = (['ansi', 'unicode'] as const).map((build) => samplePasswordBytes(password, build))
  if (builds.some((made) => equalBytes(made, bytes))) return
  run.differ('samplePasswordBytes', 'data', toHex(bytes), builds.map(toHex).join(' or '))
}

function modulusLength(
  api: { keyNumber(key: number, parameter: number): number },
  exchangeKey: number,
): number {
  return api.keyNumber(exchangeKey, wincrypt.KP_KEYLEN) / 8
}
