import { statSync } from 'node:fs'
import { plaintextLength, unwrapFileKey, type Header, type Identity, type Stanza } from '../age/index.ts'
import { wipe } from '../bytes/index.ts'
import {
  findSeal,
  isPad,
  openSealBody,
  parseSealBody,
  SEAL_TYPE,
  sealIdOf,
  verifySeal,
  type Metadata,
  type Serial,
  type SignerDirectory,
  type StatementKind,
  type VerifiedSeal,
  type Visibility,
} from '../keyblob/index.ts'
import { asSealError, reporting } from './failure.ts'
import { openInput, type Input } from './input.ts'
import { openSealedInput, readAgeHeader } from './sealed-input.ts'
import { SealError, type SealErrorCode } from './seal-error.ts'

/** What a seal says, verified or not. */
export interface SealClaims {
  readonly kind: StatementKind
  readonly serial: Serial
  readonly sealId: Uint8Array
  readonly metadata: Metadata
  /** `SignerKey.keyId` of the signer. */
  readonly signerId: Uint8Array
  readonly commitment: Uint8Array
  readonly segments: number
  /** Leaves of 1 MiB in a segment. */
  readonly leavesPerSegment: number
  readonly batchSize: number
}

/** What could be found out about a file or key blob without reading its payload. */
export interface Inspection {
  /** A whole file, or a detached key blob: a header alone. */
  readonly form: 'file' | 'key blob'
  readonly stanzas: readonly Stanza[]
  readonly headerBytes: number
  /** Bytes that a later header can use. */
  readonly padStanzas: number
  /** Undefined for a key blob, and if no payload has that length. */
  readonly plaintextBytes: number | undefined
  readonly payloadBytes: number | undefined
  /** How the file's origin can be known. */
  readonly protection: 'private seal' | 'public seal' | 'password' | 'none'
  /** Whether one of the identities opened the header and its MAC is right. */
  readonly opened: boolean
  /** What the seal says, if it could be read. Believe it only if `verified` is there. */
  readonly claims: SealClaims | undefined
  /** The seal, if its signature is that of a known signer. The payload is not verified. */
  readonly verified: VerifiedSeal | undefined
  /** Why there is no `verified`. */
  readonly problem: { readonly code: SealErrorCode; readonly message: string } | undefined
}

/** What an inspection may use; both may be empty. */
export interface InspectOptions {
  readonly identities?: readonly Identity[] | undefined
  readonly signers?: SignerDirectory | undefined
}

/**
 * Looks at a file or key blob: what it is, what it says, and how much of that is proved.
 *
 * @throws SealError NOT_AGE, HEADER, UNSUPPORTED, IO, NOT_AUTHENTIC if it ends within its payload nonce; what else is
 *   wrong is part of the answer
 */
export async function inspectFile(input: Input, options: InspectOptions = {}): Promise<Inspection> {
  return reporting('path' in input ? input.path : undefined, async () => {
    const front = await readFront(input)
    const keyed = sessionKeyOf(front.header, options.identities ?? [])
    try {
      return { ...facts(front), ...sealOf(front, keyed, options) }
    } finally {
      if (keyed.sessionKey) wipe(keyed.sessionKey)
    }
  })
}

interface Front {
  readonly header: Header
  readonly payload: { readonly nonce: Uint8Array; readonly length: number } | undefined
}

async function readFront(input: Input): Promise<Front> {
  const detached = await detachedHeader(input)
  if (detached) return { header: detached, payload: undefined }
  const file = await openSealedInput(input)
  file.close()
  return { header: file.header, payload: { nonce: file.nonce, length: file.payloadLength } }
}

