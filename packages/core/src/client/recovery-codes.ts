import { randomBytes } from 'node:crypto'
import { wipe } from '../bytes/index.ts'
import { SigningKey } from '../container/index.ts'
import {
  ACTS,
  encodeRecoveryCode,
  parseRecoveryCode,
  RECOVERY_LIMITS,
  signStatement,
  statementDigest,
  type Envelope,
  type MessageSigner,
  type RecoveryCode,
} from '../protocol/index.ts'
import { ClientError } from './client-error.ts'
import { sha256 } from './node-verify.ts'

/** Whose codes are made. */
export interface CodesFor extends Omit<RecoveryCode, 'secret'> {
  /** The client's pair, as it was enrolled. */
  readonly signer: MessageSigner
  /** 1 to 16. */
  readonly count: number
  /** The statement digest of the codes that these replace, as far as it is known here. */
  readonly previous: Uint8Array | null
  /** Milliseconds since 1970. */
  readonly nowMs: number
}

/** New codes, which are worth something once the authority has logged their statement. */
export interface NewCodes {
  readonly statement: Envelope
  /** Its statement digest. */
  readonly digest: Uint8Array
  /** The texts, secrets all of them: `printRecoveryCode` puts them in groups. */
  readonly texts: readonly string[]
}

/**
 * Makes recovery codes for a client: docs/spec/recovery.md, "Recovery codes". They replace all that it had.
 *
 * @throws ProtocolError PROTOCOL_FORMAT for another number of codes
 */
export function newRecoveryCodes({ signer, count, previous, nowMs, ...place }: CodesFor): NewCodes {
  const secrets = Array.from({ length: count }, () => new Uint8Array(randomBytes(32)))
  const { identity, tenant, client } = place
  const codes = secrets.map((secret) => publicKeyOf(secret))
  const payload = {
    identity,
    tenant,
    client,
    signer: signer.signer,
    codes,
    previous,
    created: fullSecond(nowMs),
  }
  const statement = signStatement(sha256, ACTS.codes, payload, [signer])
  const texts = secrets.map((secret) => encodeRecoveryCode({ ...place, secret }))
  for (const secret of secrets) wipe(secret)
  return { statement, digest: statementDigest(sha256, statement), texts }
}

/** A code that somebody found again, and its key, which is to be wiped. */
export interface FoundCode extends Omit<RecoveryCode, 'secret'> {
  readonly key: SigningKey
}

/** A code in a text: from its beginning to the first character that is in no code. Groups, lines and small letters are allowed. */
const CODE = /STRONGROOM-RECOVERY-1(?:[ \t]*\r?\n?[ \t]*[02-9AC-HJ-NP-Z]+)+/gi
const BEGINNING = /STRONGROOM-RECOVERY-1/gi
const MOST = RECOVERY_LIMITS.codes

/**
 * The codes in a text, such as the sheet that was printed: each once, in their order, with other text around them.
 *
 * On a sheet each code stands on lines of its own; what follows it is separated by an empty line, or by a character that is in no
 * code.
 *
 * @throws ClientError CLIENT_CODE if there is none, or one that was mistyped; never quoting the text
 */
export function findRecoveryCodes(text: string): FoundCode[] {
  const begun = [...text.matchAll(BEGINNING)].length
  if (begun === 0) throw noCode('there is no recovery code in that')
  if (begun > MOST) throw noCode(`expected at most ${MOST} recovery codes`)
  const parts = [...text.matchAll(BEGINNING)].map(({ index }, i, all) => text.slice(index, all[i + 1]?.index))
  const codes = parts.map((part, i) => readCode(part, i + 1))
  return codes.filter(({ key }, i) => codes.findIndex((other) => sameKey(other.key, key)) === i)
}

/** What stands behind a code may look like more of it: the checksum says where it ends. */
function readCode(part: string, number: number): FoundCode {
  const [candidate = ''] = part.match(CODE) ?? []
  const lines = candidate.split('\n')
  for (let taken = lines.length; taken > 0; taken--) {
    try {
      return withKey(parseRecoveryCode(lines.slice(0, taken).join('\n')))
    } catch {
      // One line less may be the code.
    }
  }
  throw noCode(`recovery code ${number} was mistyped or is not whole`)
}

function withKey({ secret, ...place }: RecoveryCode): FoundCode {
  const key = SigningKey.fromSecretBytes('ed25519', secret)
  wipe(secret)
  return { ...place, key }
}

/** What a key signs statements and requests with. */
export function signerOf(key: SigningKey): MessageSigner {
  return { signer: key.signer.toString(), sign: (message) => key.sign(message) }
}

/** A moment as statements have it: milliseconds of a full second. */
export function fullSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000
}

function publicKeyOf(secret: Uint8Array): string {
  const key = SigningKey.fromSecretBytes('ed25519', secret)
  const text = key.signer.toString()
  key.wipe()
  return text
}

function sameKey(one: SigningKey, other: SigningKey): boolean {
  return one.signer.toString() === other.signer.toString()
}

function noCode(message: string): ClientError {
  return new ClientError('CLIENT_CODE', message)
}
