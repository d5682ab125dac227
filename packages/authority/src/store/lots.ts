/**
 * Cutting lists into lots of few different lengths, so that a statement with a list in it has few different texts: the database
 * has them prepared, and no list is longer than it takes. The longest lots have fewer values than SQLite's 32,766.
 */
const LENGTHS = [128, 16, 4, 1]

/** Lots of exactly the values, the long ones first: for rows to insert. */
export function exactLots<T>(values: readonly T[]): T[][] {
  const lots: T[][] = []
  for (let at = 0; at < values.length; ) {
    const length = LENGTHS.find((lot) => lot <= values.length - at) ?? 1
    lots.push(values.slice(at, at + length))
    at += length
  }
  return lots
}

/** Lots in which the last value stands in for those that are missing: for values to look for. */
export function filledLots<T>(values: readonly T[]): T[][] {
  const lots: T[][] = []
  for (let at = 0; at < values.length; ) {
    const rest = values.length - at
    const length = LENGTHS.findLast((lot) => lot >= rest) ?? LENGTHS[0] ?? rest
    const lot = values.slice(at, at + length)
    lots.push([...lot, ...Array.from({ length: length - lot.length }, () => lot.at(-1) as T)])
    at += length
  }
  return lots
}
