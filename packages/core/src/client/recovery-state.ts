import {
  checkedText,
  checkName,
  checkUrl,
  encodeJson,
  ENVELOPE,
  exactly,
  hexBytes,
  LIMITS,
  listOf,
  objectOf,
  orNull,
  parseFingerprint,
  parseJson,
  ProtocolError,
  RECOVERY_LIMITS,
  verifyEpochs,
  wholeNumber,
  type Envelope,
  type EpochChain,
  type JsonField,
  type KnownCharter,
} from '../protocol/index.ts'
import type { TreeHead } from '../tlog/index.ts'
import { MAX_STATE_BYTES, trustIn } from './authority-state.ts'
import { labelText, milliseconds, pathText } from './deposit-record.ts'

/** A file that is to open again. */
export interface WantedFile {
  /** Absolute. */
  readonly path: string
}

/** What a recovery begins with, and what stays. */
export interface RecoveryPlan {
  /** `rehearsal`: a drill on a deposit that was made for it. */
  readonly purpose: 'recovery' | 'rehearsal'
  readonly url: string
  /** Certificates to trust instead of the platform's, in PEM. */
  readonly ca: string | null
  /** The fingerprint of the authority. */
  readonly identity: string
  readonly tenant: string
  /** The owner of the deposits. */
  readonly client: string
  /** The new key container, by its name. */
  readonly container: string
  /** The request: signed once, so that there is never a second one. */
  readonly request: Envelope
  /** The ids of the deposits; on the disk in ascending order. */
  readonly deposits: readonly Uint8Array[]
  readonly files: readonly WantedFile[]
  /** Milliseconds since 1970 by this computer's clock. */
  readonly createdMs: number
}

/** A recovery as it stands on the disk; its epochs are verified. */
export interface RecoveryRecord extends RecoveryPlan {
  readonly epochs: EpochChain
  /** What was seen of the log and of the charters. */
  readonly seen: TreeHead | null
  readonly known: KnownCharter | null
  /** What the custodian signed about the key blobs, once that was verified: then only they are missing. */
  readonly released: ReleasedRecord | null
}

/** What was verified about a release. */
export interface ReleasedRecord {
  /** `results` of the release: 32 bytes. */
  readonly results: Uint8Array
  /** The signer that the owner enrolled with. */
  readonly ownerSigner: string
  /** When it was logged and when it was released, in milliseconds since 1970. */
  readonly requestedMs: number
  readonly releasedMs: number
}

interface RecordMembers extends Omit<RecoveryRecord, 'epochs'> {
  readonly strongroom: 'recovery'
  readonly version: 1
  readonly epochs: readonly Envelope[]
}

const MAX_CERTIFICATES = 262_144
const MAX_FILES = 100_000
const number = wholeNumber(0, Number.MAX_SAFE_INTEGER)
const purpose: JsonField<RecoveryPlan['purpose']> = {
  read(value, path) {
    if (value === 'recovery' || value === 'rehearsal') return value
    throw new ProtocolError('PROTOCOL_FORMAT', `${path}: not a purpose of recoveries`)
  },
  write: (value) => value,
}

const RECORD: JsonField<RecordMembers> = objectOf({
  strongroom: exactly('recovery'),
  version: exactly(1),
  purpose,
  url: checkedText(512, checkUrl),
  ca: orNull(checkedText(MAX_CERTIFICATES, () => undefined)),
  identity: checkedText(64, parseFingerprint),
  tenant: checkedText(64, checkName),
  client: checkedText(64, checkName),
  container: labelText,
  request: ENVELOPE,
  deposits: listOf(hexBytes(32), 1, RECOVERY_LIMITS.deposits),
  files: listOf(objectOf({ path: pathText }), 0, MAX_FILES),
  createdMs: milliseconds,
  epochs: listOf(ENVELOPE, 1, LIMITS.epochs),
  seen: orNull(objectOf({ size: number, root: hexBytes(32) })),
  known: orNull(objectOf({ first: hexBytes(32), number: wholeNumber(1, 0xffffffff), digest: hexBytes(32) })),
  released: orNull(
    objectOf({
      results: hexBytes(32),
      ownerSigner: checkedText(4_096, () => undefined),
      requestedMs: milliseconds,
      releasedMs: milliseconds,
    }),
  ),
})

/** A path may be long, and each of its characters six in JSON. */
export const MAX_RECOVERY_BYTES = MAX_STATE_BYTES + 64 * 1_048_576

/** The one encoding of a record. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function encodeRecovery(record: RecoveryRecord): Uint8Array {
  const epochs = record.epochs.epochs.map(({ envelope }) => envelope)
  return encodeJson(RECORD, { ...record, strongroom: 'recovery', version: 1, epochs }, MAX_RECOVERY_BYTES)
}

/** Reads what `encodeRecovery` writes, and verifies the epochs. @throws ProtocolError as `verifyEpochs` */
export function parseRecovery(bytes: Uint8Array): RecoveryRecord {
  const { strongroom, version, ...members } = parseJson(RECORD, bytes, MAX_RECOVERY_BYTES)
  void [strongroom, version]
  return { ...members, epochs: verifyEpochs(members.epochs, trustIn(members.identity)) }
}
