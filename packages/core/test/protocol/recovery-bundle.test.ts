import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { concat, toHex, utf8Encode } from '@strongroom/core/bytes'
import {
  encodeEnvelope,
  encodeRecoveryBundle,
  encodeTerms,
  parseRecoveryBundle,
  ProtocolError,
  RECOVERY_LIMITS,
  type RecoveryBundle,
} from '@strongroom/core/protocol'
import * as fc from 'fast-check'
import { mutationsOf } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { bytesOf, testAuthority } from './fixtures.ts'
import { sampleEnvelope, TERMS } from './recovery-fixtures.ts'

const authority = testAuthority(2)
const BUNDLE: RecoveryBundle = {
  epochs: authority.envelopes,
  terms: encodeTerms(TERMS),
  charters: [
    { charter: sampleEnvelope('charter') },
    { charter: sampleEnvelope('charter'), release: sampleEnvelope('release') },
  ],
  subject: sampleEnvelope('request'),
  deposits: [utf8Encode('key blob'), utf8Encode('another key blob')],
  enrolments: [sampleEnvelope('codes')],
  evidence: [sampleEnvelope('codes'), sampleEnvelope('vetting')],
  receipt: utf8Encode('receipt'),
  releaseReceipt: utf8Encode('receipt of the release'),
  checkpoint: utf8Encode('checkpoint'),
  range: { start: 5, subtrees: [bytesOf(1), bytesOf(2)], entries: bytesOf(3, 66) },
  statements: [sampleEnvelope('approval'), sampleEnvelope('rejection')],
  proofs: [
    { kind: 2, digest: bytesOf(4), index: 0, hashes: [bytesOf(5), bytesOf(6)] },
    { kind: 4, digest: bytesOf(7), index: 3, hashes: [] },
  ],
}
const LEAST: RecoveryBundle = {
  epochs: authority.envelopes.slice(0, 1),
  terms: encodeTerms(TERMS),
  charters: BUNDLE.charters.slice(0, 1),
  subject: sampleEnvelope('charter'),
  deposits: [],
  enrolments: [],
  evidence: [],
  receipt: utf8Encode('receipt'),
  checkpoint: utf8Encode('checkpoint'),
  range: { start: 0, subtrees: [], entries: bytesOf(3, 33) },
  statements: [],
  proofs: [],
}
const without = (name: keyof RecoveryBundle): RecoveryBundle =>
  Object.fromEntries(Object.entries(BUNDLE).filter(([key]) => key !== name)) as unknown as RecoveryBundle

describe('a bundle', () => {
  test('is read as it was written', () => {
    for (const bundle of [BUNDLE, LEAST]) {
      const bytes = encodeRecoveryBundle(bundle)
      assert.deepEqual(parseRecoveryBundle(bytes), bundle)
      assert.deepEqual(encodeRecoveryBundle(parseRecoveryBundle(bytes)), bytes)
    }
  })
  test('by the words of the page', () => {
    const bytes = encodeRecoveryBundle(LEAST)
    const item = (value: Uint8Array) => {
      const length = new Uint8Array(4)
      new DataView(length.buffer).setUint32(0, value.length)
      return concat(length, value)
    }
    const section = (tag: number, value: Uint8Array) => concat(Uint8Array.of(tag), item(value))
    const [epoch] = LEAST.epochs
    assert.ok(epoch)
    const charter = concat(item(encodeEnvelope(sampleEnvelope('charter'))), item(new Uint8Array(0)))
    const expected = concat(
      utf8Encode('strongroom bundle v1\n'),
      section(1, item(encodeEnvelope(epoch))),
      section(2, LEAST.terms),
      section(3, item(charter)),
      section(4, encodeEnvelope(sampleEnvelope('charter'))),
      section(8, LEAST.receipt),
      section(10, LEAST.checkpoint),
      section(11, concat(new Uint8Array(9), bytesOf(3, 33))),
    )
    assert.equal(toHex(bytes), toHex(expected))
  })
  test('of any proofs and ranges', () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
    const index = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
    const fields = {
      kind: fc.integer({ min: 1, max: 255 }),
      digest: hash,
      index,
      hashes: fc.array(hash, { maxLength: 63 }),
    }
    const proof = fc.record(fields, { noNullPrototype: true })
    const proofs = fc.uniqueArray(proof, { selector: ({ index: at }) => at, maxLength: 5 })
    const property = fc.property(proofs, index, fc.nat(9), (some, start, entries) => {
      const bits = start.toString(2).replaceAll('0', '').length
      const subtrees = Array.from({ length: bits }, (_, i) => bytesOf(i))
      const bundle = {
        ...LEAST,
        proofs: some.toSorted((one, other) => one.index - other.index),
        range: { start, subtrees, entries: bytesOf(entries, entries * 33) },
      }
      assert.deepEqual(parseRecoveryBundle(encodeRecoveryBundle(bundle)), bundle)
    })
    fc.assert(property, PROPERTY)
  })
  test('every truncation, and a byte more', () => {
    const bytes = encodeRecoveryBundle(BUNDLE)
    // Where an optional section ends, less is a bundle too: one without it.
    const ends = [without('proofs'), { ...without('proofs'), statements: [] }]
    const whole = new Set(ends.map((bundle) => encodeRecoveryBundle({ ...bundle, proofs: [] }).length))
    const step = process.env['SLOW'] ? 1 : 7
    for (let length = 0; length < bytes.length; length += step) {
      if (whole.has(length)) continue
      assert.throws(() => parseRecoveryBundle(bytes.subarray(0, length)), ProtocolError, `${length}`)
    }
    assert.throws(() => parseRecoveryBundle(concat(bytes, Uint8Array.of(0))), ProtocolError)
    assert.throws(() => parseRecoveryBundle(concat(bytes, Uint8Array.of(13, 0, 0, 0, 0))), ProtocolError)
  })
  test('whatever is read is written again byte for byte', () => {
    const exact = fc.property(mutationsOf(encodeRecoveryBundle(BUNDLE)), (bytes) => {
      try {
        assert.deepEqual(encodeRecoveryBundle(parseRecoveryBundle(bytes)), bytes)
      } catch (error) {
        assert.ok(error instanceof ProtocolError, String(error))
      }
    })
    fc.assert(exact, { numRuns: PROPERTY.numRuns * 5 })
  })
})

