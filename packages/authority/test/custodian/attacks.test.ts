import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { encodeHeader, encodeStanza, X25519Identity } from '@strongroom/core/age'
import { toBase64, toHex, utf8Encode } from '@strongroom/core/bytes'
import { parseDepositBlob } from '@strongroom/core/client'
import { createContainer } from '@strongroom/core/container'
import { encodeDepositBody, parseDepositBody } from '@strongroom/core/protocol'
import {
  CustodianError,
  custodianRound,
  handOut,
  keysOfContainer,
  releaseBundle,
  runCustodian,
  type CustodianKeys,
  type CustodianWire,
} from '../../src/custodian/index.ts'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf } from '../support/authority.ts'
import { check, knowledgeOf, refuses } from './checking.ts'
import { authorityOf, folderOf, keys, removeFolders } from './connected.ts'
import { approvalOf, depositOf, SESSION_KEYS, story, withRelease } from './story.ts'
import { DAY, EXCHANGE, forged, HOUR, MINUTE, NEWCOMER, OWNER_KEY, signed, START } from './world.ts'

after(removeFolders)

/** Keys that must not be used. */
const UNTOUCHED: CustodianKeys = {
  signer: {
    signer: keys.signer.signer,
    sign: () => assert.fail('something was signed'),
  },
  identities: keys.identities.map(({ kind }) => ({
    kind,
    unwrap: () => assert.fail('something was opened'),
  })),
  wipe: () => {},
}

const OTHER = X25519Identity.generate()

describe('M6: who calls is nothing, what is proved is everything', () => {
  test('work that an authority calls approved and owed is not touched without the proofs', async () => {
    const told = story({ custodian: keys.signer, approvals: ([one]) => (one ? [one] : []) })
    const { wire, now } = authorityOf(told)
    const folder = folderOf('m6', told)
    const eager: CustodianWire = {
      ...wire,
      work: async () => ({
        subjects: [{ digest: told.subject, kind: 'request', releasableFrom: 0 }],
        owed: [told.subject],
        probes: [],
        unverified: 0,
        rewrap: null,
      }),
      sendRelease: () => assert.fail('something was released'),
      sendKeyBlobs: () => assert.fail('something was handed out'),
    }
    const round = await custodianRound(folder, UNTOUCHED, eager, { now })
    assert.deepEqual(
      round.refused.map(({ code }) => code),
      ['BUNDLE_APPROVALS', 'CUSTODIAN_RELEASE'],
    )
    assert.deepEqual(folder.all(), [])
    folder.close()
  })

  test('the bundle of another subject is not taken for the one that was asked for', async () => {
    const told = story({ custodian: keys.signer })
    const { wire, now } = authorityOf(told)
    const folder = folderOf('m6-other', told)
    const swapped: CustodianWire = {
      ...wire,
      work: async () => ({
        subjects: [{ digest: bytesOf(1), kind: 'request', releasableFrom: 0 }],
        owed: [],
        probes: [],
        unverified: 0,
        rewrap: null,
      }),
    }
    const round = await custodianRound(folder, UNTOUCHED, swapped, { now })
    assert.deepEqual(
      round.refused.map(({ code }) => code),
      ['BUNDLE_SUBJECT'],
    )
    folder.close()
  })
})

