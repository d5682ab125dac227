import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { fromPaddedBase64, utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import {
  addSignatures,
  encodeNote,
  encodeSignatureLines,
  encodeVerifierKey,
  isKeyName,
  noteVerifier,
  openNote,
  parseNote,
  parseSignatureLines,
  parseVerifierKey,
  signaturesOf,
  signNote,
  TlogError,
  verifierKey,
  type NoteVerifier,
} from '@strongroom/core/tlog'
import * as fc from 'fast-check'
import { mutationsOf, singleBitFlips } from '../support/mutations.ts'
import { PROPERTY } from '../support/property-runs.ts'
import { throwsCode } from '../support/throws-code.ts'
import { sha256, testKey, verifyRaw } from './node-keys.ts'

// C2SP signed-note, "Verifier keys", "Example".
const FOO_KEY = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k'
const FOO_NOTE = `This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`

// golang.org/x/mod/sumdb/note, the examples of the package.
const PETER_KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'
const ENOCH_KEY = 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop'
const TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
const PETER =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n'
const ENOCH =
  '— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n'

const verifierOf = (key: string): NoteVerifier => noteVerifier(parseVerifierKey(sha256, key), verifyRaw)
const [peter, enoch] = [verifierOf(PETER_KEY), verifierOf(ENOCH_KEY)]
const note = (text: string) => utf8Encode(text)
const names = (signatures: readonly { readonly name: string }[]) => signatures.map(({ name }) => name)

suite('signed notes', () => {
  test('the example of the specification is verified by its key', () => {
    const opened = openNote(note(FOO_NOTE), [verifierOf(FOO_KEY)])
    assert.equal(opened.text, 'This is an example message.\n')
    assert.deepEqual(names(opened.verified), ['example.com/foo'])
    assert.equal(opened.verified[0]?.keyHash, 0x530d903a)
  })

  test('the examples of golang.org/x/mod/sumdb/note: one or both keys known', () => {
    const both = note(`${TEXT}\n${PETER}${ENOCH}`)
    const one = openNote(both, [peter])
    assert.equal(one.text, TEXT)
    assert.deepEqual([names(one.verified), names(one.unknown)], [['PeterNeumann'], ['EnochRoot']])
    const all = openNote(both, [enoch, peter])
    assert.deepEqual([names(all.verified), names(all.unknown)], [['PeterNeumann', 'EnochRoot'], []])
    throwsCode(TlogError, 'TLOG_UNSIGNED', () => openNote(both, []))
    throwsCode(TlogError, 'TLOG_UNSIGNED', () => openNote(both, [verifierOf(FOO_KEY)]))
  })

  test('the first example of the specification is taken apart at its last empty line', () => {
    const text = 'Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n'
    const line =
      '— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n'
    const parsed = parseNote(note(`${text}\n${line}`))
    assert.equal(parsed.text, text)
    assert.deepEqual(parsed.textBytes, note(text))
    assert.equal(parsed.signatures[0]?.keyHash, 0x367ba04b)
    assert.equal(parsed.signatures[0]?.signature.length, 64)
    assert.equal(utf8Decode(encodeNote(parsed.text, parsed.signatures)), `${text}\n${line}`)
  })

  test('a signature of a known key that is not valid refuses the note, even behind a valid one', () => {
    const wrong = `${PETER.slice(0, 60)}ABCD${PETER.slice(60)}`
    for (const lines of [wrong, PETER + wrong, wrong + PETER, ENOCH + wrong]) {
      const error = throwsCode(TlogError, 'TLOG_SIGNATURE', () =>
        openNote(note(`${TEXT}\n${lines}`), [peter, enoch]),
      )
      assert.equal(error.key, 'PeterNeumann+c74f20a3')
    }
    openNote(note(`${TEXT}\n${ENOCH}${wrong}`), [enoch])
  })

  test('a key is counted once, however often it signed', () => {
    const opened = openNote(note(`${TEXT}\n${PETER}${PETER}${ENOCH}${PETER}`), [peter, enoch])
    assert.deepEqual(names(opened.verified), ['PeterNeumann', 'EnochRoot'])
  })

  test('a key of the same name or the same hash alone is another key', () => {
    const other = testKey('PeterNeumann', 'note', 7)
    throwsCode(TlogError, 'TLOG_UNSIGNED', () => openNote(note(`${TEXT}\n${PETER}`), [other.verifier]))
    const collision = { ...peter, name: 'Mallory' }
    throwsCode(TlogError, 'TLOG_UNSIGNED', () => openNote(note(`${TEXT}\n${PETER}`), [collision]))
  })

  test('two verifiers of one name and hash are refused', () => {
    throwsCode(TlogError, 'TLOG_KEY', () => openNote(note(FOO_NOTE), [peter, enoch, peter]))
  })

  test('what is no signed note', () => {
    const bad = [
      '',
      '\n',
      TEXT,
      `${TEXT}\n`,
      `${TEXT}${PETER}`,
      `\n${PETER}`,
      `${TEXT}\n${PETER.slice(0, -1)}`,
      `\u0001${TEXT}\n${PETER}`,
      `${TEXT}\t\n\n${PETER}`,
      `${TEXT}\r\n\n${PETER}`,
      `${TEXT}\n${PETER}Unexpected line.\n`,
      `${TEXT}\n${PETER}\n`,
      `${TEXT}\n${PETER.replace('— ', '- ')}`,
      `${TEXT}\n${PETER.replace('— ', '—')}`,
      `${TEXT}\n${PETER.replace('— ', '—  ')}`,
      `${TEXT}\n${PETER.replace('PeterNeumann', 'Peter Neumann')}`,
      `${TEXT}\n${PETER.replace('PeterNeumann', 'Peter\u00a0Neumann')}`,
      `${TEXT}\n${PETER.replace('PeterNeumann', 'Peter+Neumann')}`,
      `${TEXT}\n${PETER.replace('PeterNeumann', '')}`,
      `${TEXT}\n${PETER.replace('x08g', 'x08g ')}`,
      `${TEXT}\n${PETER.replace('=\n', '\n')}`,
      // The bits behind the last byte are not zero.
      `${TEXT}\n${PETER.replace('AM=\n', 'AN=\n')}`,
      `${TEXT}\n— PeterNeumann x08gow==\n`,
      `${TEXT}\n— PeterNeumann \n`,
    ]
    for (const text of bad) {
      throwsCode(TlogError, 'TLOG_NOTE', () => parseNote(note(text)))
      throwsCode(TlogError, 'TLOG_NOTE', () => openNote(note(text), [peter]))
    }
    throwsCode(TlogError, 'TLOG_NOTE', () => parseNote(Uint8Array.of(0xff, ...note(`${TEXT}\n${PETER}`))))
    // A surrogate half in UTF-8.
    const surrogate = Uint8Array.of(0xed, 0xa0, 0x80, ...note(`${TEXT}\n${PETER}`))
    throwsCode(TlogError, 'TLOG_NOTE', () => parseNote(surrogate))
  })

  test('a byte-order mark is part of the text', () => {
    const marked = note(`\ufeff${TEXT}\n${PETER}`)
    assert.equal(parseNote(marked).text, `\ufeff${TEXT}`)
    throwsCode(TlogError, 'TLOG_SIGNATURE', () => openNote(marked, [peter]))
  })

  test('a hundred signatures and a million bytes are read, more are not', () => {
    openNote(note(`${TEXT}\n${PETER.repeat(100)}`), [peter])
    throwsCode(TlogError, 'TLOG_LIMIT', () => openNote(note(`${TEXT}\n${PETER.repeat(101)}`), [peter]))
    const long = (length: number) => `${'a'.repeat(length - 2 - PETER.length - 2)}\n\n${PETER}`
    assert.equal(note(long(1_000_000)).length, 1_000_000)
    parseNote(note(long(1_000_000)))
    throwsCode(TlogError, 'TLOG_LIMIT', () => parseNote(note(long(1_000_001))))
    const [signature] = parseNote(note(FOO_NOTE)).signatures
    assert.ok(signature)
    throwsCode(TlogError, 'TLOG_LIMIT', () =>
      encodeNote(
        TEXT,
        Array.from({ length: 101 }, () => signature),
      ),
    )
    throwsCode(TlogError, 'TLOG_LIMIT', () => encodeNote(`${'a'.repeat(1e6)}\n`, [signature]))
  })

  test('what cannot be read back is not written', () => {
    const [signature] = parseNote(note(FOO_NOTE)).signatures
    assert.ok(signature)
    for (const text of ['', 'no line feed', 'a\u0000\n', 'a\r\n', 'lone \ud800\n']) {
      throwsCode(TlogError, 'TLOG_NOTE', () => encodeNote(text, [signature]))
    }
    throwsCode(TlogError, 'TLOG_NOTE', () => encodeNote(TEXT, []))
    throwsCode(TlogError, 'TLOG_NOTE', () => encodeNote(TEXT, [{ ...signature, name: 'a b' }]))
    throwsCode(TlogError, 'TLOG_NOTE', () =>
      encodeNote(TEXT, [{ ...signature, signature: new Uint8Array(0) }]),
    )
  })

  test('signing gives the bytes of the Go example', () => {
    // ExampleSign: PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz
    const secret = fromPaddedBase64('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz')
    const { key, signer } = testKey('PeterNeumann', 'note', secret.subarray(1))
    assert.equal(encodeVerifierKey(key), PETER_KEY)
    assert.equal(utf8Decode(signNote(TEXT, [signer])), `${TEXT}\n${PETER}`)
    // ExampleSign_add_signatures: the seed of EnochRoot is 32 zero bytes.
    const enochs = testKey('EnochRoot', 'note', 0)
    const added = addSignatures(note(`${TEXT}\n${PETER}`), signaturesOf(TEXT, [enochs.signer]))
    assert.equal(utf8Decode(added), `${TEXT}\n${PETER}${ENOCH}`)
    // A later signature of a key takes the place of the earlier one.
    assert.equal(utf8Decode(addSignatures(added, signaturesOf(TEXT, [signer]))), `${TEXT}\n${ENOCH}${PETER}`)
    assert.equal(utf8Decode(encodeSignatureLines(parseSignatureLines(note(PETER + ENOCH)))), PETER + ENOCH)
  })

  test('every truncation and every bit flip of a note is refused', () => {
    const whole = note(FOO_NOTE)
    const foo = verifierOf(FOO_KEY)
    openNote(whole, [foo])
    for (let length = 0; length < whole.length; length++) {
      assert.throws(() => openNote(whole.slice(0, length), [foo]), TlogError)
    }
    for (const flipped of singleBitFlips(whole)) assert.throws(() => openNote(flipped, [foo]), TlogError)
  })

  test('whatever is read is written again byte for byte', () => {
    const near = mutationsOf(note(`${TEXT}\n${PETER}${ENOCH}`))
    const exact = fc.property(near, (bytes) => {
      try {
        const { text, signatures } = parseNote(bytes)
        assert.deepEqual(encodeNote(text, signatures), bytes)
      } catch (error) {
        assert.ok(error instanceof TlogError, String(error))
      }
    })
    fc.assert(exact, PROPERTY)
  })
})

suite('verifier keys', () => {
  test('are read and written as they are', () => {
    for (const text of [FOO_KEY, PETER_KEY, ENOCH_KEY]) {
      const key = parseVerifierKey(sha256, text)
      assert.equal(encodeVerifierKey(key), text)
      assert.equal(key.type.id, 1)
      assert.equal(key.publicKey.length, 32)
    }
  })

  test('the types of cosigners: 0x04 with 32 bytes, 0x06 with 1,312', () => {
    for (const [type, id, length] of [
      ['cosignature', 4, 32],
      ['subtree', 6, 1312],
    ] as const) {
      const { key } = testKey('witness.example/w1', type, 9)
      assert.deepEqual([key.type.id, key.publicKey.length], [id, length])
      const again = parseVerifierKey(sha256, encodeVerifierKey(key))
      assert.deepEqual(again, key)
      // C2SP tlog-cosignature, "Format": SHA-256(<name> || "\n" || type || public key)[:4]
      const digest = sha256(
        Buffer.concat([Buffer.from('witness.example/w1\n'), Buffer.of(id), key.publicKey]),
      )
      assert.equal(key.keyHash, Buffer.from(digest).readUInt32BE())
    }
  })

  test('every part of a key, every changed character and the keys that Go refuses are refused', () => {
    for (let from = 0; from < PETER_KEY.length; from++) {
      for (let to = from + 1; to <= PETER_KEY.length; to++) {
        if (from === 0 && to === PETER_KEY.length) continue
        throwsCode(TlogError, 'TLOG_KEY', () => parseVerifierKey(sha256, PETER_KEY.slice(from, to)))
      }
    }
    for (const flipped of singleBitFlips(note(PETER_KEY))) {
      const text = Buffer.from(flipped).toString('latin1')
      throwsCode(TlogError, 'TLOG_KEY', () => parseVerifierKey(sha256, text))
    }
    for (const text of [
      // golang.org/x/mod/sumdb/note, TestNewVerifier: a key of the wrong length, and an unknown algorithm.
      'PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==',
      'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
      PETER_KEY.replace('c74f20a3', 'C74F20A3'),
      PETER_KEY.replace('Peter', 'Peter '),
      `${PETER_KEY}\n`,
    ]) {
      throwsCode(TlogError, 'TLOG_KEY', () => parseVerifierKey(sha256, text))
    }
    throwsCode(TlogError, 'TLOG_LIMIT', () => parseVerifierKey(sha256, 'a'.repeat(5000)))
  })

  test('a name is not empty and has no white space, plus or control character', () => {
    const white = ['\t', '\n', '\u0085', '\u00a0', '\u1680', '\u2003', '\u2028', '\u202f', '\u205f', '\u3000']
    for (const name of ['', 'a+b', 'a b', '\u0000', 'a\ud800', ...white.map((space) => `a${space}`)]) {
      assert.equal(isKeyName(name), false, JSON.stringify(name))
      throwsCode(TlogError, 'TLOG_KEY', () => verifierKey(sha256, name, 'note', new Uint8Array(32)))
    }
    for (const name of ['a', 'example.com/log', 'oid/1.3.6.1', '柳/κ', 'a\u200b']) assert.ok(isKeyName(name))
    throwsCode(TlogError, 'TLOG_KEY', () => verifierKey(sha256, 'a', 'subtree', new Uint8Array(32)))
  })
})
