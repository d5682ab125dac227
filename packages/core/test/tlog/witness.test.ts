import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { concat, toPaddedBase64, utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import {
  addSignatures,
  cosign,
  encodeAddCheckpoint,
  encodeCheckpoint,
  encodeSizeAnswer,
  judgeAddCheckpoint,
  noteVerifier,
  originHash,
  parseAddCheckpoint,
  parseNote,
  parseSizeAnswer,
  readCosignatures,
  signNote,
  TlogError,
  verifyCheckpoint,
  type TreeHead,
  type WitnessVerdict,
} from '@strongroom/core/tlog'
import * as fc from 'fast-check'
import { mutationsOf, singleBitFlips } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { sha256, testKey } from './node-keys.ts'
import { leafHashes, tree } from './tile-store.ts'

// C2SP tlog-witness, "add-checkpoint", the example of a request.
const EXAMPLE = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
`

const ORIGIN = 'example.com/log'
const log = testKey(ORIGIN, 'note', 1)
const leaves = leafHashes(20)
const rootOf = (size: number) => tree.rootOf(leaves.slice(0, size))
const textOf = (size: number, root = rootOf(size)) =>
  encodeCheckpoint({ origin: ORIGIN, size, root, extensions: [] })
const none = new Uint8Array(0)

/** The request of an honest log, with changes. */
function request(oldSize: number, size: number, changes: { proof?: Uint8Array[]; note?: Uint8Array } = {}) {
  const proof = changes.proof ?? tree.consistencyProof(leaves.slice(0, size), oldSize)
  const checkpoint = changes.note ?? signNote(textOf(size), [log.signer])
  return parseAddCheckpoint(encodeAddCheckpoint({ oldSize, proof, checkpoint }))
}

suite('the request', () => {
  test('the example of the specification', () => {
    const parsed = parseAddCheckpoint(utf8Encode(EXAMPLE))
    assert.deepEqual(
      [parsed.oldSize, parsed.proof.length, parsed.origin],
      [20_852_014, 4, 'example.com/behind-the-sofa'],
    )
    assert.equal(toPaddedBase64(parsed.proof[3] ?? none), '/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=')
    assert.equal(parseNote(parsed.checkpoint).signatures.length, 2)
    assert.equal(utf8Decode(encodeAddCheckpoint(parsed)), EXAMPLE)
  })

  test('what is no request', () => {
    const hash = 'PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw='
    const bad = [
      '',
      EXAMPLE.replace('old', 'Old'),
      EXAMPLE.replace('old ', 'old'),
      EXAMPLE.replace('old ', 'old  '),
      EXAMPLE.replace('old ', 'old 0'),
      EXAMPLE.replace('old 20852014', 'old -1'),
      EXAMPLE.replace('old 20852014\n', ''),
      EXAMPLE.replace(hash, `${hash}=`),
      EXAMPLE.replace(hash, hash.slice(1)),
      EXAMPLE.replace(hash, hash.replace('w=', 'x=')),
      EXAMPLE.replace('\n\n', '\n'),
      EXAMPLE.replace('\n\n', '\r\n\r\n'),
      EXAMPLE.replace('20852163', '020852163'),
      EXAMPLE.slice(0, EXAMPLE.indexOf('—')),
      EXAMPLE.slice(0, -1),
    ]
    for (const text of bad) throwsCode(TlogError, 'TLOG_WITNESS', () => parseAddCheckpoint(utf8Encode(text)))
    throwsCode(TlogError, 'TLOG_LIMIT', () =>
      parseAddCheckpoint(utf8Encode(EXAMPLE.replace('20852014', '9007199254740992'))),
    )
    throwsCode(TlogError, 'TLOG_LIMIT', () =>
      parseAddCheckpoint(utf8Encode(EXAMPLE.replace(hash, `${hash}\n`.repeat(60) + hash))),
    )
    throwsCode(TlogError, 'TLOG_LIMIT', () => parseAddCheckpoint(new Uint8Array(1_004_097)))
    parseAddCheckpoint(utf8Encode(EXAMPLE.replace(hash, `${hash}\n`.repeat(59) + hash)))
    throwsCode(TlogError, 'TLOG_WITNESS', () =>
      encodeAddCheckpoint({ oldSize: 0, proof: [], checkpoint: none }),
    )
    throwsCode(TlogError, 'TLOG_WITNESS', () =>
      encodeAddCheckpoint({ ...parseAddCheckpoint(utf8Encode(EXAMPLE)), proof: [none] }),
    )
  })

  test('whatever is read is written again byte for byte', () => {
    const exact = fc.property(mutationsOf(utf8Encode(EXAMPLE)), (bytes) => {
      try {
        assert.deepEqual(encodeAddCheckpoint(parseAddCheckpoint(bytes)), bytes)
      } catch (error) {
        assert.ok(error instanceof TlogError, String(error))
      }
    })
    fc.assert(exact, PROPERTY)
  })

  test('the answer with a size, and the name of a log', () => {
    assert.equal(utf8Decode(encodeSizeAnswer(20_852_014)), '20852014\n')
    assert.equal(parseSizeAnswer(utf8Encode('20852014\n')), 20_852_014)
    for (const text of ['', '\n', '1', '01\n', '1\n\n', '-1\n', ' 1\n', '٣\n', '\ufeff1\n']) {
      throwsCode(TlogError, 'TLOG_WITNESS', () => parseSizeAnswer(utf8Encode(text)))
    }
    throwsCode(TlogError, 'TLOG_WITNESS', () => parseSizeAnswer(Uint8Array.of(0xff, 0x0a)))
    throwsCode(TlogError, 'TLOG_LIMIT', () => parseSizeAnswer(utf8Encode(`${'1'.repeat(40)}\n`)))
    throwsCode(TlogError, 'TLOG_LIMIT', () => parseSizeAnswer(utf8Encode('9007199254740992\n')))
    // printf 'go.sum database tree' | sha256sum
    assert.equal(
      originHash(sha256, 'go.sum database tree'),
      '46613be2987d5d316f5ad065e4aa2eee26ccdd3de17a3735cd0da18156a22bdd',
    )
  })
})

suite('the judgement of a witness', () => {
  const keys = [log.verifier]
  const head = (size: number): TreeHead => ({ size, root: rootOf(size) })
  const judge = (asked: ReturnType<typeof request>, latest?: TreeHead) =>
    judgeAddCheckpoint(sha256, asked, { keys, latest })
  const status = (verdict: WitnessVerdict, expected: number) => assert.equal(verdict.status, expected)

  test('200: from every size to every later one, and again', () => {
    for (let oldSize = 0; oldSize <= 20; oldSize++) {
      for (let size = oldSize; size <= 20; size++) {
        const verdict = judge(request(oldSize, size), oldSize === 0 ? undefined : head(oldSize))
        assert.ok(verdict.status === 200, `${oldSize} to ${size}: ${verdict.status}`)
        assert.deepEqual(verdict.checkpoint, { origin: ORIGIN, ...head(size), extensions: [] })
        assert.equal(verdict.text, textOf(size))
      }
    }
    // The witness signed the empty tree before.
    status(judge(request(0, 3), head(0)), 200)
  })

  test('404: a log that is not known', () => {
    status(judgeAddCheckpoint(sha256, request(0, 3), undefined), 404)
  })

  test('403: not signed by a trusted key, or a signature that is not valid beside one that is', () => {
    const other = testKey(ORIGIN, 'note', 2)
    status(judge(request(0, 3, { note: signNote(textOf(3), [other.signer]) })), 403)
    const [wrong] = parseNote(signNote(textOf(4), [log.signer])).signatures
    assert.ok(wrong)
    status(judge(request(0, 3, { note: addSignatures(signNote(textOf(3), [other.signer]), [wrong]) })), 403)
    const both = { keys: [log.verifier, other.verifier] }
    const mixed = addSignatures(signNote(textOf(3), [other.signer]), [wrong])
    status(judgeAddCheckpoint(sha256, request(0, 3, { note: mixed }), both), 403)
    status(judgeAddCheckpoint(sha256, request(0, 3), both), 200)
  })

  test('400: an old size above that of the checkpoint', () => {
    status(judge(request(4, 3, { proof: [] }), head(4)), 400)
    // Also if the witness knows a third size.
    status(judge(request(4, 3, { proof: [] }), head(9)), 400)
  })

  test('409 with the size: an old size that is not the last', () => {
    for (const [oldSize, latest] of [
      [0, 3],
      [2, 3],
      [4, 3],
      [1, 0],
    ] as const) {
      const verdict = judge(request(oldSize, 5), latest === 0 ? undefined : head(latest))
      assert.deepEqual(verdict, { status: 409, size: latest })
    }
  })

  test('422: not consistent', () => {
    const fork = (size: number) =>
      signNote(textOf(size, tree.rootOf(leafHashes(30).slice(10, 10 + size))), [log.signer])
    status(judge(request(3, 5, { note: fork(5) }), head(3)), 422)
    status(judge(request(3, 5, { proof: [] }), head(3)), 422)
    status(judge(request(3, 5, { proof: [rootOf(1)] }), head(3)), 422)
    // The same size and another root; the same size and a proof.
    status(judge(request(5, 5, { note: fork(5) }), head(5)), 422)
    status(judge(request(5, 5, { proof: [rootOf(1)] }), head(5)), 422)
    // From nothing a proof must be empty, and the empty tree has one root.
    status(judge(request(0, 5, { proof: [rootOf(1)] })), 422)
    status(judge(request(0, 0, { note: signNote(textOf(0, rootOf(1)), [log.signer]) })), 422)
    status(judge(request(0, 0)), 200)
  })

  test('every bit flip of a request is refused or asks about another size', () => {
    const body = encodeAddCheckpoint(request(3, 5))
    let judged = 0
    for (const flipped of singleBitFlips(body)) {
      try {
        const asked = parseAddCheckpoint(flipped)
        const verdict = judgeAddCheckpoint(
          sha256,
          asked,
          asked.origin === ORIGIN ? { keys, latest: head(3) } : undefined,
        )
        assert.notEqual(verdict.status, 200)
        judged++
      } catch (error) {
        assert.ok(error instanceof TlogError, String(error))
      }
    }
    assert.ok(judged > 100, String(judged))
  })

  test('an error that is not of this layer is not an answer', () => {
    const broken = () => {
      throw new RangeError('out of memory')
    }
    assert.throws(() => judgeAddCheckpoint(broken, request(3, 5), { keys, latest: head(3) }), RangeError)
    const verifier = noteVerifier(log.key, broken)
    assert.throws(() => judgeAddCheckpoint(sha256, request(3, 5), { keys: [verifier] }), RangeError)
  })
})

suite('cosignatures', () => {
  const ed = testKey('witness.example/w1', 'cosignature', 5)
  const ml = testKey('witness.example/w1', 'subtree', 6)
  const other = testKey('witness.example/w2', 'cosignature', 7)
  const text = textOf(5)

  test('the answer is read, added to the checkpoint and verified with it', () => {
    const answer = cosign(text, [ed.signer, ml.signer, other.signer])
    assert.match(utf8Decode(answer), /^(?:— witness\.example\/w[12] \S+\n){3}$/)
    const found = readCosignatures(answer, text, [ed.verifier, ml.verifier])
    assert.deepEqual(
      found.map(({ keyHash }) => keyHash),
      [ed.key.keyHash, ml.key.keyHash],
    )
    const note = addSignatures(signNote(text, [log.signer]), found)
    const { cosignatures } = verifyCheckpoint(note, {
      origin: ORIGIN,
      keys: [log.verifier],
      witnesses: { keys: [ed.verifier, ml.verifier], quorum: 1 },
    })
    assert.deepEqual(
      cosignatures.map(({ time }) => time),
      [1_679_315_147, 1_679_315_147],
    )
  })

  test('none of the witness, one of another text, none at all', () => {
    const answer = cosign(text, [ed.signer])
    throwsCode(TlogError, 'TLOG_UNSIGNED', () => readCosignatures(answer, text, [other.verifier]))
    throwsCode(TlogError, 'TLOG_SIGNATURE', () => readCosignatures(answer, textOf(6), [ed.verifier]))
    const lines = concat(cosign(text, [other.signer]), cosign(textOf(6), [ed.signer]))
    throwsCode(TlogError, 'TLOG_SIGNATURE', () =>
      readCosignatures(lines, text, [ed.verifier, other.verifier]),
    )
    for (const bad of ['', '\n', 'no line\n', utf8Decode(answer).slice(0, -1), `\n${utf8Decode(answer)}`]) {
      throwsCode(TlogError, 'TLOG_NOTE', () => readCosignatures(utf8Encode(bad), text, [ed.verifier]))
    }
    throwsCode(TlogError, 'TLOG_NOTE', () => cosign(text, []))
  })

  test('a cosignature without a time is neither made nor taken', () => {
    const timeless = testKey('witness.example/w1', 'subtree', 6, 0)
    throwsCode(TlogError, 'TLOG_WITNESS', () => cosign(text, [timeless.signer]))
    const lines = signNote(text, [timeless.signer]).subarray(utf8Encode(text).length + 1)
    throwsCode(TlogError, 'TLOG_WITNESS', () => readCosignatures(lines, text, [timeless.verifier]))
    // A log may sign its own checkpoints without one.
    verifyCheckpoint(signNote(text, [timeless.signer]), { origin: ORIGIN, keys: [timeless.verifier] })
  })

  test('every truncation and every bit flip is refused', () => {
    const whole = cosign(text, [ed.signer])
    for (let length = 0; length < whole.length; length++) {
      assert.throws(() => readCosignatures(whole.slice(0, length), text, [ed.verifier]), TlogError)
    }
    for (const flipped of singleBitFlips(whole)) {
      assert.throws(() => readCosignatures(flipped, text, [ed.verifier]), TlogError)
    }
  })
})
