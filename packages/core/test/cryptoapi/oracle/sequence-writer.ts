import { PROVIDERS } from '../../../src/cryptoapi/index.ts'
import { Dice } from './dice.ts'
import type { Step } from './step.ts'
import { PAIR_NAMES, type TestPair, testPair } from './test-pairs.ts'

/** The providers by the names of the vectors. */
export const PROVIDER_NAMES = ['base', 'strong', 'enh', 'aes'] as const
export type ProviderName = (typeof PROVIDER_NAMES)[number]

/** A case to run through both providers: `p` is a context of `provider` before the first step. */
export interface Sequence {
  readonly seed: number
  readonly provider: ProviderName
  readonly steps: readonly Step[]
}

/** What the writer believes of a handle. A wrong belief costs a step that fails on both sides, nothing more. */
interface KeyNote {
  readonly name: string
  readonly algorithm: number
  /** Whether the key differs on the two sides, and so everything made with it. */
  readonly random: boolean
}
export interface SessionKeyNote extends KeyNote {
  readonly kind: 'session'
  readonly blockLength: number
}
export interface PairNote extends KeyNote {
  readonly kind: 'private' | 'public'
  readonly pair: TestPair
}
export interface HashNote {
  readonly name: string
  readonly algorithm: number
  random: boolean
}
interface SavedNote {
  readonly name: string
  readonly kind: 'ciphertext' | 'signature' | 'blob' | 'simple'
  /** Whose key it takes to use the bytes: a handle, or the name of a test pair. */
  readonly owner: string
}

/** What the names of the vectors are to us. */
export const PROVIDER_IDS = { base: 'base', strong: 'strong', enh: 'enhanced', aes: 'enhanced-aes' } as const

/** Collects the steps of one sequence, and what they leave behind for later steps to use. */
export class SequenceWriter {
  readonly dice: Dice
  readonly provider: ProviderName
  readonly steps: Step[] = []
  readonly sessionKeys: SessionKeyNote[] = []
  readonly pairs: PairNote[] = []
  readonly hashes: HashNote[] = []
  readonly saved: SavedNote[] = []
  readonly seed: number
  #names = 0

  constructor(seed: number) {
    this.seed = seed
    this.dice = new Dice(seed)
    this.provider = this.dice.pick(PROVIDER_NAMES)
  }

  add(fn: string, args: Readonly<Record<string, string | number | undefined>>): void {
    const given = Object.entries(args).filter(
      (entry): entry is [string, string | number] => entry[1] !== undefined,
    )
    this.steps.push({ ...Object.fromEntries(given), fn })
  }

  /** A name that no handle or saved bytes had before. */
  fresh(prefix: string): string {
    return `${prefix}${this.#names++}`
  }

  /** Whether the provider has an algorithm. */
  has(algorithm: number): boolean {
    const id = PROVIDER_IDS[this.provider]
    return PROVIDERS.some((row) => row.id === id && row.algorithms.has(algorithm))
  }

  /** Flags of a call: nearly always `usual`, now and then something that may not be said. */
  flags(usual = 0): number {
    return this.dice.chance(0.02) ? this.dice.pick([0x2, 0x80, 0x200, 0x8000]) : usual
  }

  sessionKey(): SessionKeyNote | undefined {
    return this.#latest(this.sessionKeys)
  }

  pair(kind?: PairNote['kind']): PairNote | undefined {
    return this.#latest(this.pairs.filter((note) => kind === undefined || note.kind === kind))
  }

  hash(): HashNote | undefined {
    return this.#latest(this.hashes)
  }

  savedBytes(kind: SavedNote['kind']): SavedNote | undefined {
    return this.#latest(this.saved.filter((note) => note.kind === kind))
  }

  /** A test pair that this provider takes, seldom a large one: they are slow on the other side. */
  testPair(algorithm?: number): TestPair {
    const usual = this.provider === 'base' ? 1024 : 1032
    const largest = this.dice.chance(0.08) && this.provider !== 'base' ? 4096 : usual
    const fitting = PAIR_NAMES.map(testPair).filter(
      (pair) => pair.bits <= largest && (algorithm === undefined || pair.algorithm === algorithm),
    )
    return this.dice.pick(fitting)
  }

  /** Something from a list; the newest more often than the older ones. */
  #latest<T>(list: readonly T[]): T | undefined {
    if (list.length === 0) return undefined
    const recent = list.slice(this.dice.chance(0.7) ? -2 : 0)
    return this.dice.pick(recent)
  }
}
