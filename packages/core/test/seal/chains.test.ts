import assert from 'node:assert/strict'
import { existsSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { SessionKeyStore } from '@strongroom/core/keyblob'
import {
  inspectFile,
  journalPath,
  Ledger,
  openFile,
  removeIfUnchanged,
  resealFile,
  rewrapFile,
  SealError,
  sealFiles,
  verifyFile,
} from '@strongroom/core/seal'
import { bytesOf, folderFor, noise, put, sealBytes, sealerOf, sealOne } from './support/files.ts'
import { directoryOf, person, readerOf } from './support/people.ts'
import { refusal } from './support/refusal.ts'

// What goes on beside one file and one signer: other people's versions, other processes, names that change hands.

const PLAINTEXT = noise(3_000)

test("another signer's versions of a file do not make the owner's look old", async (t) => {
  const folder = folderFor(t)
  const [owner, friend] = [person('owner', 'classic'), person('friend', 'classic')]
  const path = await sealBytes(folder, 'plan', PLAINTEXT, sealerOf(owner, [friend]))
  const copy = put(folder, 'copy.age', bytesOf(path))
  for (let i = 0; i < 2; i++)
    await resealFile(copy, { ...readerOf(friend, owner), ...sealerOf(friend, [owner]) })
  const ledger = new Ledger(join(folder, 'ledger'))
  const reader = { ...readerOf(owner, friend), ledger }
  assert.equal((await verifyFile({ path: copy }, reader)).metadata.version, 3)
  assert.equal((await verifyFile({ path }, reader)).metadata.version, 1)
  await resealFile(path, { ...reader, ...sealerOf(owner) })
  assert.equal((await verifyFile({ path }, reader)).metadata.version, 2)
})

test('an old version that is resealed on purpose is the newest then', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const path = await sealBytes(folder, 'plan', PLAINTEXT, sealerOf(owner))
  const first = bytesOf(path)
  const options = { ...readerOf(owner), ...sealerOf(owner), ledger: new Ledger(join(folder, 'ledger')) }
  await resealFile(path, options)
  await resealFile(path, options)
  put(folder, 'plan.age', first)
  const result = await resealFile(path, { ...options, allowSuperseded: true })
  assert.equal(result.version, 4)
  await verifyFile({ path }, { ...readerOf(owner), ledger: new Ledger(join(folder, 'ledger')) })
})

test('a serial number whose versions are used up is not sealed again', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const path = await sealBytes(folder, 'plan', PLAINTEXT, sealerOf(owner))
  const previous = await verifyFile({ path }, readerOf(owner))
  const job = { input: { path: join(folder, 'plan') }, output: { path: join(folder, 'next.age') } }
  const last = await sealFiles([{ ...job, previous, newestVersion: 0xfffffffe }], sealerOf(owner))
  assert.equal(last[0]?.error, undefined)
  rmSync(job.output.path)
  const [beyond] = await sealFiles([{ ...job, previous, newestVersion: 0xffffffff }], sealerOf(owner))
  assert.match(String(beyond?.error), /no versions left/)
})

test('two ledgers on one file see what the other writes', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const path = await sealBytes(folder, 'plan', PLAINTEXT, sealerOf(owner))
  const old = put(folder, 'old.age', bytesOf(path))
  const [one, other] = [new Ledger(join(folder, 'ledger')), new Ledger(join(folder, 'ledger'))]
  await verifyFile({ path: old }, { ...readerOf(owner), ledger: other })
  await resealFile(path, { ...readerOf(owner), ...sealerOf(owner), ledger: one })
  assert.equal(
    (await refusal(verifyFile({ path: old }, { ...readerOf(owner), ledger: other }))).code,
    'SUPERSEDED',
  )
})

test('an older blob of a named session key is noticed', (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const store = new SessionKeyStore(join(folder, 'keys'))
  const wanted = { name: 'work', recipients: [owner.identity.recipient()], signingKey: owner.signingKey }
  const load = () => store.load('work', [owner.identity], directoryOf(owner))
  const ledger = () => new Ledger(join(folder, 'ledger'))
  store.create({ ...wanted, nowMs: 1_000 })
  const old = store.exportBlob('work')
  ledger().record(load().seal)
  store.remove('work')
  store.create({ ...wanted, nowMs: 2_000 })
  ledger().check(load().seal)
  ledger().record(load().seal)
  writeFileSync(join(folder, 'keys', 'work.keyblob'), old)
  const replayed = load()
  assert.throws(() => ledger().check(replayed.seal), { code: 'SUPERSEDED' })
})

test('a named session key under classic keys is refused beside post-quantum recipients', async (t) => {
  const folder = folderFor(t)
  const [classic, pq] = [person('owner', 'classic'), person('owner', 'pq')]
  const store = new SessionKeyStore(join(folder, 'keys'))
  store.create({
    name: 'old',
    recipients: [classic.identity.recipient()],
    signingKey: pq.signingKey,
    nowMs: 1,
  })
  const namedKey = store.load('old', [classic.identity], directoryOf(pq))
  const input = { path: put(folder, 'plan', PLAINTEXT) }
  const sealing = sealFiles([{ input, output: { path: `${input.path}.age` } }], { ...sealerOf(pq), namedKey })
  assert.equal((await refusal(sealing)).code, 'RECIPIENTS')
  assert.equal(existsSync(`${input.path}.age`), false)
})

