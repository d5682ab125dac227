import { BLOB_MOVES } from './blob-moves.ts'
import { CIPHER_MOVES, type Move } from './cipher-moves.ts'
import { CONTEXT_MOVES } from './context-moves.ts'
import { HASH_MOVES } from './hash-moves.ts'
import { PAIR_MOVES } from './pair-moves.ts'
import { PARAMETER_MOVES } from './parameter-moves.ts'
import { type Sequence, SequenceWriter } from './sequence-writer.ts'

const FEWEST_MOVES = 4
const MOST_MOVES = 30

/** What a sequence is mostly about; the rest of its moves come from all of them. */
const THEMES: readonly (readonly Move[])[] = [
  [...CIPHER_MOVES, ...PARAMETER_MOVES],
  HASH_MOVES,
  PAIR_MOVES,
  BLOB_MOVES,
  CONTEXT_MOVES,
]
const ALL_MOVES = THEMES.flat()
const OFF_THEME = 0.4

/** A sequence of calls: the same for the same seed. */
export function generateSequence(seed: number): Sequence {
  const writer = new SequenceWriter(seed)
  const theme = writer.dice.pick([...THEMES.slice(0, 4), ALL_MOVES, ALL_MOVES])
  for (let left = FEWEST_MOVES + writer.dice.below(MOST_MOVES - FEWEST_MOVES); left > 0; left--) {
    writer.dice.weighted(writer.dice.chance(OFF_THEME) ? ALL_MOVES : theme).write(writer)
  }
  return { seed, provider: writer.provider, steps: writer.steps }
}
