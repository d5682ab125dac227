/**
 * One call, in the shape of the steps of `../vectors` (format capi-vectors/1): the function, its arguments, `out` for the
 * handle it makes, `save` for the bytes it gives. Bytes are hexadecimal text, `@key.private` or `$saved`.
 */
export type Step = Readonly<Record<string, string | number>> & { readonly fn: string }

/**
 * Names that say something to this test only. `random`: what comes out differs from run to run, so that lengths are
 * compared and bytes are not; with `save` one side's bytes go on to both.
 */
const NOT_SENT = new Set(['fn', 'save', 'random'])

/** The arguments of a call that go to a provider. */
export function argumentsOf(step: Step): Record<string, string | number> {
  return Object.fromEntries(Object.entries(step).filter(([name]) => !NOT_SENT.has(name)))
}

/** The arguments that name handles. */
export const HANDLES = ['prov', 'key', 'hash', 'pubKey', 'expKey'] as const

/** The arguments that are bytes. */
const BYTES = ['blob', 'data', 'sig', 'descUtf16', 'inner', 'outer'] as const

/** The names of saved bytes that a step needs. */
export function savedNamesOf(step: Step): string[] {
  return BYTES.flatMap((name) => {
    const value = step[name]
    return typeof value === 'string' && value.startsWith('$') ? [value.slice(1)] : []
  })
}

/** The step with every name of bytes replaced by the bytes; undefined if one of them was never saved. */
export function resolveStep(step: Step, bytesOf: (name: string) => string | undefined): Step | undefined {
  const resolved: Record<string, string | number> = { ...step }
  for (const name of BYTES) {
    const value = step[name]
    if (typeof value !== 'string' || !/^[$@]/.test(value)) continue
    const bytes = bytesOf(value)
    if (bytes === undefined) return undefined
    resolved[name] = bytes
  }
  return { ...resolved, fn: step.fn }
}

/** A numeric argument, 0 if absent. */
export function numberOf(step: Step, name: string): number {
  return Number(step[name] ?? 0)
}

/** A text argument: a handle's name or hexadecimal bytes; empty if absent. */
export function textOf(step: Step, name: string): string {
  return String(step[name] ?? '')
}

/** 32 bits, least significant byte first, as hexadecimal text. */
export function littleEndian32(value: number): string {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes.toHex()
}

/** A PLAINTEXTKEYBLOB as hexadecimal text. */
export function plaintextBlob(algorithm: number, key: Uint8Array): string {
  return `08020000${littleEndian32(algorithm)}${littleEndian32(key.length)}${key.toHex()}`
}
