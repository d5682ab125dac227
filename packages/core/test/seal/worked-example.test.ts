import { deepEqual, equal, ok } from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { Decrypter } from 'age-encryption'
import { encodeHeader, parseHeader, parseIdentity } from '@strongroom/core/age'
import { fromHex, toHex, utf8Encode } from '@strongroom/core/bytes'
import { SignerKey, SigningKey } from '@strongroom/core/container'
import {
  draftSeal,
  encodeMetadata,
  finishSeal,
  keyCommitment,
  LeafHasher,
  parseSerial,
  signDrafts,
  verifySeal,
} from '@strongroom/core/keyblob'
import { openFile } from '@strongroom/core/seal'

const read = (page: string) => readFileSync(new URL(`../../../../docs/spec/${page}`, import.meta.url), 'utf8')

/** The text of the block that the specification calls `name`; a block that is not there fails the test. */
function block(page: string, name: string): string {
  const found = new RegExp(`^\`\`\`${name}\\n([^\`]*)^\`\`\``, 'm').exec(read(page))?.[1]
  ok(found, `${page} has no block ${name}`)
  return found.replaceAll(/\s+$/g, '')
}
const hex = (name: string) => block('key-blob.md', `hex ${name}`).replaceAll(/\s/g, '')

const identity = parseIdentity(block('sealed-file.md', 'text identity'))
const signer = SignerKey.parse(block('sealed-file.md', 'text signer'))
const file = new Uint8Array(Buffer.from(block('sealed-file.md', 'base64 file'), 'base64'))
const plaintext = 'The archive of the year.\n'

const sessionKey = fromHex('000102030405060708090a0b0c0d0e0f')
const nonce = fromHex('101112131415161718191a1b1c1d1e1f')
const serial = parseSerial('019c1405-b800-7000-8000-000000000001')
const created = Date.parse('2026-01-31T12:00:00Z')
const metadata = {
  description: 'year end',
  name: 'archive.txt',
  mode: 0o640,
  mtimeNs: BigInt(created) * 1_000_000n,
  createdMs: created,
  version: 1,
}

describe('the worked example of the specification', () => {
  const folder = mkdtempSync(join(tmpdir(), 'strongroom-example-'))
  after(() => rmSync(folder, { recursive: true }))
  const header = parseHeader(file)
  const payload = file.subarray(header.length + 16)
  const signingKey = SigningKey.fromSecretBytes('ed25519', new Uint8Array(32).fill(2))
  const hasher = new LeafHasher()
  hasher.update(payload)
  const leafHashes = [hasher.digest()]
  const draft = draftSeal({
    kind: 'file',
    serial,
    sessionKey,
    nonce,
    payloadLength: payload.length,
    leafHashes,
    metadata,
    signer: signingKey.signer,
  })
  const [batch] = signDrafts([draft], signingKey)
  ok(batch)

  it('derives every value again', () => {
    equal(toHex(encodeMetadata(metadata)), hex('metadata'))
    equal(toHex(keyCommitment(sessionKey, serial)), hex('commitment'))
    equal(toHex(leafHashes[0] ?? nonce), hex('payload root'))
    equal(toHex(draft.statementBytes), hex('statement'))
    equal(toHex(draft.sealId), hex('seal id'))
    equal(toHex(batch.signature), hex('signature'))
  })

  it('encodes the same header', () => {
    const [wrapped] = header.stanzas
    ok(wrapped)
    const stanzas = [wrapped, finishSeal(draft, batch, sessionKey, 'private')]
    deepEqual(encodeHeader(stanzas, sessionKey), file.slice(0, header.length))
    equal(header.length, 727)
  })

  it('is opened and verified', async () => {
    const input = join(folder, 'example.age')
    const output = join(folder, 'example.txt')
    writeFileSync(input, file)
    const signers = { find: () => ({ signer, name: 'example' }) }
    const opened = await openFile(
      { input: { path: input }, output: { path: output } },
      { identities: [identity], signers },
    )
    equal(readFileSync(output, 'utf8'), plaintext)
    deepEqual(opened.seal?.metadata, metadata)
    const seal = verifySeal({ header, sessionKey, payload: { nonce, length: payload.length }, signers })
    deepEqual(seal.serial, serial)
  })

  it('is opened by another implementation of age', async () => {
    const decrypter = new Decrypter()
    decrypter.addIdentity(block('sealed-file.md', 'text identity'))
    deepEqual(await decrypter.decrypt(file), utf8Encode(plaintext))
  })
})
