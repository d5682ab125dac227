import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import assert from 'node:assert/strict'
import {
  CustodianError,
  CustodianFolder,
  releaseBundle,
  readBundle,
  type CustodianKeys,
} from '../../src/custodian/index.ts'
import { merkleTree } from '@strongroom/core/merkle'
import { sha256 } from '../../src/model/digest.ts'
import { container, keys } from '../custodian/connected.ts'
import { chainOf, REQUESTED } from '../custodian/story.ts'
import { DAY, IDENTITY_PRINT, MINUTE, START } from '../custodian/world.ts'
import { parseMemory } from '../../src/custodian/memory.ts'
import type { Tale } from './tale.ts'

/** What keys say that are used. */
class Used extends Error {
  override readonly name = 'Used'
}

function use(): never {
  throw new Used('a key was used')
}

/** They tell that it came to them, and do nothing. */
const TELLING: CustodianKeys = {
  signer: { signer: keys.signer.signer, sign: use },
  identities: keys.identities.map(({ kind }) => ({ kind, unwrap: use })),
  wipe: () => {},
}

/** A custodian who saw the log a minute before the request, in a folder that each attack finds as it was. */
export class Attacked {
  readonly #root = mkdtempSync(join(tmpdir(), 'attacked-'))
  readonly #now: number
  #attacks = 0

  /** @param stranger has seen no log yet */
  constructor(honest: Tale, stranger = false) {
    this.#now = honest.now
    const folder = join(this.#root, 'honest')
    const settings = { identity: IDENTITY_PRINT, freshness: 86_400, url: null }
    CustodianFolder.create({ folder, settings, container, now: START - DAY })
    const opened = CustodianFolder.open(folder)
    opened.introduce('acme', honest.charters.acme)
    opened.introduce('beta', honest.charters.beta)
    opened.recover([{ digest: honest.charterRelease, subject: honest.charterRelease, codes: [] }])
    const { world, before } = honest
    const nothing = { size: 0, root: merkleTree(sha256).emptyRoot(), at: REQUESTED - MINUTE }
    if (stranger) opened.learn({ sighting: nothing })
    else
      opened.learn({
        sighting: { size: before, root: world.root(before), at: REQUESTED - MINUTE },
        read: before,
        epoch: chainOf(world).known,
      })
    opened.close()
  }

  /** Works in a copy of the folder, which is gone afterwards. */
  within<T>(work: (folder: CustodianFolder) => T): T {
    const path = join(this.#root, `attack-${this.#attacks++}`)
    cpSync(join(this.#root, 'honest'), path, { recursive: true })
    const folder = CustodianFolder.open(path)
    try {
      return work(folder)
    } finally {
      folder.close()
      rmSync(path, { recursive: true, force: true })
    }
  }

  /**
   * What becomes of a bundle: the code of the refusal, or `opened` where the custodian would open its deposits. Up to there nothing was left
   * in the folder but that a tree, an epoch or a charter was seen.
   *
   * @param own with keys that open, `released` is what becomes of a good one
   */
  fate(bytes: Uint8Array, own: CustodianKeys = TELLING): string {
    return this.within((folder) => {
      const [before, seen] = [stateOf(folder.path), seenIn(folder.path)]
      const refused = refusalOf(() => releaseBundle(readBundle(bytes), folder, own, this.#now))
      if (!refused) return 'released'
      assert.deepEqual(stateOf(folder.path), before, refused.message)
      // What is learned is what was proved: the tenants are those of before, with the charter they began with.
      assert.deepEqual(seenIn(folder.path), seen, refused.message)
      return refused instanceof CustodianError ? refused.code : 'opened'
    })
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true })
  }
}

function refusalOf(attack: () => unknown): CustodianError | Used | undefined {
  try {
    attack()
    return undefined
  } catch (error) {
    if (error instanceof CustodianError || error instanceof Used) return error
    throw error
  }
}

/** Every file but the memory, by its bytes. */
function stateOf(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'memory.json' && !entry.name.includes('lock'))
    .map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(
    files.toSorted().map((file) => [file, createHash('sha256').update(readFileSync(file)).digest('hex')]),
  )
}

/** What the memory has beside trees, epoch, and the newest charter of each tenant. */
function seenIn(folder: string) {
  const { charters, recovered } = parseMemory(readFileSync(join(folder, 'memory.json')))
  const firsts = charters.map(({ tenant, first }) => [tenant, first] as const)
  return { firsts: Object.fromEntries(firsts), recovered }
}
