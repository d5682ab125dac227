import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A secret, in the forms in which somebody might write it. */
function formsOf(secret: Uint8Array): Buffer[] {
  const bytes = Buffer.from(secret)
  const texts = [
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    [...bytes].join(','),
    [...bytes].join(', '),
    // Base64 at each place that three bytes can begin at, without what depends on its neighbours.
    ...[0, 1, 2].flatMap((shift) => {
      const text = Buffer.concat([Buffer.alloc(shift), bytes, Buffer.alloc(3)]).toString('base64')
      const inner = text.slice(shift === 0 ? 0 : 4, Math.floor(((shift + bytes.length) * 4) / 3) - 1)
      return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')]
    }),
  ]
  return [
    bytes,
    Buffer.from(bytes.toReversed()),
    ...texts.flatMap((text) => [Buffer.from(text), Buffer.from(text, 'utf16le')]),
  ]
}

/** Texts and files, and what must stand in none of them. */
export class Hunt {
  readonly #marks: readonly (readonly [name: string, forms: readonly Buffer[]])[]
  #seen = 0

  constructor(secrets: Readonly<Record<string, Uint8Array>>) {
    this.#marks = Object.entries(secrets).map(([name, secret]) => [name, formsOf(secret)] as const)
  }

  get seen(): number {
    return this.#seen
  }

  look(what: string, content: Uint8Array | string): void {
    const bytes = Buffer.from(content)
    this.#seen++
    for (const [name, forms] of this.#marks) {
      for (const [i, form] of forms.entries())
        assert.ok(!bytes.includes(form), `${name} (form ${i}) in ${what}`)
    }
  }

  lookBelow(folder: string): Buffer[] {
    const contents: Buffer[] = []
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      const content = readFileSync(path)
      this.look(path, content)
      contents.push(content)
    }
    return contents
  }
}
