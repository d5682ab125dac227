import { generateSequence } from './generate-sequence.ts'
import { KNOWN_DIFFERENCES } from './known-differences.ts'
import type { Oracle } from './oracle-programs.ts'
import { OurProvider, WineProvider } from './providers-under-test.ts'
import { type Outcome, runSequence } from './run-sequence.ts'
import type { Sequence } from './sequence-writer.ts'
import { shrinkSequence } from './shrink-sequence.ts'

/** What came of many sequences. */
export interface Report {
  readonly sequences: number
  /** Calls that both providers answered. */
  readonly compared: number
  /** How often each function was called. */
  readonly calls: ReadonlyMap<string, number>
  /** How often each row of the table was needed. */
  readonly allowed: ReadonlyMap<string, number>
  /** One text for each sequence that differs without a row: the shortest way to it that was found. */
  readonly failures: readonly string[]
}

/** After so many failures a run stops: they have one cause, or the provider is not finished. */
const MOST_FAILURES = 10
/** Dice of neighbouring sequences have nothing in common. */
const seedOf = (seed: number, run: number): number => (seed + run) >>> 0

/**
 * Runs sequences through Wine's provider and ours.
 *
 * @param seed of the first sequence; the next has the next seed, so that `{ seed, runs: 1 }` repeats any of them
 */
export async function runDifferential(
  oracle: Oracle,
  { seed, runs }: { readonly seed: number; readonly runs: number },
): Promise<Report> {
  const sides = { wine: new WineProvider(oracle), ours: new OurProvider() }
  const play = (sequence: Sequence): Promise<Outcome> => runSequence(sequence, sides, KNOWN_DIFFERENCES)
  const outcomes: Outcome[] = []
  const failures: string[] = []
  try {
    for (let run = 0; run < runs && failures.length < MOST_FAILURES; run++) {
      const sequence = generateSequence(seedOf(seed, run))
      const outcome = await play(sequence)
      outcomes.push(outcome)
      if (outcome.disagreement !== undefined) failures.push(await explain(sequence, outcome, play))
    }
  } finally {
    await sides.wine.close()
  }
  return {
    sequences: outcomes.length,
    compared: outcomes.reduce((sum, { compared }) => sum + compared, 0),
    calls: count(outcomes.flatMap(({ calls }) => calls)),
    allowed: count(outcomes.flatMap(({ allowed }) => allowed)),
    failures,
  }
}

/** The shortest sequence that fails in the same function, and the two answers. */
async function explain(
  sequence: Sequence,
  { disagreement: first }: Outcome,
  play: (sequence: Sequence) => Promise<Outcome>,
): Promise<string> {
  const fails = async (candidate: Sequence): Promise<boolean> =>
    (await play(candidate)).disagreement?.step.fn === first?.step.fn
  const shortest = await shrinkSequence(sequence, fails)
  // A failure that does not come back is shown as it was seen.
  const { disagreement = first } = await play(shortest)
  return [
    `seed ${sequence.seed}, provider ${sequence.provider}:`,
    ...shortest.steps.map((step) => `  ${JSON.stringify(step)}`),
    `  wine ${JSON.stringify(disagreement?.wine)}`,
    `  ours ${JSON.stringify(disagreement?.ours)}`,
  ].join('\n')
}

function count(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}
