import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { equalBytes, fromHex, toHex } from '@strongroom/core/bytes'
import { ContainerError, readRegularFile, writeFileAtomically } from '@strongroom/core/container'
import {
  encodeEnvelope,
  LIMITS,
  parseEnvelope,
  parseKeyBlobs,
  RECOVERY_LIMITS,
  type Envelope,
} from '@strongroom/core/protocol'
import { sha256 } from '../model/digest.ts'
import { encodeRecord, parseRecord, type ReleaseRecord } from './release-record.ts'
import { reading } from './reading.ts'

/** The disk calls of `writeFileAtomically`, for tests that let them fail. */
export type DiskCalls = Parameters<typeof writeFileAtomically>[3]

/** What of a release is in files beside its record. */
const PARTS = { blobs: '.blobs', record: '.record', release: '.release', receipt: '.receipt' } as const
const MAX_RECORD_BYTES = 131_072

/** A release as it lies on the disk. */
export interface KeptRelease {
  readonly subject: Uint8Array
  readonly record: ReleaseRecord
}

/**
 * The releases of a custodian, in the folder `releases`: files are added, never changed, and none is taken away.
 *
 * In this order, each durable before the next: `.blobs`; `.record`, from which on the subject is spent; `.release`, signed; `.receipt`, which
 * proves that it is in the log, and by which the key blobs were handed out.
 */
export class ReleaseFiles {
  readonly #folder: string
  readonly #calls: DiskCalls

  constructor(folder: string, calls?: DiskCalls) {
    this.#folder = folder
    this.#calls = calls
  }

  /** Everything that is spent. @throws CustodianError CUSTODIAN_STATE */
  all(): KeptRelease[] {
    const names = readdirSync(this.#folder).filter((name) => name.endsWith(PARTS.record))
    return names.map((name) => {
      const subject = reading(name, () => fromHex(name.slice(0, -PARTS.record.length)))
      return { subject, record: this.#record(subject) }
    })
  }

  /** Makes a subject spent. The key blobs are there before it is. */
  spend(subject: Uint8Array, record: ReleaseRecord, blobs: Uint8Array): void {
    // What a process left that ended before the record was there belongs to nothing.
    this.#write(subject, 'blobs', blobs, true)
    this.#write(subject, 'record', encodeRecord(record))
  }

  /** The signed release; undefined if there is none yet. */
  release(subject: Uint8Array): Envelope | undefined {
    const bytes = this.#read(subject, 'release', LIMITS.envelopeBytes)
    return bytes && reading(this.#path(subject, 'release'), () => parseEnvelope(bytes))
  }

  keepRelease(subject: Uint8Array, release: Envelope): void {
    this.#write(subject, 'release', encodeEnvelope(release))
  }

  /** The receipt of the release, once it was handed out. */
  receipt(subject: Uint8Array): Uint8Array | undefined {
    return this.#read(subject, 'receipt', LIMITS.receiptBytes)
  }

  keepReceipt(subject: Uint8Array, receipt: Uint8Array): void {
    this.#write(subject, 'receipt', receipt, true)
  }

  /** The key blobs, as they are handed out. @throws CustodianError CUSTODIAN_STATE if they are not those of the record */
  blobs(subject: Uint8Array, record: ReleaseRecord): Uint8Array {
    const bytes = this.#read(subject, 'blobs', RECOVERY_LIMITS.bundleBytes)
    return reading(this.#path(subject, 'blobs'), () => {
      if (!bytes || !equalBytes(sha256(bytes), record.blobs)) {
        throw new ContainerError('CONTAINER_FORMAT', 'they are not those of the release')
      }
      if (bytes.length > 0) parseKeyBlobs(bytes)
      return bytes
    })
  }

  #record(subject: Uint8Array): ReleaseRecord {
    const path = this.#path(subject, 'record')
    return reading(path, () => parseRecord(readRegularFile(path, MAX_RECORD_BYTES, 'release').bytes))
  }

  #read(subject: Uint8Array, part: keyof typeof PARTS, maxBytes: number): Uint8Array | undefined {
    const path = this.#path(subject, part)
    try {
      return readRegularFile(path, maxBytes, 'release').bytes
    } catch (error) {
      if (error instanceof ContainerError && error.code === 'CONTAINER_NOT_FOUND') return undefined
      return reading(path, () => {
        throw error
      })
    }
  }

  #write(subject: Uint8Array, part: keyof typeof PARTS, bytes: Uint8Array, overwrite = false): void {
    writeFileAtomically(this.#path(subject, part), bytes, { overwrite }, this.#calls)
  }

  #path(subject: Uint8Array, part: keyof typeof PARTS): string {
    return join(this.#folder, `${toHex(subject)}${PARTS[part]}`)
  }
}
