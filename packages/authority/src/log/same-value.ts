import { equalBytes } from '@strongroom/core/bytes'

/** Whether two values of the store's rows are the same: bytes by their content, objects by their members. */
export function sameValue(one: unknown, other: unknown): boolean {
  if (one instanceof Uint8Array) return other instanceof Uint8Array && equalBytes(one, other)
  if (!isObject(one) || !isObject(other)) return Object.is(one, other)
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return [...names].every((name) => sameValue(one[name], other[name]))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
