import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ScryptIdentity } from '../../../src/age/index.ts'
import { SealError, sealFiles, sealWithPassword, type SealJob } from '../../../src/seal/index.ts'
import { plainContent, plaintextOf, sealedContent } from './look.ts'
import { contentOf, sealer } from './people.ts'
import { job, OUT, outcome, PLAIN, SEALED, seal, withStream, write, type Scene } from './scene.ts'

const PASSWORD = 'correct horse'

/** What makes sealed files. */
export const SEALING_SCENES: readonly Scene[] = [
  {
    name: 'seal',
    bytes: 100_000,
    exclusive: true,
    prepare: async (folder, bytes) => write(folder, PLAIN, 'new', bytes),
    run: (folder) => sealAll(job(folder, PLAIN, SEALED)),
    states: async (folder) => {
      assert.equal(plainContent(join(folder, PLAIN)), 'new')
      return [(await sealedContent(join(folder, SEALED))) ?? 'old']
    },
    finished: sealedContent,
  },
  {
    name: 'seal over another',
    bytes: 100_000,
    prepare: async (folder, bytes) => {
      await seal(folder, PLAIN, SEALED, 50_000, 'old')
      write(folder, PLAIN, 'new', bytes)
    },
    run: (folder) => sealAll(job(folder, PLAIN, SEALED, true)),
    states: async (folder) => [(await sealedContent(join(folder, SEALED))) ?? assert.fail('it is gone')],
    finished: sealedContent,
  },
  {
    name: 'seal a group',
    bytes: 10_000,
    exclusive: true,
    prepare: async (folder, bytes) => {
      for (const i of [1, 2, 3]) write(folder, `${PLAIN}-${i}`, 'new', bytes + i)
    },
    run: (folder) => sealAll(...[1, 2, 3].map((i) => job(folder, `${PLAIN}-${i}`, `${i}-${SEALED}`))),
    states: (folder) =>
      Promise.all([1, 2, 3].map(async (i) => (await sealedContent(join(folder, `${i}-${SEALED}`))) ?? 'old')),
    finished: sealedContent,
  },
  {
    name: 'seal from a stream',
    bytes: 100_000,
    exclusive: true,
    prepare: async (folder, bytes) => write(folder, PLAIN, 'new', bytes),
    run: (folder) =>
      withStream(join(folder, PLAIN), 'r', (input) =>
        sealAll({ input, output: { path: join(folder, SEALED) } }),
      ),
    states: async (folder) => [(await sealedContent(join(folder, SEALED))) ?? 'old'],
    finished: sealedContent,
  },
  {
    name: 'seal to a stream',
    bytes: 100_000,
    streams: true,
    prepare: async (folder, bytes) => write(folder, PLAIN, 'new', bytes),
    run: (folder) =>
      withStream(join(folder, OUT), 'w', (output) =>
        sealAll({ input: { path: join(folder, PLAIN) }, output }),
      ),
    // It is whole, or it does not open.
    states: async (folder) => {
      const got = await sealedContent(join(folder, OUT)).catch((error: unknown) => error)
      if (got === 'new') return ['new']
      assert.ok(got === undefined || got instanceof SealError, String(got))
      return ['old']
    },
    finished: sealedContent,
  },
  {
    name: 'seal with a password',
    bytes: 100_000,
    exclusive: true,
    prepare: async (folder, bytes) => write(folder, PLAIN, 'new', bytes),
    run: (folder) =>
      outcome(() => sealWithPassword(job(folder, PLAIN, SEALED), { passphrase: PASSWORD, logN: 2 })),
    states: async (folder) =>
      existsSync(join(folder, SEALED)) ? [contentOf(await byPassword(join(folder, SEALED)))] : ['old'],
    finished: async (path) => contentOf(await byPassword(path)),
  },
]

/** The error of each job, or undefined. */
async function sealAll(...jobs: readonly SealJob[]): Promise<unknown[]> {
  return (await sealFiles(jobs, sealer)).map(({ error }) => error)
}

function byPassword(path: string): Promise<Uint8Array> {
  return plaintextOf(path, [new ScryptIdentity(PASSWORD)])
}
