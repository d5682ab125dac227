import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import {
  encodeReceipt,
  LIMITS,
  parseReceipt,
  ProtocolError,
  VerifiedReceipt,
  verifyReceipt,
  type ProtocolErrorCode,
  type Receipt,
  type ReceiptStatement,
  type ReceiptTrust,
} from '@strongroom/core/protocol'
import { encodeLogProof, parseLogProof, TlogError } from '@strongroom/core/tlog'
import { throwsCode } from '../support/throws-code.ts'
import { testKey } from '../tlog/node-keys.ts'
import { bytesOf, means, pairOf, receiptFor, signEpoch, testAuthority, verifyRaw } from './fixtures.ts'
import { refusesAllNear } from './near.ts'

const authority = testAuthority(2)
const trust: ReceiptTrust = { ...means, verifyRaw, identity: authority.identity.fingerprint }
const DEPOSIT: ReceiptStatement = { kind: 'deposit', digest: bytesOf(0xd0) }
const RECEIPT = receiptFor(authority, DEPOSIT)
const parsed = parseReceipt(RECEIPT)

/** The receipt with something changed, if need be past what `encodeReceipt` would write. */
const changed = (changes: Readonly<Record<string, unknown>>): Uint8Array =>
  utf8Encode(JSON.stringify({ ...JSON.parse(utf8Decode(RECEIPT)), ...changes }))

describe('a receipt', () => {
  test('is verified with the identity key alone, by fingerprint and by key', () => {
    for (const identity of [authority.identity.fingerprint, authority.identity.signer]) {
      const verified = verifyReceipt(RECEIPT, { ...trust, identity, statement: DEPOSIT })
      assert.deepEqual(verified.statement, DEPOSIT)
      assert.deepEqual([verified.index, verified.size, verified.level], [2, 5, 0])
      assert.equal(verified.root.length, 32)
      assert.equal(verified.origin, authority.origin)
      assert.equal(verified.epoch.payload.number, 1)
      assert.deepEqual(verified.cosignatures, [])
    }
  })
  test('has one encoding, both ways', () => {
    assert.deepEqual(encodeReceipt(parsed), RECEIPT)
    assert.deepEqual(Object.keys(JSON.parse(utf8Decode(RECEIPT))), [
      'strongroom',
      'version',
      'statement',
      'level',
      'epoch',
      'proof',
    ])
  })
  test('of any place in any log holds', () => {
    for (const [others, index] of [
      [0, 0],
      [1, 0],
      [1, 1],
      [6, 6],
      [7, 3],
      [8, 0],
      [8, 8],
    ] as const) {
      const receipt = receiptFor(authority, DEPOSIT, { others, index })
      const verified = verifyReceipt(receipt, trust)
      assert.deepEqual([verified.index, verified.size], [index, others + 1])
    }
  })
  test('of an epoch and of an enrolment is one too', () => {
    for (const kind of ['epoch', 'enrolment'] as const) {
      const statement = { kind, digest: bytesOf(7) }
      assert.deepEqual(verifyReceipt(receiptFor(authority, statement), trust).statement, statement)
    }
  })
  test('holds under a later epoch with the same log', () => {
    const receipt = receiptFor(authority, DEPOSIT, { epoch: 2 })
    assert.equal(verifyReceipt(receipt, trust).epoch.payload.number, 2)
  })
  test('is of an epoch that the reader knows, where the reader knows them', () => {
    const known = { ...trust, epochs: authority.chain }
    assert.equal(verifyReceipt(RECEIPT, known).epoch, authority.chain.epochs[0])
    const [first] = authority.epochs
    assert.ok(first)
    // The identity key itself signed a second record of the number, with the same log.
    const envelopes = [signEpoch({ ...first, policy: bytesOf(9) }, authority.identity)]
    const forked = receiptFor({ ...authority, envelopes }, DEPOSIT)
    assert.equal(verifyReceipt(forked, trust).epoch.payload.number, 1)
    throwsCode(ProtocolError, 'EPOCH_CHAIN', () => verifyReceipt(forked, known))
    throwsCode(ProtocolError, 'AUTHORITY_IDENTITY', () =>
      verifyReceipt(RECEIPT, { ...trust, epochs: testAuthority(1, 40).chain }),
    )
    const [signature] = parsed.epoch.signatures
    assert.ok(signature)
    const damaged = { ...parsed.epoch, signatures: [{ ...signature, sig: signature.sig.with(0, 7) }] }
    throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () =>
      verifyReceipt(encodeReceipt({ ...parsed, epoch: damaged }), known),
    )
  })
  test('names the witnesses that are known and signed', () => {
    const witness = testKey('witness.example.org', 'cosignature', 9)
    const receipt = receiptFor(authority, DEPOSIT, { keys: [...authority.logKeys, witness] })
    assert.deepEqual(verifyReceipt(receipt, trust).cosignatures, [])
    const witnesses = { keys: [witness.verifier], quorum: 1 }
    const verified = verifyReceipt(receipt, { ...trust, witnesses })
    assert.deepEqual(
      verified.cosignatures.map(({ name }) => name),
      ['witness.example.org'],
    )
    const error = throwsCode(ProtocolError, 'RECEIPT_PROOF', () =>
      verifyReceipt(RECEIPT, { ...trust, witnesses }),
    )
    assert.ok(error.cause instanceof TlogError && error.cause.code === 'TLOG_UNWITNESSED')
  })
  test('is refused with any bit flipped and at any other length', () => {
    refusesAllNear(RECEIPT, (bytes) => verifyReceipt(bytes, { ...trust, statement: DEPOSIT }))
  })
  test('nobody else makes a verified one', () => {
    assert.throws(() => Reflect.construct(VerifiedReceipt, [Symbol('verified'), parsed, {}, {}]), TypeError)
  })
})

