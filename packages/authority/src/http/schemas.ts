import * as z from 'zod'
import {
  DEPOSIT_FORMATS,
  LIMITS,
  PROBLEMS,
  type DepositFormat,
  type ProblemCode,
} from '@strongroom/core/protocol'
import { ENTRY_KINDS, type EntryKindName } from '@strongroom/core/tlog'

import { RECOVERY_SCHEMAS } from './recovery-schemas.ts'

// What is sent and answered, for the OpenAPI document. Requests are read by the parsers of core/protocol, which are stricter than a
// schema can be: one encoding, in the order that is written here.

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`))
const base64 = z.string().regex(/^[A-Za-z0-9+/]+$/)
const paddedBase64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/)
const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
const index = z.int().min(0)
const milliseconds = z.int().min(0).describe('Milliseconds since 1970.')

const envelope = z
  .strictObject({
    payload: paddedBase64,
    payloadType: z.string(),
    signatures: z
      .array(z.strictObject({ keyid: z.string(), sig: paddedBase64 }))
      .min(1)
      .max(5),
  })
  .meta({ id: 'Envelope', description: 'A statement in its DSSE envelope.' })

const foundDeposit = z
  .strictObject({
    id: hex(32),
    index,
    received: milliseconds,
    created: milliseconds,
    epoch: z.int().min(1),
    format: z.enum(Object.keys(DEPOSIT_FORMATS) as [DepositFormat, ...DepositFormat[]]),
    serial: hex(16),
    commitment: hex(32),
    sealId: hex(32).nullable(),
    object: z.strictObject({ name: hex(32), size: index }).nullable(),
    description: z.string().nullable(),
    retention: z.string(),
    level: z.union([z.literal(0), z.literal(2)]),
    wrong: z.boolean(),
    previous: hex(32).nullable(),
    superseded: z.boolean(),
  })
  .meta({ id: 'FoundDeposit', description: 'What a search says of a deposit.' })

const foundStatement = z
  .strictObject({
    index,
    kind: z.enum(Object.keys(ENTRY_KINDS) as [EntryKindName, ...EntryKindName[]]),
    digest: hex(32),
    received: milliseconds,
    bytes: paddedBase64,
  })
  .meta({ id: 'FoundStatement', description: 'A statement as it was logged.' })

const text = z.string()
const bytes = z.string().meta({ id: 'Bytes', description: 'Bytes as they are.', format: 'binary' })

/** Schemas of bodies and queries. */
export const SCHEMAS = {
  envelope,
  text,
  bytes,
  deposit: z.string().meta({ id: 'Deposit', description: 'One key blob.', format: 'binary' }),
  deposits: z
    .string()
    .meta({ id: 'Deposits', description: 'Key blobs, each behind its length as u32.', format: 'binary' }),
  card: z
    .strictObject({
      strongroom: z.literal('authority'),
      version: z.literal(1),
      epochs: z.array(envelope).min(1).max(LIMITS.epochs),
      limits: z.strictObject({
        depositBytes: z.int().min(1).max(LIMITS.depositBytes),
        depositsPerRequest: z.int().min(1).max(LIMITS.depositsPerRequest),
      }),
    })
    .meta({ id: 'Card', description: 'What an authority says of itself.' }),
  challengeRequest: z
    .strictObject({ invitation: z.string(), exchange: z.string() })
    .meta({ id: 'ChallengeRequest', description: 'The public keys of an invitation and of its client.' }),
  challenge: z
    .strictObject({ file: base64 })
    .meta({ id: 'Challenge', description: 'An age file for the exchange key.' }),
  receipt: z
    .strictObject({
      strongroom: z.literal('receipt'),
      version: z.literal(1),
      statement: z.strictObject({ kind: foundStatement.shape.kind, digest: hex(32) }),
      level: z.literal(0),
      epoch: envelope,
      proof: z.string(),
    })
    .meta({ id: 'Receipt', description: 'The proof that the log has a statement.' }),
  receiptList: z
    .strictObject({
      epoch: envelope,
      checkpoint: z.string(),
      outcomes: z.array(
        z.union([
          z.strictObject({ index, hashes: z.array(hex(32)).max(63) }),
          z.strictObject({ problem: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]) }),
        ]),
      ),
    })
    .meta({ id: 'ReceiptList', description: 'An outcome for each deposit, in their order.' }),
  depositQuery: z.strictObject({
    serial: hex(16).optional(),
    description: z.string().optional(),
    object: hex(32).optional(),
    from: time.optional(),
    to: time.optional(),
    level: z.union([z.literal(0), z.literal(2)]).optional(),
    superseded: z.boolean().optional(),
    before: index.optional(),
    limit: z.int().min(1).max(LIMITS.depositsPerPage).optional(),
  }),
  statementQuery: z.strictObject({
    after: index.optional(),
    limit: z.int().min(1).max(LIMITS.statementsPerPage).optional(),
  }),
  depositPage: z
    .strictObject({ deposits: z.array(foundDeposit), next: index.nullable() })
    .meta({ id: 'DepositPage', description: 'Deposits, the newest first.' }),
  statementPage: z
    .strictObject({ statements: z.array(foundStatement), next: index.nullable() })
    .meta({ id: 'StatementPage', description: 'Statements in the order of the log.' }),
  ...RECOVERY_SCHEMAS,
  health: z.strictObject({ status: z.literal('ok') }).meta({ id: 'Health', description: 'All is well.' }),
  document: z
    .looseObject({ openapi: z.literal('3.1.0') })
    .meta({ id: 'Document', description: 'An OpenAPI document.' }),
  problem: z
    .looseObject({ type: z.string(), title: z.string(), status: z.int(), detail: z.string().optional() })
    .meta({ id: 'Problem', description: 'RFC 9457.' }),
} as const