/** The header of a file in which nothing follows it. What else is wrong is found when the file is opened. */
async function detachedHeader(input: Input): Promise<Header | undefined> {
  // A pipe can be opened once: its writer would lose its reader.
  if (!('path' in input) || !statSync(input.path, { throwIfNoEntry: false })?.isFile()) return undefined
  const open = await openInput(input)
  try {
    if (!open.file) return undefined
    const header = readAgeHeader(open.fd)
    return BigInt(header.length) === open.file.size ? header : undefined
  } catch {
    return undefined
  } finally {
    open.close()
  }
}

function facts({ header, payload }: Front) {
  return {
    form: payload ? ('file' as const) : ('key blob' as const),
    stanzas: header.stanzas,
    headerBytes: header.length,
    padStanzas: header.stanzas.filter(isPad).length,
    payloadBytes: payload?.length,
    plaintextBytes: payload && lengthOf(payload.length).plaintextBytes,
  }
}

/** How much plaintext so many bytes of payload hold, or why that cannot be said. */
function lengthOf(payloadBytes: number): Pick<Inspection, 'plaintextBytes' | 'problem'> {
  try {
    return { plaintextBytes: plaintextLength(payloadBytes), problem: undefined }
  } catch (error) {
    return { plaintextBytes: undefined, problem: problemOf(error) }
  }
}

interface Keyed {
  readonly sessionKey: Uint8Array | undefined
  readonly problem: Inspection['problem']
}

function sessionKeyOf(header: Header, identities: readonly Identity[]): Keyed {
  try {
    return { sessionKey: unwrapFileKey(header, identities), problem: undefined }
  } catch (error) {
    return { sessionKey: undefined, problem: problemOf(error) }
  }
}

type SealPart = Pick<Inspection, 'protection' | 'opened' | 'claims' | 'verified' | 'problem'>

function sealOf({ header, payload }: Front, keyed: Keyed, options: InspectOptions): SealPart {
  const opened = keyed.sessionKey !== undefined
  const none = { opened, claims: undefined, verified: undefined }
  if (header.stanzas.every((stanza) => stanza.type !== SEAL_TYPE)) {
    const password = header.stanzas.some((stanza) => stanza.type === 'scrypt')
    const problem = keyed.problem ?? (payload && lengthOf(payload.length).problem)
    return { ...none, protection: password ? 'password' : 'none', problem }
  }
  const found = visibilityOf(header)
  const protection = found === 'public' ? 'public seal' : 'private seal'
  try {
    const envelope = findSeal(header.stanzas)
    const claims = claimsOf(openSealBody(envelope, keyed.sessionKey))
    return { ...verifiedPart({ header, payload }, keyed, options), opened, claims, protection }
  } catch (error) {
    return { ...none, protection, problem: opened ? problemOf(error) : (keyed.problem ?? problemOf(error)) }
  }
}

function verifiedPart(front: Front, { sessionKey, problem }: Keyed, options: InspectOptions) {
  // A header that is known to be changed has no verified seal, even if the seal itself was left alone.
  if (problem && problem.code !== 'NO_KEY') return { verified: undefined, problem }
  const signers = options.signers ?? { find: () => undefined }
  try {
    const verified = verifySeal({ ...front, sessionKey, signers })
    return { verified, problem: undefined }
  } catch (error) {
    return { verified: undefined, problem: problemOf(error) ?? problem }
  }
}

function visibilityOf(header: Header): Visibility | undefined {
  try {
    return findSeal(header.stanzas).visibility
  } catch {
    return undefined
  }
}

function claimsOf(bytes: Uint8Array): SealClaims {
  const { statement, statementBytes, metadata, table, batch } = parseSealBody(bytes)
  return {
    kind: statement.kind,
    serial: statement.serial,
    sealId: sealIdOf(statementBytes),
    metadata,
    signerId: statement.signerId,
    commitment: statement.commitment,
    segments: table.roots.length,
    leavesPerSegment: 2 ** table.level,
    batchSize: batch.size,
  }
}

function problemOf(error: unknown): Inspection['problem'] {
  const known = asSealError(error)
  if (!(known instanceof SealError)) throw error
  return { code: known.code, message: known.message }
}
