import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { planOpen, planSeal, SealError, type Plan } from '@strongroom/core/seal'
import { folderFor, put } from './support/files.ts'

/** A folder `top` with files, sealed ones, and things that are no files. */
function treeFor(t: TestContext): string {
  const root = folderFor(t)
  mkdirSync(join(root, 'top', 'sub', 'deep'), { recursive: true })
  mkdirSync(join(root, 'top', 'empty'))
  put(root, 'top/b.txt', '22')
  put(root, 'top/a', '1')
  put(root, 'top/a.age', 'sealed')
  put(root, 'top/.hidden', '333')
  put(root, 'top/.age', 'odd')
  put(root, 'top/sub/c', '4444')
  put(root, 'top/sub/deep/d.age', 'deep')
  symlinkSync(join(root, 'top', 'b.txt'), join(root, 'top', 'link'))
  symlinkSync(root, join(root, 'top', 'sub', 'loop'))
  return root
}

/** A plan as `input > output (name)`, relative to the root. */
function lines({ files }: Plan, root: string): string[] {
  const relative = (path: string) => path.replace(`${root}/`, '')
  return files.map(({ input, output, name }) => `${relative(input)} > ${relative(output)} (${name})`)
}

const skipped = (plan: Plan, root: string) =>
  plan.skipped.map(({ path, reason }) => `${path.replace(`${root}/`, '')} ${reason}`)

test('to seal a folder: all files below it, each beside itself, by name', (t) => {
  const root = treeFor(t)
  const plan = planSeal([join(root, 'top')])
  assert.deepEqual(lines(plan, root), [
    'top/.hidden > top/.hidden.age (top/.hidden)',
    'top/a > top/a.age (top/a)',
    'top/b.txt > top/b.txt.age (top/b.txt)',
    'top/sub/c > top/sub/c.age (top/sub/c)',
  ])
  assert.deepEqual(skipped(plan, root), [
    'top/.age is sealed already',
    'top/a.age is sealed already',
    'top/link is a symbolic link',
    'top/sub/deep/d.age is sealed already',
    'top/sub/loop is a symbolic link',
  ])
  assert.equal(plan.totalBytes, 3 + 1 + 2 + 4)
  assert.deepEqual(
    plan.files.map(({ bytes }) => bytes),
    [3, 1, 2, 4],
  )
})

test('to open a folder: all that ends in .age, the ending goes', (t) => {
  const root = treeFor(t)
  const plan = planOpen([join(root, 'top')])
  assert.deepEqual(lines(plan, root), [
    'top/.age > top/.age.opened (top/.age)',
    'top/a.age > top/a (top/a.age)',
    'top/sub/deep/d.age > top/sub/deep/d (top/sub/deep/d.age)',
  ])
  assert.deepEqual(skipped(plan, root), [
    'top/.hidden does not end in .age',
    'top/a does not end in .age',
    'top/b.txt does not end in .age',
    'top/link is a symbolic link',
    'top/sub/c does not end in .age',
    'top/sub/loop is a symbolic link',
  ])
})

test('into another folder, the paths below the named folder are kept', (t) => {
  const root = treeFor(t)
  const outputFolder = join(root, 'out')
  assert.deepEqual(lines(planSeal([join(root, 'top', 'sub')], { outputFolder }), root), [
    'top/sub/c > out/sub/c.age (sub/c)',
  ])
  assert.deepEqual(lines(planOpen([join(root, 'top', 'sub')], { outputFolder }), root), [
    'top/sub/deep/d.age > out/sub/deep/d (sub/deep/d.age)',
  ])
  assert.deepEqual(lines(planSeal([join(root, 'top', 'sub', 'c')], { outputFolder }), root), [
    'top/sub/c > out/c.age (c)',
  ])
})

