import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { equalBytes, toHex, utf8Encode } from '../bytes/index.ts'
import { MerkleError, merkleTree } from '../merkle/index.ts'
import {
  ACTS,
  checkedText,
  encodeJson,
  ENVELOPE,
  exactly,
  fingerprintOf,
  hexBytes,
  LIMITS,
  listOf,
  objectOf,
  openStatement,
  orNull,
  paddedBase64Bytes,
  parseFingerprint,
  parseJson,
  parseProbeAnswerSubmission,
  probeListDigest,
  ProtocolError,
  verifyEpoch,
  verifyEpochs,
  wholeNumber,
  type Envelope,
  type EpochChain,
  type JsonField,
} from '../protocol/index.ts'
import { MAX_NOTE_BYTES, MAX_PROOF_HASHES } from '../tlog/index.ts'
import { trustIn } from './authority-state.ts'
import { milliseconds } from './deposit-record.ts'
import { verifyHead, type LogHead } from './log-head.ts'
import { nodeMeans, sha256 } from './node-verify.ts'
import { writeOwnFile } from './own-files.ts'

/**
 * What an authority did that it must not do.
 *
 * - `fork`: two signed trees of which the greater does not begin with the smaller;
 * - `shrunk`: a tree that is smaller than one that was signed before;
 * - `stalled`: the newest tree was signed long ago;
 * - `unverified`: a checkpoint that is not validly signed, or of another log;
 * - `unproved`: tiles that do not lead to the root that was signed;
 * - `epochs`: other epoch records than were shown before, or fewer;
 * - `receipt`: a receipt that proves nothing;
 * - `unknown`: a statement in the name of this client that it does not know;
 * - `foreign`: a statement that is not this client's, said to be its own;
 * - `unlogged`: a statement that does not stand in the log where it is said to stand;
 * - `omitted`: a statement that there is a receipt for, and that is not shown any more;
 * - `unopened`: the answer to a probe by which a deposit did not open, or opened to another key;
 * - `unanswered`: an answer to a probe that proves nothing.
 */
export type EvidenceKind = (typeof KINDS)[number]

const KINDS = [
  'fork',
  'shrunk',
  'stalled',
  'unverified',
  'unproved',
  'epochs',
  'receipt',
  'unknown',
  'foreign',
  'unlogged',
  'omitted',
  'unopened',
  'unanswered',
] as const

/** What others need to see for themselves. Which members there are depends on the kind. */
export interface Evidence {
  readonly kind: EvidenceKind
  /** By the clock of the computer that found it: milliseconds since 1970. */
  readonly foundMs: number
  /** The fingerprint of the authority. */
  readonly identity: string
  /** Its epochs as they were known. */
  readonly epochs: readonly Envelope[]
  /** Epochs as they were shown. */
  readonly shown: readonly Envelope[]
  /** The signed note that was known, and the one that was shown. */
  readonly known: string | null
  readonly note: string | null
  /** The root of as many leaves as the smaller tree has, in the greater one, and the proof of that. */
  readonly root: Uint8Array | null
  readonly proof: readonly Uint8Array[]
  /** A receipt, a statement, or a checkpoint that does not verify, as far as there is room. */
  readonly bytes: Uint8Array | null
  /** Where it stands in the log. */
  readonly index: number | null
}

/** What a third party finds in evidence. */
export interface EvidenceFinding {
  readonly kind: EvidenceKind
  /**
   * Whether signatures of the authority alone convict it. Otherwise they agree with what is said, but the word of whoever found
   * it is needed: of an answer that was not signed, or of when it was given.
   */
  readonly proven: boolean
  /** The two trees, as far as there are any: for whoever wants to ask the authority about them. */
  readonly known: LogHead | undefined
  readonly shown: LogHead | undefined
}

interface EvidenceMembers extends Evidence {
  readonly strongroom: 'evidence'
  readonly version: 1
}

const KIND: JsonField<EvidenceKind> = {
  read(value, path) {
    const kind = KINDS.find((candidate) => candidate === value)
    if (kind === undefined) throw new ProtocolError('PROTOCOL_FORMAT', `${path}: not a kind of evidence`)
    return kind
  },
  write: (value) => value,
}
const note = orNull(checkedText(MAX_NOTE_BYTES, () => undefined))
const envelopes = listOf(ENVELOPE, 0, LIMITS.epochs)
const EVIDENCE: JsonField<EvidenceMembers> = objectOf({
  strongroom: exactly('evidence'),
  version: exactly(1),
  kind: KIND,
  foundMs: milliseconds,
  identity: checkedText(64, parseFingerprint),
  epochs: envelopes,
  shown: envelopes,
  known: note,
  note,
  root: orNull(hexBytes(32)),
  proof: listOf(hexBytes(32), 0, MAX_PROOF_HASHES),
  bytes: orNull(paddedBase64Bytes(LIMITS.receiptBytes)),
  index: orNull(wholeNumber(0, Number.MAX_SAFE_INTEGER)),
})
const MAX_EVIDENCE_BYTES = 2 * LIMITS.authorityBytes + 4 * MAX_NOTE_BYTES

