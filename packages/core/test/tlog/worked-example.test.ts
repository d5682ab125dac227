import assert from 'node:assert/strict'
import { createHash, createPrivateKey, createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { fromHex, toHex, utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import {
  addSignatures,
  cosign,
  edgeTiles,
  EMPTY_EDGE,
  encodeAddCheckpoint,
  encodeBundle,
  encodeLogEntry,
  encodeLogProof,
  encodeVerifierKey,
  ENTRY_KINDS,
  extendTiles,
  judgeAddCheckpoint,
  keyLabel,
  logOrigin,
  MAX_ADD_CHECKPOINT_BYTES,
  MAX_ENTRY_BYTES,
  MAX_EXTRA_BYTES,
  MAX_LOG_PROOF_BYTES,
  MAX_NOTE_BYTES,
  MAX_NOTE_SIGNATURES,
  MAX_PROOF_HASHES,
  noteVerifier,
  parseAddCheckpoint,
  parseLogProof,
  parseNote,
  parseVerifierKey,
  SIGNATURE_TYPES,
  signaturesOf,
  signNote,
  TiledTree,
  tilePath,
  verifyLogProof,
} from '@strongroom/core/tlog'
import { sha256, testKey, verifyRaw } from './node-keys.ts'
import { tree } from './tile-store.ts'

const PAGE = readFileSync(new URL('../../../../docs/spec/log.md', import.meta.url), 'utf8')

/** The text of the block that the specification calls `name`; a block that is not there fails the test. */
function block(name: string): string {
  const found = new RegExp(`^\`\`\`${name}\\n([^\`]*)^\`\`\``, 'm').exec(PAGE)?.[1]
  assert.ok(found, `log.md has no block ${name}`)
  return found
}
const hex = (name: string) => block(`hex ${name}`).replaceAll(/\s/g, '')
const H = (...parts: Uint8Array[]) =>
  new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest())

suite('the worked example of the specification', () => {
  const origin = logOrigin('authority.example', '00112233445566778899aabbccddeeff')
  const statements = [
    ['epoch statement', ENTRY_KINDS.epoch],
    ['enrolment statement', ENTRY_KINDS.enrolment],
    ['deposit statement', ENTRY_KINDS.deposit],
  ] as const
  const entries = statements.map(([text, kind]) => encodeLogEntry({ kind, digest: H(utf8Encode(text)) }))
  const leaves = entries.map((entry) => tree.leafHash(entry))
  const classic = testKey(origin, 'note', 0x11)
  const signedAt = Date.parse('2026-11-21T10:00:00Z') / 1000
  const quantum = testKey(origin, 'subtree', 0x12, signedAt)
  const witness = testKey('witness.example/w1', 'cosignature', 0x13, signedAt + 60)
  const proof = parseLogProof(utf8Encode(block('text proof')))
  const { text } = parseNote(proof.checkpoint)
  const [logKey = '', witnessKey = '', quantumLabel = ''] = block('text keys').split('\n')
  const verifierOf = (key: string) => noteVerifier(parseVerifierKey(sha256, key), verifyRaw)

  test('entries, bundle, tile and root, by the words of the page', () => {
    assert.deepEqual(
      entries,
      statements
        .map(([statement, kind]) => Buffer.concat([Buffer.of(kind), H(utf8Encode(statement))]))
        .map((entry) => new Uint8Array(entry)),
    )
    assert.equal(hex('bundle'), entries.map((entry) => `0021${toHex(entry)}`).join(''))
    assert.equal(toHex(encodeBundle(entries)), hex('bundle'))
    const hashes = entries.map((entry) => H(Uint8Array.of(0), entry))
    assert.equal(hex('tile'), hashes.map(toHex).join(''))
    const [written, ...others] = extendTiles(sha256, EMPTY_EDGE, leaves).written
    assert.ok(written)
    assert.equal(tilePath(written.tile), 'tile/0/000.p/3')
    assert.equal(toHex(written.bytes), hex('tile'))
    assert.deepEqual(others, [])
    const [a, b, c] = hashes as [Uint8Array, Uint8Array, Uint8Array]
    const one = Uint8Array.of(1)
    assert.equal(hex('root'), toHex(H(one, H(one, a, b), c)))
  })

  test('keys', () => {
    assert.equal(encodeVerifierKey(classic.key), logKey)
    assert.equal(encodeVerifierKey(witness.key), witnessKey)
    assert.equal(keyLabel(quantum.key), quantumLabel)
  })

  test('signatures, and what ML-DSA-44 signs', () => {
    const note = signNote(text, [classic.signer, witness.signer])
    assert.equal(utf8Decode(note), utf8Decode(proof.checkpoint))
    const message = SIGNATURE_TYPES.subtree.message({ text: utf8Encode(text), name: origin, time: signedAt })
    assert.equal(toHex(message), hex('cosigned message'))
    const [signature] = signaturesOf(text, [quantum.signer])
    assert.ok(signature)
    const secret = createPrivateKey({
      key: Buffer.alloc(32, 0x12),
      format: 'raw-seed',
      asymmetricKeyType: 'ml-dsa-44',
    })
    const raw = signature.signature.subarray(8)
    assert.ok(verify(null, fromHex(hex('cosigned message')), createPublicKey(secret), raw))
    const line =
      utf8Decode(signNote(text, [quantum.signer]))
        .split('\n')
        .at(-2) ?? ''
    const characters = (line.split(' ').at(-1)?.length ?? 0).toLocaleString('en')
    assert.ok(PAGE.includes(`${characters} characters of base64`), characters)
  })

  test('the proof, from the tile and whole', async () => {
    const tile = fromHex(hex('tile'))
    assert.deepEqual(edgeTiles(3), [{ level: 0, index: 0, width: 3 }])
    const tiled = new TiledTree(sha256, { size: 3, root: fromHex(hex('root')) }, () => tile)
    const made = { index: 1, hashes: await tiled.inclusionProof(1), checkpoint: proof.checkpoint }
    assert.equal(utf8Decode(encodeLogProof(made)), block('text proof'))
    const witnesses = { keys: [verifierOf(witnessKey)], quorum: 1 }
    const leaf = leaves[1] ?? tile
    const classicPolicy = { origin, keys: [verifierOf(logKey)], witnesses }
    const verified = verifyLogProof(sha256, proof, leaf, classicPolicy)
    assert.equal(toHex(verified.checkpoint.root), hex('root'))
    assert.equal(verified.checkpoint.cosignatures[0]?.time, signedAt + 60)
    const policy = { ...classicPolicy, keys: [verifierOf(logKey), quantum.verifier] }
    assert.throws(() => verifyLogProof(sha256, proof, leaf, policy), {
      code: 'TLOG_UNSIGNED',
      key: quantumLabel,
    })
    const whole = addSignatures(proof.checkpoint, signaturesOf(text, [quantum.signer]))
    verifyLogProof(sha256, { ...proof, checkpoint: whole }, leaf, policy)
  })

  test('the request to the witness, and its answer', async () => {
    const tiled = new TiledTree(sha256, { size: 3, root: fromHex(hex('root')) }, () => fromHex(hex('tile')))
    const checkpoint = signNote(text, [classic.signer])
    const made = encodeAddCheckpoint({ oldSize: 1, proof: await tiled.consistencyProof(1), checkpoint })
    assert.equal(utf8Decode(made), block('text request'))
    const request = parseAddCheckpoint(utf8Encode(block('text request')))
    const latest = { size: 1, root: leaves[0] ?? sha256() }
    const verdict = judgeAddCheckpoint(sha256, request, { keys: [verifierOf(logKey)], latest })
    assert.ok(verdict.status === 200)
    const answer = utf8Decode(cosign(verdict.text, [witness.signer]))
    assert.ok(block('text proof').endsWith(answer))
  })

  test('kinds and limits are those of the page', () => {
    const rows = [...PAGE.matchAll(/^\| (\d+) \| ([\w-]+)/gm)].map(([, kind, name]) => [name, Number(kind)])
    assert.deepEqual(Object.fromEntries(rows), ENTRY_KINDS)
    const said = [...(/## Limits\n([^#]*)/.exec(PAGE)?.[1] ?? '').matchAll(/[\d,]*\d/g)].map(([number]) =>
      Number(number.replaceAll(',', '')),
    )
    assert.deepEqual(said, [
      MAX_NOTE_BYTES,
      MAX_NOTE_SIGNATURES,
      MAX_LOG_PROOF_BYTES,
      MAX_PROOF_HASHES,
      MAX_EXTRA_BYTES,
      MAX_ADD_CHECKPOINT_BYTES,
      MAX_PROOF_HASHES,
      MAX_ENTRY_BYTES,
      4096,
    ])
  })
})
