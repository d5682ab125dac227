import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { concat, toPaddedBase64, utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import {
  encodeCheckpoint,
  encodeLogProof,
  parseLogProof,
  signNote,
  TlogError,
  VerifiedInclusion,
  verifyLogProof,
  type LogPolicy,
  type LogProof,
} from '@strongroom/core/tlog'
import * as fc from 'fast-check'
import { mutationsOf, singleBitFlips } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { sha256, testKey } from './node-keys.ts'
import { leafHashes, tree } from './tile-store.ts'

const ORIGIN = 'example.com/fancylog'
const none = new Uint8Array(0)
const log = testKey(ORIGIN, 'note', 1)
const quantum = testKey(ORIGIN, 'subtree', 2)
const witness = testKey('witness1.example', 'cosignature', 3)
const policy: LogPolicy = {
  origin: ORIGIN,
  keys: [log.verifier],
  witnesses: { keys: [witness.verifier], quorum: 1 },
}

function proofOf(count: number, index: number, extra?: Uint8Array): LogProof & { readonly leaf: Uint8Array } {
  const leaves = leafHashes(count)
  const text = encodeCheckpoint({ origin: ORIGIN, size: count, root: tree.rootOf(leaves), extensions: [] })
  return {
    ...(extra && { extra }),
    index,
    hashes: tree.inclusionProof(leaves, index),
    checkpoint: signNote(text, [log.signer, witness.signer]),
    leaf: leaves[index] ?? none,
  }
}

suite('the text of a proof', () => {
  test('the lines of the specification in their order', () => {
    const { leaf: _, ...proof } = proofOf(5, 3, utf8Encode('extra data'))
    const file = encodeLogProof(proof)
    const lines = [
      'c2sp.org/tlog-proof@v1',
      'extra ZXh0cmEgZGF0YQ==',
      'index 3',
      ...proof.hashes.map(toPaddedBase64),
      '',
      utf8Decode(proof.checkpoint),
    ]
    assert.equal(utf8Decode(file), lines.join('\n'))
    assert.deepEqual(parseLogProof(file), proof)
  })

  test('a tree of one leaf has no lines of hashes, and no extra data no line', () => {
    const { leaf: _, ...proof } = proofOf(1, 0)
    const file = utf8Decode(encodeLogProof(proof))
    assert.ok(file.startsWith(`c2sp.org/tlog-proof@v1\nindex 0\n\n${ORIGIN}\n1\n`))
    assert.deepEqual(parseLogProof(utf8Encode(file)), proof)
    assert.equal(utf8Decode(encodeLogProof({ ...proof, extra: none })), file)
  })

  test('the first lines of the example in the specification', () => {
    // Its checkpoint is abridged; another takes its place.
    const extra = 'YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ'
    const hashes = [
      'gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=',
      'B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=',
      'EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=',
      'RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=',
      'AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=',
    ]
    const { checkpoint } = proofOf(5, 3)
    const head = `c2sp.org/tlog-proof@v1\nextra ${extra}\nindex 73894\n${hashes.join('\n')}\n\n`
    const proof = parseLogProof(concat(utf8Encode(head), checkpoint))
    assert.equal(proof.index, 73_894)
    assert.equal(toPaddedBase64(proof.extra ?? none), extra)
    assert.deepEqual(proof.hashes.map(toPaddedBase64), hashes)
    assert.deepEqual(proof.checkpoint, checkpoint)
  })

  test('what is no proof', () => {
    const good = utf8Decode(encodeLogProof(proofOf(5, 3, utf8Encode('x'))))
    const [first, extra, index, hash] = good.split('\n')
    const bad = [
      '',
      '\n\n',
      `${first}\n\n`,
      good.replace('@v1', '@v2'),
      good.replace(`${first}\n`, ''),
      good.replace('\n\n', '\n'),
      good.replaceAll('\n', '\r\n'),
      good.replace(`${extra}`, 'extra '),
      good.replace(`${extra}`, 'extra eA'),
      good.replace(`${extra}`, 'Extra eA=='),
      good.replace(`${extra}\n${index}`, `${index}\n${extra}`),
      good.replace(`${extra}`, `${extra}\n${extra}`),
      good.replace(`${index}\n`, ''),
      good.replace('index 3', 'index 03'),
      good.replace('index 3', 'index -3'),
      good.replace('index 3', 'index  3'),
      good.replace('index 3', 'index'),
      good.replace('index 3', 'index notanumber'),
      good.replace(`${hash}`, `${hash} `),
      good.replace(`${hash}`, '!!notbase64!!'),
      good.replace(`${hash}`, toPaddedBase64(new Uint8Array(64))),
      good.replace(`${hash}\n`, `${hash}`),
      good.replace(`${ORIGIN}\n5`, `${ORIGIN}\nfive`),
      `${first}\n${index}\n\nno checkpoint\n`,
    ]
    for (const text of bad) throwsCode(TlogError, 'TLOG_PROOF', () => parseLogProof(utf8Encode(text)))
  })

  test('limits', () => {
    const { leaf: _, ...proof } = proofOf(5, 3)
    const [hash = none] = proof.hashes
    const repeated = (count: number) => ({ ...proof, hashes: Array.from({ length: count }, () => hash) })
    assert.equal(parseLogProof(encodeLogProof(repeated(63))).hashes.length, 63)
    throwsCode(TlogError, 'TLOG_LIMIT', () => encodeLogProof(repeated(64)))
    const tooMany = utf8Decode(encodeLogProof(repeated(63))).replace(
      'index 3\n',
      `index 3\n${toPaddedBase64(hash)}\n`,
    )
    throwsCode(TlogError, 'TLOG_LIMIT', () => parseLogProof(utf8Encode(tooMany)))
    const extra = new Uint8Array(65_536)
    assert.deepEqual(parseLogProof(encodeLogProof({ ...proof, extra })).extra, extra)
    throwsCode(TlogError, 'TLOG_LIMIT', () => encodeLogProof({ ...proof, extra: new Uint8Array(65_537) }))
    const long = utf8Decode(encodeLogProof(proof)).replace('index', `extra ${'A'.repeat(87_384)}\nindex`)
    throwsCode(TlogError, 'TLOG_LIMIT', () => parseLogProof(utf8Encode(long)))
    throwsCode(TlogError, 'TLOG_LIMIT', () => parseLogProof(new Uint8Array(1_100_001)))
    throwsCode(TlogError, 'TLOG_LIMIT', () =>
      parseLogProof(
        utf8Encode(utf8Decode(encodeLogProof(proof)).replace('index 3', 'index 9007199254740992')),
      ),
    )
    throwsCode(TlogError, 'TLOG_RANGE', () => encodeLogProof({ ...proof, index: -1 }))
    throwsCode(TlogError, 'TLOG_PROOF', () => encodeLogProof({ ...proof, hashes: [none] }))
    throwsCode(TlogError, 'TLOG_PROOF', () => encodeLogProof({ ...proof, checkpoint: none }))
  })

  test('whatever is read is written again byte for byte', () => {
    const near = mutationsOf(encodeLogProof(proofOf(5, 3, utf8Encode('x'))))
    const exact = fc.property(near, (bytes) => {
      try {
        assert.deepEqual(encodeLogProof(parseLogProof(bytes)), bytes)
      } catch (error) {
        assert.ok(error instanceof TlogError, String(error))
      }
    })
    fc.assert(exact, PROPERTY)
  })
})

suite('verifying a proof', () => {
  test('every leaf of trees of many sizes, and of no other index or leaf', () => {
    for (const count of [1, 2, 3, 7, 8, 13]) {
      for (let index = 0; index < count; index++) {
        const { leaf, ...proof } = proofOf(count, index)
        const verified = verifyLogProof(sha256, proof, leaf, policy)
        assert.deepEqual([verified.index, verified.leafHash], [index, leaf])
        assert.deepEqual([verified.checkpoint.size, verified.checkpoint.cosignatures.length], [count, 1])
        const refused = (changed: LogProof, of = leaf) =>
          throwsCode(TlogError, 'TLOG_MISMATCH', () => verifyLogProof(sha256, changed, of, policy))
        refused(proof, tree.leafHash(utf8Encode('another')))
        refused({ ...proof, hashes: [...proof.hashes, leaf] })
        refused({ ...proof, index: count })
        if (count > 1) refused({ ...proof, index: (index + 1) % count })
        if (count > 1) refused({ ...proof, hashes: proof.hashes.slice(1) })
      }
    }
  })

  test('the policy: origin, keys of the log, witnesses', () => {
    const { leaf, ...proof } = proofOf(5, 3)
    const verify = (changed: LogPolicy) => () => verifyLogProof(sha256, proof, leaf, changed)
    throwsCode(TlogError, 'TLOG_ORIGIN', verify({ ...policy, origin: 'example.com/otherlog' }))
    throwsCode(TlogError, 'TLOG_UNSIGNED', verify({ ...policy, keys: [log.verifier, quantum.verifier] }))
    throwsCode(
      TlogError,
      'TLOG_UNWITNESSED',
      verify({
        ...policy,
        witnesses: { keys: [witness.verifier], quorum: 2 },
      }),
    )
  })

  test('nobody else makes a verified inclusion', () => {
    const { leaf, ...proof } = proofOf(5, 3)
    const { checkpoint } = verifyLogProof(sha256, proof, leaf, policy)
    // @ts-expect-error the token is not to be had
    assert.throws(() => new VerifiedInclusion(Symbol('verified'), leaf, 3, checkpoint), TypeError)
  })

  test('every truncation and every bit flip is refused', () => {
    const { leaf, ...proof } = proofOf(2, 1)
    const whole = encodeLogProof(proof)
    const verify = (bytes: Uint8Array) => verifyLogProof(sha256, parseLogProof(bytes), leaf, policy)
    verify(whole)
    for (let length = 0; length < whole.length; length++) {
      assert.throws(() => verify(whole.slice(0, length)), TlogError)
    }
    for (const flipped of singleBitFlips(whole)) assert.throws(() => verify(flipped), TlogError)
  })
})
