import { equalBytes, toHex } from '../bytes/index.ts'
import { parseVerifierKey, SIGNATURE_TYPES, TlogError, type VerifierKey } from '../tlog/index.ts'
import { ACTS } from './acts.ts'
import type { Envelope } from './dsse.ts'
import type { Epoch } from './epoch.ts'
import { LIMITS } from './limits.ts'
import { malformed, ProtocolError } from './protocol-error.ts'
import { checkPinned, signerIdOf, type VerifyMeans } from './signer-text.ts'
import { openStatement, type VerifiedStatement } from './statement.ts'

/** Whose epoch records are accepted. */
export interface AuthorityTrust extends VerifyMeans {
  /** The identity key that is pinned: its fingerprint, or its text form. */
  readonly identity: string
}

/** The last epoch that a client has seen of an authority. */
export interface KnownEpoch {
  readonly number: number
  /** Its statement digest. */
  readonly digest: Uint8Array
}

/** Where a moment lies in the life of an epoch; `grace` is after its end, when it may still be used, with a warning. */
export type EpochStanding = 'future' | 'current' | 'grace' | 'over'

// Held by this module alone: nobody else can make an EpochChain.
const MADE_BY_VERIFICATION = Symbol('verified')

/**
 * All epoch records of an authority, verified under its pinned identity. Only `verifyEpochs` makes one: to hold it is the proof.
 */
export class EpochChain {
  /** From number 1 on, without a gap. */
  readonly epochs: readonly VerifiedStatement<Epoch>[]
  /** The one with the highest number. */
  readonly latest: VerifiedStatement<Epoch>

  constructor(
    token: typeof MADE_BY_VERIFICATION,
    epochs: readonly VerifiedStatement<Epoch>[],
    latest: VerifiedStatement<Epoch>,
  ) {
    if (token !== MADE_BY_VERIFICATION) throw new TypeError('epochs are verified by verifyEpochs alone')
    this.epochs = epochs
    this.latest = latest
  }

  /** The authority's name for people. */
  get authority(): string {
    return this.latest.payload.authority
  }

  /** The identity key in text form. */
  get identity(): string {
    return this.latest.payload.identity
  }

  /** What a client keeps, to give it to `verifyEpochs` the next time. */
  get known(): KnownEpoch {
    return { number: this.latest.payload.number, digest: this.latest.digest }
  }

  /** The first of the epochs at the end that have the exchange key of the last one. */
  get sinceExchange(): VerifiedStatement<Epoch> {
    const other = this.epochs.findLastIndex(
      ({ payload }) => payload.exchange !== this.latest.payload.exchange,
    )
    return this.epochs[other + 1] ?? this.latest
  }

  /** The epoch of that number; undefined if there is none yet. */
  find(number: number): VerifiedStatement<Epoch> | undefined {
    return this.epochs[number - 1]
  }

  /**
   * The epoch to deposit under: the last that has begun.
   *
   * @throws ProtocolError EPOCH_VALIDITY if none has begun or the last has been over for longer than `LIMITS.epochGraceSeconds`
   */
  at(nowMs: number): { readonly epoch: VerifiedStatement<Epoch>; readonly standing: 'current' | 'grace' } {
    const epoch = this.epochs.findLast(({ payload }) => epochStanding(payload, nowMs) !== 'future')
    if (!epoch) throw new ProtocolError('EPOCH_VALIDITY', 'the first epoch has not begun')
    const standing = epochStanding(epoch.payload, nowMs)
    if (standing === 'current' || standing === 'grace') return { epoch, standing }
    throw new ProtocolError('EPOCH_VALIDITY', `epoch ${epoch.payload.number} is over and no other has begun`)
  }
}

/** Where `nowMs`, by a clock that may be behind a little, lies in the life of an epoch. */
export function epochStanding(
  { notBefore, notAfter }: Pick<Epoch, 'notBefore' | 'notAfter'>,
  nowMs: number,
): EpochStanding {
  if (nowMs + LIMITS.clockSkewSeconds * 1000 < notBefore) return 'future'
  if (nowMs <= notAfter) return 'current'
  return nowMs <= notAfter + LIMITS.epochGraceSeconds * 1000 ? 'grace' : 'over'
}

/**
 * Verifies one epoch record by itself: enough to trust the keys in it, not that there is no other record of its number.
 *
 * docs/spec/authority-protocol.md, "Verifying epochs", steps 1 to 3.
 *
 * @throws ProtocolError PROTOCOL_FORMAT, PROTOCOL_LIMIT, PROTOCOL_SIGNATURE, AUTHORITY_IDENTITY
 */
