/** Sequences of calls by somebody who knows the functions, and draws arguments by lot: see random-calls.ts. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type CryptoApiErrorCode, STATUS, WinCrypt } from '../../src/cryptoapi/index.ts'
import { CALLS, type Outcome, RandomCaller } from './random-calls.ts'
import { keysFor } from './replay/index.ts'

const RUNS = process.env['SLOW'] ? 3_000 : 80
const KEYS = keysFor(join(import.meta.dirname, 'vectors/any.json'))
const BLOBS = ['kx512.private', 'kx512.public', 'sig512.private'].flatMap((name) => KEYS.get(name) ?? [])
const CODES = new Map<number, string>(Object.entries(STATUS).map(([name, status]) => [status, name]))
const SEQUENCE = fc.array(fc.noBias(fc.nat(0xffffffff)), { minLength: 5, maxLength: 150, size: 'max' })

const CONTEXT = [
  'NTE_BAD_PROV_TYPE',
  'NTE_PROV_TYPE_NOT_DEF',
  'NTE_KEYSET_NOT_DEF',
  'NTE_PROV_TYPE_NO_MATCH',
] as const
const LIST = ['ERROR_MORE_DATA', 'ERROR_NO_MORE_ITEMS'] as const
const CIPHER = ['NTE_BAD_ALGID', 'NTE_BAD_DATA', 'NTE_BAD_LEN', 'NTE_BAD_KEY', 'NTE_BAD_HASH_STATE'] as const

/** What a function may fail with, besides ERROR_INVALID_PARAMETER and NTE_BAD_FLAGS. docs/cryptoapi.md */
const FAILURES: Readonly<Record<string, readonly CryptoApiErrorCode[]>> = {
  CryptAcquireContext: [...CONTEXT, 'NTE_BAD_KEYSET', 'NTE_EXISTS', 'NTE_BAD_KEYSET_PARAM'],
  CryptGetProvParam: [...LIST, 'NTE_BAD_TYPE'],
  CryptSetProvParam: ['NTE_BAD_TYPE'],
  CryptSetProvider: CONTEXT,
  CryptSetProviderEx: CONTEXT,
  CryptGetDefaultProvider: [...CONTEXT, 'ERROR_MORE_DATA'],
  CryptEnumProviders: LIST,
  CryptEnumProviderTypes: LIST,
  CryptGenKey: ['NTE_BAD_ALGID', 'NTE_BAD_DATA', 'NTE_BAD_KEYSET', 'NTE_SILENT_CONTEXT'],
  CryptDeriveKey: [
    'NTE_BAD_ALGID',
    'NTE_BAD_DATA',
    'NTE_BAD_HASH',
    'NTE_BAD_HASH_STATE',
    'NTE_SILENT_CONTEXT',
  ],
  CryptImportKey: [
    'NTE_BAD_VER',
    'NTE_BAD_TYPE',
    'NTE_BAD_DATA',
    'NTE_BAD_ALGID',
    'NTE_BAD_KEY',
    'NTE_NO_KEY',
    'NTE_BAD_KEYSET',
  ],
  CryptExportKey: [
    'ERROR_MORE_DATA',
    'NTE_BAD_TYPE',
    'NTE_BAD_KEY',
    'NTE_BAD_KEY_STATE',
    'NTE_BAD_LEN',
    'NTE_BAD_PUBLIC_KEY',
    'NTE_BAD_ALGID',
  ],
  CryptGetUserKey: ['NTE_NO_KEY'],
  CryptGetKeyParam: ['ERROR_MORE_DATA', 'NTE_BAD_TYPE', 'NTE_BAD_KEY'],
  CryptSetKeyParam: ['NTE_BAD_TYPE', 'NTE_BAD_KEY', 'NTE_BAD_DATA'],
  CryptEncrypt: [...CIPHER, 'ERROR_MORE_DATA'],
  CryptDecrypt: CIPHER,
  CryptCreateHash: ['NTE_BAD_ALGID', 'NTE_BAD_KEY'],
  CryptHashData: ['NTE_BAD_ALGID', 'NTE_BAD_HASH_STATE'],
  CryptHashSessionKey: ['NTE_BAD_ALGID', 'NTE_BAD_HASH_STATE', 'NTE_BAD_KEY'],
  CryptGetHashParam: ['ERROR_MORE_DATA', 'NTE_BAD_TYPE', 'NTE_BAD_HASH_STATE'],
  CryptSetHashParam: ['NTE_BAD_TYPE', 'NTE_BAD_ALGID', 'NTE_BAD_LEN', 'NTE_BAD_HASH_STATE'],
  CryptSignHash: ['ERROR_MORE_DATA', 'NTE_NO_KEY', 'NTE_BAD_ALGID', 'NTE_BAD_LEN', 'NTE_BAD_HASH_STATE'],
  CryptVerifySignature: ['NTE_BAD_SIGNATURE', 'NTE_BAD_KEY', 'NTE_BAD_ALGID', 'NTE_BAD_HASH_STATE'],
}

test('every function of the façade is called here', () => {
  const names = new Set<string>()
  for (let at: unknown = WinCrypt.prototype; at instanceof Object; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) if (name.startsWith('Crypt')) names.add(name)
  }
  assert.deepEqual(Object.keys(CALLS).toSorted(), [...names].toSorted())
  assert.equal(BLOBS.length, 3)
})

test('whatever is called, it answers with a known failure, and writes only where it may', () => {
  const succeeded = new Set<string>()
  fc.assert(
    fc.property(SEQUENCE, (calls) => {
      const api = new WinCrypt()
      const caller = new RandomCaller(api, BLOBS)
      for (const call of calls) {
        const { fn, ...outcome } = caller.make(call)
        check(fn, outcome, outcome.ok === true ? 'success' : (CODES.get(api.GetLastError()) ?? 'unknown'))
        if (outcome.ok === true) succeeded.add(fn)
      }
    }),
    // A sequence is a list of seeds: a shorter one says no more, and finding it takes long.
    { numRuns: RUNS, endOnFailure: true },
  )
  // Sequences that only fail show nothing; a signature is hardly verified by chance.
  assert.ok(succeeded.size >= Object.keys(CALLS).length - 3, [...succeeded].join(' '))
})

function check(fn: string, { ok, out, buffer }: Outcome, code: string): void {
  assert.equal(typeof ok, 'boolean', fn)
  const allowed = ['ERROR_INVALID_PARAMETER', 'NTE_BAD_FLAGS', ...(FAILURES[fn] ?? [])]
  assert.ok(ok === true || allowed.includes(code), `${fn} fails with ${code}`)
  if (out !== undefined && ok !== true) assert.equal(out.after, out.before, `${fn} fails and stores a handle`)
  if (buffer === undefined) return
  const { given, before, told, answered } = buffer
  const written = ok === true ? answered : 0
  if (ok !== true && code !== 'ERROR_MORE_DATA') assert.equal(answered, told, `${fn}: length after ${code}`)
  if (code === 'ERROR_MORE_DATA') assert.ok(answered > 0, fn)
  assert.ok(written >= 0 && written <= given.length, fn)
  assert.deepEqual(given.subarray(written), before.subarray(written), `${fn} writes too far: ${code}`)
}
