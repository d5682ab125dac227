import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fromPaddedBase64, toPaddedBase64, utf8Encode } from '@strongroom/core/bytes'
import { merkleTree } from '@strongroom/core/merkle'
import {
  encodeCheckpoint,
  noteVerifier,
  openNote,
  parseCheckpoint,
  parseVerifierKey,
  signNote,
  TlogError,
  VerifiedCheckpoint,
  verifyCheckpoint,
  type Checkpoint,
  type LogPolicy,
} from '@strongroom/core/tlog'
import * as fc from 'fast-check'
import { mutationsOf, singleBitFlips } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { sha256, testKey, verifyRaw } from './node-keys.ts'

// C2SP tlog-checkpoint, the example.
const SOFA = `example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
`
const ROOT = fromPaddedBase64('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=')

suite('the text of a checkpoint', () => {
  test('the example of the specification', () => {
    const checkpoint = parseCheckpoint(SOFA)
    const expected = {
      origin: 'example.com/behind-the-sofa',
      size: 20_852_163,
      root: ROOT,
      extensions: [],
    }
    assert.deepEqual(checkpoint, expected)
    assert.equal(encodeCheckpoint(checkpoint), SOFA)
  })

  test('the tree of golang.org/x/mod/sumdb/tlog, TestParseTree', () => {
    const text = 'go.sum database tree\n123456789012\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n'
    const { origin, size, root } = parseCheckpoint(text)
    assert.deepEqual([origin, size], ['go.sum database tree', 123_456_789_012])
    assert.deepEqual(root, merkleTree(sha256).leafHash(utf8Encode('hello world')))
    assert.deepEqual(parseCheckpoint(`${text}JOE\n`).extensions, ['JOE'])
  })

  test('extension lines are kept in their order', () => {
    const text = `${SOFA}one\n two\n`
    assert.deepEqual(parseCheckpoint(text).extensions, ['one', ' two'])
    assert.equal(encodeCheckpoint(parseCheckpoint(text)), text)
  })

  test('what is no checkpoint', () => {
    const [origin, size, root] = SOFA.split('\n')
    const bad = [
      '',
      '\n',
      SOFA.slice(0, -1),
      `${origin}\n${size}\n`,
      `\n${size}\n${root}\n`,
      `${SOFA}\n`,
      `${SOFA}\nextension\n`,
      `${SOFA}a\u0000b\n`,
      ...['', '020852163', '+1', '-1', '1.0', '1e3', '0x10', ' 1', '1 ', '٣', '00'].map(
        (bare) => `${origin}\n${bare}\n${root}\n`,
      ),
      ...[
        root?.slice(0, -1),
        `${root}=`,
        root?.replace('2I=', '2J='),
        toPaddedBase64(ROOT.slice(1)),
        `${toPaddedBase64(ROOT)} `,
      ].map((wrong) => `${origin}\n${size}\n${wrong}\n`),
    ]
    for (const text of bad) throwsCode(TlogError, 'TLOG_CHECKPOINT', () => parseCheckpoint(text))
    for (const origin2 of ['', 'a\nb', 'a\u0007', '\ud800']) {
      throwsCode(TlogError, 'TLOG_CHECKPOINT', () =>
        encodeCheckpoint({ origin: origin2, size: 1, root: ROOT, extensions: [] }),
      )
      throwsCode(TlogError, 'TLOG_CHECKPOINT', () =>
        encodeCheckpoint({ origin: 'a', size: 1, root: ROOT, extensions: [origin2] }),
      )
    }
    throwsCode(TlogError, 'TLOG_CHECKPOINT', () =>
      encodeCheckpoint({ origin: 'a', size: 1, root: ROOT.slice(1), extensions: [] }),
    )
  })

  test('sizes go up to 2^53 - 1', () => {
    const of = (size: string) => `a\n${size}\n${toPaddedBase64(ROOT)}\n`
    assert.equal(parseCheckpoint(of('9007199254740991')).size, 2 ** 53 - 1)
    assert.equal(parseCheckpoint(of('0')).size, 0)
    throwsCode(TlogError, 'TLOG_LIMIT', () => parseCheckpoint(of('9007199254740992')))
    throwsCode(TlogError, 'TLOG_LIMIT', () => parseCheckpoint(of('9'.repeat(400))))
    for (const size of [-1, 0.5, Number.NaN, 2 ** 53]) {
      throwsCode(TlogError, 'TLOG_RANGE', () =>
        encodeCheckpoint({ origin: 'a', size, root: ROOT, extensions: [] }),
      )
    }
  })

  test('whatever is read is written again byte for byte', () => {
    const near = mutationsOf(utf8Encode(`${SOFA}ext\n`)).map((bytes) => Buffer.from(bytes).toString('latin1'))
    const exact = fc.property(near, (text) => {
      let checkpoint: Checkpoint
      try {
        checkpoint = parseCheckpoint(text)
      } catch (error) {
        assert.ok(error instanceof TlogError, String(error))
        return
      }
      assert.equal(encodeCheckpoint(checkpoint), text)
    })
    fc.assert(exact, PROPERTY)
  })
})

