/* Keys that must not be seen, in whatever form somebody could print them. */
import assert from 'node:assert/strict'
import type { Run } from './program.ts'

/** Bytes in a row that are too many to be there by chance. */
const TELLING = 8

/** Every text form of a few bytes: hex both ways, base64 at each alignment, and the bytes themselves. */
function formsOf(bytes: Buffer): string[] {
  const base64 = [0, 1, 2].map((skip) => bytes.subarray(skip).toString('base64').slice(0, -4))
  return [
    bytes.toString('hex'),
    Buffer.from(bytes.toReversed()).toString('hex'),
    bytes.toString('latin1'),
    ...base64,
  ]
}

/** Nothing that the run printed holds any part of the secrets. */
export function assertKeptBack(run: Run, secrets: readonly Uint8Array[]): void {
  const said = run.bytes.toString('latin1') + run.stderr
  for (const secret of secrets) {
    for (let at = 0; at + TELLING <= secret.length; at += TELLING) {
      for (const form of formsOf(Buffer.from(secret.subarray(at, at + TELLING)))) {
        assert.ok(!said.includes(form), `a secret in the output: ${said.slice(0, 500)}`)
      }
    }
  }
}

/** A failure: its exit status, what is said first, and the hint that follows. */
export function assertFailed(run: Run, status: number, message: RegExp, hint = /./): void {
  assert.equal(run.status, status, run.stdout + run.stderr)
  const lines = run.stderr.split('\n')
  const at = lines.findIndex((line) => line.startsWith('strongroom: error: '))
  assert.match(lines[at] ?? '', message)
  assert.match(
    lines[at] ?? '',
    /^strongroom: error: [^A-Z].*[^.]$|^strongroom: error: [A-Z0-9]{2}/,
    'lower case, no full stop',
  )
  assert.match(lines[at + 1] ?? '', /^strongroom: hint: /)
  assert.match(lines[at + 1] ?? '', hint)
}
