import { parseRecipient } from '../age/index.ts'
import type { Recipient } from '../age/index.ts'
import { AliasList } from './alias-list.ts'
import type { AliasEntry, AliasValueFormat } from './alias-list.ts'

/** A recipient that the owner of the list knows by a name of their own. */
export interface KnownRecipient {
  readonly alias: string
  readonly recipient: Recipient
  readonly comment: string
}

const FORMAT: AliasValueFormat<Recipient> = {
  what: 'recipient',
  words: 1,
  parse: parseRecipient,
  encode: (recipient) => recipient.toString(),
  identity: (recipient) => recipient.toString(),
}

/**
 * The file `known_recipients`: names for those to whom files are sealed.
 *
 * One `alias recipient [comment]` a line: docs/spec/container.md, "Known recipients". Whoever writes this
 * file decides who can read what is sealed to a name in it.
 */
export class KnownRecipients {
  readonly #list: AliasList<Recipient>

  private constructor(list: AliasList<Recipient>) {
    this.#list = list
  }

  /** A list without entries. */
  static empty(): KnownRecipients {
    return new KnownRecipients(new AliasList(FORMAT))
  }

  /** @throws ContainerError CONTAINER_FORMAT with the number of the line that is wrong */
  static parse(text: string): KnownRecipients {
    return new KnownRecipients(AliasList.parse(text, FORMAT))
  }

  /** Reads the file at `path`; errors as `AliasList.load`. */
  static load(path: string): KnownRecipients {
    return new KnownRecipients(AliasList.load(path, FORMAT))
  }

  /** The text of the file, comments included. */
  encode(): string {
    return this.#list.encode()
  }

  /** Writes the file atomically, 0600. */
  save(path: string): void {
    this.#list.save(path)
  }

  /** All recipients in the order of their lines. */
  get entries(): readonly KnownRecipient[] {
    return this.#list.entries.map(toKnownRecipient)
  }

  /** The recipient called `alias`, whatever its case. */
  named(alias: string): KnownRecipient | undefined {
    const entry = this.#list.withAlias(alias)
    return entry && toKnownRecipient(entry)
  }

  /** Adds a recipient; conditions and errors as `KnownSigners.add`. */
  add(alias: string, recipient: Recipient, comment = ''): void {
    this.#list.add(alias, recipient, comment)
  }

  /** @throws ContainerError CONTAINER_NOT_FOUND if nobody is called `alias` */
  remove(alias: string): void {
    this.#list.remove(alias)
  }
}

function toKnownRecipient({ alias, value, comment }: AliasEntry<Recipient>): KnownRecipient {
  return { alias, recipient: value, comment }
}
