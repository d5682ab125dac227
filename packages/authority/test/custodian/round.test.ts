import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { createContainer, encodeContainer } from '@strongroom/core/container'
import {
  encodeRecoveryBundle,
  parseKeyBlobs,
  type Envelope,
  type VerificationSubmission,
} from '@strongroom/core/protocol'
import { EMPTY_EDGE, extendTiles, type Tile } from '@strongroom/core/tlog'
import { sha256 } from '../../src/model/digest.ts'
import {
  CustodianFolder,
  custodianRound,
  type CustodianKeys,
  type CustodianWire,
} from '../../src/custodian/index.ts'
import { story, withRelease, type Story } from './story.ts'
import { DAY, IDENTITY_PRINT, KEYS, START } from './world.ts'

const root = await mkdtemp(join(tmpdir(), 'rounds-'))
after(() => rm(root, { recursive: true }))

const own = createContainer({ name: 'key', profile: 'pq', now: new Date(START) })
const container = encodeContainer(own, { kind: 'passphrase', passphrase: 'a passphrase', logN: 1 })
const key = own.signingKey('pq')
const keys: CustodianKeys = {
  ...KEYS,
  signer: { signer: key.signer.toString(), sign: (message) => key.sign(message) },
}

/** An authority that keeps what it is sent. */
function authorityOf(told: Story) {
  const sent: { release?: Envelope; blobs?: Uint8Array; verification?: VerificationSubmission } = {}
  let shown = { bundle: told.bundle, now: told.now }
  const wire: CustodianWire = {
    card: async () => ({
      epochs: told.world.epochs,
      limits: { depositBytes: 16_384, depositsPerRequest: 1_000 },
    }),
    checkpoint: async () => shown.bundle.checkpoint,
    tile: async (tile) => tileOf(told, tile),
    chartersOf: async () => ({ charters: [], epochs: [], terms: told.bundle.terms, keys: [] }),
    work: async () => ({
      subjects: sent.release ? [] : [{ digest: told.subject, kind: 'request', releasableFrom: told.now }],
      owed: sent.release && !sent.blobs ? [told.subject] : [],
      unverified: sent.verification ? 0 : 2,
      rewrap: null,
    }),
    bundle: async () => encodeRecoveryBundle(shown.bundle),
    sendRelease: async (release) => {
      sent.release = release
      shown = withRelease(told, release)
    },
    sendKeyBlobs: async (_, blobs) => {
      sent.blobs = blobs
    },
    deposits: async () => ({
      deposits: told.bundle.deposits.map((blob, index) => ({ index, blob })),
      enrolments: told.bundle.enrolments,
      next: null,
    }),
    sendVerification: async (submission) => {
      sent.verification = submission
    },
  }
  return { wire, sent, now: () => shown.now }
}

/** Tiles of a log of one tile. */
function tileOf({ world }: Story, { level, index, width }: Tile): Uint8Array {
  const { written } = extendTiles(sha256, EMPTY_EDGE, world.hashes(world.leaves.length))
  const found = written.find(({ tile }) => tile.level === level && tile.index === index)
  return (found?.bytes ?? new Uint8Array(0)).subarray(0, width * 32)
}

function folderOf(name: string, told: Story): CustodianFolder {
  const folder = join(root, name)
  const settings = { identity: IDENTITY_PRINT, freshness: 86_400, url: null }
  CustodianFolder.create({ folder, settings, container, now: START - DAY })
  const opened = CustodianFolder.open(folder)
  opened.introduce('acme', told.charter)
  return opened
}

describe('a round of a connected custodian', () => {
  test('releases, then hands out, and verifies what nobody opened', async () => {
    const told = story({ custodian: keys.signer })
    const { wire, sent, now } = authorityOf(told)
    const folder = folderOf('usual', told)
    const first = await custodianRound(folder, keys, wire, { now })
    assert.deepEqual(first.released, [told.subject])
    assert.deepEqual(first.handedOut, [])
    assert.deepEqual(first.verified, { right: 2, wrong: 0 })
    const second = await custodianRound(folder, keys, wire, { now })
    assert.deepEqual(second.handedOut, [told.subject])
    assert.equal(parseKeyBlobs(sent.blobs ?? new Uint8Array(0)).length, 2)
    const third = await custodianRound(folder, keys, wire, { now })
    assert.deepEqual(third, { released: [], handedOut: [], refused: [], verified: { right: 0, wrong: 0 } })
    folder.close()
  })
  test('goes on with others when one is refused, and says why', async () => {
    const told = story({ custodian: keys.signer, approvals: () => [] })
    const { wire, now } = authorityOf(told)
    const folder = folderOf('refused', told)
    const round = await custodianRound(folder, keys, wire, { now })
    assert.deepEqual(
      round.refused.map(({ code }) => code),
      ['BUNDLE_APPROVALS'],
    )
    assert.deepEqual(round.verified, { right: 2, wrong: 0 })
    folder.close()
  })
  test('asks for nothing that has to wait, and nothing more when it is stopped', async () => {
    const told = story({ custodian: keys.signer })
    const { wire, now } = authorityOf(told)
    const folder = folderOf('stopped', told)
    const early = await custodianRound(folder, keys, wire, { now: () => now() - DAY })
    assert.deepEqual(early.released, [])
    const stopped = await custodianRound(folder, keys, wire, { now, signal: AbortSignal.abort() })
    assert.deepEqual(stopped.released, [])
    folder.close()
  })
})
