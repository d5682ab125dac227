import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { concat } from '@strongroom/core/bytes'
import { createContainer, encodeContainer } from '@strongroom/core/container'
import { encodeRecoveryBundle, type Envelope, type VerificationSubmission } from '@strongroom/core/protocol'
import { EMPTY_EDGE, extendTiles, type Tile } from '@strongroom/core/tlog'
import { sha256 } from '../../src/model/digest.ts'
import { CustodianFolder, type CustodianKeys, type CustodianWire } from '../../src/custodian/index.ts'
import { withRelease, type Story } from './story.ts'
import { DAY, IDENTITY_PRINT, KEYS, START } from './world.ts'

const root = await mkdtemp(join(tmpdir(), 'rounds-'))
export const removeFolders = () => rm(root, { recursive: true, force: true })

const own = createContainer({ name: 'key', profile: 'pq', now: new Date(START) })
export const container = encodeContainer(own, { kind: 'passphrase', passphrase: 'a passphrase', logN: 1 })
const key = own.signingKey('pq')
export const keys: CustodianKeys = {
  ...KEYS,
  signer: { signer: key.signer.toString(), sign: (message) => key.sign(message) },
}

/** An authority that keeps what it is sent. */
export function authorityOf(told: Story) {
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
      probes: [],
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
      deposits: told.bundle.deposits.map((blob, index) => ({ index, blob, rewrapped: null })),
      enrolments: told.bundle.enrolments,
      next: null,
    }),
    probe: async () => {
      throw new RangeError('there is no probe')
    },
    sendProbeAnswer: async () => undefined,
    sendVerification: async (submission) => {
      sent.verification = submission
    },
  }
  return { wire, sent, now: () => shown.now }
}

/** Tiles of a log of one tile. */
function tileOf({ world }: Story, { level, index, width }: Tile): Uint8Array {
  if (level === 'entries') {
    const entries = world.leaves.slice(0, width).map((_, i) => world.entry(i))
    return concat(...entries.flatMap((entry) => [Uint8Array.of(0, entry.length), entry]))
  }
  const { written } = extendTiles(sha256, EMPTY_EDGE, world.hashes(world.leaves.length))
  const found = written.find(({ tile }) => tile.level === level && tile.index === index)
  return (found?.bytes ?? new Uint8Array(0)).subarray(0, width * 32)
}

export function folderOf(name: string, told: Story): CustodianFolder {
  const folder = join(root, name)
  const settings = { identity: IDENTITY_PRINT, freshness: 86_400, url: null }
  CustodianFolder.create({ folder, settings, container, now: START - DAY })
  const opened = CustodianFolder.open(folder)
  opened.introduce('acme', told.charter)
  return opened
}
