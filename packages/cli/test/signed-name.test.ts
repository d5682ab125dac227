import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { suite, test } from 'node:test'
import { liesAsSigned } from '../src/signed-name.ts'
import { initialised } from './fixtures.ts'

suite('a signed name and a place', () => {
  const CASES: readonly (readonly [signed: string, path: string, fits: boolean, why: string])[] = [
    ['report', '/home/alice/report', true, 'a name alone fits in any folder'],
    ['report', '/home/alice/invoice', false, 'another name does not'],
    ['photos/2026/one', '/backup/photos/2026/one', true, 'a path fits where it ends so'],
    ['photos/2026/one', '/backup/photos/2025/one', false, 'another folder in it does not'],
    ['photos/2026/one', '/backup/pictures/2026/one', false, 'nor does another first folder'],
    ['photos/2026/one', '/one', true, 'what one of them does not say is not compared'],
    ['a/b', '/x/a/b/../../a/b', true, 'a path is resolved first'],
    ['../a', '/x/a', false, 'a name is not'],
    ['', '/x/a', false, 'no name is no match'],
    ['/', '/x/a', false, 'nor is a separator'],
  ]
  for (const [signed, path, fits, why] of CASES) {
    test(`${signed} at ${path}: ${why}`, () => assert.equal(liesAsSigned(signed, path), fits))
  }
})

suite('a file in the place of another of the same name', { concurrency: 2 }, () => {
  test('is noticed by its folder, from wherever it is opened', async (t) => {
    const home = initialised(t)
    for (const year of ['2025', '2026']) {
      mkdirSync(home.path(`taxes/${year}`), { recursive: true })
      home.write(`taxes/${year}/paid`, year)
    }
    await home.ok(['seal', 'taxes', '-q'])
    const { stdout, stderr } = await home.ok(['verify', 'taxes/2026/paid.age'])
    assert.match(stdout, /sealed by me on \S+ \S+ as taxes\/2026\/paid, version 1/)
    assert.doesNotMatch(stderr, /warning/)
    home.write('taxes/2026/paid.age', home.read('taxes/2025/paid.age'))
    for (const words of [
      ['verify', 'taxes/2026/paid.age', '-q'],
      ['open', 'taxes/2026/paid.age', '-o', 'x', '-f', '-q'],
    ]) {
      const run = await home.ok(words)
      assert.match(run.stderr, /warning: taxes\/2026\/paid\.age was sealed as taxes\/2025\/paid: is it the/)
    }
    const bare = await home.ok(['open', 'paid.age', '-o', '../../x', '-f'], { cwd: 'taxes/2026' })
    assert.match(bare.stderr, /warning: paid\.age was sealed as taxes\/2025\/paid/)
    assert.match(bare.stdout, /as taxes\/2025\/paid, version 1/)
  })
})