test('a rewrap can leave out the holders of a named session key', async (t) => {
  const folder = folderFor(t)
  const [owner, heir] = [person('owner', 'classic'), person('heir', 'classic')]
  const store = new SessionKeyStore(join(folder, 'keys'))
  const recipients = [owner.identity.recipient()]
  store.create({ name: 'work', recipients, signingKey: owner.signingKey, nowMs: 1 })
  const namedKey = store.load('work', recipients.length > 0 ? [owner.identity] : [], directoryOf(owner))
  const path = await sealBytes(folder, 'plan', PLAINTEXT, { ...sealerOf(owner), namedKey })
  const holder = { identities: [namedKey], signers: directoryOf(owner) }
  const options = { ...readerOf(owner), recipients: [owner.identity.recipient(), heir.identity.recipient()] }
  await rewrapFile(path, options)
  await verifyFile({ path }, holder)
  await rewrapFile(path, { ...options, dropNamedKeys: true })
  assert.equal((await refusal(verifyFile({ path }, holder))).code, 'NO_KEY')
  await verifyFile({ path }, readerOf(heir, owner))
})

test('an input is removed only if it is the one that was sealed', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const input = put(folder, 'plan', PLAINTEXT)
  const { source } = await sealOne(
    { input: { path: input }, output: { path: `${input}.age` } },
    sealerOf(owner),
  )
  assert.ok(source)
  const kept = put(folder, 'kept', bytesOf(input))
  renameSync(put(folder, 'newer', 'newer'), input)
  assert.equal(removeIfUnchanged(input, source), false)
  assert.equal(readFileSync(input, 'utf8'), 'newer')
  rmSync(input)
  assert.equal(removeIfUnchanged(input, source), false)
  const again = await sealOne({ input: { path: kept }, output: { path: `${kept}.age` } }, sealerOf(owner))
  assert.ok(again.source)
  assert.equal(removeIfUnchanged(kept, again.source), true)
  assert.equal(existsSync(kept), false)
})

test('a reseal does not put an old content over a file that took its name meanwhile', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const path = await sealBytes(folder, 'plan', PLAINTEXT, sealerOf(owner))
  const newer = await sealBytes(folder, 'newer', noise(10), sealerOf(owner))
  const bytes = bytesOf(newer)
  const onProgress = () => existsSync(newer) && renameSync(newer, path)
  const options = { ...readerOf(owner), ...sealerOf(owner), onProgress }
  assert.equal((await refusal(resealFile(path, options))).code, 'INPUT_CHANGED')
  assert.deepEqual(bytesOf(path), bytes)
})

test('a rewrap in place writes into no other file that took the name', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const path = await sealBytes(folder, 'plan', noise(1_048_577), sealerOf(owner))
  const precious = put(folder, 'precious', noise(20_000))
  const before = bytesOf(precious)
  const identity = owner.identity
  // The name changes hands while the file is unlocked: after it was opened, before it is written.
  const identities = [
    {
      kind: identity.kind,
      unwrap: (stanzas: Parameters<typeof identity.unwrap>[0]) => {
        rmSync(path, { force: true })
        symlinkSync(precious, path)
        return identity.unwrap(stanzas)
      },
    },
  ]
  const options = { identities, signers: directoryOf(owner), recipients: [identity.recipient()] }
  assert.ok(['IO', 'INPUT_CHANGED'].includes((await refusal(rewrapFile(path, options))).code))
  assert.deepEqual(bytesOf(precious), before)
})

test('a journal that holds no header changes nothing and stands in nobody’s way', async (t) => {
  const folder = folderFor(t)
  const [owner, heir] = [person('owner', 'classic'), person('heir', 'classic')]
  const path = await sealBytes(folder, 'plan', noise(1_048_577), sealerOf(owner))
  writeFileSync(journalPath(path), 'junk', { mode: 0o644 })
  const recipients = [owner.identity.recipient(), heir.identity.recipient()]
  assert.deepEqual((await rewrapFile(path, { ...readerOf(owner), recipients })).inPlace, false)
  await verifyFile({ path }, readerOf(heir, owner))
  assert.equal((await inspectFile({ path }, readerOf(owner))).opened, true)
})

test('a range of a file that nobody signed is refused if the file was cut', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const { encryptFile } = await import('@strongroom/core/age')
  const whole = encryptFile(noise(200_000), [owner.identity.recipient()])
  const cut = put(folder, 'cut.age', whole.subarray(0, whole.length - 65_552))
  const range = { offset: 0, length: 10 }
  const options = { ...readerOf(owner), allowUnsigned: true, range }
  const opening = openFile({ input: { path: cut }, output: { path: join(folder, 'out') } }, options)
  assert.equal((await refusal(opening)).code, 'NOT_AUTHENTIC')
  assert.equal(existsSync(join(folder, 'out')), false)
})

test('no output of a call takes the place of any of its inputs', async (t) => {
  const folder = folderFor(t)
  const owner = person('owner', 'classic')
  const [plan, sealed] = [put(folder, 'plan', PLAINTEXT), put(folder, 'plan.age', 'last week')]
  const job = (input: string) => ({
    input: { path: input },
    output: { path: `${input}.age`, overwrite: true },
  })
  const [first, second] = await sealFiles([job(plan), job(sealed)], sealerOf(owner))
  assert.equal(first?.error instanceof SealError && first.error.code, 'UNSUPPORTED')
  assert.equal(second?.error, undefined)
  assert.equal(readFileSync(sealed, 'utf8'), 'last week')
})
