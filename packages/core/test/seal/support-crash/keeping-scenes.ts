import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { equalBytes, toHex } from '../../../src/bytes/index.ts'
import { writeFileAtomically } from '../../../src/container/index.ts'
import { keyCommitment } from '../../../src/keyblob/index.ts'
import { resealFile, sealFiles, verifyFile, type Releasing } from '../../../src/seal/index.ts'
import { sealedContent } from './look.ts'
import { reader, sealer, type Content } from './people.ts'
import { job, outcome, PLAIN, SEALED, seal, write, type Scene } from './scene.ts'

const KEPT = 'kept'
const NUMBERS = [1, 2]

/** What makes the session keys durable elsewhere: no file may ever be there without its key. */
export const KEEPING_SCENES: readonly Scene[] = [
  {
    name: 'seal a group and keep its keys',
    bytes: 10_000,
    exclusive: true,
    prepare: async (folder, bytes) => {
      mkdirSync(join(folder, KEPT))
      for (const i of NUMBERS) write(folder, `${PLAIN}-${i}`, 'new', bytes + i)
    },
    run: async (folder) => {
      const jobs = NUMBERS.map((i) => job(folder, `${PLAIN}-${i}`, `${i}-${SEALED}`))
      const results = await sealFiles(jobs, { ...sealer, ...keepingIn(folder) })
      return results.map(({ error }) => error)
    },
    states: (folder) =>
      Promise.all(NUMBERS.map(async (i) => (await keptContent(folder, `${i}-${SEALED}`)) ?? 'old')),
    finished: sealedContent,
  },
  {
    name: 'reseal and keep the key',
    bytes: 100_000,
    prepare: async (folder, bytes) => {
      mkdirSync(join(folder, KEPT))
      await seal(folder, PLAIN, SEALED, bytes)
    },
    run: (folder) =>
      outcome(() => resealFile(join(folder, SEALED), { ...reader, ...sealer, ...keepingIn(folder) })),
    states: async (folder) => {
      const { metadata } = await verifyFile({ path: join(folder, SEALED) }, reader)
      if (metadata.version === 1) return ['old']
      assert.equal(await keptContent(folder, SEALED), 'new')
      return ['new']
    },
    finished: sealedContent,
  },
]

function keepingIn(folder: string): Releasing {
  return {
    beforeRelease: (seals) => {
      for (const { sealId, sessionKey } of seals) writeFileAtomically(keyPath(folder, sealId), sessionKey)
    },
  }
}

/** What a sealed file opens to, whose key must have been kept; undefined if there is none. */
async function keptContent(folder: string, name: string): Promise<Content | undefined> {
  const path = join(folder, name)
  if (!existsSync(path)) return undefined
  const { sealId, serial, commitment } = await verifyFile({ path }, reader)
  const kept = new Uint8Array(readFileSync(keyPath(folder, sealId)))
  assert.ok(equalBytes(keyCommitment(kept, serial), commitment), 'another key was kept')
  return await sealedContent(path)
}

function keyPath(folder: string, sealId: Uint8Array): string {
  return join(folder, KEPT, toHex(sealId))
}
