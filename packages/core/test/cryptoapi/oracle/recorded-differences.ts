import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KnownDifference } from './difference.ts'
import { generateSequence } from './generate-sequence.ts'
import { KNOWN_DIFFERENCES } from './known-differences.ts'
import type { Oracle } from './oracle-programs.ts'
import { OurProvider, type ProviderUnderTest, WineProvider } from './providers-under-test.ts'
import { type Outcome, runSequence } from './run-sequence.ts'
import type { ProviderName, Sequence } from './sequence-writer.ts'
import { shrinkSequence } from './shrink-sequence.ts'
import type { Step } from './step.ts'
import type { Answer } from './wine-driver.ts'

/** The shortest sequence found that needs a row, and what Wine answered to the calls that were made there. */
export interface Recording {
  readonly row: string
  readonly seed: number
  readonly provider: ProviderName
  readonly steps: readonly Step[]
  readonly answers: readonly Answer[]
}

const FILE = join(import.meta.dirname, 'vectors/known-differences.json')

/** The recordings that are kept, one for each row. */
export function readRecordings(): readonly Recording[] {
  return (JSON.parse(readFileSync(FILE, 'utf8')) as { recordings: Recording[] }).recordings // written below
}

/** Answers as Wine did when a sequence was recorded. */
export class RecordedProvider implements ProviderUnderTest {
  readonly #answers: Answer[]

  constructor({ answers }: Recording) {
    this.#answers = [...answers]
  }

  begin(): Promise<void> {
    return Promise.resolve()
  }

  call(step: Step): Promise<Answer> {
    const answer = this.#answers.shift()
    if (answer === undefined) throw new Error(`${step.fn} was not called when this was recorded`)
    return Promise.resolve(answer)
  }
}

/** Passes calls on and keeps the answers of the sequence that runs. */
class RecordingProvider implements ProviderUnderTest {
  readonly #behind: ProviderUnderTest
  answers: Answer[] = []

  constructor(behind: ProviderUnderTest) {
    this.#behind = behind
  }

  async begin(provider: ProviderName): Promise<void> {
    this.answers = []
    await this.#behind.begin(provider)
  }

  async call(step: Step): Promise<Answer> {
    const answer = await this.#behind.call(step)
    this.answers.push(answer)
    return answer
  }
}

/**
 * Looks for a sequence for every row, and writes them to `vectors/known-differences.json`.
 *
 * @returns the rows for which there was none
 */
export async function recordDifferences(
  oracle: Oracle,
  { seed, runs }: { readonly seed: number; readonly runs: number },
): Promise<readonly string[]> {
  const behind = new WineProvider(oracle)
  const sides = { wine: new RecordingProvider(behind), ours: new OurProvider() }
  const play = (sequence: Sequence): Promise<Outcome> => runSequence(sequence, sides, KNOWN_DIFFERENCES)
  const shows = async (sequence: Sequence, row: string): Promise<boolean> => {
    const { allowed, disagreement } = await play(sequence)
    return disagreement === undefined && allowed.includes(row) && (await isNeeded(sequence, sides, row))
  }
  const found = new Map<string, Recording>()
  try {
    for (let run = 0; run < runs && found.size < KNOWN_DIFFERENCES.length; run++) {
      const sequence = generateSequence(seed + run)
      const { allowed } = await play(sequence)
      for (const row of new Set(allowed).difference(new Set(found.keys()))) {
        const { steps } = await shrinkSequence(sequence, async (each) => await shows(each, row))
        const shortest = { ...sequence, steps }
        if (needsOnly(await play(shortest), row))
          found.set(row, { row, ...shortest, answers: sides.wine.answers })
      }
    }
  } finally {
    await behind.close()
  }
  const recordings = KNOWN_DIFFERENCES.flatMap(({ id }) => found.get(id) ?? [])
  writeFileSync(FILE, `{"recordings":[\n${recordings.map((each) => JSON.stringify(each)).join(',\n')}\n]}\n`)
  return missingRows(KNOWN_DIFFERENCES, found)
}

/** Whether the sequence would fail without the row. One that keeps Wine from a crash is needed without proof. */
async function isNeeded(
  sequence: Sequence,
  sides: { readonly wine: ProviderUnderTest; readonly ours: ProviderUnderTest },
  row: string,
): Promise<boolean> {
  const others = KNOWN_DIFFERENCES.filter(({ id, crashes }) => id !== row || crashes !== undefined)
  if (others.length === KNOWN_DIFFERENCES.length) return true
  return (await runSequence(sequence, sides, others)).disagreement !== undefined
}

const needsOnly = ({ allowed, disagreement }: Outcome, row: string): boolean =>
  disagreement === undefined && allowed.length > 0 && allowed.every((id) => id === row)

const missingRows = (rows: readonly KnownDifference[], found: ReadonlyMap<string, Recording>): string[] =>
  rows.map(({ id }) => id).filter((id) => !found.has(id))
