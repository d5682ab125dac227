import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { encodeHeader, parseHeader, unwrapFileKey, verifyHeaderMac } from '@strongroom/core/age'
import { fromHex, toHex, toPaddedBase64, utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import { merkleTree } from '@strongroom/core/merkle'
import {
  ACTS,
  CHARTER_RULES,
  chartersOf,
  checkCharter,
  clientIdOf,
  custodianAt,
  encodeRecoveryBundle,
  judgeApprovals,
  judgeRelease,
  judgeRequest,
  LIMITS,
  loggedAt,
  logPolicyOf,
  openStatement,
  pae,
  parseRecoveryBundle,
  parseRecoveryCode,
  parseReleaseBody,
  parseTerms,
  RECOVERY_LIMITS,
  RECOVERY_PHASES,
  releasableFrom,
  requestSubject,
  startRecovery,
  stepRecovery,
  verifyCharters,
  verifyEnrolment,
  verifyEpochs,
  verifyReceipt,
  type Act,
  type Envelope,
  type Logged,
} from '@strongroom/core/protocol'
import { ENTRY_BYTES, ENTRY_KINDS, Frontier, verifyCheckpoint } from '@strongroom/core/tlog'
import { bytesOf, means, sha256, verifyRaw } from './fixtures.ts'
import * as example from './recovery-example.ts'
import { client, clientId, custodian, identity, sessionKey, termsBytes } from './spec-example.ts'

const PAGE = readFileSync(new URL('../../../../docs/spec/recovery.md', import.meta.url), 'utf8')

/** The text of a block of the page; one that is not there fails the test. */
function block(name: string): string {
  const found = new RegExp(`^\`\`\`${name}\\n([^\`]*)^\`\`\``, 'm').exec(PAGE)?.[1]
  assert.ok(found, `the page has no block ${name}`)
  return found.trimEnd()
}
const hex = (name: string) => block(`hex ${name}`).replaceAll(/\s/g, '')
const joined = (name: string) => block(name).replaceAll('\n', '')
const H = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest('hex')
const digestOf = (act: string, { payload }: Envelope) =>
  H(pae(`application/vnd.strongroom.${act}.v1+json`, payload))

const trust = { ...means, identity: identity.fingerprint }
const bundle = parseRecoveryBundle(example.read('recovery.bundle'))
const releaseBlob = example.read('release.keyblob')
const release = example.releaseEnvelopeOf(releaseBlob)

describe('the statements of the page', () => {
  const statements = [
    ['charter', example.charterEnvelope, 'charter digest'],
    ['codes', example.codesEnvelope, 'codes digest'],
    ['request', example.requestEnvelope, 'request digest'],
    ['release', release, 'release digest'],
  ] as const
  for (const [name, envelope, digest] of statements) {
    test(name, () => {
      const shortened = (_: string, value: unknown) =>
        typeof value === 'string' && value.length > 200 ? `${value.slice(0, 40)}…` : value
      assert.equal(
        joined(`json ${name}`),
        JSON.stringify(JSON.parse(utf8Decode(envelope.payload)), shortened),
      )
      assert.equal(hex(digest), digestOf(name, envelope))
    })
  }
  test('approvals', () => {
    const [bo] = example.approvals
    assert.ok(bo)
    assert.equal(joined('json approval'), utf8Decode(bo.payload))
    assert.equal(
      block('hex approval digests'),
      example.approvals.map((envelope) => digestOf('approval', envelope)).join('\n'),
    )
  })
  test('the signatures of the request', () => {
    const message = pae('application/vnd.strongroom.request.v1+json', example.requestEnvelope.payload)
    const signatures = [example.newcomer, example.code].map(({ sign }) => toPaddedBase64(sign(message)))
    assert.equal(block('base64 request signatures'), signatures.join('\n'))
  })
  test('terms, and charter without a fault', () => {
    assert.equal(joined('json terms'), utf8Decode(termsBytes))
    assert.equal(hex('policy'), H(termsBytes))
    assert.deepEqual(checkCharter(example.charter, parseTerms(termsBytes)), [])
  })
  test('the recovery code', () => {
    assert.equal(joined('text recovery code'), example.codeText)
    const code = parseRecoveryCode(block('text recovery code'))
    assert.deepEqual(code, {
      url: 'https://vault.example.org',
      identity: identity.fingerprint,
      tenant: 'acme',
      client: clientIdOf(sha256, 'acme', client.signer),
      secret: bytesOf(0x43),
    })
  })
})

describe('the bundle of the page', () => {
  const epochs = verifyEpochs(bundle.epochs, trust)
  const policy = logPolicyOf(epochs.latest.payload, { sha256, verifyRaw })
  const checkpoint = verifyCheckpoint(bundle.checkpoint, policy)
  const tree = merkleTree(sha256)
  const entries = Array.from({ length: bundle.range.entries.length / ENTRY_BYTES }, (_, i) =>
    bundle.range.entries.subarray(i * ENTRY_BYTES, (i + 1) * ENTRY_BYTES),
  )
  /** Where the statement stands, by range or proof. */
  const indexOf = (kind: keyof typeof ENTRY_KINDS, digest: Uint8Array): number => {
    const entry = `${toHex(Uint8Array.of(ENTRY_KINDS[kind]))}${toHex(digest)}`
    const at = entries.findIndex((candidate) => toHex(candidate) === entry)
    if (at >= 0) return bundle.range.start + at
    const proof = bundle.proofs.find(
      (candidate) => toHex(Uint8Array.of(candidate.kind)) + toHex(candidate.digest) === entry,
    )
    assert.ok(proof, `${kind} is not in the log`)
    tree.verifyInclusion(
      tree.leafHash(fromHex(entry)),
      proof.index,
      checkpoint.size,
      [...proof.hashes],
      checkpoint.root,
    )
    return proof.index
  }
  const placed = <T>(act: Act<T>, envelope: Envelope): Logged<T> => {
    const statement = openStatement(act, envelope, means)
    return loggedAt(statement, indexOf(act.entryKind, statement.digest))
  }

  test('has one encoding', () => {
    assert.deepEqual(encodeRecoveryBundle(bundle), example.read('recovery.bundle'))
  })
  test('its range leads from its subtrees over the tree of the receipt to the checkpoint', () => {
    assert.equal(block('hex subtree'), bundle.range.subtrees.map(toHex).join('\n'))
    assert.equal(block('hex range'), entries.map(toHex).join('\n'))
    const statement = { kind: 'request', digest: example.requestDigest } as const
    const receipt = verifyReceipt(bundle.receipt, { ...trust, verifyRaw, statement })
    const frontier = new Frontier(sha256, bundle.range.start, bundle.range.subtrees)
    for (const entry of entries) {
      frontier.append(tree.leafHash(entry))
      if (frontier.size === receipt.size) assert.deepEqual(frontier.root(), receipt.root)
    }
    assert.deepEqual([receipt.index, receipt.size, frontier.size], [5, 6, 8])
    assert.deepEqual(frontier.root(), checkpoint.root)
    assert.equal(hex('range root'), toHex(checkpoint.root))
  })
  test('lets the custodian release', () => {
    const terms = parseTerms(bundle.terms)
    assert.equal(H(bundle.terms), toHex(epochs.latest.payload.policy))
    const at = (index: number) => custodianAt([{ epoch: epochs.latest.payload, index: 0 }], index)
    const charters = verifyCharters(
      bundle.charters.map(({ charter }) => ({ charter: { envelope: charter, index: 3 }, release: null })),
      { ...trust, tenant: 'acme', custodianAt: at },
    )
    const [enrolment] = bundle.enrolments
    assert.ok(enrolment)
    const owner = verifyEnrolment(enrolment, trust)
    assert.equal(owner.clientId, clientId)
    const request = placed(ACTS.request, bundle.subject)
    const ownerSigner = owner.statement.payload.signer
    const [loggedMs, nowMs] = ['2026-12-01T09:01:00Z', '2026-12-02T09:05:00Z'].map((text) => Date.parse(text))
    assert.ok(loggedMs && nowMs)
    const facts = {
      sha256,
      identity: identity.fingerprint,
      charters,
      terms,
      ownerSigner,
      vettings: [],
      spent: new Set<string>(),
    }
    const codes = bundle.evidence.map((envelope) => placed(ACTS.codes, envelope))
    assert.deepEqual(judgeRequest(request, { ...facts, codes, loggedMs, nowMs }), [])
    const deciding = chartersOf(charters, request.index)
    assert.ok(deciding)
    const subject = requestSubject(request, deciding, { sha256, terms, ownerSigner, vouching: [] })
    const approvals = bundle.statements.map((envelope) => placed(ACTS.approval, envelope))
    assert.deepEqual(judgeApprovals(sha256, subject, approvals, nowMs).persons, ['bo', 'di'])
    assert.ok(releasableFrom(subject, { receiptMs: loggedMs, lastWithoutMs: null }) <= nowMs)
    assert.deepEqual(
      bundle.deposits.map((blob) => H(blob)),
      [toHex(example.depositId)],
    )

    const released = loggedAt(openStatement(ACTS.release, release, means), 8)
    assert.equal(judgeRelease(subject, released, at(8)), undefined)
    assert.equal(released.payload.custodian, custodian.signer)
    let state = startRecovery(sha256, subject, loggedMs)
    for (const statement of approvals)
      state = stepRecovery(sha256, state, { act: 'approval', statement, atMs: loggedMs })
    state = stepRecovery(sha256, state, { act: 'release', statement: released, atMs: nowMs })
    assert.deepEqual([state.phase, state.irregular], ['released', []])
  })
  test('and what the requester gets', () => {
    const header = parseHeader(releaseBlob)
    const [wrapped, stanza] = header.stanzas
    assert.ok(wrapped && stanza)
    assert.deepEqual([stanza.type, ...stanza.args], ['strongroom/release', '1'])
    assert.equal(hex('release stanza'), toHex(stanza.body))
    assert.deepEqual(parseReleaseBody(stanza.body), {
      request: example.requestDigest,
      deposit: example.depositId,
    })
    const opened = unwrapFileKey(header, [example.recipientIdentity])
    assert.deepEqual(opened, sessionKey)
    verifyHeaderMac(header, opened)
    assert.deepEqual(encodeHeader([wrapped, stanza], opened), releaseBlob)
    const results = H(utf8Encode('strongroom release list v1\n'), example.depositId, fromHex(H(releaseBlob)))
    assert.equal(results, toHex(example.releaseOf(releaseBlob).results))
  })
})

describe('the tables of the page', () => {
  /** The first cells of all rows behind a heading, without backquotes, several in one cell apart. */
  function firstCells(heading: string): string[] {
    const section = PAGE.split(/^##+ /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
    const rows = section.split('\n').filter((line) => line.startsWith('| '))
    return rows
      .map((row) => (row.split(' | ')[0] ?? '').slice(2).replaceAll('`', ''))
      .flatMap((cell) => cell.split(', '))
  }
  const members = ({ payload }: Envelope) => Object.keys(JSON.parse(utf8Decode(payload)))

  test('name the members in their order', () => {
    assert.deepEqual(firstCells('Terms').slice(2), Object.keys(JSON.parse(utf8Decode(termsBytes))))
    assert.deepEqual(firstCells('Charters').slice(2, 11), members(example.charterEnvelope))
    assert.deepEqual(firstCells('Requests').slice(2), members(example.requestEnvelope))
    const codes = firstCells('Recovery codes').slice(2)
    assert.deepEqual(codes, members(example.codesEnvelope))
  })
  test('name the rules for charters', () => {
    const cells = firstCells('Charters')
    assert.deepEqual(cells.slice(cells.indexOf('rule') + 2), CHARTER_RULES)
  })
  test('have the phases and what follows', () => {
    const rows = [...PAGE.matchAll(/^\| `(\w+)` \| .+ \| (.*) ?\|$/gm)].filter(([, name]) =>
      Object.hasOwn(RECOVERY_PHASES, name ?? ''),
    )
    const said = rows.map(([, name, next = '']) => [
      name,
      [...next.matchAll(/`(\w+)`/g)].map(([, phase]) => phase),
    ])
    assert.deepEqual(Object.fromEntries(said), RECOVERY_PHASES)
  })
  test('have the limits of the program', () => {
    const section = PAGE.slice(PAGE.indexOf('## Limits'), PAGE.indexOf('## Example'))
    const said = [...section.matchAll(/[\d,]*\d/g)].map(([text]) => Number(text.replaceAll(',', '')))
    const limits = RECOVERY_LIMITS
    assert.deepEqual(said, [
      limits.termsBytes,
      limits.retentionClasses,
      limits.witnesses,
      limits.people,
      limits.signersOfPerson,
      limits.approvals,
      limits.seconds,
      limits.deposits,
      limits.depositsPerPage,
      limits.codes,
      limits.codeCharacters,
      limits.reasonBytes,
      limits.referenceBytes,
      limits.nameBytes,
      limits.bundleBytes,
      limits.submissionBytes,
      limits.releaseBlobBytes,
    ])
    assert.ok(PAGE.includes(`at most ${LIMITS.clockSkewSeconds} seconds ahead`))
    assert.ok(PAGE.includes(`at most ${LIMITS.epochs.toLocaleString('en')}`))
  })
})
