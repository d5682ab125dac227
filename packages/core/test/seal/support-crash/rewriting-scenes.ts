import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ledger, resealFile, rewrapFile, verifyFile } from '../../../src/seal/index.ts'
import { interruptRewrap, isJournal } from './journal.ts'
import { opensFor, sealedContent } from './look.ts'
import { alice, bob, crowd, reader, sealer, type Content } from './people.ts'
import { outcome, PLAIN, SEALED, seal, type Scene } from './scene.ts'

/** What replaces headers and versions. */
export const REWRITING_SCENES: readonly Scene[] = [
  {
    name: 'rewrap in place',
    bytes: 1_050_000,
    prepare: (folder, bytes) => seal(folder, PLAIN, SEALED, bytes),
    run: (folder) =>
      outcome(async () => {
        const { inPlace } = await rewrapFile(join(folder, SEALED), {
          ...reader,
          recipients: [bob.recipient()],
        })
        assert.ok(inPlace)
      }),
    states: (folder) => whoOpens(join(folder, SEALED)),
    finished: async (path) => isJournal(readFileSync(path)),
  },
  {
    name: 'finish a rewrap',
    bytes: 1_050_000,
    prepare: async (folder, bytes) => {
      await seal(folder, PLAIN, SEALED, bytes)
      await interruptRewrap(join(folder, SEALED))
    },
    run: (folder) =>
      outcome(() => rewrapFile(join(folder, SEALED), { ...reader, recipients: [alice.recipient()] })),
    // From Bob, through the journal, to Alice.
    states: async (folder) => {
      const [state] = await whoOpens(join(folder, SEALED))
      return [state === 'new' ? 'old' : 'new']
    },
    finished: async (path) => isJournal(readFileSync(path)),
  },
  {
    name: 'rewrap anew',
    bytes: 100_000,
    prepare: (folder, bytes) => seal(folder, PLAIN, SEALED, bytes),
    run: (folder) =>
      outcome(() => rewrapFile(join(folder, SEALED), { ...reader, recipients: [bob.recipient(), ...crowd] })),
    states: (folder) => whoOpens(join(folder, SEALED)),
    finished: sealedContent,
  },
  {
    name: 'reseal',
    bytes: 100_000,
    prepare: (folder, bytes) => seal(folder, PLAIN, SEALED, bytes),
    run: (folder) => {
      const ledger = new Ledger(join(folder, 'ledger'))
      return outcome(() => resealFile(join(folder, SEALED), { ...reader, ...sealer, ledger }))
    },
    states: async (folder) => {
      assert.equal(await sealedContent(join(folder, SEALED)), 'new')
      const ledger = new Ledger(join(folder, 'ledger'))
      const { metadata } = await verifyFile({ path: join(folder, SEALED) }, { ...reader, ledger })
      return [metadata.version === 1 ? 'old' : 'new']
    },
    finished: sealedContent,
  },
]

/** Alice before, Bob after; never both, never nobody. */
async function whoOpens(path: string): Promise<Content[]> {
  assert.equal(await sealedContent(path), 'new')
  const [forAlice, forBob] = [await opensFor(path, alice), await opensFor(path, bob)]
  assert.notEqual(forAlice, forBob, 'the file opens for both or for nobody')
  return [forBob ? 'new' : 'old']
}
