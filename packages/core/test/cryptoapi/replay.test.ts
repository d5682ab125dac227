/** The replayer itself: a replayer that cannot fail is worth nothing, so every kind of expectation is made wrong once. */
import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import {
  type Difference,
  type JsonObject,
  keysFor,
  parseVectorFile,
  readJsonFile,
  replay,
  VectorFileError,
} from './replay/index.ts'

const VECTORS = join(import.meta.dirname, 'vectors')
const KEYS = keysFor(join(VECTORS, 'any.json'))

interface Step extends JsonObject {
  readonly fn: string
  readonly expect: JsonObject
}
interface CallCase extends JsonObject {
  readonly name: string
  readonly steps: readonly Step[]
}

const differencesOf = (format: string, body: JsonObject): readonly Difference[] => {
  const [result] = replay(parseVectorFile('test', { format, cases: [body] }), KEYS)
  assert.ok(result)
  return result.differences
}
const ofCalls = (body: JsonObject): readonly Difference[] => differencesOf('capi-vectors/1', body)
const casesOf = (path: string): readonly JsonObject[] =>
  parseVectorFile(path, readJsonFile(path)).cases.map(({ body }) => body)
const callCases = globSync(join(VECTORS, '*.json'))
  .filter((path) => readJsonFile(path)['format'] === 'capi-vectors/1')
  .flatMap(casesOf) as CallCase[]

/** Ways to make an expectation wrong, by what must be said to differ. */
const MUTATIONS: Readonly<Record<string, (expect: JsonObject) => JsonObject>> = {
  ok: ({ ok, ...rest }) => ({ ...rest, ok: ok !== true }),
  err: (expect) => ({ ...expect, err: '0x80090099', altErr: [] }),
  len: (expect) => ({ ...expect, len: Number(expect['len']) + 1 }),
  data: (expect) => ({ ...expect, data: otherBytes(String(expect['data'])) }),
  prefix: (expect) => ({ ...expect, prefix: otherBytes(String(expect['prefix'])) }),
}

/** The same bytes but for the last bit; of no bytes, one. */
const otherBytes = (hex: string): string =>
  hex === '' ? '00' : hex.slice(0, -2) + (parseInt(hex.slice(-2), 16) ^ 1).toString(16).padStart(2, '0')

const withExpect = (body: CallCase, index: number, expect: JsonObject): CallCase => ({
  ...body,
  steps: body.steps.with(index, { ...(body.steps[index] ?? assert.fail()), expect }),
})

suite('an expectation that is not met', () => {
  const seen = new Set<string>()
  for (const body of callCases) {
    for (const [index, { fn, expect }] of body.steps.entries()) {
      for (const [what, mutate] of Object.entries(MUTATIONS)) {
        const title = `${fn}, ${what}${expect['ok'] === true ? '' : ' of a failure'}`
        if (expect[what] === undefined || seen.has(title)) continue
        seen.add(title)
        test(title, () => {
          assert.deepEqual(ofCalls(body), [])
          const differences = ofCalls(withExpect(body, index, mutate(expect)))
          assert.deepEqual(
            differences.map((difference) => [difference.step, difference.fn, difference.what]),
            [[index, fn, what]],
          )
        })
      }
    }
  }

  test('all kinds of expectations were among them', () => {
    for (const what of Object.keys(MUTATIONS)) {
      assert.ok(
        [...seen].some((title) => title.includes(`, ${what}`)),
        what,
      )
    }
    assert.ok(seen.has('CryptEncrypt, len of a failure'))
  })
})

const import40 = (out: string, extra: JsonObject = {}): Step => ({
  fn: 'CryptImportKey',
  prov: 'p',
  blob: '0802000001680000050000000102030405',
  flags: 0,
  out,
  expect: { ok: true },
  ...extra,
})
const steps = (...list: readonly JsonObject[]): JsonObject => ({
  name: 'made here',
  provider: 'enh',
  steps: list,
})
const whats = (body: JsonObject): string[] => ofCalls(body).map(({ what }) => what)

