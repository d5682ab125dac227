/* Compiled code that is kept is code that is run: it may lie only where nobody else can write. */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import { suite, test } from 'node:test'
import { cacheFolder } from '../src/compiled-code.ts'
import { Home } from './program.ts'

/** Starts the command as a person does who has not set where Node keeps compiled code. */
async function start(home: Home, env: Readonly<Record<string, string>>): Promise<void> {
  await home.ok(['container', 'list'], { env: { NODE_COMPILE_CACHE: '', ...env } })
}

suite('compiled code', { concurrency: 2 }, () => {
  test('is kept in a folder 0700 under the cache folder, never with the keys', async (t) => {
    const home = new Home(t)
    mkdirSync(home.home)
    await start(home, { XDG_CACHE_HOME: home.path('caches'), HOME: home.path('me') })
    assert.ok(readdirSync(home.path('caches/strongroom')).length > 0, 'nothing was kept')
    assert.equal(statSync(home.path('caches/strongroom')).mode & 0o777, 0o700)
    assert.deepEqual(readdirSync(home.home), [])
    assert.equal(existsSync(home.path('me')), false)
  })

  test('is kept nowhere else if others can write to that folder', async (t) => {
    const home = new Home(t)
    mkdirSync(home.path('caches/strongroom'), { recursive: true })
    chmodSync(home.path('caches/strongroom'), 0o770)
    await start(home, { XDG_CACHE_HOME: home.path('caches'), HOME: home.path('me') })
    assert.deepEqual(readdirSync(home.path('caches/strongroom')), [])
    assert.equal(existsSync(home.path('me')), false)
  })

  test('nor behind a symbolic link', async (t) => {
    const home = new Home(t)
    mkdirSync(home.path('caches'))
    mkdirSync(home.path('theirs'), { mode: 0o700 })
    symlinkSync(home.path('theirs'), home.path('caches/strongroom'))
    await start(home, { XDG_CACHE_HOME: home.path('caches') })
    assert.deepEqual(readdirSync(home.path('theirs')), [])
  })

  test('nor in the folder that happens to be the current one', async (t) => {
    const home = new Home(t)
    await start(home, { XDG_CACHE_HOME: 'caches', HOME: 'me' })
    assert.deepEqual(readdirSync(home.folder), [])
  })
})

suite('the folder for compiled code', () => {
  const CASES: readonly (readonly [Record<string, string>, platform: string, folder: string | undefined])[] =
    [
      [{ XDG_CACHE_HOME: '/c', HOME: '/h' }, 'linux', '/c/strongroom'],
      [{ XDG_CACHE_HOME: 'c', HOME: '/h' }, 'linux', '/h/.cache/strongroom'],
      [{ XDG_CACHE_HOME: '', HOME: '/h' }, 'darwin', '/h/.cache/strongroom'],
      [{ HOME: 'h' }, 'linux', undefined],
      [{ STRONGROOM_HOME: '/s', LOCALAPPDATA: '/l' }, 'linux', undefined],
      [{ LOCALAPPDATA: '/l', HOME: '/h' }, 'win32', '/l/strongroom/cache'],
    ]
  for (const [environment, platform, folder] of CASES) {
    test(`${JSON.stringify(environment)} on ${platform}`, () => {
      assert.equal(cacheFolder(environment, platform), folder)
    })
  }
})
