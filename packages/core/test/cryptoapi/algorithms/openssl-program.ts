import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import type { TestContext } from 'node:test'

const PROVIDERS = ['-provider', 'legacy', '-provider', 'default']

/** Whether the openssl command and its provider of old algorithms are there; the test is skipped if they are not. */
export function foundOpenssl(t: TestContext): boolean {
  const found = spawnSync('openssl', ['list', '-providers', ...PROVIDERS]).status === 0
  if (!found) t.skip('needs openssl with its legacy provider')
  return found
}

/** What openssl writes, with its old algorithms at hand: `args` are its command and options, `files` come last. */
export function runOpenssl(
  args: readonly string[],
  input: Uint8Array = new Uint8Array(0),
  files: readonly string[] = [],
): Uint8Array {
  const { status, stdout, stderr } = spawnSync('openssl', [...args, ...PROVIDERS, ...files], {
    input,
    maxBuffer: 2 ** 26,
  })
  assert.equal(status, 0, stderr.toString())
  return new Uint8Array(stdout)
}

/** What `openssl enc` makes of `input`; options as it takes them, -nopad for instance. */
export function opensslEnc(
  cipher: string,
  key: Uint8Array,
  iv: Uint8Array | undefined,
  input: Uint8Array,
  ...options: readonly string[]
): Uint8Array {
  const ivOptions = iv === undefined ? [] : ['-iv', iv.toHex()]
  return runOpenssl(['enc', `-${cipher}`, '-K', key.toHex(), ...ivOptions, ...options], input)
}
