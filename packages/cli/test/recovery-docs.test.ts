/*
 * What docs/recovery.md and docs/officers.md tell people to type is typed here, by the people whom they tell it: each ```console
 * block names who. Between the blocks happens what the text says that others do.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { suite, test } from 'node:test'
import { BIN, Home } from './program.ts'
import { Organisation } from './recovery-organisation.ts'

const BLOCK = /^```console (owner|newcomer|released|officer)\n(.*?)^```$/gms
const PASSPHRASE = 'correct horse battery staple'

interface Block {
  readonly who: string
  readonly lines: readonly { readonly command: string; readonly status: number }[]
}

function blocksOf(name: string): Block[] {
  const document = readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8')
  return [...document.matchAll(BLOCK)].map(([, who = '', block = '']) => ({
    who,
    lines: block
      .split('\n')
      .filter((line) => line.startsWith('$ '))
      .map((line) => {
        const annotated = /^\$ (.*?)\s+# exit (\d+)$/.exec(line)
        return { command: annotated?.[1] ?? line.slice(2), status: Number(annotated?.[2] ?? 0) }
      }),
  }))
}

/** Types the lines of a block at somebody's computer. The service is in this process: nothing may block it. */
async function type(
  home: Home,
  { lines }: Block,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  if (!existsSync(home.path('bin'))) mkdirSync(home.path('bin'))
  if (!existsSync(home.path('bin/strongroom'))) symlinkSync(BIN, home.path('bin/strongroom'))
  const { environment } = home
  const env = { ...environment, ...variables, PATH: `${home.path('bin')}:${environment['PATH']}` }
  for (const { command, status } of lines) {
    const child = spawn('bash', ['-c', command], { cwd: home.folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const found = await new Promise<number | null>((resolve) => child.on('close', resolve))
    assert.equal(found, status, `$ ${command}\n${said}`)
  }
}

const begun = (home: Home) => readdirSync(home.path('home/recoveries'))[0] ?? ''

suite('what people are told', { concurrency: 2 }, () => {
  test('docs/recovery.md can be typed as it is', async (t) => {
    const all = await Organisation.open(t)
    const { owner, officers } = all
    for (const name of ['report.pdf', 'notes.txt']) owner.write(name, `the content of ${name}`)
    await owner.ok(['codes', 'new', '--codes-file', 'sheet.txt', '--count', '2'])
    await owner.ok(['seal', 'report.pdf', 'notes.txt', '--require-receipt'])
    const home = new Home(t)
    for (const name of ['report.pdf.age', 'notes.txt.age', 'sheet.txt']) home.write(name, owner.read(name))
    const passphrase = home.write('passphrase', `${PASSPHRASE}\n`)
    chmodSync(passphrase, 0o600)
    const variables = { STRONGROOM_PASSPHRASE_FILE: passphrase }
    const blocks = blocksOf('recovery.md')
    const of = (who: string) => blocks.filter((block) => block.who === who)
    assert.ok(['owner', 'newcomer', 'released'].every((who) => of(who).length > 0))
    // The notes were asked for too, so that they can be found later.
    const [ask, ...look] = of('newcomer')
    assert.ok(ask)
    const both = {
      ...ask,
      lines: ask.lines.map((line) => ({ ...line, command: `${line.command} notes.txt.age` })),
    }
    const later = home.read('notes.txt.age')
    await type(home, both, variables)
    for (const block of look) await type(home, block, variables)
    const request = begun(home)
    for (const officer of [officers.bo, officers.di]) {
      await officer.ok(['officer', 'approve', request, '--checked', 'x', '--yes', '--digest', request])
    }
    await all.release(request)
    for (const [i, block] of of('released').entries()) {
      if (i === 1) home.write('notes.txt.age', later)
      await type(home, block, { ...variables, REQUEST: request.slice(0, 8) })
    }
    assert.equal(home.text('report.pdf'), 'the content of report.pdf')
  })

  test('and what its owner does when somebody else asks', async (t) => {
    const { owner } = await Organisation.open(t)
    owner.write('a', 'x')
    await owner.ok(['codes', 'new', '--codes-file', 'sheet.txt', '--count', '2'])
    await owner.ok(['seal', 'a', '--require-receipt'])
    const thief = new Home(t)
    thief.write('sheet.txt', owner.read('sheet.txt'))
    const stolen = await thief.run(['recover', '--all', '--code-file', 'sheet.txt', '--unprotected'])
    assert.equal(stolen.status, 18, stolen.stderr)
    const blocks = blocksOf('recovery.md').filter(({ who }) => who === 'owner')
    for (const block of blocks) await type(owner, block, { REQUEST: begun(thief) })
  })

  test('docs/officers.md can be typed as it is', async (t) => {
    const { owner, officers } = await Organisation.open(t)
    owner.write('a', 'x')
    await owner.ok(['codes', 'new', '--codes-file', 'sheet.txt', '--count', '2'])
    await owner.ok(['seal', 'a', '--require-receipt'])
    const sheet = owner.text('sheet.txt')
    const requests: string[] = []
    for (const part of [sheet.slice(0, sheet.indexOf('(2)')), sheet.slice(sheet.indexOf('(2)'))]) {
      const home = new Home(t)
      home.write('sheet.txt', part)
      const { status, stderr } = await home.run([
        'recover',
        '--all',
        '--code-file',
        'sheet.txt',
        '--unprotected',
      ])
      assert.equal(status, 18, stderr)
      requests.push(begun(home))
    }
    const [REQUEST = '', OTHER = ''] = requests
    const state = owner.text('home/authorities/vault/authority.json')
    const CLIENT = /"clientId":"(c-[0-9a-f]+)"/.exec(state)?.[1] ?? ''
    chmodSync(officers.bo.write('heir.txt', `${PASSPHRASE}\n`), 0o600)
    const blocks = blocksOf('officers.md')
    assert.ok(blocks.length > 0)
    for (const block of blocks) await type(officers.bo, block, { REQUEST, OTHER, CLIENT })
  })
})
