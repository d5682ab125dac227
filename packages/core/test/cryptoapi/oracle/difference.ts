import type { Situation } from './situation.ts'

/** A place where Wine is known not to do what Windows does, or what this provider has decided. */
export interface KnownDifference {
  readonly id: string
  /** What Windows does, or why we do otherwise; what Wine does. */
  readonly reason: string
  /** Whether two answers that differ do so for this reason, and ours is the right one. */
  readonly allows: (situation: Situation) => boolean
  /** Whether the two sides have gone apart with it, so that nothing after it can be compared. */
  readonly ends?: true
  /** Whether Wine would crash over this call. It is not made there; `allows` then judges our answer alone. */
  readonly crashes?: (situation: Situation) => boolean
}
