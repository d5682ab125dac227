import * as z from 'zod'
import {
  checkName,
  LIMITS,
  ProtocolError,
  RECOVERY_LIMITS,
  RECOVERY_PHASES,
  type RecoveryPhase,
} from '@strongroom/core/protocol'

// Bodies about recovery, for the OpenAPI document. They are read by the parsers of core/protocol, which are stricter.

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`))
const padded = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/)
const index = z.int().min(0)
const statement = z.looseObject({ payload: padded, payloadType: z.string() })
const placed = z.strictObject({ index, envelope: statement })
const phase = z.enum(Object.keys(RECOVERY_PHASES) as [RecoveryPhase, ...RecoveryPhase[]])
const kind = z.enum(['request', 'charter'])
const limit = z.int().min(1).max(LIMITS.statementsPerPage).optional()

const standing = z.strictObject({
  phase,
  persons: z.array(z.string()),
  approvals: z.int(),
  releasableFrom: index,
  expires: index,
})
const subject = z.strictObject({
  digest: hex(32),
  kind,
  index,
  received: index,
  class: z.string().nullable(),
  client: z.string().nullable(),
  count: z.int().min(0).max(RECOVERY_LIMITS.deposits),
  requester: z.string().nullable(),
  reason: z.string().nullable(),
  reference: z.string().nullable(),
  standing,
})

const probeResult = z.strictObject({ id: hex(32), mac: hex(32).nullable() })

/** Schemas of bodies and queries about recovery. */
export const RECOVERY_SCHEMAS = {
  charterProposal: z
    .strictObject({ statement, keys: z.array(z.string()) })
    .meta({ id: 'CharterProposal', description: 'A charter, and the keys of its people.' }),
  recipientChallenge: z
    .strictObject({ signer: z.string(), recipient: z.string() })
    .meta({ id: 'RecipientChallenge', description: 'The public keys of a new container.' }),
  requestSubmission: z
    .strictObject({ statement, deposits: z.array(hex(32)), challenge: hex(32) })
    .meta({ id: 'RequestSubmission', description: 'A request, and the deposits that it asks for.' }),
  subjectQuery: z.strictObject({
    state: z.union([phase, z.literal('open')]).optional(),
    kind: kind.optional(),
    before: index.optional(),
    limit,
  }),
  subjectPage: z
    .strictObject({ subjects: z.array(subject), next: index.nullable() })
    .meta({ id: 'SubjectPage', description: 'Requests and proposed charters, the newest first.' }),
  subjectFile: z
    .strictObject({
      kind,
      statement,
      index,
      received: index,
      deposits: z.array(hex(32)),
      receipt: padded,
      standing,
      enrolments: z.array(placed),
      evidence: z.array(placed),
      statements: z.array(placed),
      release: placed.nullable(),
      keys: z.array(z.string()),
    })
    .meta({ id: 'SubjectFile', description: 'All that was said about a request or charter.' }),
  bundleQuery: z.strictObject({ seen: index.optional() }),
  releasedQuery: z.strictObject({ from: index.optional() }),
  charterQuery: z.strictObject({ tenant: z.string().optional() }),
  charterPage: z
    .strictObject({
      charters: z.array(z.strictObject({ charter: placed, release: placed.nullable() })),
      epochs: z.array(index),
      terms: padded,
      keys: z.array(z.string()),
    })
    .meta({ id: 'CharterPage', description: 'The charters of a tenant.' }),
  clientQuery: z.strictObject({ after: index.optional(), limit }),
  clientPage: z
    .strictObject({
      clients: z.array(
        z.strictObject({
          client: z.string(),
          index,
          name: z.string(),
          signer: z.string(),
          received: index,
          state: z.enum(['active', 'suspended', 'replaced']),
          deposits: index,
          codes: index,
        }),
      ),
      next: index.nullable(),
    })
    .meta({ id: 'ClientPage', description: 'Clients in the order in which they were enrolled.' }),
  custodianQuery: z.strictObject({
    work: z.enum(['open', 'rewrap', 'all']).optional(),
    epoch: z.int().min(1).optional(),
    after: index.optional(),
    limit,
  }),
  custodianWork: z
    .strictObject({
      subjects: z.array(z.strictObject({ digest: hex(32), kind, releasableFrom: index })),
      owed: z.array(hex(32)),
      probes: z.array(hex(32)),
      unverified: index,
      rewrap: z.strictObject({ from: z.int(), to: z.int(), left: index }).nullable(),
    })
    .meta({ id: 'CustodianWork', description: 'What waits for the custodian.' }),
  custodianDeposits: z
    .strictObject({
      deposits: z.array(z.strictObject({ index, blob: padded, rewrapped: padded.nullable() })),
      enrolments: z.array(statement),
      next: index.nullable(),
    })
    .meta({ id: 'CustodianDeposits', description: 'Deposits, and what shows their owners.' }),
  verification: z
    .strictObject({ statement, results: z.array(z.strictObject({ id: hex(32), right: z.boolean() })) })
    .meta({ id: 'Verification', description: 'A verification, and its results.' }),
  rewrap: z
    .strictObject({ statement, blobs: z.array(z.strictObject({ id: hex(32), blob: padded })) })
    .meta({ id: 'Rewrap', description: 'A rewrap, and its key blobs.' }),
  probe: z
    .strictObject({ statement, deposits: z.array(hex(32)) })
    .meta({ id: 'Probe', description: 'A probe, and the ids of its deposits.' }),
  probeAnswer: z
    .strictObject({ statement, answers: z.array(probeResult) })
    .meta({ id: 'ProbeAnswer', description: 'The answer to a probe, and its results.' }),
  probeStanding: z
    .strictObject({
      state: z.enum(['waiting', 'answered', 'expired']),
      expires: index,
      answer: placed.nullable(),
      answers: z.array(probeResult),
      receipt: padded.nullable(),
    })
    .meta({ id: 'ProbeStanding', description: 'Where a probe stands.' }),
  probeFile: z
    .strictObject({
      statement,
      index,
      ids: z.array(hex(32)),
      deposits: z.array(z.strictObject({ index, blob: padded, rewrapped: padded.nullable() })),
      enrolments: z.array(statement),
    })
    .meta({ id: 'ProbeFile', description: 'A probe with its deposits, and what shows the client.' }),
} as const

const NUMBER = /^([a-z]+)=(0|[1-9][0-9]{0,15})$/

/**
 * The only parameter of a query, a number: of a bundle, how many leaves the custodian has `seen`; of released deposits, `from` which on.
 * 0 if it is left out.
 *
 * @throws ProtocolError PROTOCOL_FORMAT
 */
export function numberIn(query: string, name: 'seen' | 'from'): number {
  if (query === '') return 0
  const [, given, digits] = NUMBER.exec(query) ?? []
  const number = Number(digits)
  if (given === name && Number.isSafeInteger(number)) return number
  throw new ProtocolError('PROTOCOL_FORMAT', `query: expected ${name} and a number`)
}

/** The query of the charters: of which tenant. @throws ProtocolError PROTOCOL_FORMAT */
export function tenantParameter(query: string): string | undefined {
  if (query === '') return undefined
  const [name, tenant = '', ...rest] = query.split('=')
  if (name === 'tenant' && rest.length === 0) return checkName(tenant, 'tenant')
  throw new ProtocolError('PROTOCOL_FORMAT', 'query: expected a tenant')
}
