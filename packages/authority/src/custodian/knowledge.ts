import type { KnownCharter, KnownEpoch } from '@strongroom/core/protocol'

/** A tree of the log that a custodian has verified, and when, by its own clock: milliseconds since 1970. */
export interface Sighting {
  readonly size: number
  readonly root: Uint8Array
  readonly at: number
}

/** What a custodian knows when it is given a bundle, and whoever made the bundle cannot change. */
export interface Knowledge {
  /** The fingerprint of the authority. */
  readonly identity: string
  /** Its own signers in text form. Empty for somebody who checks without being the custodian. */
  readonly signers: readonly string[]
  /** The latest checkpoint may be so old: seconds. */
  readonly freshness: number
  /** By ascending size and time. The first is that of no leaves, when the custodian was made. */
  readonly sightings: readonly Sighting[]
  /** How many leaves were read: among them is no release of its own that it does not know. */
  readonly read: number
  readonly epoch?: KnownEpoch
  /** By tenant. */
  readonly charters: ReadonlyMap<string, KnownCharter>
  /** In hex: first charters that a person compared. A tenant that is new here is let in with one of them alone. */
  readonly named: ReadonlySet<string>
  /** In hex: the subjects that were released, and the statement digests of all releases that are accounted for. */
  readonly spent: ReadonlySet<string>
  readonly releases: ReadonlySet<string>
  /** Keys of codes that a release rests on: text form. */
  readonly codes: ReadonlySet<string>
}

/** What was verified of a bundle, whatever became of it, and what a custodian adds to its knowledge. */
export interface Learned {
  readonly sighting?: Sighting
  /** How many leaves were read, and nothing was found that was forgotten. */
  readonly read?: number
  readonly epoch?: KnownEpoch
  readonly tenant?: string
  readonly charter?: KnownCharter
}

const SECONDS = 1_000
const MINUTES = 60_000
const DAYS = 86_400_000

/**
 * How exactly old sightings are kept: younger than `age`, one for each `step`. Milliseconds. No step is longer than the age at which it
 * begins: nobody whose waiting time is over has to wait again because of what was forgotten.
 */
const STEPS = [
  { age: 10 * MINUTES, step: SECONDS },
  { age: 120 * MINUTES, step: MINUTES },
  { age: 2 * DAYS, step: 10 * MINUTES },
  { age: 40 * DAYS, step: 60 * MINUTES },
  { age: Number.POSITIVE_INFINITY, step: DAYS },
]
const OLDEST = 400 * DAYS // more than a waiting time can be

/** The tree that was seen last. */
export function lastSeen({ sightings }: Pick<Knowledge, 'sightings'>): Sighting | undefined {
  return sightings.at(-1)
}

/**
 * When a tree without the leaf was seen last; null if never. What was kept is never earlier than what was seen: a request may have to
 * wait a little longer, never less.
 */
export function lastSeenWithout({ sightings }: Pick<Knowledge, 'sightings'>, index: number): number | null {
  return sightings.findLast(({ size }) => size <= index)?.at ?? null
}

/**
 * Adds a tree that was just seen. Its time is not before that of the last one, whatever the clock says.
 *
 * Of sightings within one step the smallest tree stands for all of them, at the time of the last: what is forgotten makes others wait
 * longer. Some 2,200 are kept at most.
 */
export function withSighting(sightings: readonly Sighting[], { size, root, at }: Sighting): Sighting[] {
  const last = sightings.at(-1)
  const now = Math.max(at, last?.at ?? 0)
  const kept: Sighting[] = []
  for (const sighting of [...sightings, { size, root, at: now }]) {
    const before = kept.at(-1)
    if (before && isOneStep(before, sighting, now)) kept[kept.length - 1] = { ...before, at: sighting.at }
    else kept.push(sighting)
  }
  // The last tree is what the next one must begin with: it is kept whole.
  const merged = kept.at(-1)
  if (merged && merged.size < size) kept.push({ size, root, at: now })
  const firstYoung = kept.findIndex((sighting) => now - sighting.at < OLDEST)
  return kept.slice(Math.max(0, firstYoung - 1))
}

function isOneStep(before: Sighting, sighting: Sighting, now: number): boolean {
  if (before.size === sighting.size) return true
  const { step } = STEPS.find(({ age }) => now - sighting.at < age) ?? { step: DAYS }
  return Math.floor(before.at / step) === Math.floor(sighting.at / step)
}