/** What is found: of whom, and what differs from the empty evidence. */
export type Find = { readonly kind: EvidenceKind } & Partial<
  Omit<Evidence, 'kind' | 'foundMs' | 'identity' | 'epochs'>
>

/**
 * Writes evidence into a folder, once: found again, it is the same file. Returns its path.
 *
 * @param chain the authority's epochs as they are known
 */
export function keepEvidence(folder: string, find: Find, chain: EpochChain, nowMs: number): string {
  const about = {
    ...NOTHING,
    ...find,
    identity: fingerprintOf(sha256, chain.identity),
    epochs: chain.epochs.map(({ envelope }) => envelope),
  }
  const encode = (foundMs: number) =>
    encodeJson(EVIDENCE, { strongroom: 'evidence', version: 1, ...about, foundMs }, MAX_EVIDENCE_BYTES)
  const digest = toHex(sha256(encode(0))).slice(0, 16)
  const path = join(folder, `${find.kind}-${digest}.evidence`)
  if (!existsSync(path)) writeOwnFile(path, encode(Math.floor(nowMs)))
  return path
}

const NOTHING = { shown: [], known: null, note: null, root: null, proof: [], bytes: null, index: null }

/** Reads evidence; nothing is verified. @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT */
export function parseEvidence(bytes: Uint8Array): Evidence {
  const { strongroom, version, ...evidence } = parseJson(EVIDENCE, bytes, MAX_EVIDENCE_BYTES)
  void [strongroom, version]
  return evidence
}

/**
 * Verifies evidence with the fingerprint of the authority alone, without asking anybody.
 *
 * @throws ProtocolError, TlogError for what is not signed by that authority although it must be
 */
export function verifyEvidence(bytes: Uint8Array, identity: string): EvidenceFinding {
  const evidence = parseEvidence(bytes)
  const chain = verifyEpochs(evidence.epochs, trustIn(identity))
  const known = headOf(evidence.known, chain)
  const shown = headOf(evidence.note, chain)
  const proven = PROOFS[evidence.kind]?.({ evidence, chain, known, shown }) ?? false
  return { kind: evidence.kind, proven, known, shown }
}

interface Case {
  readonly evidence: Evidence
  readonly chain: EpochChain
  readonly known: LogHead | undefined
  readonly shown: LogHead | undefined
}

/** Kinds that signatures can prove. */
const PROOFS: Partial<Record<EvidenceKind, (found: Case) => boolean>> = {
  fork: provesFork,
  shrunk: provesShrinking,
  epochs: provesEpochs,
  unopened: provesClosed,
}

/** Signed later by more than the clocks of an authority's machines may differ. */
function provesShrinking({ known, shown }: Case): boolean {
  if (!known || !shown || shown.size >= known.size) return false
  return shown.signedMs > known.signedMs + LIMITS.clockSkewSeconds * 1000
}

/** The proof shows what root the greater tree had when it was as small: another than the one that was signed. */
function provesFork({ evidence, known, shown }: Case): boolean {
  if (!known || !shown) return false
  const [small, great] = known.size <= shown.size ? [known, shown] : [shown, known]
  if (small.size === great.size) return !equalBytes(small.root, great.root)
  if (!evidence.root || equalBytes(evidence.root, small.root)) return false
  try {
    merkleTree(sha256).verifyConsistency(small.size, evidence.root, great.size, great.root, evidence.proof)
    return true
  } catch (error) {
    if (error instanceof MerkleError) return false
    throw error
  }
}

/** Two records of one number, both signed by the identity key. */
function provesEpochs({ evidence, chain }: Case): boolean {
  return evidence.shown.some((envelope) => {
    try {
      const { payload, digest } = verifyEpoch(envelope, trustIn(chain.identity))
      const own = chain.find(payload.number)
      return own !== undefined && !equalBytes(own.digest, digest)
    } catch (error) {
      if (error instanceof ProtocolError) return false
      throw error
    }
  })
}

/** The custodian signed that a deposit did not open. That one opened to another key, whoever has the right one has to say. */
function provesClosed({ evidence, chain }: Case): boolean {
  if (!evidence.bytes) return false
  const { statement, answers } = parseProbeAnswerSubmission(evidence.bytes)
  const { payload } = openStatement(ACTS['probe-answer'], statement, nodeMeans)
  const own = chain.epochs.some(({ payload: { custodian } }) => custodian === payload.custodian)
  const listed = equalBytes(probeListDigest(sha256, answers), payload.results)
  const same = payload.identity === evidence.identity
  return own && same && listed && answers.some(({ mac }) => mac === null)
}

function headOf(text: string | null, chain: EpochChain): LogHead | undefined {
  return text === null ? undefined : verifyHead(utf8Encode(text), chain)
}
