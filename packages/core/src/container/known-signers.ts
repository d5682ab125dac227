import { toHex } from '../bytes/index.ts'
import { AliasList } from './alias-list.ts'
import type { AliasEntry, AliasValueFormat } from './alias-list.ts'
import { SignerKey } from './signature.ts'

/** A signer that the owner of the list knows by a name of their own. */
export interface KnownSigner {
  readonly alias: string
  readonly signer: SignerKey
  readonly comment: string
}

const FORMAT: AliasValueFormat<SignerKey> = {
  what: 'signer',
  words: 2,
  parse: (text) => SignerKey.parse(text),
  encode: (signer) => signer.toString(),
  identity: (signer) => toHex(signer.keyId),
}

/**
 * The file `known_signers`: whose signatures are accepted, and under which name they are shown.
 *
 * One `alias suite base64 [comment]` a line, in the manner of ssh's allowed signers:
 * docs/spec/container.md, "Known signers". Whoever writes this file decides who is trusted; it is never
 * filled from a sealed file or from the network without asking.
 */
export class KnownSigners {
  readonly #list: AliasList<SignerKey>

  private constructor(list: AliasList<SignerKey>) {
    this.#list = list
  }

  /** A list without entries. */
  static empty(): KnownSigners {
    return new KnownSigners(new AliasList(FORMAT))
  }

  /** @throws ContainerError CONTAINER_FORMAT with the number of the line that is wrong */
  static parse(text: string): KnownSigners {
    return new KnownSigners(AliasList.parse(text, FORMAT))
  }

  /** Reads the file at `path`; errors as `AliasList.load`. */
  static load(path: string): KnownSigners {
    return new KnownSigners(AliasList.load(path, FORMAT))
  }

  /** The text of the file, comments included. */
  encode(): string {
    return this.#list.encode()
  }

  /** Writes the file atomically, 0600. */
  save(path: string): void {
    this.#list.save(path)
  }

  /** All signers in the order of their lines. */
  get entries(): readonly KnownSigner[] {
    return this.#list.entries.map(toKnownSigner)
  }

  /** Who signs with the key of that id (32 bytes); undefined for a stranger. */
  find(keyId: Uint8Array): KnownSigner | undefined {
    const entry = this.#list.withIdentity(toHex(keyId))
    return entry && toKnownSigner(entry)
  }

  /** The signer called `alias`, whatever its case. */
  named(alias: string): KnownSigner | undefined {
    const entry = this.#list.withAlias(alias)
    return entry && toKnownSigner(entry)
  }

  /**
   * Adds a signer; adding exactly what is there changes nothing.
   *
   * @throws ContainerError CONTAINER_EXISTS if the alias stands for another key or the key has another
   *   alias: to replace a key is a decision, made with `remove` first
   * @throws ContainerError CONTAINER_NAME if `alias` is not one
   * @throws ContainerError CONTAINER_FORMAT if the comment cannot stand on a line
   */
  add(alias: string, signer: SignerKey, comment = ''): void {
    this.#list.add(alias, signer, comment)
  }

  /** @throws ContainerError CONTAINER_NOT_FOUND if nobody is called `alias` */
  remove(alias: string): void {
    this.#list.remove(alias)
  }
}

function toKnownSigner({ alias, value, comment }: AliasEntry<SignerKey>): KnownSigner {
  return { alias, signer: value, comment }
}
