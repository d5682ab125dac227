import { spawnSync } from 'node:child_process'
import { copyFileSync, openSync, readSync, statSync, writeSync } from 'node:fs'
import type { Stage } from './stage.ts'

const NOT_AUTHENTIC = 4

/** Keys are made, a file is sealed, attacked, opened, and given to a colleague. Returns how often it came back. */
export async function sealing(stage: Stage, source: string, name: string, before: string): Promise<string> {
  const sealed = `${name}.age`
  stage.step('Make your keys. Without a passphrase here: this home is gone in a moment.')
  stage.strongroom(['init', '--unprotected', '--quiet'])
  stage.step('Seal the file: encrypt it for yourself, and sign it.')
  stage.strongroom(['seal', source, '--output', sealed])
  stage.step('See what is known about it, and how much of that is proved.')
  stage.strongroom(['inspect', sealed])

  stage.step('Somebody changes one bit of a copy.')
  flipOneBit(stage.path(sealed), stage.path('tampered.age'))
  stage.strongroom(['open', 'tampered.age'], { status: NOT_AUTHENTIC })
  stage.step('Open the one that nobody touched.')
  stage.strongroom(['open', sealed, '--output', name])
  await stage.expectSame(name, before)

  stage.step('A colleague has keys of their own, and you exchange public cards.')
  stage.strongroom(['container', 'create', 'colleague', '--unprotected', '--quiet'])
  const exported = ['container', 'export', '--quiet', '--output']
  stage.strongroom([...exported, 'colleague.card', '--container', 'colleague'])
  stage.strongroom([...exported, 'you.card'])
  stage.strongroom(['signer', 'add', 'you', 'you.card', '--quiet'])
  stage.step('Let the colleague in: the content and your seal stay as they are.')
  stage.strongroom(['rewrap', sealed, '--recipient', 'colleague.card', '--quiet'])
  stage.step('The colleague opens it, and sees who sealed it.')
  stage.strongroom(['open', '--container', 'colleague', '--signer', 'you', sealed, '--output', 'theirs'])
  await stage.expectSame('theirs', before)

  if (spawnSync('age', ['--version']).error !== undefined) return 'twice'
  await openWithAge(stage, source, before)
  return 'three times, once by stock age'
}

async function openWithAge(stage: Stage, source: string, before: string): Promise<void> {
  stage.step('Classic keys, for people whose age is older than 1.3: stock age opens it as well.')
  stage.strongroom(['container', 'create', 'classic', '--profile', 'classic', '--unprotected', '--quiet'])
  stage.strongroom(['seal', source, '--container', 'classic', '--output', 'classic.age'])
  const identity = ['container', 'export', '--container', 'classic', '--age-identity']
  stage.strongroom([...identity, '--output', 'key.txt', '--quiet'])
  stage.run('age', ['--decrypt', '--identity', 'key.txt', '--output', 'by-age', 'classic.age'])
  await stage.expectSame('by-age', before)
}

function flipOneBit(from: string, to: string): void {
  copyFileSync(from, to)
  const fd = openSync(to, 'r+')
  const byte = new Uint8Array(1)
  const last = statSync(to).size - 1
  readSync(fd, byte, 0, 1, last)
  writeSync(
    fd,
    byte.map((value) => value ^ 1),
    0,
    1,
    last,
  )
}