describe('a receipt of something else is refused', () => {
  const other = testAuthority(2, 40)
  const cases: readonly [string, Partial<ReceiptTrust>, ProtocolErrorCode][] = [
    ['another authority', { identity: other.identity.fingerprint }, 'AUTHORITY_IDENTITY'],
    ['another authority, by key', { identity: other.identity.signer }, 'AUTHORITY_IDENTITY'],
    ['another deposit', { statement: { ...DEPOSIT, digest: bytesOf(0xd1) } }, 'PROTOCOL_BINDING'],
    ['another kind of statement', { statement: { ...DEPOSIT, kind: 'epoch' } }, 'PROTOCOL_BINDING'],
  ]
  for (const [what, changes, code] of cases) {
    test(
      what,
      () => void throwsCode(ProtocolError, code, () => verifyReceipt(RECEIPT, { ...trust, ...changes })),
    )
  }
  test('verification that accepts no signature accepts no receipt', () => {
    throwsCode(ProtocolError, 'PROTOCOL_SIGNATURE', () =>
      verifyReceipt(RECEIPT, { ...trust, verify: () => false }),
    )
    throwsCode(ProtocolError, 'RECEIPT_PROOF', () =>
      verifyReceipt(RECEIPT, { ...trust, verifyRaw: () => false }),
    )
  })
  test('a log whose second key did not sign', () => {
    for (const keys of [authority.logKeys.slice(0, 1), authority.logKeys.slice(1)]) {
      const receipt = receiptFor(authority, DEPOSIT, { keys })
      const error = throwsCode(ProtocolError, 'RECEIPT_PROOF', () => verifyReceipt(receipt, trust))
      assert.ok(error.cause instanceof TlogError && error.cause.code === 'TLOG_UNSIGNED')
    }
  })
  test('the log of another authority under the epoch of this one', () => {
    const receipt = receiptFor({ ...other, envelopes: authority.envelopes }, DEPOSIT)
    throwsCode(ProtocolError, 'RECEIPT_PROOF', () => verifyReceipt(receipt, trust))
  })
  test('an epoch that names the log, signed by somebody else', () => {
    const usurper = pairOf(0x66)
    const [epoch] = authority.epochs
    assert.ok(epoch)
    const envelopes = [signEpoch({ ...epoch, identity: usurper.signer }, usurper)]
    const receipt = receiptFor({ ...authority, envelopes }, DEPOSIT)
    throwsCode(ProtocolError, 'AUTHORITY_IDENTITY', () => verifyReceipt(receipt, trust))
    // And pinned to the usurper, the origin is still that of the one it stole the log from.
    throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () =>
      verifyReceipt(receipt, { ...trust, identity: usurper.signer }),
    )
  })
})

