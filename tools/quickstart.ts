/**
 * The main job, done for real: keys are made, a file is sealed, inspected, attacked, opened, and given to a colleague; its session
 * key is deposited at a backup authority; all keys are lost, and two officers and a custodian give it back, to its owner and to nobody
 * else. By the command as people would type it, in real processes and a temporary home that is gone afterwards.
 *
 * Run: npm run quickstart [-- FILE]          FILE is only read; without one it is the README of this project.
 *      npm run quickstart -- --keep [FILE]        leaves authority and custodian running, to try more.
 *      npm run quickstart -- --cryptoapi [FILE]   the same task as CryptoAPI's documents set it, in their functions.
 *
 * Exits with 1 at the first thing that is not as it should be.
 */
import { statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, styleText } from 'node:util'
import { keepRunning, recovering } from './quickstart/recovering.ts'
import { sealing } from './quickstart/sealing.ts'
import { sha256Of, Stage } from './quickstart/stage.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

const { values: options, positionals } = parseArgs({
  options: { cryptoapi: { type: 'boolean' }, keep: { type: 'boolean' } },
  allowPositionals: true,
})
const wanted = positionals[0]
// npm runs its scripts in the project's folder and says where it was called.
const source =
  wanted === undefined ? join(ROOT, 'README.md') : resolve(process.env['INIT_CWD'] ?? '.', wanted)
const stage = new Stage()

try {
  const before = await sha256Of(source)
  const proved = await (options.cryptoapi === true ? cryptoApi(before) : main(before))
  stage.say(`\n${styleText(['bold', 'green'], 'Proved:')} SHA-256 ${before}`)
  for (const line of proved) stage.say(`        ${line}`)
  if (options.keep === true && options.cryptoapi !== true) await keepRunning(stage)
} catch (error) {
  process.stderr.write(`\nquickstart: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
} finally {
  await stage.clear()
}

async function main(before: string): Promise<string[]> {
  const started = performance.now()
  const size = statSync(source).size.toLocaleString('en')
  stage.say(
    `${styleText('bold', basename(source))}, ${size} bytes, goes in. Everything here is the real command, in a temporary home.`,
  )
  // As an operand, a name that begins with a hyphen would be taken for an option.
  const name = basename(source).replace(/^-/, './-')
  const times = await sealing(stage, source, name, before)
  await recovering(stage, source, name, before)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  return [
    `went in and came back ${times}; one changed bit was refused;`,
    `all keys were lost, and it opens again because two officers agreed; nobody else got the key; ${seconds} s.`,
  ]
}

/** "Storing a session key", by the published functions. */
async function cryptoApi(before: string): Promise<string[]> {
  stage.say(
    `${styleText('bold', basename(source))} is encrypted under a session key, and the key is stored on a disk that nobody trusts.`,
  )
  const { storing } = await import('./quickstart/storing.ts')
  storing(stage, source, before)
  return [
    'went in and came back; the authority has the key too; an exchanged key blob was refused.',
    'The program, to read and to change: examples/storing-a-session-key.ts',
  ]
}