test('what is named itself is taken as it is', (t) => {
  const root = treeFor(t)
  const named = ['a.age', 'link', 'b.txt'].map((name) => join(root, 'top', name))
  assert.deepEqual(lines(planSeal(named), root), [
    'top/a.age > top/a.age.age (a.age)',
    'top/link > top/link.age (link)',
    'top/b.txt > top/b.txt.age (b.txt)',
  ])
  assert.deepEqual(lines(planOpen([join(root, 'top', 'b.txt'), join(root, 'top', '.age')]), root), [
    'top/b.txt > top/b.txt.opened (b.txt)',
    'top/.age > top/.age.opened (.age)',
  ])
  for (const odd of ['..age', '...age']) {
    assert.deepEqual(lines(planOpen([put(root, odd, '')]), root), [`${odd} > ${odd}.opened (${odd})`])
  }
})

test('a folder may be named in any way: each output still stands beside its input', (t) => {
  const root = treeFor(t)
  const before = process.cwd()
  const plans = { seal: [] as string[], open: [] as string[] }
  try {
    process.chdir(join(root, 'top', 'sub'))
    for (const path of ['.', '../sub/', 'deep/..', `${root}/top/sub/`]) {
      plans.seal.push(...lines(planSeal([path]), root))
    }
    process.chdir('deep')
    plans.seal.push(...lines(planSeal(['..']), root))
    plans.open.push(...lines(planOpen(['.']), root))
  } finally {
    process.chdir(before)
  }
  assert.deepEqual(plans, {
    seal: [
      'c > c.age (sub/c)',
      '../sub/c > ../sub/c.age (sub/c)',
      'c > c.age (sub/c)',
      'top/sub/c > top/sub/c.age (sub/c)',
      '../c > ../c.age (sub/c)',
    ],
    open: ['d.age > d (deep/d.age)'],
  })
})

test('a file whose name is no text is left out, and does not stop the plan', (t) => {
  const root = treeFor(t)
  const name = Buffer.concat([Buffer.from(join(root, 'top', 'empty', 'bad-')), Buffer.of(0xff)])
  try {
    writeFileSync(name, 'x')
  } catch {
    return t.skip('needs a file system that takes any name')
  }
  const plan = planSeal([join(root, 'top', 'empty')])
  assert.deepEqual(plan.files, [])
  assert.match(plan.skipped[0]?.reason ?? '', /not UTF-8/)
})

test('two files that would become one are refused', (t) => {
  const root = treeFor(t)
  put(root, 'b.txt', 'another')
  const files = [join(root, 'b.txt'), join(root, 'top', 'b.txt')]
  assert.equal(planSeal(files).files.length, 2)
  refused(() => planSeal(files, { outputFolder: join(root, 'out') }), 'EXISTS')
  refused(() => planSeal([join(root, 'b.txt'), join(root, 'b.txt')]), 'EXISTS')
})

test('what is missing is refused, and what is no file is left out of folders', (t) => {
  const root = treeFor(t)
  refused(() => planSeal([join(root, 'missing')]), 'IO')
  assert.deepEqual(planSeal([]), { files: [], skipped: [], totalBytes: 0 })
  assert.deepEqual(planSeal([join(root, 'top', 'empty')]).files, [])
  if (spawnSync('mkfifo', [join(root, 'top', 'empty', 'pipe')]).status !== 0) return t.skip('needs mkfifo')
  assert.deepEqual(skipped(planSeal([join(root, 'top', 'empty')]), root), [
    'top/empty/pipe is a device, pipe or socket',
  ])
})

function refused(run: () => unknown, code: SealError['code']): void {
  assert.throws(run, (error) => error instanceof SealError && error.code === code)
}

test('what a killed process left in a folder is no file of the owner’s', (t) => {
  const root = folderFor(t)
  mkdirSync(join(root, 'top'))
  put(root, 'top/a', '1')
  const left = `.strongroom-01234567-999999999-${'0'.repeat(16)}.tmp`
  put(root, `top/${left}`, 'finished but for its name')
  for (const plan of [planSeal([join(root, 'top')]), planOpen([join(root, 'top')])]) {
    assert.ok(plan.files.every(({ input }) => !input.endsWith(left)))
    assert.ok(
      skipped(plan, root).includes(`top/${left} is unfinished: whoever made it works on it, or was stopped`),
    )
  }
})
