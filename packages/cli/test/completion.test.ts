import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { suite, test } from 'node:test'
import { complete } from '../src/completion.ts'
import { foldersOf } from '../src/folders.ts'
import { Home } from './program.ts'

async function offered(home: Home, ...words: string[]): Promise<string[]> {
  const folders = foldersOf({ STRONGROOM_HOME: home.home }, home.folder, 'linux')
  return (await complete(words, folders)).words.map(({ value }) => value)
}

suite('what a shell is offered', () => {
  test('commands, and options of a command', async (t) => {
    const home = new Home(t)
    assert.deepEqual(await offered(home, 'rew'), ['rewrap'])
    assert.deepEqual(await offered(home, 'seal', '--desc'), ['--description'])
    assert.equal((await offered(home, '')).includes('complete'), false)
  })

  test('names that a container, key or alias can have, and no others that lie there', async (t) => {
    const home = new Home(t)
    const bad = ['\u001b[2J', 'a\nb', '$(reboot)', '-c', 'x y', '\u202eevil', 'a\tb']
    for (const [folder, suffix] of [
      ['containers', '.container'],
      ['session-keys', '.keyblob'],
    ]) {
      mkdirSync(`${home.home}/${folder}`, { recursive: true })
      for (const name of ['work', 'archive-2026', ...bad]) home.write(`home/${folder}/${name}${suffix}`, '')
    }
    home.write('home/known_signers', `# somebody\nbob x y\n${bad.map((name) => `${name} x y\n`).join('')}`)
    const names = ['archive-2026', 'work']
    assert.deepEqual(await offered(home, 'seal', '-c', ''), names)
    assert.deepEqual(await offered(home, 'seal', '--key', ''), names)
    const signers = await offered(home, 'open', '--signer', '')
    for (const name of signers) assert.match(name, /^\w+$/)
    assert.ok(signers.includes('bob'))
  })

  test('a name is printed as it is, so none is printed that could move the cursor', async (t) => {
    const home = new Home(t)
    mkdirSync(`${home.home}/containers`, { recursive: true })
    home.write('home/containers/\u001b[2J.container', '')
    const { stdout } = await home.ok(['complete', '--', 'seal', '-c', ''])
    assert.equal(stdout, ':words\n')
  })
})
