import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { KeyIdentity } from '@strongroom/core/age'
import { Decrypter, Encrypter } from 'age-encryption'
import type { Person } from './people.ts'

/** Opens with npm `age-encryption`, which knows both profiles. */
export async function typageOpens(identity: KeyIdentity, file: Uint8Array): Promise<Uint8Array> {
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity.toString())
  return new Uint8Array(await decrypter.decrypt(file))
}

/** Encrypts with npm `age-encryption`. */
export async function typageSeals(recipients: readonly string[], plaintext: Uint8Array): Promise<Uint8Array> {
  const encrypter = new Encrypter()
  for (const recipient of recipients) encrypter.addRecipient(recipient)
  return new Uint8Array(await encrypter.encrypt(plaintext))
}

/** Opens with the `age` program; undefined if it refuses. */
export function ageOpens(identity: KeyIdentity, file: Uint8Array): Uint8Array | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'strongroom-age-'))
  try {
    const keys = join(folder, 'key.txt')
    writeFileSync(keys, `${identity.toString()}\n`, { mode: 0o600 })
    const { status, stdout } = spawnSync('age', ['-d', '-i', keys], { input: file, maxBuffer: 1 << 29 })
    return status === 0 ? new Uint8Array(stdout) : undefined
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Encrypts with the `age` program. */
export function ageSeals(recipient: string, plaintext: Uint8Array): Uint8Array {
  const options = { input: plaintext, maxBuffer: 1 << 29 }
  const { status, stdout, stderr } = spawnSync('age', ['-r', recipient], options)
  assert.equal(status, 0, stderr.toString())
  return new Uint8Array(stdout)
}

/** Whether the `age` program is installed; the test is skipped if it is not. */
export function hasAge(t: TestContext): boolean {
  const found = isThere('age')
  if (!found) t.skip('needs age')
  return found
}

/** Whether a program is installed that can tell its version. */
export function isThere(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0
}

// typage takes long for megabytes; the profile that `age` does not know has them tried anyway.
const LARGE = 1_048_576

/**
 * Asserts that stock age opens a file to exactly this content: typage, and in the classic profile, which it knows, the
 * `age` program as well, or for a large file alone.
 */
export async function assertAgeOpens(
  t: TestContext,
  owner: Person,
  file: Uint8Array,
  content: Uint8Array,
): Promise<void> {
  if (owner.profile !== 'classic' || file.length < LARGE) {
    assert.deepEqual(await typageOpens(owner.identity, file), content)
  }
  if (owner.profile !== 'classic') return
  await t.test('age -d opens it too', (inner) => {
    if (hasAge(inner)) assert.deepEqual(ageOpens(owner.identity, file), content)
  })
}
