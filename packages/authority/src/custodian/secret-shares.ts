import { randomBytes } from 'node:crypto'
import { equalBytes, toHex, utf8Encode, wipe } from '@strongroom/core/bytes'
import { combine, split } from 'shamir-secret-sharing'
import { sha256 } from '../model/digest.ts'
import { CustodianError } from './custodian-error.ts'
import { encodeShare, parseShare, type Share } from './share-text.ts'

/** What everybody may know of shares that were made together: `shares.json` in the custodian's folder. */
export interface ShareSet {
  readonly threshold: number
  readonly key: Uint8Array
  readonly set: Uint8Array
  /** In the order of their indices: SHA-256 of each share. A share has 256 random bits, so nothing is told by it. */
  readonly checks: readonly Uint8Array[]
}

/** Bytes of the secret that is shared. */
export const SECRET_BYTES = 32
const MARK_BYTES = 8
const CHECK_LABEL = utf8Encode('strongroom share secret v1\n')
const SHARE_LABEL = utf8Encode('strongroom share v1\n')
/** More people than would ever come together. */
export const MOST_SHARES = 32

/**
 * Splits a secret so that any `threshold` of `count` shares give it again, and fewer tell nothing.
 *
 * @param secret 32 random bytes; stays the caller's, to be wiped
 * @param key the key id of the custodian's signer
 * @returns the texts, each for one person, in the order of their indices
 */
export async function splitSecret(
  secret: Uint8Array,
  { threshold, count, key }: { readonly threshold: number; readonly count: number; readonly key: Uint8Array },
): Promise<{ readonly texts: readonly string[]; readonly set: ShareSet }> {
  const values = await split(secret, count, threshold)
  const frame = {
    threshold,
    count,
    key: key.slice(0, MARK_BYTES),
    set: new Uint8Array(randomBytes(MARK_BYTES)),
  }
  const check = secretCheck(secret, frame.set)
  const shares = values.map((value, i): Share => ({ ...frame, index: i + 1, check, value }))
  const set = { threshold, key: frame.key, set: frame.set, checks: shares.map(shareCheck) }
  const texts = shares.map(encodeShare)
  wipe(...values)
  return { texts, set }
}

/** Shares as they are entered, one by one. Each is judged before anything is tried with it. */
export class ShareCollection {
  readonly #set: ShareSet | undefined
  #shares: Share[] = []

  /** @param set what the folder knows of the shares; without it only shares among themselves are compared */
  constructor(set?: ShareSet) {
    this.#set = set
  }

  /** How many are still needed; undefined before the first, if nothing else says. */
  get missing(): number | undefined {
    const threshold = this.#set?.threshold ?? this.#shares[0]?.threshold
    return threshold === undefined ? undefined : threshold - this.#shares.length
  }

  /** Takes a share. @returns its index. @throws CustodianError SHARE_FORMAT, SHARE_OTHER, SHARE_TWICE, SHARE_WRONG */
  add(typed: string): number {
    const share = parseShare(typed)
    const { key, set } = this.#set ?? this.#shares[0] ?? share
    const what = `share ${share.index}`
    if (!equalBytes(share.key, key)) {
      throw new CustodianError('SHARE_OTHER', `${what} is of the key of another custodian`)
    }
    if (!equalBytes(share.set, set)) {
      throw new CustodianError('SHARE_OTHER', `${what} was made at another time than the others`)
    }
    if (this.#shares.some(({ index }) => index === share.index)) {
      throw new CustodianError('SHARE_TWICE', `${what} was given before`)
    }
    const wanted = this.#set?.checks[share.index - 1]
    if (this.#set && !(wanted && equalBytes(wanted, shareCheck(share)))) {
      throw new CustodianError('SHARE_WRONG', `${what} is not what was handed out`)
    }
    this.#shares.push(share)
    return share.index
  }

  /** The secret, for the caller to wipe. @throws CustodianError SHARES_FEW, SHARE_WRONG */
  async secret(): Promise<Uint8Array> {
    const [first] = this.#shares
    if (!first || (this.missing ?? 1) > 0) {
      throw new CustodianError('SHARES_FEW', `${this.missing ?? 'some'} more shares are needed`)
    }
    const secret = await combine(this.#shares.map(({ value }) => value))
    if (equalBytes(secretCheck(secret, first.set), first.check)) return secret
    wipe(secret)
    throw new CustodianError('SHARE_WRONG', 'the shares do not belong together: one of them was changed')
  }

  /** Clears what was entered. */
  wipe(): void {
    wipe(...this.#shares.map(({ value }) => value))
    this.#shares = []
  }
}

/** Eight bytes of a hash of 32 random ones: they tell a wrong secret, and nothing about the right one. */
function secretCheck(secret: Uint8Array, set: Uint8Array): Uint8Array {
  return sha256(CHECK_LABEL, set, secret).slice(0, MARK_BYTES)
}

function shareCheck({ index, set, value }: Share): Uint8Array {
  return sha256(SHARE_LABEL, set, Uint8Array.of(index), value)
}

/** For people: by which two shares are told to belong together. */
export function setName({ set }: Pick<ShareSet, 'set'>): string {
  return toHex(set)
}
