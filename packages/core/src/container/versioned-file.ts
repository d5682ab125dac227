import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { toHex } from '../bytes/index.ts'
import {
  NODE_CALLS,
  checkTarget,
  errorCode,
  forget,
  syncFolder,
  takeFreeName,
  temporaryFor,
  writeTemporary,
} from './atomic-write.ts'
import type { DiskCalls } from './atomic-write.ts'
import { ContainerError } from './container-error.ts'
import { readRegularFile } from './regular-file.ts'

/** What is read and written, and how long it may be. */
export interface VersionedFileOptions {
  readonly path: string
  readonly maxBytes: number
  /** The name of the file in errors. */
  readonly what: string
  /** Milliseconds after which a claim is taken to be left over; a second unless a test cannot wait. */
  readonly lease?: number
}

/**
 * After this many milliseconds a claim was left by a program that is gone: while it has one, a living one does next to
 * nothing. Correctness does not hang on it, see `replace`.
 */
const CLAIM_LEASE = 1_000
/** Milliseconds between two looks at a claim. */
const POLL = 5

/**
 * A small file that several programs change, in which nobody replaces a version that they have not seen.
 *
 * There is no lock that a killed program could leave behind for ever. A new version is written whole under a name of
 * its own, then takes the name `.<file>.<hash of the version that it replaces>.next`, the *claim*. One program alone
 * can have that, and while it has it, nothing else can follow the version replaced. The claim then takes the
 * place of the file.
 */
export class VersionedFile {
  readonly path: string
  readonly #maxBytes: number
  readonly #what: string
  readonly #lease: number
  readonly #calls: DiskCalls

  constructor({ path, maxBytes, what, lease }: VersionedFileOptions, calls: DiskCalls = NODE_CALLS) {
    this.path = path
    this.#maxBytes = maxBytes
    this.#what = what
    this.#lease = lease ?? CLAIM_LEASE
    this.#calls = calls
  }

  /** The version that is there; undefined if there is none. @throws as `readRegularFile` */
  read(): Uint8Array | undefined {
    try {
      return readRegularFile(this.path, this.#maxBytes, this.#what).bytes
    } catch (error) {
      if (error instanceof ContainerError && error.code === 'CONTAINER_NOT_FOUND') return undefined
      throw error
    }
  }

  /**
   * Replaces a version, durably, 0600, in a folder made 0700.
   *
   * After an error the old version is there, or the new one, which then may not survive a power cut.
   *
   * Whoever stood still for longer than a claim lasts may have lost it, and the claim that they rename may be another's,
   * which is as good as if its owner had renamed it. So after a long time, and when the claim is gone, the file itself
   * says whether the new version arrived.
   *
   * @param seen the version that is replaced, as it was read; undefined if there was none
   * @param bytes never the same twice
   * @returns false if another version is there, or on its way: the caller reads it and begins again
   * @throws ContainerError CONTAINER_PERMISSIONS if there is a symbolic link or no regular file
   * @throws the platform's error for everything the disk refuses
   */
  replace(seen: Uint8Array | undefined, bytes: Uint8Array): boolean {
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 })
    checkTarget(this.path)
    const claim = claimPath(this.path, seen)
    const since = this.#claim(claim, bytes)
    if (since === undefined) return false
    try {
      if (!isVersion(this.read(), seen)) {
        this.#discard(claim)
        return false
      }
      const certain = this.#follow(claim) && performance.now() - since < this.#lease / 2
      if (!certain && !isVersion(this.read(), bytes)) return false
    } catch (error) {
      forget(claim, this.#calls)
      throw error
    }
    syncFolder(dirname(this.path), this.#calls)
    return true
  }

  /** Takes a claim with the new version in it. @returns since when it is held; undefined if another has it */
  #claim(claim: string, bytes: Uint8Array): number | undefined {
    const temporary = temporaryFor(this.path)
    try {
      writeTemporary(temporary, bytes, 0o600, this.#calls)
      const since = performance.now()
      takeFreeName(temporary, claim, this.#calls)
      return since
    } catch (error) {
      forget(temporary, this.#calls)
      if (errorCode(error) !== 'EEXIST') throw error
      this.#awaitClaim(claim)
      return undefined
    }
  }

  /** @returns whether there was a claim to rename */
  #follow(claim: string): boolean {
    try {
      this.#calls.renameSync(claim, this.path)
      return true
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error
      return false
    }
  }

  /** Until another's claim has become the file. One that was left is removed: the call that took it never returned. */
  #awaitClaim(claim: string): void {
    const first = identityOf(claim)
    for (const since = performance.now(); performance.now() - since < this.#lease; pause()) {
      if (first === undefined || identityOf(claim) !== first) return
    }
    this.#discard(claim)
  }

  #discard(claim: string): void {
    try {
      this.#calls.unlinkSync(claim)
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error
    }
  }
}

function claimPath(path: string, seen: Uint8Array | undefined): string {
  const hash = createHash('sha256')
    .update(seen ?? new Uint8Array(0))
    .digest()
  return join(dirname(path), `.${basename(path)}.${toHex(hash.subarray(0, 16))}.next`)
}

function isVersion(found: Uint8Array | undefined, version: Uint8Array | undefined): boolean {
  if (found === undefined || version === undefined) return found === version
  return Buffer.compare(found, version) === 0
}

function identityOf(path: string): string | undefined {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  return found && `${found.dev} ${found.ino} ${found.ctimeNs}`
}

/** Stands still for a moment: there is nothing to wait on. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL)
}
