import assert from 'node:assert/strict'
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { parseContainer } from '@strongroom/core/container'
import {
  ACTS,
  encodeEnvelope,
  LIMITS,
  parseEnvelope,
  parseJson,
  signStatement,
} from '@strongroom/core/protocol'
import {
  CustodianError,
  CustodianFolder,
  destroyKey,
  provedRetirable,
  rewrapAll,
  type RetirableKey,
  type RewrapWire,
} from '../../src/custodian/index.ts'
import { sha256 } from '../../src/model/digest.ts'
import { SQLITE } from '../support/databases.ts'
import { exchangeOf, PASSPHRASE, RotationSite, type SiteOptions } from './rotation-site.ts'
import { STRANGER } from './world.ts'

async function onSite(options: SiteOptions, work: (site: RotationSite) => Promise<void>): Promise<void> {
  const site = await RotationSite.open({ database: await SQLITE.create() }, options)
  try {
    await work(site)
  } finally {
    await site.end()
  }
}

async function withFolder<T>(
  site: RotationSite,
  work: (folder: CustodianFolder, wire: RewrapWire) => Promise<T>,
): Promise<T> {
  const folder = CustodianFolder.open(site.folder)
  try {
    return await work(folder, site.wire(site.keys(folder)))
  } finally {
    folder.close()
  }
}

const rewrap = (site: RotationSite) =>
  withFolder(site, (folder, wire) => rewrapAll(folder, site.keys(folder), wire, { now: site.now, batch: 2 }))
const prove = (site: RotationSite, epoch = 1, through = (wire: RewrapWire) => wire) =>
  withFolder(site, (folder, wire) => provedRetirable(folder, through(wire), epoch, site.scene.now))

