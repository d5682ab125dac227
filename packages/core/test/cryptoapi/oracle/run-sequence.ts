import type { KnownDifference } from './difference.ts'
import type { ProviderUnderTest } from './providers-under-test.ts'
import type { Sequence } from './sequence-writer.ts'
import type { Situation } from './situation.ts'
import { HANDLES, resolveStep, type Step } from './step.ts'
import { testBlob } from './test-pairs.ts'
import type { Answer } from './wine-driver.ts'

/** A step that both sides answered, as it was sent: names of bytes replaced by the bytes. */
export interface Played {
  readonly step: Step
  readonly wine: Answer
  readonly ours: Answer
}

/** Two answers that differ without a row that allows it. */
export interface Disagreement extends Played {
  /** Position of the step in its sequence. */
  readonly at: number
}

export interface Outcome {
  /** How many steps were compared. */
  readonly compared: number
  /** The ids of the rows that were needed, once for each use. */
  readonly allowed: readonly string[]
  /** How often each function was called, by whether it succeeded on both sides. */
  readonly calls: readonly string[]
  readonly disagreement?: Disagreement
}

/**
 * Runs a sequence through both providers, call by call, up to the first difference that no row allows.
 *
 * Bytes that are random go on as one side made them, by turns, so that each must read what the other wrote. A handle
 * that only one side made is replaced by one that is none.
 */
export async function runSequence(
  sequence: Sequence,
  sides: { readonly wine: ProviderUnderTest; readonly ours: ProviderUnderTest },
  rows: readonly KnownDifference[],
): Promise<Outcome> {
  await Promise.all([sides.wine.begin(sequence.provider), sides.ours.begin(sequence.provider)])
  const run = new Run(sequence, rows)
  for (const [at, planned] of sequence.steps.entries()) {
    const step = run.prepare(planned)
    if (step === undefined) continue
    const dangerous = rows.find((row) => row.crashes?.(run.situation(step, NOT_ASKED, NOT_ASKED)) === true)
    const ours = await sides.ours.call(step)
    const wine = dangerous === undefined ? await sides.wine.call(step) : NOT_ASKED
    const verdict = run.judge(step, wine, ours, dangerous)
    if (verdict === 'disagree') return run.outcome({ at, step, wine, ours })
    run.keep(planned, step, { wine, ours })
    if (verdict === 'end') break
  }
  return run.outcome()
}

/** Whose bytes go on: decided by the name, so that a shorter sequence decides alike. */
const isEven = (name: string): boolean => Number(name.slice(1)) % 2 === 0

/** In the place of an answer that Wine was not asked for, because it would crash. */
const NOT_ASKED: Answer = { ok: false }

class Run {
  readonly #sequence: Sequence
  readonly #rows: readonly KnownDifference[]
  readonly #past: Played[] = []
  readonly #allowed: string[] = []
  readonly #live = new Set(['p'])
  readonly #saved = new Map<string, string>()

  constructor(sequence: Sequence, rows: readonly KnownDifference[]) {
    this.#sequence = sequence
    this.#rows = rows
  }

  /** The step as it is sent; undefined if it needs bytes that no step gave. */
  prepare(planned: Step): Step | undefined {
    const handles = HANDLES.filter((name) => {
      const handle = planned[name]
      return handle !== undefined && !this.#live.has(String(handle))
    })
    const step: Step = { ...planned, ...Object.fromEntries(handles.map((name) => [name, 'bad'])) }
    return resolveStep(step, (name) => testBlob(name) ?? this.#saved.get(name.slice(1)))
  }

  situation(step: Step, wine: Answer, ours: Answer): Situation {
    return { provider: this.#sequence.provider, step, wine, ours, past: this.#past }
  }

  judge(step: Step, wine: Answer, ours: Answer, dangerous?: KnownDifference): 'agree' | 'end' | 'disagree' {
    if (ours.fault !== undefined) return 'disagree' // no row allows an exception, or bytes past an answer
    if (dangerous === undefined && sameAnswer(step, wine, ours)) return 'agree'
    const situation = this.situation(step, wine, ours)
    const row = this.#rows.find((each) => each.allows(situation))
    if (row === undefined) return 'disagree'
    this.#allowed.push(row.id)
    return row.ends === true ? 'end' : 'agree'
  }

  keep(planned: Step, step: Step, { wine, ours }: { wine: Answer; ours: Answer }): void {
    this.#past.push({ step, wine, ours })
    if (!wine.ok || !ours.ok) return
    if (planned['out'] !== undefined) this.#live.add(String(planned['out']))
    const name = String(planned['save'] ?? '')
    const data = (isEven(name) ? wine : ours).data
    if (name !== '' && data !== undefined) this.#saved.set(name, data)
  }

  outcome(disagreement?: Disagreement): Outcome {
    return {
      compared: this.#past.length,
      allowed: this.#allowed,
      calls: this.#past.map(({ step, ours }) => `${step.fn} ${ours.ok ? 'ok' : 'failed'}`),
      ...(disagreement === undefined ? {} : { disagreement }),
    }
  }
}

/** Lengths of failed calls count only with ERROR_MORE_DATA: there they are the answer. */
function sameAnswer(step: Step, wine: Answer, ours: Answer): boolean {
  if (wine.crashed === true || wine.ok !== ours.ok) return false
  if (!wine.ok) return wine.err === ours.err && (wine.err !== ERROR_MORE_DATA || wine.len === ours.len)
  if (step['random'] !== undefined) return wine.len === ours.len
  return wine.len === ours.len && (wine.data ?? '') === (ours.data ?? '')
}

const ERROR_MORE_DATA = 0xea