describe('substitution in a receipt', () => {
  const other = parseReceipt(
    receiptFor(authority, { kind: 'epoch', digest: bytesOf(0xe0) }, { others: 9, epoch: 2 }),
  )
  const foreign = parseReceipt(receiptFor(testAuthority(1, 40), DEPOSIT))
  const cases: readonly [string, Partial<Receipt>, ProtocolErrorCode][] = [
    ['the digest', { statement: { kind: 'deposit', digest: other.statement.digest } }, 'RECEIPT_PROOF'],
    ['the kind', { statement: { ...DEPOSIT, kind: 'epoch' } }, 'RECEIPT_PROOF'],
    ['the statement', { statement: other.statement }, 'RECEIPT_PROOF'],
    ['the proof', { proof: other.proof }, 'RECEIPT_PROOF'],
    ['the proof, with another authority’s', { proof: foreign.proof }, 'RECEIPT_PROOF'],
    ['the epoch, with another authority’s', { epoch: foreign.epoch }, 'AUTHORITY_IDENTITY'],
    [
      'the payload of the epoch',
      { epoch: { ...parsed.epoch, payload: other.epoch.payload } },
      'PROTOCOL_SIGNATURE',
    ],
    [
      'the signature of the epoch',
      { epoch: { ...parsed.epoch, signatures: other.epoch.signatures } },
      'PROTOCOL_SIGNATURE',
    ],
  ]
  for (const [what, changes, code] of cases) {
    test(`of ${what} is refused`, () => {
      const forged = encodeReceipt({ ...parsed, ...changes })
      assert.notDeepEqual(forged, RECEIPT)
      throwsCode(ProtocolError, code, () => verifyReceipt(forged, trust))
    })
  }

  const proof = parseLogProof(utf8Encode(parsed.proof))
  const otherProof = parseLogProof(utf8Encode(other.proof))
  const parts: readonly [string, Partial<typeof proof>][] = [
    ['index', { index: 3 }],
    ['index beyond the tree', { index: 5 }],
    ['hashes', { hashes: otherProof.hashes }],
    ['order of the hashes', { hashes: proof.hashes.toReversed() }],
    ['number of the hashes', { hashes: proof.hashes.slice(1) }],
    ['checkpoint', { checkpoint: otherProof.checkpoint }],
  ]
  for (const [what, changes] of parts) {
    test(`of the ${what} of the proof is refused`, () => {
      const text = utf8Decode(encodeLogProof({ ...proof, ...changes }))
      const forged = encodeReceipt({ ...parsed, proof: text })
      throwsCode(ProtocolError, 'RECEIPT_PROOF', () => verifyReceipt(forged, trust))
    })
  }
  test('of two members with each other is refused', () => {
    const members: Readonly<Record<string, unknown>> = JSON.parse(utf8Decode(RECEIPT))
    const names = Object.keys(members)
    for (const one of names) {
      for (const two of names.slice(names.indexOf(one) + 1)) {
        const swapped = changed({ [one]: members[two], [two]: members[one] })
        throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => verifyReceipt(swapped, trust))
      }
    }
  })
})

describe('not a receipt', () => {
  const cases: Readonly<Record<string, Uint8Array>> = {
    'of another kind of document': changed({ strongroom: 'authority' }),
    'of another version': changed({ version: 2 }),
    'of a level that nobody signed': changed({ level: 2 }),
    'of an unknown kind of statement': changed({ statement: { kind: 'remark', digest: '00'.repeat(32) } }),
    'of an inherited kind of statement': changed({
      statement: { kind: 'toString', digest: '00'.repeat(32) },
    }),
    'with a member more': changed({ note: 'verified' }),
    'without a proof': changed({ proof: '' }),
    'with a proof that is none': changed({ proof: 'c2sp.org/tlog-proof@v1\n' }),
    'with half a character in the proof': changed({ proof: `${parsed.proof}\ud800` }),
    'with extra data in the proof': changed({
      proof: utf8Decode(encodeLogProof({ ...parseLogProof(utf8Encode(parsed.proof)), extra: bytesOf(1) })),
    }),
    indented: utf8Encode(JSON.stringify(JSON.parse(utf8Decode(RECEIPT)), null, 2)),
    'with a line feed at the end': utf8Encode(`${utf8Decode(RECEIPT)}\n`),
  }
  for (const [what, bytes] of Object.entries(cases)) {
    test(what, () => {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => parseReceipt(bytes))
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => verifyReceipt(bytes, trust))
    })
  }
  test('longer than any', () => {
    throwsCode(ProtocolError, 'PROTOCOL_LIMIT', () => parseReceipt(new Uint8Array(LIMITS.receiptBytes + 1)))
  })
})
