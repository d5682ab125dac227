import type { RecoveryFault } from '@strongroom/core/protocol'
import type { Learned } from './knowledge.ts'

/** Why a bundle is refused, in the order in which it is checked. */
export type BundleRefusal =
  | 'BUNDLE_FORMAT'
  | 'BUNDLE_IDENTITY'
  | 'BUNDLE_EPOCHS'
  | 'BUNDLE_CUSTODIAN'
  | 'BUNDLE_TERMS'
  | 'BUNDLE_CHECKPOINT'
  | 'BUNDLE_UNWITNESSED'
  | 'BUNDLE_FUTURE'
  | 'BUNDLE_STALE'
  | 'BUNDLE_RANGE'
  | 'BUNDLE_BEHIND'
  | 'BUNDLE_GAP'
  | 'BUNDLE_FORKED'
  | 'BUNDLE_PROOF'
  | 'BUNDLE_TWICE'
  | 'BUNDLE_STATEMENT'
  | 'BUNDLE_NOT_LOGGED'
  | 'BUNDLE_INCOMPLETE'
  | 'BUNDLE_FORGOTTEN'
  | 'BUNDLE_SUBJECT'
  | 'BUNDLE_CHARTERS'
  | 'BUNDLE_TENANT'
  | 'BUNDLE_RECEIPT'
  | 'BUNDLE_OWNER'
  | JudgedCode
  | 'BUNDLE_DECIDED'
  | 'BUNDLE_SPENT'
  | 'BUNDLE_DEPOSITS'

/** The codes of what the rules of recovery say. */
export const JUDGED = {
  foreign: 'BUNDLE_FOREIGN',
  charter: 'BUNDLE_OTHER_CHARTER',
  proposal: 'BUNDLE_PROPOSAL',
  future: 'BUNDLE_SUBJECT_FUTURE',
  validity: 'BUNDLE_VALIDITY',
  expired: 'BUNDLE_EXPIRED',
  requester: 'BUNDLE_REQUESTER',
  container: 'BUNDLE_CONTAINER',
  'client-key': 'BUNDLE_CLIENT_KEY',
  'recovery-code': 'BUNDLE_RECOVERY_CODE',
  vetting: 'BUNDLE_VETTING',
  spent: 'BUNDLE_CODE_SPENT',
  evidence: 'BUNDLE_EVIDENCE',
  approvals: 'BUNDLE_APPROVALS',
  waiting: 'BUNDLE_WAITING',
} as const satisfies Partial<Record<RecoveryFault, string>>

type JudgedCode = (typeof JUDGED)[keyof typeof JUDGED]

/** What can go wrong with a custodian itself. */
type OwnCode =
  | 'CUSTODIAN_NOT_FOUND'
  | 'CUSTODIAN_EXISTS'
  | 'CUSTODIAN_STATE'
  | 'CUSTODIAN_BUSY'
  | 'CUSTODIAN_TRUST'
  | 'CUSTODIAN_KEY'
  | 'CUSTODIAN_DEPOSITS'
  | 'CUSTODIAN_RELEASE'
  | 'CUSTODIAN_HIDDEN'
  | 'CUSTODIAN_NEEDED'
  | 'SHARE_FORMAT'
  | 'SHARE_OTHER'
  | 'SHARE_TWICE'
  | 'SHARE_WRONG'
  | 'SHARES_FEW'

export type CustodianErrorCode = BundleRefusal | OwnCode

/** What a `CustodianError` may carry besides its code. */
export interface CustodianErrorOptions extends ErrorOptions {
  readonly learned?: Learned
  readonly digests?: readonly Uint8Array[]
}

/**
 * The one error of this folder.
 *
 * - `BUNDLE_…`: why a bundle is refused. Nothing was opened, nothing is spent. docs/errors.md says what each means.
 * - `CUSTODIAN_NOT_FOUND`, `CUSTODIAN_EXISTS`: no custodian in that folder, or something is there already.
 * - `CUSTODIAN_STATE`: a file in the custodian's folder that is damaged, or of another version.
 * - `CUSTODIAN_BUSY`: another process is at work in the same folder.
 * - `CUSTODIAN_TRUST`: it was not told which authority to trust, or is to trust another than it does.
 * - `CUSTODIAN_KEY`: the container does not hold the keys that are needed.
 * - `CUSTODIAN_DEPOSITS`: deposits that do not open, or whose session key is not the one that was committed to; `digests` are their ids.
 * - `CUSTODIAN_RELEASE`: no release that this custodian made.
 * - `CUSTODIAN_HIDDEN`: the authority does not show every deposit that its log has.
 * - `CUSTODIAN_NEEDED`: the key of an epoch that is still needed; `digests` are the ids of deposits that open with nothing else.
 * - `SHARE_FORMAT`: a text that is no share, or was mistyped; `SHARE_OTHER`: one of another key, or from another splitting;
 *   `SHARE_TWICE`: one that was given before; `SHARE_WRONG`: not what was handed out; `SHARES_FEW`: fewer than are needed.
 *
 * Messages hold no secret: not of keys, passphrases, shares or deposits.
 */
export class CustodianError extends Error {
  override readonly name = 'CustodianError'
  readonly code: CustodianErrorCode
  /** What had been verified before the refusal, and is to be remembered all the same. */
  readonly learned?: Learned
  /** Which deposits or statements it is about. */
  readonly digests?: readonly Uint8Array[]

  constructor(code: CustodianErrorCode, message: string, options: CustodianErrorOptions = {}) {
    super(message, options)
    this.code = code
    if (options.learned) this.learned = options.learned
    if (options.digests) this.digests = options.digests
  }
}
