import type { PairUse } from './rsa-key.ts'

/** Whose key containers: the two name spaces never meet. */
export type ContainerScope = 'user' | 'machine'

/** A key pair at rest. */
export interface StoredPair {
  /** A PRIVATEKEYBLOB, in the clear: how it is protected at rest is the store's part. */
  readonly blob: Uint8Array
  /** Whether it may be exported. Kept beside the key, where nobody can change it without changing the key. */
  readonly exportable: boolean
}

/** The pairs of a key container. */
export type StoredContainer = Readonly<Partial<Record<PairUse, StoredPair>>>

/** What a container shall hold, given what it holds; undefined stands for no container. */
export type ContainerChange = (found: StoredContainer | undefined) => StoredContainer | undefined

/**
 * Where key containers are kept. Names are data: any text of up to 260 characters, never part of a path.
 *
 * Every call has its full effect, durably, before it returns. Implementations pass the suite in
 * `test/cryptoapi/container-store-suite.ts`.
 */
export interface ContainerStore {
  /** The names of all containers, in the order in which they were made. */
  names(scope: ContainerScope): string[]
  /** What a container holds, or undefined if there is none. The same object until it is changed. */
  read(scope: ContainerScope, name: string): StoredContainer | undefined
  /**
   * Makes, changes or takes away one container.
   *
   * Nobody comes in between `found` and what is stored, in another process neither: so `change` may be called again,
   * with what is there by then. What it throws is passed on, and then nothing has changed.
   */
  update(scope: ContainerScope, name: string, change: ContainerChange): void
}

/** Key containers that live as long as the object: for temporary use, and for tests. */
export class MemoryContainerStore implements ContainerStore {
  readonly #scopes: Readonly<Record<ContainerScope, Map<string, StoredContainer>>> = {
    user: new Map(),
    machine: new Map(),
  }

  names(scope: ContainerScope): string[] {
    return [...this.#scopes[scope].keys()]
  }

  read(scope: ContainerScope, name: string): StoredContainer | undefined {
    return this.#scopes[scope].get(name)
  }

  update(scope: ContainerScope, name: string, change: ContainerChange): void {
    const containers = this.#scopes[scope]
    const changed = change(containers.get(name))
    if (changed === undefined) containers.delete(name)
    else containers.set(name, changed)
  }
}
