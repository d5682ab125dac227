import { randomBytes } from 'node:crypto'
import {
  derivePayloadKey,
  NONCE_BYTES,
  newFileKey,
  sealedPayloadLength,
  wrapFileKey,
  type Recipient,
  type Stanza,
} from '../age/index.ts'
import { wipe } from '../bytes/index.ts'
import type { SigningKey } from '../container/index.ts'
import {
  draftSeal,
  finishSeal,
  largestSealStanza,
  LONGEST_TABLE_BYTES,
  MAX_VERSION,
  newSerial,
  type BatchSignature,
  type Metadata,
  type NamedSessionKey,
  type SealDraft,
  type VerifiedSeal,
  type Visibility,
} from '../keyblob/index.ts'
import type { FileState } from './file-state.ts'
import { fitHeader, reserveHeaderFor } from './header-plan.ts'
import { openStaging, type Output, type Staging } from './output.ts'
import type { RunOptions } from './payload-run.ts'
import { writeAllAt } from './positional-io.ts'
import { SealError } from './seal-error.ts'
import type { EncryptedPayload, Source } from './source.ts'

/** Who seals, and for whom. */
export interface Sealer {
  /** All post-quantum or all classic. */
  readonly recipients: readonly Recipient[]
  readonly signingKey: SigningKey
  /** A verified session key that opens the file as well. */
  readonly namedKey?: NamedSessionKey | undefined
  readonly visibility: Visibility
}

/** What is said about a file besides what its source says. */
export interface Naming {
  /** The name to be signed; by default the source's own. */
  readonly name?: string | undefined
  readonly description?: string | undefined
  /** The version that this one replaces: serial number and version count go on. */
  readonly previous?: VerifiedSeal | undefined
  /** The newest version number seen, if it is later than that of `previous`. */
  readonly newestVersion?: number | undefined
}

/** A sealed file that lacks only its signature and its name. */
export interface Staged {
  readonly draft: SealDraft
  readonly serial: Uint8Array
  readonly metadata: Metadata
  /** Wiped by `release` and `discard`. */
  readonly sessionKey: Uint8Array
  readonly plaintextBytes: number
  readonly sealedBytes: number
  /** What the input was; undefined for a stream. */
  readonly source: FileState | undefined
  /** The folder in which the file will appear. */
  readonly folder: string | undefined
  /** Writes the header and gives the file its name. */
  release(batch: BatchSignature): Promise<void>
  /** Leaves nothing behind. */
  discard(): void
}

/** The secrets and choices of one sealed file. */
interface Plan {
  readonly sessionKey: Uint8Array
  readonly nonce: Uint8Array
  readonly wrapped: readonly Stanza[]
  readonly metadata: Metadata
  readonly serial: Uint8Array
  /** Bytes kept free for the header. */
  readonly reserved: number
}

// 0600: who else may read the ciphertext is for the owner to say, by changing it.
const SEALED_MODE = 0o600

/**
 * Encrypts a source into a place that nobody sees yet.
 *
 * The session key is new and seals this payload alone (C2SP age.md, "File key").
 *
 * @param batchSize how many files the signature will cover at most
 * @throws SealError, AgeError, KeyBlobError; nothing is left behind
 */
export async function stage(
  source: Source,
  output: Output,
  naming: Naming,
  sealer: Sealer,
  batchSize: number,
  options: RunOptions,
): Promise<Staged> {
  const plan = planOf(source, naming, sealer, batchSize)
  let staging: Staging | undefined
  try {
    staging = openStaging(output)
    const payload = await encryptInto(staging, source, plan, options)
    return staged(source, plan, payload, sealer, staging)
  } catch (error) {
    wipe(plan.sessionKey)
    staging?.discard()
    throw error
  }
}

function planOf(source: Source, naming: Naming, sealer: Sealer, batchSize: number): Plan {
  const metadata = metadataOf(source, naming)
  const sessionKey = newFileKey()
  const wrapped = wrapFileKey(sessionKey, sealer.recipients)
  if (sealer.namedKey) wrapped.push(sealer.namedKey.wrap(sessionKey))
  const payloadLength = roomFor(source)
  const { visibility, signingKey } = sealer
  const seal = largestSealStanza({
    metadata,
    payloadLength,
    batchSize,
    visibility,
    signer: signingKey.signer,
  })
  return {
    sessionKey,
    nonce: new Uint8Array(randomBytes(NONCE_BYTES)),
    wrapped,
    metadata,
    serial: naming.previous?.serial ?? newSerial(metadata.createdMs),
    reserved: reserveHeaderFor([...wrapped, seal], payloadLength),
  }
}

/** A length of payload with at least as long a segment table as that of the source. */
function roomFor({ plaintextLength, atMost }: Source): number {
  if (plaintextLength !== undefined) return sealedPayloadLength(plaintextLength)
  return atMost === undefined
    ? LONGEST_TABLE_BYTES
    : Math.min(sealedPayloadLength(atMost), LONGEST_TABLE_BYTES)
}

async function encryptInto(
  staging: Staging,
  source: Source,
  plan: Plan,
  options: RunOptions,
): Promise<EncryptedPayload> {
  const key = derivePayloadKey(plan.sessionKey, plan.nonce)
  try {
    return await source.encrypt({ fd: staging.fd, offset: plan.reserved + NONCE_BYTES, key }, options)
  } finally {
    wipe(key)
  }
}

function staged(
  source: Source,
  plan: Plan,
  payload: EncryptedPayload,
  sealer: Sealer,
  staging: Staging,
): Staged {
  const { sessionKey, nonce, metadata, serial } = plan
  const { plaintextLength, leafHashes } = payload
  const payloadLength = sealedPayloadLength(plaintextLength)
  const signer = sealer.signingKey.signer
  const draft = draftSeal({
    kind: 'file',
    serial,
    sessionKey,
    nonce,
    payloadLength,
    leafHashes,
    metadata,
    signer,
  })
  const sealedBytes = plan.reserved + NONCE_BYTES + payloadLength
  return {
    draft,
    serial,
    metadata,
    sessionKey,
    plaintextBytes: plaintextLength,
    sealedBytes,
    source: source.state,
    folder: staging.folder,
    release: async (batch) => {
      writeHeader(plan, finishSeal(draft, batch, sessionKey, sealer.visibility), staging.fd)
      await staging.release(sealedBytes, SEALED_MODE)
    },
    discard: () => {
      wipe(sessionKey)
      staging.discard()
    },
  }
}

/** The header comes last, where room was kept for it: without one, the file opens nowhere. */
function writeHeader(plan: Plan, seal: Stanza, fd: number): void {
  const header = fitHeader([...plan.wrapped, seal], plan.reserved, plan.sessionKey)
  wipe(plan.sessionKey)
  if (!header) throw new SealError('LIMIT', 'header: longer than the room kept for it')
  writeAllAt(fd, [header, plan.nonce], 0)
}

function metadataOf(source: Source, { name, description, previous, newestVersion = 0 }: Naming): Metadata {
  const version = Math.max(previous?.metadata.version ?? 0, newestVersion) + 1
  if (version > MAX_VERSION) throw new SealError('LIMIT', 'the serial number has no versions left')
  return {
    ...source.facts,
    ...(description === undefined ? {} : { description }),
    ...(name === undefined ? {} : { name }),
    createdMs: Date.now(),
    version,
    ...(previous ? { previous: previous.sealId } : {}),
  }
}
