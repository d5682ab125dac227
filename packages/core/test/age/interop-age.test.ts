import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import {
  armor,
  dearmor,
  decryptFile,
  encryptFile,
  ScryptIdentity,
  ScryptRecipient,
  X25519Identity,
} from '@strongroom/core/age'

// Both ways with the `age` program. Those before 1.3 know no post-quantum recipients; for these, see typage.

const folder = mkdtempSync(join(tmpdir(), 'strongroom-age-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const PASSPHRASE = 'orpheus descending'
const SIZES = [0, 1, 65_536, 65_537, 300_000]
const identity = X25519Identity.generate()
const keyFile = inFolder('key.txt')
writeFileSync(keyFile, `# a test key\n${identity.toString()}\n`, { mode: 0o600 })

for (const size of SIZES) {
  const plaintext = Uint8Array.from({ length: size }, (_, i) => (i * 13) & 0xff)

  test(`age opens ${size} bytes that we encrypted`, (t) => {
    if (!found(t, 'age')) return
    const file = encryptFile(plaintext, [X25519Identity.generate().recipient(), identity.recipient()])
    assert.deepEqual(runAge(['-d', '-i', keyFile], file), plaintext)
    assert.deepEqual(runAge(['-d', '-i', keyFile], Buffer.from(armor(file))), plaintext)
  })

  test(`we open ${size} bytes that age encrypted`, (t) => {
    if (!found(t, 'age')) return
    const recipient = identity.recipient().toString()
    assert.deepEqual(decryptFile(runAge(['-r', recipient], plaintext), [identity]), plaintext)
    assert.deepEqual(decryptFile(dearmor(runAge(['-a', '-r', recipient], plaintext)), [identity]), plaintext)
  })
}

test('a key made by age-keygen is read, with the same public half', (t) => {
  if (!found(t, 'age-keygen')) return
  const made = spawnSync('age-keygen', [], { encoding: 'utf8' }).stdout
  const secret = /^AGE-SECRET-KEY-1.*$/m.exec(made)?.[0] ?? ''
  const recipient = /public key: (age1.*)$/m.exec(made)?.[1]
  assert.equal(X25519Identity.parse(secret).recipient().toString(), recipient)
})

test('age refuses a file that we encrypted once a byte of it is changed', (t) => {
  if (!found(t, 'age')) return
  const file = encryptFile(new Uint8Array(100), [identity.recipient()])
  const changed = file.with(file.length - 1, (file.at(-1) ?? 0) ^ 1)
  assert.notEqual(spawnSync('age', ['-d', '-i', keyFile], { input: changed }).status, 0)
  assert.throws(() => decryptFile(changed, [identity]), { code: 'PAYLOAD' })
})

// age reads passphrases from a terminal only; script(1) gives it one.

test('age opens with a passphrase what we encrypted with it', async (t) => {
  if (!found(t, 'age') || !found(t, 'script')) return
  const [source, target] = [inFolder('ours.age'), inFolder('ours.txt')]
  writeFileSync(source, encryptFile(Buffer.from('text'), [new ScryptRecipient(PASSPHRASE, 10)]))
  await typePassphrase(`age -d -o ${target} ${source}`)
  assert.equal(readFileSync(target, 'utf8'), 'text')
})

test('we open with a passphrase what age encrypted with it', async (t) => {
  if (!found(t, 'age') || !found(t, 'script')) return
  const [source, target] = [inFolder('theirs.txt'), inFolder('theirs.age')]
  writeFileSync(source, 'text')
  await typePassphrase(`age -p -o ${target} ${source}`)
  const plaintext = decryptFile(readFileSync(target), [new ScryptIdentity(PASSPHRASE)])
  assert.equal(Buffer.from(plaintext).toString(), 'text')
})

function inFolder(name: string): string {
  return join(folder, name)
}

/** Whether a program is installed; the test is skipped if it is not. */
function found(t: TestContext, program: string): boolean {
  const missing = spawnSync(program, ['--version']).status !== 0
  if (missing) t.skip(`needs ${program}`)
  return !missing
}

function runAge(options: readonly string[], input: Uint8Array): Uint8Array {
  const { status, stdout, stderr } = spawnSync('age', options, { input, maxBuffer: 1 << 24 })
  assert.equal(status, 0, stderr.toString())
  return new Uint8Array(stdout)
}

/** Runs a command in a terminal of its own and answers every prompt for a passphrase. */
async function typePassphrase(command: string): Promise<void> {
  const terminal = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] })
  let output = ''
  terminal.stdout.on('data', (data: Buffer) => {
    const before = prompts(output)
    output += data.toString()
    for (let i = before; i < prompts(output); i++) terminal.stdin.write(`${PASSPHRASE}\n`)
  })
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  terminal.on('error', reject)
  terminal.on('close', resolve)
  assert.equal(await promise, 0, output)
}

function prompts(output: string): number {
  return output.match(/passphrase[^\n]*: /gi)?.length ?? 0
}