async function refuses(
  code: CustodianError['code'],
  run: () => Promise<unknown>,
  message: RegExp,
): Promise<void> {
  await assert.rejects(run, (error) => {
    assert.ok(error instanceof CustodianError, String(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.message, message)
    return true
  })
}

/** Puts another certificate in the place of the custodian's own. */
function replaceCertificate(site: RotationSite, change: (folder: string, name: string) => void): void {
  const folder = join(site.folder, 'rewrap-1-2')
  const name = readdirSync(folder).find(
    (file) => file.startsWith('completion-') && file.endsWith('.statement'),
  )
  assert.ok(name)
  change(folder, name.slice(0, -'.statement'.length))
}

describe('the key of an old epoch (M20)', () => {
  test('goes when the log proves that nothing needs it, and takes nothing else along', () =>
    onSite({}, async (site) => {
      await rewrap(site)
      const proved: RetirableKey = await prove(site)
      assert.deepEqual([proved.epochs, proved.deposits], [[1], 5])
      await withFolder(site, async (folder) => {
        const container = folder.container().unlock(PASSPHRASE)
        destroyKey(container, proved)
        const kept = container.info().keys.map((key) => key.public)
        assert.ok(!kept.includes(exchangeOf(1).recipient().toString()))
        assert.ok(kept.includes(exchangeOf(2).recipient().toString()))
        assert.throws(() => destroyKey(container, proved), /does not hold this key/)
      })
      // What is not saved was not destroyed.
      const again = parseContainer(new Uint8Array(readFileSync(join(site.folder, 'key.container'))))
      const all = again.info.keys.map((key) => key.public)
      assert.ok(all.includes(exchangeOf(1).recipient().toString()))
    }))

  test('stays before the rewrap, while deposits are made for it, and if there is no such epoch', () =>
    onSite({}, async (site) => {
      await refuses('CUSTODIAN_NEEDED', () => prove(site), /epoch 1 is not complete/)
      await refuses('CUSTODIAN_NEEDED', () => prove(site, 2), /made for the key of epoch 2 now/)
      await refuses('CUSTODIAN_NEEDED', () => prove(site, 7), /no epoch 7/)
    }))

  test('stays while one deposit does not open', () =>
    onSite({ wrong: [1] }, async (site) => {
      await rewrap(site)
      await refuses('CUSTODIAN_NEEDED', () => prove(site), /epoch 1 is not complete/)
    }))

  test('goes when that one was given up, and says so', () =>
    onSite({ wrong: [1] }, async (site) => {
      await withFolder(site, (folder, wire) =>
        rewrapAll(folder, site.keys(folder), wire, { now: site.now, unopened: 1 }),
      )
      const { deposits, unopened } = await prove(site)
      assert.deepEqual([deposits, unopened], [4, 1])
      // Not if the folder forgets whom it gave up.
      const folder = join(site.folder, 'rewrap-1-2')
      const given = readdirSync(folder).filter((file) => file.endsWith('.unopened'))
      assert.equal(given.length, 1)
      rmSync(join(folder, given[0] ?? ''))
      await refuses('CUSTODIAN_NEEDED', () => prove(site), /epoch 1 is not complete/)
    }))

  test('stays if the certificate was sent, and no receipt came', () =>
    onSite({}, async (site) => {
      await rewrap(site)
      replaceCertificate(site, (folder, name) =>
        renameSync(join(folder, `${name}.receipt`), join(folder, 'elsewhere')),
      )
      await refuses('CUSTODIAN_NEEDED', () => prove(site), /epoch 1 is not complete/)
    }))

  test('stays if the certificate is somebody else’s, was changed, or is not about what was wrapped here', () =>
    onSite({}, async (site) => {
      await rewrap(site)
      const folder = join(site.folder, 'rewrap-1-2')
      const path = join(folder, 'completion-5.statement')
      const own = parseEnvelope(readFileSync(path))
      const said = parseJson(ACTS.completion.payload, own.payload, LIMITS.payloadBytes)
      const forged = signStatement(sha256, ACTS.completion, { ...said, custodian: STRANGER.signer }, [
        STRANGER,
      ])
      writeFileSync(path, encodeEnvelope(forged))
      await refuses('CUSTODIAN_NEEDED', () => prove(site), /not about what this custodian has wrapped/)
      writeFileSync(path, encodeEnvelope({ ...forged, payload: own.payload }))
      await refuses('CUSTODIAN_NEEDED', () => prove(site), /certificate of epoch 1/)
      // Its own, of fewer deposits: signed by the right key, and not about this.
      await withFolder(site, async (opened) => {
        const { signer } = site.keys(opened)
        const fewer = signStatement(sha256, ACTS.completion, { ...said, count: 4 }, [signer])
        writeFileSync(path, encodeEnvelope(fewer))
      })
      await refuses('CUSTODIAN_NEEDED', () => prove(site), /not about what this custodian has wrapped/)
    }))

  test('stays if the receipt is that of another statement, or of no log', () =>
    onSite({}, async (site) => {
      await rewrap(site)
      const folder = join(site.folder, 'rewrap-1-2')
      const batch = readdirSync(folder).find((file) => /^[0-9a-f]{64}\.receipt$/.test(file)) ?? ''
      writeFileSync(join(folder, 'completion-5.receipt'), readFileSync(join(folder, batch)))
      await refuses('CUSTODIAN_NEEDED', () => prove(site), /certificate of epoch 1/)
    }))

  test('stays if a deposit came in behind the certificate: an authority that takes it is found out', () =>
    onSite({}, async (site) => {
      await rewrap(site)
      await prove(site)
      // An authority that forgot that the epoch is complete.
      await site.reopenEpochs()
      const late = await site.deposit(1, 777)
      assert.ok(late instanceof Uint8Array, String(late))
      await refuses('CUSTODIAN_NEEDED', () => prove(site), /1 deposits came in behind/)
      const [epoch] = await rewrap(site)
      assert.deepEqual([epoch?.wrapped, epoch?.completed], [6, true])
      assert.equal((await prove(site)).deposits, 6)
    }))

  test('stays if the authority shows fewer deposits than the log has', () =>
    onSite({}, async (site) => {
      await rewrap(site)
      await site.deposit(2, 700)
      const hiding = (wire: RewrapWire): RewrapWire => ({
        ...wire,
        card: () => wire.card(),
        checkpoint: () => wire.checkpoint(),
        tile: (tile) => wire.tile(tile),
        chartersOf: (tenant) => wire.chartersOf(tenant),
        deposits: async () => ({ deposits: [], enrolments: [], next: null }),
      })
      await refuses('CUSTODIAN_HIDDEN', () => prove(site, 1, hiding), /does not show the deposit/)
    }))

  test('that was used before the one before goes with certificates for all epochs up to it', () =>
    onSite({ epochs: 3, deposits: 2 }, async (site) => {
      await rewrap(site)
      const proved = await prove(site, 2)
      assert.deepEqual([proved.epochs, proved.deposits], [[2], 4])
    }))
})
