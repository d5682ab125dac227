import { ByteWriter, concat, utf8Encode } from '../bytes/index.ts'
import { parseCheckpoint, type Checkpoint } from './checkpoint.ts'
import { decodeText } from './line-texts.ts'
import { TlogError } from './tlog-error.ts'

/** The signature algorithms that the assigned types of notes use here. */
export type NoteAlgorithm = 'ed25519' | 'ml-dsa-44'

/** What a signature covers besides the key. */
export interface SignedContent {
  /** The UTF-8 of the note's text. */
  readonly text: Uint8Array
  /** The key name of the signature line. */
  readonly name: string
  /** POSIX seconds; 0 for types without a time. */
  readonly time: number
}

/** One row of `SIGNATURE_TYPES`; lengths in bytes. */
export interface SignatureType {
  /** The byte that stands for the type in verifier keys and key hashes. */
  readonly id: number
  readonly algorithm: NoteAlgorithm
  readonly publicLength: number
  /** Of the algorithm's signature, without the timestamp in front of it. */
  readonly signatureLength: number
  /** Whether the signature is a `timestamped_signature`: eight bytes of time, then the algorithm's. */
  readonly timestamped: boolean
  /**
   * The bytes that the algorithm signs.
   *
   * @throws TlogError TLOG_CHECKPOINT, TLOG_LIMIT if a note of that type must be a checkpoint and is none
   */
  readonly message: (content: SignedContent) => Uint8Array
}

/** Names that an ML-DSA-44 signature covers have a length of one byte. */
const MAX_COVERED_NAME_BYTES = 255
const SUBTREE_LABEL = utf8Encode('subtree/v1\n\0')

/**
 * The types that are signed and verified here: C2SP signed-note, "Signature types".
 *
 * Lengths: RFC 8032 §5.1 for Ed25519, FIPS 204 table 2 for ML-DSA-44 (pure, with an empty context).
 */
export const SIGNATURE_TYPES = {
  /** Ed25519 over the text of any note. */
  note: {
    id: 0x01,
    algorithm: 'ed25519',
    publicLength: 32,
    signatureLength: 64,
    timestamped: false,
    message: ({ text }) => text,
  },
  /** A witness's Ed25519 cosignature of a checkpoint: C2SP tlog-cosignature, "Ed25519 signed message". */
  cosignature: {
    id: 0x04,
    algorithm: 'ed25519',
    publicLength: 32,
    signatureLength: 64,
    timestamped: true,
    message: cosignatureMessage,
  },
  /** The ML-DSA-44 signature of a log or witness on a checkpoint: C2SP tlog-cosignature, "ML-DSA-44 signed message". */
  subtree: {
    id: 0x06,
    algorithm: 'ml-dsa-44',
    publicLength: 1312,
    signatureLength: 2420,
    timestamped: true,
    message: subtreeMessage,
  },
} as const satisfies Record<string, SignatureType>

/** The name of a row. */
export type SignatureTypeName = keyof typeof SIGNATURE_TYPES

/** The type that a verifier key names by `id`; undefined for one that is not known here. */
export function signatureTypeById(id: number): SignatureType | undefined {
  return Object.values<SignatureType>(SIGNATURE_TYPES).find((type) => type.id === id)
}

/** `cosignature/v1`, the time, and the whole text of the checkpoint. The name of the cosigner is not covered. */
function cosignatureMessage({ text, time }: SignedContent): Uint8Array {
  readCheckpoint(text)
  return concat(utf8Encode(`cosignature/v1\ntime ${time}\n`), text)
}

/** The structure `cosigned_message` for a whole tree: name, time, origin, size, root; no extension lines. */
function subtreeMessage({ text, name, time }: SignedContent): Uint8Array {
  const { origin, size, root } = readCheckpoint(text)
  const writer = new ByteWriter(128).bytes(SUBTREE_LABEL)
  writeName(writer, name)
  writer.u64(time)
  writeName(writer, origin)
  return writer.u64(0).u64(size).bytes(root).toBytes()
}

function readCheckpoint(text: Uint8Array): Checkpoint {
  return parseCheckpoint(decodeText('TLOG_CHECKPOINT', text))
}

function writeName(writer: ByteWriter, name: string): void {
  const bytes = utf8Encode(name)
  if (bytes.length > MAX_COVERED_NAME_BYTES) {
    const most = `at most ${MAX_COVERED_NAME_BYTES} bytes`
    throw new TlogError('TLOG_LIMIT', `an ML-DSA-44 signature covers names of ${most}, got ${bytes.length}`)
  }
  writer.u8(bytes.length).bytes(bytes)
}
