import type { AttemptOutcome } from '@strongroom/core/client'
import { PROBLEMS, type ProblemCode } from '@strongroom/core/protocol'

/** What came of an attempt that no problem document says. */
const OUTCOMES: Readonly<Record<Exclude<AttemptOutcome, ProblemCode>, string>> = {
  sent: 'it was sent, and no answer came back',
  reached: 'the authority answered',
  unreachable: 'nobody answered',
  problem: 'the authority gave a reason that this version does not know',
  answer: 'the answer was not that of an authority',
  receipt: 'the receipt proves nothing',
  epochs: 'the authority showed other epochs than before',
}

/** What came of an attempt, for people. @param outcome as the log of attempts has it */
export function outcomeText(outcome: string): string {
  if (Object.hasOwn(PROBLEMS, outcome)) return PROBLEMS[outcome as ProblemCode].title
  return Object.hasOwn(OUTCOMES, outcome) ? OUTCOMES[outcome as keyof typeof OUTCOMES] : outcome
}