describe('not a bundle', () => {
  const [first, second] = BUNDLE.proofs
  assert.ok(first && second)
  const cases: Readonly<Record<string, RecoveryBundle>> = {
    'without epochs': { ...BUNDLE, epochs: [] },
    'without charters': { ...BUNDLE, charters: [] },
    'without terms': { ...BUNDLE, terms: new Uint8Array(0) },
    'without a receipt': { ...BUNDLE, receipt: new Uint8Array(0) },
    'without a checkpoint': { ...BUNDLE, checkpoint: new Uint8Array(0) },
    'with an empty deposit': { ...BUNDLE, deposits: [new Uint8Array(0)] },
    'with half an entry': { ...BUNDLE, range: { ...BUNDLE.range, entries: bytesOf(1, 34) } },
    'with a subtree too few': { ...BUNDLE, range: { ...BUNDLE.range, subtrees: [bytesOf(1)] } },
    'with a subtree of the empty log': { ...BUNDLE, range: { ...BUNDLE.range, start: 0 } },
    'with a hash of 31 bytes': { ...BUNDLE, proofs: [{ ...first, hashes: [bytesOf(1, 31)] }] },
    'with a digest of 33 bytes': { ...BUNDLE, proofs: [{ ...first, digest: bytesOf(1, 33) }] },
    'with an entry of no kind': { ...BUNDLE, proofs: [{ ...first, kind: 0 }] },
    'with proofs in another order': { ...BUNDLE, proofs: [second, first] },
    'with two proofs of one place': { ...BUNDLE, proofs: [first, { ...second, index: 0 }] },
  }
  for (const [what, bundle] of Object.entries(cases)) {
    test(what, () => {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseRecoveryBundle(encodeRecoveryBundle(bundle)))
    })
  }
  test('with more than there may be', () => {
    const hashes = Array.from({ length: 64 }, () => bytesOf(1))
    const [epoch] = BUNDLE.epochs
    assert.ok(epoch)
    const much: readonly Partial<RecoveryBundle>[] = [
      { proofs: [{ ...first, hashes }] },
      { deposits: Array.from({ length: 10_001 }, () => bytesOf(1, 1)) },
      { deposits: [bytesOf(1, 16_385)] },
      { terms: bytesOf(1, 16_385) },
      { receipt: bytesOf(1, 131_073) },
      { epochs: Array.from({ length: 1_025 }, () => epoch) },
    ]
    for (const changes of much) {
      throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () =>
        parseRecoveryBundle(encodeRecoveryBundle({ ...LEAST, ...changes })),
      )
    }
    // Nothing is set aside for the claim: a bundle is refused by its length alone.
    const claimed = Object.defineProperty(new Uint8Array(1), 'length', {
      value: RECOVERY_LIMITS.bundleBytes + 1,
    })
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () => parseRecoveryBundle(claimed))
  })
  test('of another version, or with sections that are unknown or in another order', () => {
    const bytes = encodeRecoveryBundle(LEAST)
    const refuses = (changed: Uint8Array) =>
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseRecoveryBundle(changed))
    refuses(bytes.with(19, 0x32))
    refuses(bytes.with(21, 0))
    refuses(bytes.with(21, 14))
    const magic = bytes.subarray(0, 21)
    refuses(concat(bytes, bytes.subarray(21)))
    refuses(magic)
    refuses(new Uint8Array(0))
  })
})
