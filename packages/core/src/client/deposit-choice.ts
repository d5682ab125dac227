import { toHex } from '../bytes/index.ts'
import { objectNameDigest, type FoundDeposit } from '../protocol/index.ts'
import { inspectFile } from '../seal/index.ts'
import { sha256 } from './node-verify.ts'
import { namesOf } from './recovered-files.ts'

/** Which deposits are wanted; whatever is named must be there. */
export interface WantedDeposits {
  /** Everything, whatever is named besides. */
  readonly all: boolean
  /** Their ids, 32 bytes each. */
  readonly ids: readonly Uint8Array[]
  /** Serial numbers of files and keys, 16 bytes each. */
  readonly serials: readonly Uint8Array[]
  /** Sealed files. */
  readonly paths: readonly string[]
}

/** What was named and not found. */
export interface MissingDeposits {
  readonly ids: readonly string[]
  readonly serials: readonly string[]
  readonly paths: readonly string[]
}

/**
 * Picks deposits out of those of a client, each looked at once: however many there are of both, it takes as long as reading them.
 * A file is found by its seal if that is public, or else by its name and size.
 */
export class DepositChoice {
  readonly #all: boolean
  /** By what a deposit is picked, and what was named so. */
  readonly #by: ReadonlyMap<string, readonly string[]>
  readonly #named: Readonly<Record<keyof MissingDeposits, readonly string[]>>
  readonly #found = new Set<string>()

  private constructor(wanted: WantedDeposits, files: ReadonlyMap<string, readonly string[]>) {
    this.#all = wanted.all
    const [ids, serials] = [wanted.ids.map(toHex), wanted.serials.map(toHex)]
    this.#named = { ids: unique(ids), serials: unique(serials), paths: unique(wanted.paths) }
    const by = new Map<string, string[]>()
    const add = (mark: string, name: string) => {
      const names = by.get(mark)
      if (names) names.push(name)
      else by.set(mark, [name])
    }
    for (const id of this.#named.ids) add(`id ${id}`, `ids ${id}`)
    for (const serial of this.#named.serials) add(`serial ${serial}`, `serials ${serial}`)
    for (const [path, marks] of files) for (const mark of marks) add(mark, `paths ${path}`)
    this.#by = by
  }

  /** Reads what is needed of the files. @throws SealError for what is no sealed file */
  static async of(wanted: WantedDeposits): Promise<DepositChoice> {
    const files = new Map<string, readonly string[]>()
    // One after the other: of thousands at once the system opens none.
    for (const path of new Set(wanted.paths)) files.set(path, await marksOfFile(path))
    return new DepositChoice(wanted, files)
  }

  /** Whether a deposit is wanted. */
  readonly takes = (deposit: FoundDeposit): boolean => {
    const names = marksOf(deposit).flatMap((mark) => this.#by.get(mark) ?? [])
    for (const name of names) this.#found.add(name)
    return this.#all || names.length > 0
  }

  /** What was named and not among all that was looked at. */
  get missing(): MissingDeposits {
    const absent = (kind: keyof MissingDeposits) =>
      this.#named[kind].filter((name) => !this.#found.has(`${kind} ${name}`))
    return { ids: absent('ids'), serials: absent('serials'), paths: absent('paths') }
  }
}

const unique = (names: readonly string[]) => [...new Set(names)]

async function marksOfFile(path: string): Promise<string[]> {
  const { claims, plaintextBytes } = await inspectFile({ path })
  if (claims) return [`seal ${toHex(claims.sealId)}`]
  return namesOf(path).map((name) => `object ${toHex(objectNameDigest(sha256, name))} ${plaintextBytes}`)
}

function marksOf({ id, serial, sealId, object }: FoundDeposit): string[] {
  return [
    `id ${toHex(id)}`,
    `serial ${toHex(serial)}`,
    ...(sealId ? [`seal ${toHex(sealId)}`] : []),
    ...(object ? [`object ${toHex(object.name)} ${object.size}`] : []),
  ]
}
