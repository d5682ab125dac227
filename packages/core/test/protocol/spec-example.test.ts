import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import {
  encodeHeader,
  MlKem768X25519Identity,
  parseHeader,
  unwrapFileKey,
  verifyHeaderMac,
} from '@strongroom/core/age'
import { concat, fromHex, toHex, toPaddedBase64, utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import { keyCommitment } from '@strongroom/core/keyblob'
import {
  ACTS,
  depositMessage,
  encodeDepositContext,
  encodeEnvelope,
  LIMITS,
  pae,
  parseDepositBody,
  parseEnvelope,
  parseInvitation,
  parseReceipt,
  readSignature,
  signatureBase,
  signRequest,
  verifyDeposit,
  verifyEnrolment,
  verifyEpochs,
  verifyReceipt,
  verifySignature,
} from '@strongroom/core/protocol'
import { ENTRY_KINDS } from '@strongroom/core/tlog'
import { bytesOf, means, sha256, verifyRaw } from './fixtures.ts'
import * as example from './spec-example.ts'

const read = (page: string) => readFileSync(new URL(`../../../../docs/spec/${page}`, import.meta.url))
const PAGES = ['authority-protocol.md', 'receipt.md'].map((page) => read(page).toString('utf8'))
const [PROTOCOL = '', RECEIPT = ''] = PAGES

/** The text of the block that one of the pages calls `name`; a block that is not there fails the test. */
function block(name: string): string {
  const pattern = new RegExp(`^\`\`\`${name}\\n([^\`]*)^\`\`\``, 'm')
  const found = PAGES.map((page) => pattern.exec(page)?.[1]).find((text) => text !== undefined)
  assert.ok(found, `no page has a block ${name}`)
  return found.trimEnd()
}
const hex = (name: string) => block(`hex ${name}`).replaceAll(/\s/g, '')
/** A text that the page has on several lines and that is one. */
const joined = (name: string) => block(name).replaceAll('\n', '')
const H = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest('hex')

const trust = { ...means, identity: example.identity.fingerprint }
const chain = verifyEpochs([parseEnvelope(read('examples/epoch.envelope'))], trust)
const deposit = new Uint8Array(read('examples/deposit.keyblob'))
const receipt = new Uint8Array(read('examples/deposit.receipt'))
const header = parseHeader(deposit)
const [wrapped, stanza] = header.stanzas
assert.ok(wrapped && stanza)

describe('the worked example of the specification', () => {
  test('keys and names', () => {
    assert.equal(block('text identity'), `${example.identity.signer}\n${example.identity.fingerprint}`)
    const { signer, fingerprint } = example.client
    assert.equal(block('text client'), `${signer}\n${fingerprint}\n${example.clientId}`)
    // By the words of the page.
    const keyId = Buffer.from(fingerprint.slice(7), 'base64')
    const digest = H(utf8Encode('strongroom client v1\n\u0004acme'), keyId)
    assert.equal(example.clientId, `c-${digest.slice(0, 24)}`)
  })

  test('the epoch', () => {
    assert.deepEqual(new Uint8Array(read('examples/epoch.envelope')), encodeEnvelope(example.epochEnvelope))
    assert.deepEqual(chain.latest.payload, example.epoch)
    const shortened = (_: string, value: unknown) =>
      typeof value === 'string' && value.length > 200 ? `${value.slice(0, 40)}…` : value
    const payload = JSON.stringify(JSON.parse(utf8Decode(example.epochEnvelope.payload)), shortened)
    assert.equal(joined('json epoch'), payload)
    const message = pae('application/vnd.strongroom.epoch.v1+json', example.epochEnvelope.payload)
    assert.equal(hex('epoch digest'), H(message))
    assert.equal(block('base64 epoch signature'), toPaddedBase64(example.identity.sign(message)))
  })

  test('the invitation', () => {
    assert.equal(joined('text invitation'), example.invitationText)
    assert.deepEqual(parseInvitation(joined('text invitation')), example.invitation)
  })

  test('the enrolment', () => {
    const payload = utf8Encode(joined('json enrolment'))
    assert.deepEqual(payload, example.enrolmentEnvelope.payload)
    const message = pae('application/vnd.strongroom.enrolment.v1+json', payload)
    assert.equal(hex('enrolment digest'), H(message))
    const signatures = [example.client, example.invited].map(({ sign }) => toPaddedBase64(sign(message)))
    assert.equal(block('base64 enrolment signatures'), signatures.join('\n'))
    assert.equal(verifyEnrolment(example.enrolmentEnvelope, trust).clientId, example.clientId)
  })

  test('the deposit, as the authority sees it', () => {
    assert.equal(header.length, deposit.length)
    assert.deepEqual([stanza.type, ...stanza.args], ['strongroom/deposit', '1'])
    assert.equal(hex('deposit id'), H(deposit))
    const recipientStanza = example.firstStanza(deposit)
    const context = example.contextFor(recipientStanza)
    const encoded = encodeDepositContext(context)
    assert.equal(hex('deposit context'), toHex(encoded))
    const signature = example.client.sign(concat(utf8Encode('strongroom deposit v1\n'), encoded))
    assert.equal(hex('deposit signature'), toHex(signature))
    assert.deepEqual(
      stanza.body,
      concat(Uint8Array.of(encoded.length >> 8, encoded.length & 255), encoded, signature),
    )
    assert.deepEqual(depositMessage(encoded), concat(utf8Encode('strongroom deposit v1\n'), encoded))
    const { clientId } = example
    const signer = example.client.signer
    const expected = { ...means, tenant: 'acme', clientId, signer, epochs: chain, recipientStanza }
    assert.deepEqual(verifyDeposit(stanza.body, expected).context, context)
    assert.equal(toHex(context.recipientDigest), H(recipientStanza))
    assert.equal(
      toHex(context.object?.nameDigest ?? bytesOf(0)),
      H(utf8Encode('strongroom object v1\narchive.txt')),
    )
  })

  test('the deposit, as the custodian sees it', () => {
    const sessionKey = unwrapFileKey(header, [MlKem768X25519Identity.fromBytes(bytesOf(0x02))])
    assert.deepEqual(sessionKey, example.sessionKey)
    verifyHeaderMac(header, sessionKey)
    assert.deepEqual(encodeHeader([wrapped, stanza], sessionKey), deposit)
    const { context } = parseDepositBody(stanza.body)
    assert.deepEqual(keyCommitment(sessionKey, context.serial), context.commitment)
  })

  test('the request', () => {
    const { request, params, client } = example
    assert.equal(block('text signature base'), utf8Decode(signatureBase(sha256, request, params)))
    const fields = signRequest(sha256, request, params, client.sign)
    const lines = ['content-digest', 'signature-input', 'signature'] as const
    assert.equal(block('text fields'), lines.map((name) => `${name}: ${fields[name]}`).join('\n'))
    const claimed = readSignature(sha256, request, fields, params.created * 1000)
    assert.equal(verifySignature(claimed, client.signer, means.verify).clientId, example.clientId)
  })

  test('the receipt', () => {
    const { entries, leafHashes, root } = example.logOf(deposit)
    assert.equal(block('hex entries'), entries.map(toHex).join('\n'))
    const hashes = entries.map((entry) => H(Uint8Array.of(0), entry))
    assert.equal(block('hex leaf hashes'), hashes.join('\n'))
    const left = H(Uint8Array.of(1), ...leafHashes.slice(0, 2))
    assert.equal(hex('root'), H(Uint8Array.of(1), fromHex(left), ...leafHashes.slice(2)))
    assert.equal(block('text checkpoint'), example.checkpointText(root).trimEnd())
    const statement = { kind: 'deposit', digest: fromHex(hex('deposit id')) } as const
    const verified = verifyReceipt(receipt, { ...trust, verifyRaw, statement })
    assert.deepEqual([verified.index, verified.size, toHex(verified.root)], [2, 3, hex('root')])
    assert.deepEqual(verified.epoch.digest, chain.latest.digest)
    const unsigned = parseReceipt(receipt)
      .proof.split('\n')
      .filter((line) => !line.startsWith('— '))
    assert.equal(block('text proof'), unsigned.join('\n').trimEnd())
  })
})

describe('the tables of the specification', () => {
  /** The first cells of the table behind a heading, without backquotes, several in one cell apart. */
  function firstCells(page: string, heading: string): string[] {
    const section = page.split(/^##+ /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
    const rows = section.split('\n').filter((line) => line.startsWith('| '))
    return rows
      .slice(2)
      .flatMap((row) => (row.split(' | ')[0] ?? '').slice(2).replaceAll('`', '').split(', '))
  }
  test('name the members in their order', () => {
    const members = (json: Uint8Array) => Object.keys(JSON.parse(utf8Decode(json)))
    assert.deepEqual(firstCells(PROTOCOL, 'Epoch records'), members(example.epochEnvelope.payload))
    assert.deepEqual(firstCells(PROTOCOL, 'Enrolment'), members(example.enrolmentEnvelope.payload))
    assert.deepEqual(firstCells(RECEIPT, 'Format'), members(receipt))
  })
  test('name the acts, who signs them, and their kinds', () => {
    const rows = [...PROTOCOL.matchAll(/^\| `([a-z-]+)` \| (.+) \| (\d+) \|$/gm)]
    assert.deepEqual(
      rows.map(([, name]) => name),
      Object.keys(ACTS),
    )
    for (const [i, { name, entryKind, payloadType, signersOf }] of Object.values(ACTS).entries()) {
      assert.equal(payloadType, `application/vnd.strongroom.${name}.v1+json`)
      const [, , said = '', kind] = rows[i] ?? []
      assert.equal(Number(kind), ENTRY_KINDS[entryKind])
      // Every member its own name: what the act answers is who signs.
      const named = new Proxy({}, { get: (_, member) => member })
      if (name !== 'request')
        assert.equal(
          said,
          (signersOf as (payload: object) => string[])(named)
            .map((member) => `\`${member}\``)
            .join(', '),
        )
    }
    const evidence = [{ key: 'one' }, { key: 'two' }]
    const signers = ACTS.request.signersOf as (payload: object) => readonly string[]
    assert.deepEqual(signers({ signer: 'signer', by: 'by', evidence }), ['signer', 'by', 'one', 'two'])
    assert.deepEqual(signers({ signer: 'signer', by: null, evidence }), ['signer', 'one', 'two'])
  })
  test('name the fields of a context by their tags', () => {
    const context = fromHex(hex('deposit context'))
    const tags: number[] = []
    for (let at = 0; at < context.length; at += 3 + ((context[at + 1] ?? 0) << 8) + (context[at + 2] ?? 0)) {
      tags.push(context[at] ?? 0)
    }
    const cells = firstCells(PROTOCOL, 'Deposit context').filter((cell) => /^\d+$/.test(cell))
    // All tags, then the four formats of the second table.
    assert.deepEqual(
      cells.slice(0, 17).map(Number),
      Array.from({ length: 17 }, (_, i) => i + 1),
    )
    assert.deepEqual(cells.slice(17).map(Number), [1, 2, 3, 4])
    assert.deepEqual(tags, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16])
  })
  test('have the limits of the program', () => {
    const numbers = [
      ...PROTOCOL.slice(PROTOCOL.indexOf('## Limits'), PROTOCOL.indexOf('## Example')).matchAll(/[\d,]*\d/g),
    ]
    const { depositBytes, depositsPerRequest, contextBytes, payloadBytes, envelopeBytes } = LIMITS
    const { epochs, authorityBytes, invitationCharacters, problemBytes, jsonBytes } = LIMITS
    const { challengeSeconds, signatureSeconds, receiptBytes, receiptListBytes } = LIMITS
    const { queryCharacters, pageBytes, depositsPerPage, statementsPerPage } = LIMITS
    assert.deepEqual(
      numbers.map(([text]) => Number(text.replaceAll(',', ''))),
      [
        depositBytes,
        depositsPerRequest,
        contextBytes,
        payloadBytes,
        envelopeBytes,
        epochs,
        authorityBytes,
        invitationCharacters,
        receiptListBytes,
        queryCharacters,
        pageBytes,
        depositsPerPage,
        statementsPerPage,
        problemBytes,
        jsonBytes,
        challengeSeconds,
        signatureSeconds,
      ],
    )
    assert.ok(RECEIPT.includes(`at most ${receiptBytes.toLocaleString('en')} bytes`))
    assert.ok(RECEIPT.includes(`at most ${receiptListBytes.toLocaleString('en')} bytes`))
    assert.ok(PROTOCOL.includes(`at most ${LIMITS.descriptionBytes.toLocaleString('en')} bytes of UTF-8`))
    assert.equal(PROTOCOL.split(`at most ${LIMITS.enclosedBytes.toLocaleString('en')} bytes`).length, 3)
    assert.ok(PROTOCOL.includes(`used for ${LIMITS.epochGraceSeconds / 86_400} days more`))
    assert.ok(PROTOCOL.includes(`more than ${LIMITS.clockSkewSeconds} seconds from now`))
  })
})
