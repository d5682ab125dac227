/** What a case or a step says cannot be read: the case fails, the rest of the file is replayed. */
export class FieldError extends Error {
  override name = 'FieldError'
}

/** A JSON object, its members not yet looked at. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Whether a JSON value is an object: neither null nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The bytes that `@name.private`, `@name.public` and `$name` stand for; undefined if there is no such name. */
export type Resolve = (name: string) => Uint8Array | undefined

const HEX = /^(?:[0-9a-f]{2})*$/i
const NUMBER = /^(?:0x[0-9a-f]+|[0-9]+)$/i

/** The fields of a case or a step, each read as what it must be. */
export class Fields {
  readonly #object: JsonObject
  readonly #resolve: Resolve

  constructor(object: JsonObject, resolve: Resolve = () => undefined) {
    this.#object = object
    this.#resolve = resolve
  }

  /** Whether there is a value; null is none. */
  has(name: string): boolean {
    return (this.#object[name] ?? undefined) !== undefined
  }

  isNull(name: string): boolean {
    return this.#object[name] === null
  }

  names(): string[] {
    return Object.keys(this.#object)
  }

  /** A text. @throws FieldError if it is something else, or absent */
  text(name: string): string {
    const value = this.#object[name]
    if (typeof value !== 'string') throw new FieldError(`"${name}" is no text`)
    return value
  }

  /** A text, or null if there is none. */
  textOrNull(name: string): string | null {
    return this.has(name) ? this.text(name) : null
  }

  /** A number written as one or as a text like "0x6602". @throws FieldError also if absent and without `otherwise` */
  number(name: string, otherwise?: number): number {
    const value = this.#object[name] ?? otherwise
    return asNumber(name, value)
  }

  numbers(name: string): number[] {
    const values = this.#object[name] ?? []
    if (!Array.isArray(values)) throw new FieldError(`"${name}" is no list`)
    return values.map((value) => asNumber(name, value))
  }

  /** 0, 1, true or false; absent is false. */
  flag(name: string): boolean {
    const value = this.#object[name] ?? false
    if (value === false || value === 0) return false
    if (value === true || value === 1) return true
    throw new FieldError(`"${name}" is neither 0 nor 1`)
  }

  /** Bytes, copied: hexadecimal, or a name that stands for them. */
  bytes(name: string, otherwise?: Uint8Array): Uint8Array {
    if (!this.has(name) && otherwise !== undefined) return otherwise
    const text = this.text(name)
    if (/^[@$]/.test(text)) {
      const bytes = this.#resolve(text)
      if (bytes === undefined) throw new FieldError(`"${name}" is ${text}, which stands for nothing`)
      return bytes.slice()
    }
    if (!HEX.test(text)) throw new FieldError(`"${name}" is not hexadecimal`)
    return Uint8Array.fromHex(text)
  }

  /** An object within this one. */
  object(name: string): Fields {
    const value = this.#object[name]
    if (!isObject(value)) throw new FieldError(`"${name}" is no object`)
    return new Fields(value, this.#resolve)
  }
}

function asNumber(name: string, value: unknown): number {
  const number = typeof value === 'string' && NUMBER.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 0) {
    throw new FieldError(`"${name}" is no number`)
  }
  return number
}
