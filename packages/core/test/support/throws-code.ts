import assert from 'node:assert/strict'

/** Asserts that `run` throws an error of `type` with exactly this `code`; returns it for a closer look. */
export function throwsCode<E extends Error & { readonly code: string }>(
  type: abstract new (...args: never[]) => E,
  code: E['code'],
  run: () => unknown,
): E {
  const error = thrownBy(run)
  assert.ok(error instanceof type, `expected ${type.name}, got ${String(error)}`)
  assert.equal(error.code, code, error.message)
  return error
}

/** What `run` throws; undefined if it returns. */
function thrownBy(run: () => unknown): unknown {
  try {
    run()
    return undefined
  } catch (error) {
    return error
  }
}
