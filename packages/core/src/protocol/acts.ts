import type { EntryKindName } from '../tlog/index.ts'
import { ENROLMENT, type Enrolment } from './enrolment.ts'
import { EPOCH, type Epoch } from './epoch.ts'
import type { JsonField } from './json-fields.ts'

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

export type ActName = 'epoch' | 'enrolment'

/** The acts: docs/spec/authority-protocol.md, "Acts". A deposit is a statement too, but a key blob and no JSON. */
export const ACTS: { readonly epoch: Act<Epoch>; readonly enrolment: Act<Enrolment> } = {
  epoch: {
    name: 'epoch',
    payloadType: 'application/vnd.strongroom.epoch.v1+json',
    entryKind: 'epoch',
    payload: EPOCH,
    signersOf: ({ identity }) => [identity],
  },
  enrolment: {
    name: 'enrolment',
    payloadType: 'application/vnd.strongroom.enrolment.v1+json',
    entryKind: 'enrolment',
    payload: ENROLMENT,
    signersOf: ({ signer, invitation }) => [signer, invitation],
  },
}
