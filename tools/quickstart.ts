/**
 * The main job, done for real: keys are made, a file is sealed, inspected, verified, attacked, opened, and given to a
 * colleague, by the command as a person would type it, in a temporary home that is gone afterwards.
 *
 * Run: npm run quickstart [-- FILE]          FILE is only read; without one it is the README of this project.
 *      npm run quickstart -- --cryptoapi [FILE]   the same task as CryptoAPI's documents set it, in their functions.
 *
 * Exits with 1 at the first thing that is not as it should be.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  createReadStream,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs, styleText } from 'node:util'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const BIN = join(ROOT, 'packages/cli/bin/strongroom.js')
const NOT_AUTHENTIC = 4

const { values: options, positionals } = parseArgs({
  options: { cryptoapi: { type: 'boolean' } },
  allowPositionals: true,
})
const wanted = positionals[0]
// npm runs its scripts in the project's folder and says where it was called.
const source =
  wanted === undefined ? join(ROOT, 'README.md') : resolve(process.env['INIT_CWD'] ?? '.', wanted)
// As an operand, a name that begins with a hyphen would be taken for an option.
const name = basename(source).replace(/^-/, './-')
const sealed = `${name}.age`
const folder = mkdtempSync(join(tmpdir(), 'strongroom-quickstart-'))
const environment = { ...process.env, STRONGROOM_HOME: join(folder, 'home'), STRONGROOM_PASSPHRASE_FILE: '' }
let steps = 0

try {
  await (options.cryptoapi === true ? storing() : main())
} catch (error) {
  process.stderr.write(`\nquickstart: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function main(): Promise<void> {
  const started = performance.now()
  const before = await sha256(source)
  say(
    `${styleText('bold', basename(source))}, ${statSync(source).size.toLocaleString('en')} bytes, goes in. Everything here is the real command, in a temporary home.`,
  )

  step('Make your keys. Without a passphrase here: this home is gone in a moment.')
  strongroom(['init', '--unprotected', '--quiet'])
  step('Seal the file: encrypt it for yourself, and sign it.')
  strongroom(['seal', source, '--output', sealed])
  step('See what is known about it, and how much of that is proved.')
  strongroom(['inspect', sealed])
  step('Check it from its first byte to its last.')
  strongroom(['verify', sealed])

  step('Somebody changes one bit of a copy.')
  flipOneBit(sealed, 'tampered.age')
  strongroom(['open', 'tampered.age'], NOT_AUTHENTIC)
  step('Open the one that nobody touched.')
  strongroom(['open', sealed, '--output', name])
  await expectSame(name, before)

  step('A colleague has keys of their own, and you exchange public cards.')
  strongroom(['container', 'create', 'colleague', '--unprotected', '--quiet'])
  strongroom(['container', 'export', '--container', 'colleague', '--output', 'colleague.card', '--quiet'])
  strongroom(['container', 'export', '--output', 'you.card', '--quiet'])
  strongroom(['signer', 'add', 'you', 'you.card', '--quiet'])
  step('Let the colleague in: the content and your seal stay as they are.')
  strongroom(['rewrap', sealed, '--recipient', 'colleague.card', '--quiet'])
  step('The colleague opens it, and sees who sealed it.')
  strongroom(['open', '--container', 'colleague', '--signer', 'you', sealed, '--output', 'theirs'])
  await expectSame('theirs', before)

  const withAge = spawnSync('age', ['--version']).error === undefined
  if (withAge) await openWithAge(before)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const times = withAge ? 'three times, once by stock age' : 'twice'
  say(`\n${styleText(['bold', 'green'], 'Proved:')} SHA-256 ${before}`)
  say(`        went in and came back ${times}; one changed bit was refused; ${seconds} s.`)
}

/** "Storing a session key", by the published functions. */
async function storing(): Promise<void> {
  const { storeSessionKey } = await import('../examples/storing-a-session-key.ts')
  const before = await sha256(source)
  say(
    `${styleText('bold', basename(source))} is encrypted under a session key, and the key is stored on a disk that nobody trusts.`,
  )
  const back = storeSessionKey(readFileSync(source), (text, calls) => {
    step(text)
    if (calls !== undefined) say(styleText('cyan', `    ${calls}`))
  })
  const after = createHash('sha256').update(back).digest('hex')
  if (after !== before) throw new Error(`what came back is not what went in: ${after} is not ${before}`)
  say(`\n${styleText(['bold', 'green'], 'Proved:')} SHA-256 ${before}`)
  say('        went in and came back; the authority has the key too; an exchanged key blob was refused.')
  say('        The program, to read and to change: examples/storing-a-session-key.ts')
}

async function openWithAge(before: string): Promise<void> {
  step('Classic keys, for people whose age is older than 1.3: stock age opens it as well.')
  strongroom(['container', 'create', 'classic', '--profile', 'classic', '--unprotected', '--quiet'])
  strongroom(['seal', source, '--container', 'classic', '--output', 'classic.age'])
  strongroom([
    'container',
    'export',
    '--container',
    'classic',
    '--age-identity',
    '--output',
    'key.txt',
    '--quiet',
  ])
  run('age', ['--decrypt', '--identity', 'key.txt', '--output', 'by-age', 'classic.age'])
  await expectSame('by-age', before)
}

function strongroom(words: readonly string[], status = 0): void {
  run('strongroom', words, status)
}

/** Shows the command line, runs it, and shows what it says. */
function run(program: 'strongroom' | 'age', words: readonly string[], status = 0): void {
  say(styleText('cyan', `    $ ${[program, ...words].map(quoted).join(' ')}`))
  const [file, all] = program === 'age' ? ['age', words] : [process.execPath, [BIN, ...words]]
  const found = spawnSync(file, all, { cwd: folder, env: environment, encoding: 'utf8' })
  for (const line of `${found.stdout}${found.stderr}`.split('\n'))
    if (line !== '') say(styleText('dim', `    ${line}`))
  if (found.status !== status) throw new Error(`expected exit status ${status}, got ${found.status}`)
}

/** A word as it must be typed. */
function quoted(word: string): string {
  return /^[\w./@:+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

function flipOneBit(from: string, to: string): void {
  copyFileSync(join(folder, from), join(folder, to))
  const fd = openSync(join(folder, to), 'r+')
  const byte = new Uint8Array(1)
  const last = statSync(join(folder, to)).size - 1
  readSync(fd, byte, 0, 1, last)
  writeSync(
    fd,
    byte.map((value) => value ^ 1),
    0,
    1,
    last,
  )
}

async function expectSame(copy: string, before: string): Promise<void> {
  const after = await sha256(join(folder, copy))
  if (after !== before) throw new Error(`${copy} is not what went in: ${after} is not ${before}`)
  say(`    ${styleText('green', 'the same')}  SHA-256 ${after}`)
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

function step(text: string): void {
  steps++
  say(`\n${styleText('bold', `${steps}.`.padEnd(4))}${text}`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
