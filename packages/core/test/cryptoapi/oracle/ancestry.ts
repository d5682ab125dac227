import type { Played } from './run-sequence.ts'

/**
 * Everything that made a key or hash what it is: the call it comes from, those that used or set it since, and the same
 * of whatever it was made from. The order is of no meaning.
 *
 * @param past what was called before, oldest first
 * @param name a handle; nothing is known of one that no call made
 */
export function ancestryOf(past: readonly Played[], name: string): Played[] {
  const found = new Set<Played>()
  collect(past, name, found)
  return [...found]
}

function collect(past: readonly Played[], name: string, found: Set<Played>): void {
  const born = past.findIndex(({ step }) => step['out'] === name)
  const creation = past[born]
  if (creation === undefined || found.has(creation)) return
  found.add(creation)
  for (const parent of parentsOf(creation)) collect(past.slice(0, born), parent, found)
  for (const [offset, played] of past.slice(born + 1).entries()) {
    if (!uses(played, name)) continue
    found.add(played)
    for (const other of parentsOf(played)) {
      if (other !== name) collect(past.slice(0, born + 1 + offset), other, found)
    }
  }
}

const uses = ({ step }: Played, name: string): boolean => step['key'] === name || step['hash'] === name

/** The keys and hashes that go into a call; not the wrapping key of a blob, which leaves no trace in the key. */
const parentsOf = ({ step }: Played): string[] =>
  [step['key'], step['hash']].flatMap((name) => (typeof name === 'string' ? [name] : []))
