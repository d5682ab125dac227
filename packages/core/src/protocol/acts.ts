import type { EntryKindName } from '../tlog/index.ts'
import { CHARTER, type Charter } from './charter.ts'
import {
  COMPLETION,
  RELEASE,
  REWRAP,
  VERIFICATION,
  type Completion,
  type Release,
  type Rewrap,
  type Verification,
} from './custodian-statements.ts'
import { ENROLMENT, type Enrolment } from './enrolment.ts'
import { EPOCH, type Epoch } from './epoch.ts'
import type { JsonField } from './json-fields.ts'
import { PROBE, PROBE_ANSWER, type Probe, type ProbeAnswer } from './probe.ts'
import { CODES, VETTING, type RecoveryCodes, type Vetting } from './recovery-codes.ts'
import { REQUEST, requestSigners, type RecoveryRequest } from './recovery-request.ts'
import {
  APPROVAL,
  CANCELLATION,
  REJECTION,
  type Approval,
  type Cancellation,
  type Rejection,
} from './verdicts.ts'

/** One row of `ACTS`: a kind of statement in JSON. */
export interface Act<T> {
  readonly name: ActName
  /** The payload type of its envelope. */
  readonly payloadType: string
  /** The kind of its entry in the log. */
  readonly entryKind: EntryKindName
  readonly payload: JsonField<T>
  /** Who must sign, in the order of the signatures: keys in text form, all named by the payload itself. */
  readonly signersOf: (payload: T) => readonly string[]
}

/** What is stated in each act. */
export interface ActPayloads {
  readonly epoch: Epoch
  readonly enrolment: Enrolment
  readonly charter: Charter
  readonly request: RecoveryRequest
  readonly approval: Approval
  readonly rejection: Rejection
  readonly cancellation: Cancellation
  readonly release: Release
  readonly verification: Verification
  readonly rewrap: Rewrap
  readonly completion: Completion
  readonly codes: RecoveryCodes
  readonly vetting: Vetting
  readonly probe: Probe
  readonly 'probe-answer': ProbeAnswer
}

/** An act has the name of its kind in the log. */
export type ActName = keyof ActPayloads & EntryKindName

const by = (payload: { readonly by: string }) => [payload.by]
const custodian = (payload: { readonly custodian: string }) => [payload.custodian]

/** The acts: docs/spec/authority-protocol.md, "Statements". A deposit is a statement too, but a key blob and no JSON. */
export const ACTS: { readonly [K in ActName]: Act<ActPayloads[K]> } = {
  epoch: act('epoch', EPOCH, ({ identity }) => [identity]),
  enrolment: act('enrolment', ENROLMENT, ({ signer, invitation }) => [signer, invitation]),
  charter: act('charter', CHARTER, by),
  request: act('request', REQUEST, requestSigners),
  approval: act('approval', APPROVAL, by),
  rejection: act('rejection', REJECTION, by),
  cancellation: act('cancellation', CANCELLATION, by),
  release: act('release', RELEASE, custodian),
  verification: act('verification', VERIFICATION, custodian),
  rewrap: act('rewrap', REWRAP, custodian),
  completion: act('completion', COMPLETION, custodian),
  codes: act('codes', CODES, ({ signer }) => [signer]),
  vetting: act('vetting', VETTING, by),
  probe: act('probe', PROBE, ({ signer }) => [signer]),
  'probe-answer': act('probe-answer', PROBE_ANSWER, custodian),
}

function act<T>(name: ActName, payload: JsonField<T>, signersOf: Act<T>['signersOf']): Act<T> {
  return {
    name,
    payloadType: `application/vnd.strongroom.${name}.v1+json`,
    entryKind: name,
    payload,
    signersOf,
  }
}