describe('M8: a recipient that is swapped after the approvals', () => {
  const told = story()
  const { payload } = check(told.bundle, knowledgeOf(told), told.now).subject.statement
  assert.ok('recipient' in payload)
  const thief = { ...payload, recipient: depositRecipient() }

  test('is another request, which the log does not have', () => {
    const request = signed('request', thief)
    refuses('BUNDLE_NOT_LOGGED', () =>
      check({ ...told.bundle, subject: request }, knowledgeOf(told), told.now),
    )
  })
  test('is not signed by the one who asked, if the payload alone is changed', () => {
    const request = { ...told.bundle.subject, payload: signed('request', thief).payload }
    refuses('BUNDLE_NOT_LOGGED', () =>
      check({ ...told.bundle, subject: request }, knowledgeOf(told), told.now),
    )
  })
  test('has no approvals, even if it is logged: those are of the digest of the first one', () => {
    const logged = story({
      request: (usual) => ({ ...usual, recipient: depositRecipient() }),
      approvals: (usual) => usual.map((approval) => ({ ...approval, subject: told.subject })),
    })
    assert.notDeepEqual(logged.subject, told.subject)
    refuses('BUNDLE_APPROVALS', () => check(logged.bundle, knowledgeOf(logged), logged.now))
  })
  test('does not pass with a forged approval beside a real one', () => {
    const one = story({ approvals: ([first]) => (first ? [first] : []) })
    const second = forged(signed('approval', approvalOf(one.subject, 1)))
    const bundle = { ...one.bundle, statements: [...one.bundle.statements, second] }
    refuses('BUNDLE_STATEMENT', () => check(bundle, knowledgeOf(one), one.now))
    // Signed by that officer indeed, and not logged.
    const unlogged = signed('approval', approvalOf(one.subject, 1))
    const shown = { ...one.bundle, statements: [...one.bundle.statements, unlogged] }
    refuses('BUNDLE_NOT_LOGGED', () => check(shown, knowledgeOf(one), one.now))
    const logged = story({
      approvals: ([first]) => (first ? [first] : []),
      after: (world, subject) => world.add('approval', forged(signed('approval', approvalOf(subject, 1)))),
    })
    refuses('BUNDLE_STATEMENT', () => check(logged.bundle, knowledgeOf(logged), logged.now))
  })
})

describe('M2: no older algorithm is tried', () => {
  test('a deposit that its owner wrapped by X25519 alone is refused, also if that key is here', () => {
    const told = story()
    const { header, body } = parseDepositBlob(depositOf(told.world, bytesOf(3, 16), 9))
    const { context } = parseDepositBody(body)
    const wrapped = OTHER.recipient().wrap(bytesOf(3, 16))
    const recipientDigest = sha256(utf8Encode(encodeStanza(wrapped)))
    const weak = encodeDepositBody({ ...context, recipientDigest }, (message) => OWNER_KEY.sign(message))
    const [, stanza] = header.stanzas
    assert.ok(stanza)
    const blob = encodeHeader([wrapped, { ...stanza, body: weak }], bytesOf(3, 16))
    assert.throws(() => parseDepositBlob(blob))
  })
  test('a container with classic keys alone is none of a custodian', () => {
    const classic = createContainer({ name: 'key', profile: 'classic', now: new Date(START) })
    assert.throws(
      () => keysOfContainer(classic),
      (error) => error instanceof CustodianError && error.code === 'CUSTODIAN_KEY',
    )
    classic.wipe()
  })
})

describe('M24: keys do one thing each', () => {
  test('what the code that releases sees of them can sign, or unwrap, and give nothing out', () => {
    const container = createContainer({ name: 'key', profile: 'pq', now: new Date(START) })
    const own = keysOfContainer(container)
    assert.deepEqual(Object.keys(own).toSorted(), ['identities', 'rsaKey', 'signer', 'wipe'])
    assert.deepEqual(Object.keys(own.signer).toSorted(), ['sign', 'signer'])
    for (const identity of own.identities) {
      // Whoever prints one by mistake prints no secret.
      assert.doesNotMatch(
        `${inspect(identity, { depth: 9 })}${JSON.stringify(identity)}`,
        /AGE-SECRET-KEY|\d+, \d+, \d+/,
      )
      assert.ok(!inspect(identity, { depth: 9 }).includes(own.signer.signer.slice(-40)))
    }
    own.wipe()
  })
})

