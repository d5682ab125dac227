/**
 * Answers every question of this folder, one after the other, on a machine that should do nothing else meanwhile.
 *
 * Run: npm run build && node bench/run.ts [--quick]
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const QUESTIONS = [
  'large-file',
  'small-file',
  'many-files',
  'rewrap',
  'memory',
  'cryptoapi-bulk',
  'cryptoapi-keys',
  'cryptoapi-padding',
  'authority-store',
  'authority-load',
  'authority-client',
  'authority-size',
  'authority-soak',
  'custodian-bundle',
  'custodian-release',
  'custodian-verify',
  'recovery-time',
  'rotation',
]

for (const question of QUESTIONS) {
  const program = fileURLToPath(new URL(`${question}.ts`, import.meta.url))
  const { status } = spawnSync(process.execPath, ['-C', 'source', program, ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  if (status !== 0) process.exitCode = 1
}
