import type { Sequence } from './sequence-writer.ts'
import { HANDLES, savedNamesOf, type Step } from './step.ts'

/**
 * The shortest sequence found that still fails: steps are dropped, in halves first and one by one in the end, together
 * with the steps that need what they made.
 *
 * @param fails runs a sequence; called a few hundred times at most
 */
export async function shrinkSequence(
  sequence: Sequence,
  fails: (candidate: Sequence) => Promise<boolean>,
): Promise<Sequence> {
  let steps = sequence.steps
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    let at = steps.length - size
    while (at > -size) {
      const candidate = without(steps, Math.max(at, 0), Math.min(at + size, steps.length))
      if (candidate.length < steps.length && (await fails({ ...sequence, steps: candidate }))) {
        steps = candidate
        at = Math.min(at, steps.length - 1)
      } else at -= size
    }
  }
  return { ...sequence, steps }
}

/** The steps but for those from `start` up to `end`, and those that name what only the dropped ones made. */
export function without(steps: readonly Step[], start: number, end: number): readonly Step[] {
  const missing = new Set<string>()
  return steps.filter((step, at) => {
    const dropped = (at >= start && at < end) || needs(step).some((name) => missing.has(name))
    if (dropped) for (const name of makes(step)) missing.add(name)
    return !dropped
  })
}

const makes = (step: Step): string[] =>
  ['out', 'save'].flatMap((name) => (step[name] === undefined ? [] : [String(step[name])]))

const needs = (step: Step): string[] => [
  ...HANDLES.flatMap((name) => (step[name] === undefined ? [] : [String(step[name])])),
  ...savedNamesOf(step),
]
