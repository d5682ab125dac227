import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { parseEnvelope } from '@strongroom/core/protocol'
import { SQLITE } from '../support/databases.ts'
import { DAY } from '../support/recovery.ts'
import { CUSTODIAN_PAIR, Site, type MadeSubject, type Rounded } from '../support/recovery-site.ts'

// What a folder forgot that was put back, the log has not: whichever way the custodian comes to see it.

/** A site whose custodian made a release, and has a folder from the day before. */
async function restored(t: TestContext): Promise<Site> {
  const site = await Site.open(await SQLITE.create())
  t.after(() => site.end())
  const first = await approved(site)
  const restore = site.copyFolder()
  assert.deepEqual((await round(site)).round?.released, [first.digest])
  assert.deepEqual((await round(site)).round?.handedOut, [first.digest])
  restore()
  return site
}

/** A request that two officers approved, and that has waited. */
async function approved(site: Site): Promise<MadeSubject> {
  const [node] = site.nodes
  const made = site.request(site.tenancy.firstDigest, { class: 'third-party', code: 0 })
  assert.equal((await site.submit(node, made)).state, 'acknowledged')
  for (const who of ['cy', 'di'] as const) {
    const { bytes } = site.tenancy.approval(made.digest, site.now, who)
    assert.equal((await site.say(node, parseEnvelope(bytes))).state, 'acknowledged')
  }
  site.scene.now += DAY
  return made
}

const round = (site: Site): Promise<Rounded> => site.round(site.nodes[0].wire(CUSTODIAN_PAIR))

const codesOf = ({ round: done }: Rounded) => done?.refused.map(({ code }) => code)

test('a restored custodian that has only looked at the log since refuses what was asked later', async (t) => {
  const site = await restored(t)
  for (let i = 0; i < 3; i++) await round(site)
  await approved(site)
  for (let i = 0; i < 3; i++) assert.deepEqual(codesOf(await round(site)), ['BUNDLE_FORGOTTEN'])
})

test('a restored custodian that refused once refuses whatever comes next', async (t) => {
  const site = await restored(t)
  for (let i = 0; i < 3; i++) {
    await approved(site)
    const codes = codesOf(await round(site))
    assert.deepEqual(new Set(codes), new Set(['BUNDLE_FORGOTTEN']))
  }
})