suite('details of capi-vectors/1', () => {
  test('any of the codes in altErr will do, and no other', () => {
    const destroy = { fn: 'CryptDestroyKey', key: 'bad' }
    assert.deepEqual(whats(steps({ ...destroy, expect: { ok: false, err: 1, altErr: [2, '0x57'] } })), [])
    assert.deepEqual(whats(steps({ ...destroy, expect: { ok: false, err: 1, altErr: [2, 6] } })), ['err'])
  })

  test('data that are too short or too long', () => {
    const read = { fn: 'CryptGetKeyParam', key: 'k', param: '0x9' }
    const all = (data: string): string[] =>
      whats(steps(import40('k'), { ...read, expect: { ok: true, data } }))
    assert.deepEqual(all('28000000'), [])
    assert.deepEqual(all('280000'), ['data'])
    assert.deepEqual(all('2800000000'), ['data'])
  })

  test('a name made again, and a call that fails over one', () => {
    const length = { fn: 'CryptGetKeyParam', param: 9, expect: { ok: true, data: '28000000' } }
    const refused = import40('k', { blob: '08', expect: { ok: false, err: '0x80090005' } })
    const longer = import40('k', { blob: '080200000168000006000000010203040506' })
    assert.deepEqual(whats(steps(import40('k'), refused, { ...length, key: 'k' })), [])
    assert.deepEqual(whats(steps(import40('k'), longer, { ...length, key: 'k' })), ['data'])
  })

  test('bytes that a step saves', () => {
    const encrypt = {
      fn: 'CryptEncrypt',
      key: 'k',
      data: '0011',
      final: 1,
      save: 'c',
      expect: { ok: true, len: 2 },
    }
    const decrypt = { fn: 'CryptDecrypt', key: 'k', data: '$c', final: 1, expect: { ok: true, data: '0011' } }
    assert.deepEqual(whats(steps(import40('k'), encrypt, decrypt)), [])
    assert.deepEqual(whats(steps(import40('k'), decrypt)), ['format'])
  })

  test('what cannot be read fails the case', () => {
    const good = import40('k')
    for (const wrong of [
      { ...good, fn: 'CryptNothing' },
      { ...good, fn: 'constructor' },
      { ...good, blob: 'xy' },
      { ...good, blob: '@nobody.private' },
      { ...good, flags: 'none' },
      { ...good, pubKey: 'never made' },
      { ...good, expect: undefined },
      { ...good, expect: {} },
      { ...good, expect: { ok: true, color: 'blue' } },
    ]) {
      assert.deepEqual(whats(steps(good, wrong)), ['format'], JSON.stringify(wrong))
    }
    assert.deepEqual(whats(steps()), ['format'])
    assert.deepEqual(whats({ ...steps(good), provider: 'nobody' }), ['format'])
    assert.deepEqual(whats({ ...steps(good), steps: undefined }), ['format'])
  })

  test('members that only explain are ignored', () => {
    assert.deepEqual(whats(steps(import40('k', { wineArgs: { flags: 7 }, why: 'so', colour: 'blue' }))), [])
  })

  test('a null pointer for a buffer, and null for what is absent', () => {
    const read = { fn: 'CryptGetKeyParam', key: 'k', param: 9, hash: null, expect: { ok: true, len: 4 } }
    assert.deepEqual(whats(steps(import40('k', { pubKey: null }), { ...read, buf: null })), [])
    assert.deepEqual(whats(steps(import40('k'), { ...read, buf: 'null' }, { ...read, buf: '4' })), [])
    assert.deepEqual(whats(steps(import40('k'), { ...read, buf: 'nothing' })), ['format'])
  })

  test('every case starts with an empty key store', () => {
    const acquire = (flags: number): JsonObject => ({
      fn: 'CryptAcquireContext',
      out: 'p',
      container: 'c',
      provider: 'enh',
      type: 1,
      flags,
      expect: { ok: true },
    })
    const body = { name: 'made here', steps: [acquire(8)] }
    assert.deepEqual(whats(body), [])
    assert.deepEqual(whats(body), [])
    assert.deepEqual(whats({ ...body, steps: [acquire(0)] }), ['ok'])
  })
})

