import { toHex } from '../bytes/index.ts'
import {
  encodeProbeSubmission,
  LIMITS,
  MEDIA_TYPES,
  parseProbeStanding,
  parseReceipt,
  type ProbeStanding,
  type ProbeSubmission,
  type Receipt,
} from '../protocol/index.ts'
import { AuthorityClient } from './authority-client.ts'

/** What a probe needs of an authority: `ProbeClient` has it. Answers are parsed and not verified. Each call throws ClientError. */
export interface ProbeWire {
  /** Sends a probe. The same bytes again get a receipt again, and count once. */
  readonly sendProbe: (submission: ProbeSubmission) => Promise<Receipt>
  /** @param digest of the statement, 32 bytes */
  readonly probeStanding: (digest: Uint8Array) => Promise<ProbeStanding>
}

/** Asks an authority about probes: docs/spec/probe.md, "Requests and answers". @throws ClientError as `AuthorityClient` */
export class ProbeClient extends AuthorityClient implements ProbeWire {
  async sendProbe(submission: ProbeSubmission): Promise<Receipt> {
    return this.ask({
      path: '/v1/probes',
      body: { type: MEDIA_TYPES.json, bytes: encodeProbeSubmission(submission) },
      type: MEDIA_TYPES.receipt,
      maxBytes: LIMITS.receiptBytes,
      parse: parseReceipt,
    })
  }

  async probeStanding(digest: Uint8Array): Promise<ProbeStanding> {
    return this.ask({
      path: `/v1/probes/${toHex(digest)}`,
      signed: true,
      type: MEDIA_TYPES.json,
      maxBytes: LIMITS.pageBytes,
      parse: parseProbeStanding,
    })
  }
}
