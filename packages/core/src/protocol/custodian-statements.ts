import { nameText } from './authority-names.ts'
import { oneOf } from './evidence.ts'
import { hexBytes, objectOf, refined, timeText, wholeNumber, type JsonField } from './json-fields.ts'
import { fingerprintText, signerText } from './key-texts.ts'
import { malformed } from './protocol-error.ts'
import { RECOVERY_LIMITS } from './recovery-limits.ts'

/** What all statements of a custodian say: docs/spec/recovery.md, "Statements of the custodian". */
export interface CustodianStatement {
  /** The fingerprint of the authority. */
  readonly identity: string
  /** The signer of the custodian, in text form: that of the epoch in force. */
  readonly custodian: string
  /** How many deposits it is about. */
  readonly count: number
  /** The digest of the list of results: `releaseListDigest` and its like. */
  readonly results: Uint8Array
  /** The tree on which the custodian judged. */
  readonly checkpoint: JudgedTree
  /** Milliseconds since 1970, full seconds. */
  readonly created: number
}

/** A tree of the log that was verified. */
export interface JudgedTree {
  readonly size: number
  readonly root: Uint8Array
}

/** The custodian gives out what was asked for, or lets a charter come into force. Once. */
export interface Release extends CustodianStatement {
  readonly tenant: string
  /** The statement digest of the request or charter. */
  readonly subject: Uint8Array
  readonly kind: 'request' | 'charter'
}

/** The custodian opened deposits of an epoch and compared what was in them with their commitments. */
export interface Verification extends CustodianStatement {
  /** The number of the epoch. */
  readonly epoch: number
}

/** The custodian wrapped session keys for the exchange key of another epoch. */
export interface Rewrap extends CustodianStatement {
  readonly from: number
  readonly to: number
}

/** All deposits of an epoch are wrapped for another: the old exchange key may go. */
export interface Completion extends CustodianStatement {
  readonly from: number
  readonly to: number
  /** How many of them open with no key of the custodian, and so are not wrapped. A person has agreed to that. */
  readonly unopened: number
}

const MAX_EPOCH = 0xffffffff
/** Such a tree in JSON. */
export const TREE: JsonField<JudgedTree> = objectOf({
  size: wholeNumber(1, Number.MAX_SAFE_INTEGER),
  root: hexBytes(32),
})
const COUNT = wholeNumber(0, Number.MAX_SAFE_INTEGER)
const EPOCH_NUMBER = wholeNumber(1, MAX_EPOCH)

/** A release in JSON. */
export const RELEASE: JsonField<Release> = refined(
  objectOf({
    identity: fingerprintText,
    tenant: nameText,
    custodian: signerText,
    subject: hexBytes(32),
    kind: oneOf(['request', 'charter']),
    count: wholeNumber(0, RECOVERY_LIMITS.deposits),
    results: hexBytes(32),
    checkpoint: TREE,
    created: timeText,
  }),
  ({ kind, count }) => {
    if ((kind === 'charter') !== (count === 0))
      throw malformed('count', `does not fit a release of a ${kind}`)
  },
)

/** A verification in JSON. */
export const VERIFICATION: JsonField<Verification> = objectOf({
  identity: fingerprintText,
  custodian: signerText,
  epoch: EPOCH_NUMBER,
  count: wholeNumber(1, Number.MAX_SAFE_INTEGER),
  results: hexBytes(32),
  checkpoint: TREE,
  created: timeText,
})

/** A rewrap in JSON. */
export const REWRAP: JsonField<Rewrap> = refined(
  objectOf({
    identity: fingerprintText,
    custodian: signerText,
    from: EPOCH_NUMBER,
    to: EPOCH_NUMBER,
    count: wholeNumber(1, Number.MAX_SAFE_INTEGER),
    results: hexBytes(32),
    checkpoint: TREE,
    created: timeText,
  }),
  checkAscending,
)

/** A completion in JSON. An epoch without deposits is complete at once. */
export const COMPLETION: JsonField<Completion> = refined(
  objectOf({
    identity: fingerprintText,
    custodian: signerText,
    from: EPOCH_NUMBER,
    to: EPOCH_NUMBER,
    count: COUNT,
    unopened: COUNT,
    results: hexBytes(32),
    checkpoint: TREE,
    created: timeText,
  }),
  (completion) => {
    checkAscending(completion)
    if (completion.unopened > completion.count) throw malformed('unopened', 'more than there are')
  },
)

function checkAscending({ from, to }: Pick<Rewrap, 'from' | 'to'>): void {
  if (to <= from) throw malformed('to', 'expected a later epoch')
}
