import assert from 'node:assert/strict'
import { createHash, createHmac, hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { toHex, toPaddedBase64, utf8Decode } from '@strongroom/core/bytes'
import { ACTS, openStatement, pae, RECOVERY_LIMITS } from '@strongroom/core/protocol'
import { means } from './fixtures.ts'
import * as example from './probe-example.ts'
import { depositId } from './recovery-example.ts'
import { sessionKey } from './spec-example.ts'

const PAGE = readFileSync(new URL('../../../../docs/spec/probe.md', import.meta.url), 'utf8')

/** The text of a block of the page, without line feeds; one that is not there fails the test. */
function block(name: string): string {
  const found = new RegExp(`^\`\`\`${name}\\n([^\`]*)^\`\`\``, 'm').exec(PAGE)?.[1]
  assert.ok(found, `the page has no block ${name}`)
  return found.replaceAll('\n', '')
}
const H = (...parts: readonly (string | Uint8Array)[]) =>
  createHash('sha256')
    .update(Buffer.concat(parts.map((part) => Buffer.from(part))))
    .digest('hex')

describe('the example of the page', () => {
  test('the probe, its digest and its signature', () => {
    const { payload, payloadType, signatures } = example.probeEnvelope
    assert.equal(block('json probe'), utf8Decode(payload))
    assert.equal(block('hex probe digest'), H(pae(payloadType, payload)))
    assert.equal(block('base64 probe signature'), toPaddedBase64(signatures[0]?.sig ?? new Uint8Array(0)))
    openStatement(ACTS.probe, example.probeEnvelope, means)
  })
  test('the MAC, by the words of the page', () => {
    const key = Buffer.from(hkdfSync('sha256', sessionKey, new Uint8Array(0), 'strongroom probe v1', 32))
    const mac = createHmac('sha256', key).update(example.probeDigest).update(depositId).digest('hex')
    assert.equal(block('hex session key'), toHex(sessionKey))
    assert.equal(block('hex mac key'), key.toString('hex'))
    assert.equal(block('hex mac'), mac)
    assert.equal(toHex(example.mac), mac)
  })
  test('the answer', () => {
    const { payload } = example.answerEnvelope
    assert.equal(block('json answer'), utf8Decode(payload))
    const listed = H('strongroom probe list v1\n', depositId, Uint8Array.of(1), example.mac)
    assert.equal(toHex(example.answer.results), listed)
    openStatement(ACTS['probe-answer'], example.answerEnvelope, means)
  })
})

test('the tables of the page have the members in their order, and the limits', () => {
  const rows = (title: string) => {
    const from = PAGE.slice(PAGE.indexOf(title))
    const table = from.slice(0, from.indexOf('\n\n'))
    return [...table.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, names = '']) =>
      [...names.matchAll(/`([a-z]+)`/g)].map(([, name]) => name),
    )
  }
  assert.deepEqual(rows('| member of `probe` |'), Object.keys(example.probe))
  assert.deepEqual(rows('| member of `probe-answer` |'), Object.keys(example.answer))
  const { probeDeposits, probeSeconds } = RECOVERY_LIMITS
  assert.ok(PAGE.includes(`| deposits in a probe | ${probeDeposits} |`))
  assert.ok(PAGE.includes(`| from a probe to its answer | ${probeSeconds.toLocaleString('en')} seconds |`))
})
