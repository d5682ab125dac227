import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fromHex, toHex } from '../../src/bytes/index.ts'
import { sha256, trustIn, verifyReceiptFile } from '../../src/client/index.ts'
import { ProtocolError, verifyEpochs } from '../../src/protocol/index.ts'
import { receiptFor, signEpoch, testAuthority } from '../protocol/fixtures.ts'
import { throwsCode } from '../support/throws-code.ts'
import { enrolled } from './log-authority.ts'

const EXAMPLES = new URL('../../../../docs/spec/examples/', import.meta.url)
const receipt = new Uint8Array(readFileSync(new URL('deposit.receipt', EXAMPLES)))
const blob = new Uint8Array(readFileSync(new URL('deposit.keyblob', EXAMPLES)))
const authority = testAuthority(1)
const { fingerprint } = authority.identity

test('the example of the specification, with the fingerprint alone and with the key blob', () => {
  const digest = sha256(blob)
  // The fingerprint stands in the specification.
  const identity = 'SHA256:bYn5+/+Vn9wku8z8TfqCMlVCCFhbbW6o11/oi2S7+xs'
  for (const expected of [{}, { blob }, { digest }, { blob, digest }, { kind: 'deposit' }] as const) {
    const verified = verifyReceiptFile(receipt, { identity, ...expected })
    assert.deepEqual([toHex(verified.statement.digest), verified.index], [toHex(digest), 2])
  }
})

test('a receipt about something else, or of somebody else', () => {
  const statement = { kind: 'deposit', digest: sha256(blob) } as const
  const bytes = receiptFor(authority, statement)
  const refused = (code: ProtocolError['code'], expected: object) =>
    throwsCode(ProtocolError, code, () => verifyReceiptFile(bytes, { identity: fingerprint, ...expected }))
  refused('PROTOCOL_BINDING', { digest: new Uint8Array(32) })
  refused('PROTOCOL_BINDING', { blob: blob.subarray(1) })
  refused('PROTOCOL_BINDING', { blob, digest: new Uint8Array(32) })
  refused('PROTOCOL_BINDING', { kind: 'epoch' })
  refused('AUTHORITY_IDENTITY', { identity: testAuthority(1, 9).identity.fingerprint })
  refused('EPOCH_CHAIN', { epochs: unrelated() })
})

/** A chain of the same identity that does not have the epoch of the receipt. */
function unrelated() {
  const [epoch] = authority.epochs
  assert.ok(epoch)
  const other = signEpoch({ ...epoch, notAfter: epoch.notAfter + 1_000 }, authority.identity)
  return verifyEpochs([other], trustIn(fingerprint))
}

test('every bit of a receipt counts, and every byte of its length', () => {
  const bytes = receiptFor(authority, { kind: 'deposit', digest: sha256(blob) })
  const step = process.env['SLOW'] ? 1 : 97
  for (let at = 0; at < bytes.length; at += step) {
    const changed = bytes.map((byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte))
    assert.throws(
      () => verifyReceiptFile(changed, { identity: fingerprint, blob }),
      ProtocolError,
      `byte ${at}`,
    )
    assert.throws(
      () => verifyReceiptFile(bytes.subarray(0, at), { identity: fingerprint, blob }),
      ProtocolError,
    )
  }
})

test('a receipt in the store is verified before it is kept, and found by its digest', async (t) => {
  const { client, authority: issuer } = await enrolled(t)
  const [id = ''] = client.receipts.list()
  const { identity, epochs } = client.load()
  assert.equal(client.receipts.verify(id, { identity, epochs })?.statement.kind, 'enrolment')
  assert.equal(client.receipts.verify(toHex(new Uint8Array(32)), { identity }), undefined)
  const bytes = client.receipts.read(id)
  assert.ok(bytes)
  throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => client.receipts.save(bytes.subarray(1), { identity }))
  assert.deepEqual(client.receipts.list(), [id])
  assert.ok(issuer.find(id) !== undefined && fromHex(id).length === 32)
})