/** What to make wrong in each kind of file case, and where it must be noticed at least. */
const FILE_MUTATIONS: Readonly<Record<string, readonly string[]>> = {
  'sample-file': ['file'],
  'sample-file-password': ['file', 'passwordBytes'],
  'signed-simpleblob': ['blob', 'signature', 'plaintextKeyBlob'],
  pvk: ['file'],
  'known-simpleblob': ['publicKeyBlob', 'sessionKey', 'encryptionBlockLittleEndian', 'simpleBlob'],
}

suite('a file that is not as it should be', () => {
  const cases = casesOf(join(VECTORS, 'files.json'))
  const ofFile = (body: JsonObject): readonly Difference[] => differencesOf('capi-files/1', body)
  const first = (kind: string): JsonObject => cases.find((body) => body['kind'] === kind) ?? assert.fail(kind)

  for (const [kind, fields] of Object.entries(FILE_MUTATIONS)) {
    for (const field of fields) {
      test(`${kind}, ${field}`, () => {
        const body = first(kind)
        assert.deepEqual(ofFile(body), [])
        assert.notDeepEqual(ofFile({ ...body, [field]: otherBytes(String(body[field])) }), [])
      })
    }
  }

  test('sample files with another text', () => {
    for (const kind of ['sample-file', 'sample-file-password']) {
      const plaintext = { seed: 'another', len: 5 }
      const fns = ofFile({ ...first(kind), plaintext }).map(({ fn }) => fn)
      assert.ok(fns.includes('CryptDecrypt') && fns.includes('CryptEncrypt'), kind)
    }
  })

  test('a sample file of another cipher than is said', () => {
    const whatsDiffer = ofFile({ ...first('sample-file'), alg: 'rc2' }).map(({ what }) => what)
    assert.ok(whatsDiffer.includes('alg'))
  })

  test('a file that is not damaged', () => {
    const body = {
      ...first('sample-file-damaged'),
      key: 'kx2048.private',
      file: first('sample-file')['file'],
    }
    assert.deepEqual(
      ofFile(body).map(({ fn, what }) => [fn, what]),
      [
        ['WinCrypt', 'failure'],
        ['readSampleFile', 'failure'],
      ],
    )
  })

  test('a signature that signs nothing', () => {
    const body = { ...first('signed-simpleblob'), noHashOid: true }
    assert.ok(ofFile(body).some(({ fn }) => fn === 'openSignedKeyBlob'))
  })

  test('a PVK of another protection, password or key', () => {
    const weak = cases.find((body) => body['kind'] === 'pvk' && body['level'] === 'weak') ?? assert.fail()
    assert.deepEqual(ofFile(weak), [])
    for (const change of [{ level: 'strong' }, { password: 'another' }, { key: 'kx2048.private' }]) {
      assert.notDeepEqual(ofFile({ ...weak, ...change }), [], JSON.stringify(change))
    }
  })

  test('an unknown kind, or a key that is not there', () => {
    const body = first('sample-file')
    for (const change of [
      { kind: 'other' },
      { key: 'nobody.private' },
      { alg: 'rot13' },
      { provider: 'x' },
    ]) {
      const kinds = ofFile({ ...body, ...change }).map(({ what }) => what)
      assert.deepEqual(kinds, ['format'], JSON.stringify(change))
    }
  })
})

test('files that are no vectors', () => {
  const cases = [{ name: 'a' }]
  for (const wrong of [
    {},
    { format: 'capi-vectors/2', cases },
    { format: 'capi-vectors/1' },
    { format: 'capi-vectors/1', cases: [] },
    { format: 'capi-files/1', cases: [3] },
    { format: 'capi-files/1', cases: [{ kind: 'pvk' }] },
  ]) {
    assert.throws(() => parseVectorFile('x.json', wrong), VectorFileError, JSON.stringify(wrong))
  }
  assert.throws(() => readJsonFile(join(VECTORS, 'README.md')), /not JSON/)
  assert.throws(() => readJsonFile(join(VECTORS, 'none.json')), VectorFileError)
})
