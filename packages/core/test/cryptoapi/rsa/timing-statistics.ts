/** Where the longest times are cut off: they come from the machine, not from what is measured. */
const KEPT = 0.9

/** How one set of times stands to another. */
export interface Comparison {
  /** Median of the one, and how far the other's is above it: both in the unit of the samples. */
  readonly median: number
  readonly medianDifference: number
  /**
   * Welch's t of the times below the nine tenths of both together: the difference of the means in units of its own
   * standard error. Chance alone seldom goes beyond 4.5; with ever more samples, the smallest true difference does.
   */
  readonly t: number
}

/**
 * Compares times of two kinds that were taken in turn.
 *
 * A stop of the machine during one sample would outweigh any difference in means; hence medians, and a mean only of
 * what lies below a bound that is the same for both. Reparaz, Balasch, Verbauwhede, "Dude, is my code constant time?"
 */
export function compareTimes(base: readonly number[], other: readonly number[]): Comparison {
  const bound = quantile([...base, ...other], KEPT)
  const kept = (samples: readonly number[]): number[] => samples.filter((sample) => sample <= bound)
  const middle = median(base)
  return { median: middle, medianDifference: median(other) - middle, t: welchT(kept(base), kept(other)) }
}

/** Welch's t: above zero if the second mean is the larger. Zero for samples that do not vary and are the same. */
export function welchT(first: readonly number[], second: readonly number[]): number {
  const [a, b] = [moments(first), moments(second)]
  const difference = b.mean - a.mean
  return difference === 0 ? 0 : difference / Math.sqrt(a.variance / first.length + b.variance / second.length)
}

/** The value in the middle, or between the two in the middle. NaN of nothing. */
export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle) - 1] ?? Number.NaN)) / 2
}

/** The value that a part of the samples does not exceed. */
function quantile(samples: readonly number[], part: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * part) - 1] ?? Number.NaN
}

/** Mean and unbiased variance. */
function moments(samples: readonly number[]): { readonly mean: number; readonly variance: number } {
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length
  const squares = samples.reduce((sum, sample) => sum + (sample - mean) ** 2, 0)
  return { mean, variance: squares / (samples.length - 1) }
}