describe('M27: nothing is done on what was seen before', () => {
  test('a cancellation between the look and the release stops the hand-out', () => {
    const told = story({ custodian: keys.signer })
    const folder = folderOf('m27', told)
    const made = releaseBundle(told.bundle, folder, keys, told.now)
    const late = withRelease(told, made.envelope, {
      before: () => {
        told.world.state('cancellation', {
          identity: made.release.identity,
          tenant: 'acme',
          subject: told.subject,
          capacity: 'requester',
          by: NEWCOMER.signer,
          created: told.now,
        })
      },
    })
    refuses('BUNDLE_DECIDED', () => handOut(late.bundle, folder, late.now))
    // What is there is neither deleted nor made anew: a person can still see what happened.
    assert.deepEqual(
      folder.all().map(({ subject }) => toHex(subject)),
      [toHex(told.subject)],
    )
    folder.close()
  })
  test('a request that is dated back waits from when a tree without it was seen, by looks alone', async () => {
    const told = story({ custodian: keys.signer })
    const before = told.world.leaves.findIndex(({ digest }) => toHex(digest) === toHex(told.subject))
    const { wire, now } = authorityOf(told)
    const folder = folderOf('m27-back', told)
    const seenAt = told.now - HOUR
    const earlier: CustodianWire = {
      ...wire,
      checkpoint: async () => told.world.checkpoint(seenAt, before),
      work: async () => ({ subjects: [], owed: [], probes: [], unverified: 0, rewrap: null }),
    }
    await custodianRound(folder, UNTOUCHED, earlier, { now: () => seenAt })
    const later = { ...wire, work: async () => ({ ...(await wire.work()), probes: [], unverified: 0 }) }
    const round = await custodianRound(folder, UNTOUCHED, later, { now })
    assert.deepEqual(
      round.refused.map(({ code }) => code),
      ['BUNDLE_WAITING'],
    )
    folder.close()
  })
  test('a fork between two looks ends the run', async () => {
    const told = story({ custodian: keys.signer })
    const other = story({ custodian: keys.signer, before: (world) => world.fill(5) })
    const folder = folderOf('m27-fork', told)
    const { wire, now } = authorityOf(told)
    await custodianRound(folder, keys, wire, { now })
    const forkedWire = { ...authorityOf(other).wire }
    await assert.rejects(
      runCustodian(folder, UNTOUCHED, forkedWire, { ...QUIET, once: false, now }),
      (error) => error instanceof CustodianError && error.code === 'BUNDLE_FORKED',
    )
    folder.close()
  })
})

const nothing = () => {}
const QUIET = {
  everyMs: 1,
  once: true,
  signal: new AbortController().signal,
  log: { info: nothing, warn: nothing, error: nothing },
}

describe('M22: canaries', () => {
  test('no session key stands in errors, logs or memory files of a custodian, whatever goes wrong', async () => {
    const lines: unknown[] = []
    const take = (line: unknown) => {
      lines.push(line)
    }
    const wrong = bytesOf(0xca9a, 16)
    const subjects: string[] = []
    for (const [name, told] of [
      ['canary', story({ custodian: keys.signer })],
      ['canary-wrong', story({ custodian: keys.signer, wrongKey: wrong })],
      ['canary-alone', story({ custodian: keys.signer, approvals: () => [] })],
    ] as const) {
      const { wire, now } = authorityOf(told)
      const folder = folderOf(name, told)
      subjects.push(toHex(told.subject))
      await runCustodian(folder, keys, wire, { ...QUIET, log: { info: take, warn: take, error: take }, now })
      try {
        releaseBundle(
          { ...told.bundle, subject: forged(told.request) },
          folder,
          keys,
          now() + 9 * DAY + MINUTE,
        )
      } catch (error) {
        lines.push(error)
      }
      for (const file of ['memory.json', 'custodian.json', ...recordsIn(folder.path)]) {
        lines.push(readFileSync(join(folder.path, file)).toString('latin1'))
      }
      folder.close()
    }
    assert.ok(lines.length > 9)
    const said = inspect(lines, { depth: 20, maxStringLength: null, maxArrayLength: null, showHidden: true })
    for (const secret of [...SESSION_KEYS, wrong]) {
      const latin = Buffer.from(secret).toString('latin1')
      for (const form of [toHex(secret), toBase64(secret), latin, [...secret].join(', ')]) {
        assert.ok(!said.includes(form))
      }
    }
    assert.deepEqual(
      subjects.filter((subject) => !said.includes(subject)),
      [],
    )
  })
})

function recordsIn(folder: string): string[] {
  return readdirSync(join(folder, 'releases'))
    .filter((name) => name.endsWith('.record'))
    .map((name) => join('releases', name))
}

/** Somebody else's recipient, of the right kind. */
function depositRecipient(): string {
  return EXCHANGE.recipient().toString()
}