suite('verifying a checkpoint', () => {
  const ORIGIN = 'authority.example/strongroom/0123456789abcdef'
  const classic = testKey(ORIGIN, 'note', 1)
  const quantum = testKey(ORIGIN, 'subtree', 2)
  const witnesses = [
    testKey('w.example/1', 'cosignature', 3, 1_700_000_001),
    testKey('w.example/2', 'subtree', 4, 1_700_000_002),
    testKey('w.example/2', 'cosignature', 5, 1_700_000_003),
  ]
  const text = encodeCheckpoint({ origin: ORIGIN, size: 5, root: ROOT, extensions: [] })
  const sign = (...keys: { signer: typeof classic.signer }[]) =>
    signNote(
      text,
      keys.map(({ signer }) => signer),
    )
  const log: LogPolicy = { origin: ORIGIN, keys: [classic.verifier, quantum.verifier] }
  const witnessed = (quorum: number): LogPolicy => ({
    ...log,
    witnesses: { keys: witnesses.map(({ verifier }) => verifier), quorum },
  })

  test('both keys of the log must have signed', () => {
    const verified = verifyCheckpoint(sign(classic, quantum), log)
    assert.deepEqual(
      [verified.origin, verified.size, verified.root, verified.text, verified.cosignatures],
      [ORIGIN, 5, ROOT, text, []],
    )
    for (const alone of [classic, quantum]) {
      const error = throwsCode(TlogError, 'TLOG_UNSIGNED', () => verifyCheckpoint(sign(alone), log))
      assert.match(error.key ?? '', /^authority\.example\/strongroom\/0123456789abcdef\+[0-9a-f]{8}$/)
    }
    throwsCode(TlogError, 'TLOG_UNSIGNED', () => verifyCheckpoint(sign(...witnesses), witnessed(1)))
    throwsCode(TlogError, 'TLOG_KEY', () => verifyCheckpoint(sign(classic), { ...log, keys: [] }))
  })

  test('another origin, or no checkpoint at all', () => {
    throwsCode(TlogError, 'TLOG_ORIGIN', () =>
      verifyCheckpoint(sign(classic, quantum), { ...log, origin: `${ORIGIN}0` }),
    )
    const letter = signNote('Dear all\n', [classic.signer])
    throwsCode(TlogError, 'TLOG_CHECKPOINT', () =>
      verifyCheckpoint(letter, { origin: ORIGIN, keys: [classic.verifier] }),
    )
  })

  test('witnesses are counted by name, and say when', () => {
    const all = sign(classic, quantum, ...witnesses)
    const { cosignatures } = verifyCheckpoint(all, witnessed(2))
    assert.deepEqual(
      cosignatures.map(({ name, time }) => [name, time]),
      [
        ['w.example/1', 1_700_000_001],
        ['w.example/2', 1_700_000_002],
        ['w.example/2', 1_700_000_003],
      ],
    )
    throwsCode(TlogError, 'TLOG_UNWITNESSED', () => verifyCheckpoint(all, witnessed(3)))
    throwsCode(TlogError, 'TLOG_UNWITNESSED', () => verifyCheckpoint(all, witnessed(Number.NaN)))
    const second = sign(classic, quantum, ...witnesses.slice(1))
    verifyCheckpoint(second, witnessed(1))
    throwsCode(TlogError, 'TLOG_UNWITNESSED', () => verifyCheckpoint(second, witnessed(2)))
    verifyCheckpoint(second, log)
  })

  test('the key of the log is no witness', () => {
    throwsCode(TlogError, 'TLOG_KEY', () =>
      verifyCheckpoint(sign(classic), {
        origin: ORIGIN,
        keys: [classic.verifier],
        witnesses: { keys: [classic.verifier], quorum: 1 },
      }),
    )
  })

  test('nobody else makes a verified checkpoint', () => {
    const checkpoint = parseCheckpoint(text)
    // @ts-expect-error the token is not to be had
    assert.throws(() => new VerifiedCheckpoint(Symbol('verified'), text, checkpoint, []), TypeError)
  })

  test('every truncation and every bit flip is refused', () => {
    const whole = sign(classic, witnesses[0] ?? classic)
    const policy = {
      origin: ORIGIN,
      keys: [classic.verifier],
      witnesses: { keys: [witnesses[0]?.verifier ?? classic.verifier], quorum: 1 },
    }
    verifyCheckpoint(whole, policy)
    for (let length = 0; length < whole.length; length++) {
      assert.throws(() => verifyCheckpoint(whole.slice(0, length), policy), TlogError)
    }
    for (const flipped of singleBitFlips(whole)) {
      assert.throws(() => verifyCheckpoint(flipped, policy), TlogError)
    }
  })

  test('every bit flip in the text is refused by ML-DSA-44 alone', () => {
    const whole = sign(quantum)
    const policy = { origin: ORIGIN, keys: [quantum.verifier] }
    verifyCheckpoint(whole, policy)
    const flips = singleBitFlips(whole)
    for (let bit = 0; bit < text.length * 8; bit++) {
      const flipped = flips.next().value ?? whole
      assert.throws(() => verifyCheckpoint(flipped, policy), TlogError)
    }
  })

  test('a checkpoint of the Go checksum database', () => {
    // sum.golang.org at size 20,852,163, whose root is that of the example in C2SP tlog-checkpoint; the signature is there too.
    const key = parseVerifierKey(
      sha256,
      'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8',
    )
    const signature =
      'Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8='
    const note = `${SOFA.replace('example.com/behind-the-sofa', 'go.sum database tree')}\n— sum.golang.org ${signature}\n`
    const opened = openNote(utf8Encode(note), [noteVerifier(key, verifyRaw)])
    assert.equal(parseCheckpoint(opened.text).size, 20_852_163)
  })
})
