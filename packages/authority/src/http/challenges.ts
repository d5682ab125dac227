import { createHmac, timingSafeEqual } from 'node:crypto'
import { encryptFile, parseRecipient } from '@strongroom/core/age'
import { ByteReader, ByteWriter, concat, utf8Encode } from '@strongroom/core/bytes'
import { LIMITS, type ChallengeRequest } from '@strongroom/core/protocol'

/** What a challenge is for, and what is hashed and derived for it. */
const LABELS = { enrolment: 'strongroom challenge v1', recipient: 'strongroom recipient challenge v1' }
const TIME_BYTES = 8
const CODE_BYTES = 24

/** What the keys of the log give: see `LogKeys.derive`. */
export interface KeyDeriver {
  derive(info: string): Uint8Array
}

/**
 * Challenges of enrolments, of which nothing is remembered: docs/spec/authority-protocol.md, "Enrolment". A challenge says itself when
 * it was given, for which invitation and exchange key, and that it was one of the nodes with the log's keys.
 */
export class Challenges {
  readonly #key: Uint8Array
  readonly #now: () => number
  readonly #label: string

  /** @param purpose for an enrolment, or for the recipient of a request: its signer then stands in the place of the invitation */
  constructor(keys: KeyDeriver, now: () => number, purpose: keyof typeof LABELS = 'enrolment') {
    this.#label = LABELS[purpose]
    this.#key = keys.derive(this.#label)
    this.#now = now
  }

  /** The challenge as an age file for the exchange key. It takes no look at the invitation: there may be none. */
  give(request: ChallengeRequest): Uint8Array {
    return encryptFile(this.#challenge(request, Math.floor(this.#now())), [parseRecipient(request.exchange)])
  }

  /** Whether that is the challenge that was given for that invitation and exchange key, at most ten minutes ago. */
  accepts(challenge: Uint8Array, request: ChallengeRequest): boolean {
    const given = new ByteReader(challenge).u64()
    const age = this.#now() - Number(given)
    const expected = this.#challenge(request, given)
    // The clock of the node that gave it may be ahead of this one's.
    const inTime = age <= LIMITS.challengeSeconds * 1000 && age >= -LIMITS.clockSkewSeconds * 1000
    return timingSafeEqual(expected, challenge) && inTime
  }

  #challenge({ invitation, exchange }: ChallengeRequest, time: number | bigint): Uint8Array {
    const timeBytes = new ByteWriter(TIME_BYTES).u64(time).toBytes()
    // Neither text has a line feed, so no two pairs have the same message.
    const message = concat(
      utf8Encode(`${this.#label}\n`),
      timeBytes,
      utf8Encode(`${invitation}\n${exchange}`),
    )
    const code = createHmac('sha256', this.#key).update(message).digest()
    return concat(timeBytes, code.subarray(0, CODE_BYTES))
  }
}
