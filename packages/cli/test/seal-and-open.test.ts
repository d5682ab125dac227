import assert from 'node:assert/strict'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { suite, test } from 'node:test'
import { initialised, twoPeople } from './fixtures.ts'

const CONTENT = 'the content of a report\n'

suite('seal and open', { concurrency: 3 }, () => {
  test('a file comes back as it was, and its sealer is named', async (t) => {
    const home = initialised(t)
    home.write('report.pdf', CONTENT)
    const sealed = await home.ok(['seal', 'report.pdf'])
    assert.match(sealed.stdout, /^report\.pdf\.age {2}sealed, 24 bytes, for 1 recipient\n$/)
    assert.equal(sealed.stderr, '')
    assert.equal(home.text('report.pdf'), CONTENT, 'the input stays')
    assert.equal(statSync(home.path('report.pdf.age')).mode & 0o777, 0o600)
    const opened = await home.ok(['open', 'report.pdf.age', '-o', 'again.pdf'])
    assert.match(opened.stdout, /^again\.pdf {2}opened, 24 bytes, sealed by me on \d{4}-.*, version 1\n$/)
    assert.equal(home.text('again.pdf'), CONTENT)
  })

  test('the default output is the name without .age', async (t) => {
    const home = initialised(t)
    home.write('report.pdf', CONTENT)
    await home.ok(['seal', 'report.pdf', '--remove-input', '-q'])
    assert.equal(existsSync(home.path('report.pdf')), false)
    await home.ok(['open', 'report.pdf.age'])
    assert.equal(home.text('report.pdf'), CONTENT)
  })

  test('pipes carry bytes and nothing else', async (t) => {
    const home = initialised(t)
    const content = Uint8Array.from({ length: 200_000 }, (_, i) => i % 251)
    const { bytes } = await home.ok(['seal', '-'], { stdin: content })
    const opened = await home.ok(['open', '-'], { stdin: bytes })
    assert.deepEqual(opened.bytes, Buffer.from(content))
    assert.match(opened.stderr, /^strongroom: - opened, 200\.0 kB, sealed by me/)
  })

  test('a folder keeps its structure, and what is left out is said', async (t) => {
    const home = initialised(t)
    mkdirSync(home.path('photos/2026'), { recursive: true })
    home.write('photos/one.jpg', 'one')
    home.write('photos/2026/two.jpg', 'two')
    home.write('photos/done.age', 'sealed already, by its name')
    const sealed = await home.ok(['seal', 'photos', '-O', 'backup'])
    assert.match(sealed.stderr, /photos\/done\.age left out: it is sealed already/)
    await home.ok(['open', 'backup/photos', '-O', 'restored', '-q'])
    assert.equal(home.text('restored/photos/2026/two.jpg'), 'two')
    const verified = await home.ok(['verify', 'backup'])
    assert.equal(verified.stdout.split('\n').filter((line) => line.includes('authentic')).length, 2)
  })

  test('a part of a large file can be read alone', async (t) => {
    const home = initialised(t)
    const content = Buffer.alloc(3_000_000, 'abcdefghij')
    home.write('big', content)
    await home.ok(['seal', 'big', '-q'])
    const { bytes } = await home.ok(['open', 'big.age', '--range', '2500003:5'])
    assert.equal(bytes.toString(), 'defgh')
  })

  test('another person opens what was sealed for them, and sees who sealed it', async (t) => {
    const { alice, bob } = await twoPeople(t)
    alice.write('plan.txt', CONTENT)
    await alice.ok(['seal', 'plan.txt', '-r', 'bob', '-d', 'for the meeting'])
    bob.write('plan.txt.age', alice.read('plan.txt.age'))
    const { stdout } = await bob.ok(['open', 'plan.txt.age', '--signer', 'alice'])
    assert.match(stdout, /sealed by alice on .*, version 1: for the meeting\n$/)
    assert.equal(bob.text('plan.txt'), CONTENT)
  })

  test('rewrap lets somebody else in, and the seal stays', async (t) => {
    const { alice, bob } = await twoPeople(t)
    alice.write('plan.txt', CONTENT)
    await alice.ok(['seal', 'plan.txt', '-q'])
    bob.write('plan.txt.age', alice.read('plan.txt.age'))
    assert.equal((await bob.run(['open', 'plan.txt.age'])).status, 3)
    const rewrapped = await alice.ok(['rewrap', 'plan.txt.age', '-r', 'bob'])
    assert.match(rewrapped.stdout, /^plan\.txt\.age {2}rewrapped for 2 recipients/)
    assert.match(rewrapped.stderr, /old header can still open/)
    bob.write('plan.txt.age', alice.read('plan.txt.age'))
    await bob.ok(['open', 'plan.txt.age'])
    assert.equal(bob.text('plan.txt'), CONTENT)
  })

  test('nobody is left out of a new list by not being thought of', async (t) => {
    const { alice, bob } = await twoPeople(t)
    alice.write('plan.txt', CONTENT)
    await alice.ok(['seal', 'plan.txt', '-q', '-r', 'bob'])
    const forgotten = await alice.run(['reseal', 'plan.txt.age'])
    assert.equal(forgotten.status, 2)
    assert.match(forgotten.stderr, /has 2 recipients: say who is to open it/)
    const resealed = await alice.ok(['reseal', 'plan.txt.age', '--only-me'])
    assert.match(resealed.stdout, /resealed, 24 bytes, for 1 recipient, version 2\n$/)
    bob.write('plan.txt.age', alice.read('plan.txt.age'))
    assert.equal((await bob.run(['open', 'plan.txt.age'])).status, 3)
    assert.match((await alice.ok(['verify', 'plan.txt.age'])).stdout, /version 2/)
  })

  test('a sealed file that is sealed over gets its next version, and an old one is noticed', async (t) => {
    const home = initialised(t)
    home.write('log', 'first')
    await home.ok(['seal', 'log', '-q'])
    home.write('kept.age', home.read('log.age'))
    home.write('log', 'second')
    assert.equal((await home.run(['seal', 'log'])).status, 8)
    assert.match((await home.ok(['seal', 'log', '--force'])).stdout, /version 2\n$/)
    home.write('log.age', home.read('kept.age'))
    const old = await home.run(['open', 'log.age', '-o', 'opened'])
    assert.equal(old.status, 10)
    assert.equal(existsSync(home.path('opened')), false)
    assert.equal((await home.run(['seal', 'log', '--force'])).status, 10, 'nor is it sealed over')
    await home.ok(['open', 'log.age', '-o', 'opened', '--allow-superseded'])
    assert.equal(home.text('opened'), 'first')
  })

  test('a file that was sealed under another name is opened with a warning', async (t) => {
    const home = initialised(t)
    home.write('contract.pdf', CONTENT)
    await home.ok(['seal', 'contract.pdf', '-q'])
    home.write('invoice.pdf.age', home.read('contract.pdf.age'))
    const { stderr } = await home.ok(['open', 'invoice.pdf.age', '-q'])
    assert.match(stderr, /warning: invoice\.pdf\.age was sealed as contract\.pdf/)
  })

  test('a password seals and opens, and what it proves is said', async (t) => {
    const home = initialised(t)
    home.write('secret', 'four random words here\n')
    home.write('note', CONTENT)
    const words = ['--password', '--passphrase-file', 'secret']
    await home.ok(['seal', 'note', ...words])
    assert.match((await home.ok(['inspect', 'note.age'])).stdout, /the passphrase itself is the only proof/)
    assert.equal((await home.run(['open', 'note.age', '-o', 'x'])).status, 3)
    const opened = await home.ok(['open', 'note.age', '-o', 'again', ...words])
    assert.match(opened.stdout, /whoever made it knew the passphrase, and nothing more is known/)
    assert.equal(home.text('again'), CONTENT)
  })

  test('a key blob that was kept apart opens a file whose header is gone', async (t) => {
    const home = initialised(t)
    home.write('report', CONTENT)
    await home.ok(['seal', 'report', '-q'])
    await home.ok(['key', 'export', '--file', 'report.age', '-o', 'report.keyblob', '-q'])
    assert.match(
      (await home.ok(['inspect', 'report.keyblob'])).stdout,
      /key blob: a header without a content/,
    )
    await home.ok(['reseal', 'report.age', '-q'])
    assert.equal(
      (await home.run(['open', 'report.age', '-o', 'x', '--key-blob', 'report.keyblob'])).status,
      4,
    )
    await home.ok(['key', 'export', '--file', 'report.age', '-o', 'report.keyblob', '-q', '--force'])
    await home.ok(['open', 'report.age', '-o', 'x', '--key-blob', 'report.keyblob'])
    assert.equal(home.text('x'), CONTENT)
  })
})