export function verifyEpoch(envelope: Envelope, trust: AuthorityTrust): VerifiedStatement<Epoch> {
  const epoch = openStatement(ACTS.epoch, envelope, trust)
  checkPinned(trust.sha256, trust.identity, epoch.payload.identity)
  logKeysOf(epoch.payload, trust)
  return epoch
}

/**
 * Verifies the epoch records of an authority, from the first on: docs/spec/authority-protocol.md, "Verifying epochs". The steps
 * are the specification's.
 *
 * @param known the last epoch seen before: it must still be among them
 * @throws ProtocolError EPOCH_CHAIN for a gap, a fork or records that disappeared, and what `verifyEpoch` throws
 */
export function verifyEpochs(
  envelopes: readonly Envelope[],
  trust: AuthorityTrust,
  known?: KnownEpoch,
): EpochChain {
  if (envelopes.length > LIMITS.epochs)
    throw new ProtocolError('PROTOCOL_LIMIT', `expected at most ${LIMITS.epochs} epochs`)
  const epochs = envelopes.map((envelope) => verifyEpoch(envelope, trust))
  const latest = epochs.at(-1)
  if (!latest) throw new ProtocolError('EPOCH_CHAIN', 'an authority without an epoch')
  for (const [i, epoch] of epochs.entries()) checkLink(epochs[i - 1], epoch, i + 1)
  if (known) checkKnown(epochs, known)
  return new EpochChain(MADE_BY_VERIFICATION, epochs, latest)
}

function checkLink(
  before: VerifiedStatement<Epoch> | undefined,
  { payload }: VerifiedStatement<Epoch>,
  number: number,
): void {
  const refuse = (reason: string) => new ProtocolError('EPOCH_CHAIN', `epoch ${number}: ${reason}`)
  if (payload.number !== number) throw refuse(`the record in its place has the number ${payload.number}`)
  if (!before) return // its `previous` is null: checked with its format
  if (!payload.previous || !equalBytes(payload.previous, before.digest)) {
    throw refuse('it does not follow from the one before')
  }
  if (payload.notBefore <= before.payload.notBefore) throw refuse('it begins before the one before')
  if (payload.authority !== before.payload.authority) throw refuse('it has another name')
  if (payload.log.origin !== before.payload.log.origin) throw refuse('it has another log')
}

/** A shorter list, or another record of a number seen before, is an authority that shows different people different keys. */
function checkKnown(epochs: readonly VerifiedStatement<Epoch>[], known: KnownEpoch): void {
  const again = epochs[known.number - 1]
  if (!again) throw new ProtocolError('EPOCH_CHAIN', `epoch ${known.number} was there before and is no more`)
  if (equalBytes(again.digest, known.digest)) return
  throw new ProtocolError('EPOCH_CHAIN', `epoch ${known.number} is another than the one seen before`)
}

/** What the keys of a log are, in this order: docs/spec/log.md, "Checkpoints". A key of a witness is none. */
const LOG_KEY_TYPES = [SIGNATURE_TYPES.note.id, SIGNATURE_TYPES.subtree.id]

/**
 * The keys of an epoch's log. The origin must be that of the identity, the keys' names the origin, their types those of a log.
 *
 * @throws ProtocolError PROTOCOL_FORMAT
 */
export function logKeysOf({ identity, log }: Epoch, { sha256 }: Pick<VerifyMeans, 'sha256'>): VerifierKey[] {
  if (!log.origin.endsWith(`/${toHex(signerIdOf(sha256, identity)).slice(0, 16)}`)) {
    throw malformed('log.origin', 'the origin of another authority')
  }
  return log.keys.map((text, i) => {
    const path = `log.keys[${i}]`
    const key = parseLogKey(sha256, text, path)
    if (key.name !== log.origin) throw malformed(path, 'a key of another name than the origin')
    if (key.type.id !== LOG_KEY_TYPES[i]) throw malformed(path, `a key of the type ${key.type.id}`)
    return key
  })
}

function parseLogKey(sha256: VerifyMeans['sha256'], text: string, path: string): VerifierKey {
  try {
    return parseVerifierKey(sha256, text)
  } catch (cause) {
    if (cause instanceof TlogError) throw malformed(path, cause.message, { cause })
    throw cause
  }
}
