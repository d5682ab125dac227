import * as z from 'zod'
import { checkUrl, LIMITS, parseFingerprint, ProtocolError } from '@strongroom/core/protocol'

/** The name of the file in an authority's folder. */
export const CONFIGURATION_FILE = 'authority.json'

const MAX_NAME_BYTES = 128
const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1'])

/** A text that the protocol accepts; its reason is told. */
function protocolText(check: (text: string) => unknown) {
  return z.string().superRefine((text, context) => {
    try {
      check(text)
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      context.addIssue({ code: 'custom', message: error.message.replace(/^[^:]*: /, '') })
    }
  })
}

const path = z.string().min(1)
const port = z.int().min(0).max(65_535)
const whole = z.int().min(1)

function address(host: string, number: number) {
  return z.strictObject({
    host: z
      .string()
      .min(1)
      .default(host)
      .describe('Address or name of the interface. `0.0.0.0` and `::` are all of them.'),
    port: port.default(number).describe('Port; 0 is any that is free.'),
  })
}

function quota(whose: string) {
  return z
    .strictObject({
      deposits: whole
        .optional()
        .describe(`Deposits of ${whose} at most. Without it, as many as there is room for.`),
      bytes: whole
        .optional()
        .describe(`Bytes of the deposits of ${whose} at most. Without it, as much as there is room for.`),
    })
    .prefault({})
}

const sqlite = z.strictObject({
  engine: z
    .literal('sqlite')
    .describe('`sqlite`: one file, one machine, one process. `postgres`: one server, any number of nodes.'),
  path: path
    .default('authority.sqlite')
    .describe(
      'The database file. It must be on a local disk: file locks and syncs of network file systems are not to be relied on. Whoever can write to it can take statements away, and is found out by the log; whoever can read it learns who deposits when, and nothing of any key.',
    ),
})

const postgres = z.strictObject({
  engine: z.literal('postgres'),
  url: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'expected an address that begins with postgres://')
    .optional()
    .describe(
      'Where the database is, and the role as which this node works: `postgres://user:password@host/database`. The role is a member of `nodeRole`, owns no table and is no superuser, so that the server itself keeps tenants apart. Needed with `postgres`; with a password in it, keep it out of the file and in the environment.',
    ),
  ownerUrl: z
    .string()
    .regex(/^postgres(ql)?:\/\//, 'expected an address that begins with postgres://')
    .optional()
    .describe(
      'The same for the role that owns the tables: needed by `init`, by `restore` and after an upgrade, to make and change them. Trusted with everything in the database; leave it out of the file, and give it in the environment when it is needed.',
    ),
  nodeRole: z
    .string()
    .min(1)
    .optional()
    .describe('The role that is given the privileges of nodes; `strongroom_node` unless told.'),
  connections: whole.max(1000).optional().describe('Connections of this node at most; 10 unless told.'),
})

/**
 * The settings as they stand in `authority.json`. Each has a description that says what it does and what it means to trust it:
 * `docs/authority-configuration.md` is made of them.
 */
export const SETTINGS = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .refine(
        (text) => new TextEncoder().encode(text).length <= MAX_NAME_BYTES,
        `at most ${MAX_NAME_BYTES} bytes`,
      )
      .describe(
        'The name of the authority for people. It stands in every epoch record and cannot be changed later.',
      ),
    url: protocolText(checkUrl).describe(
      'Where clients find the authority: `https://` and a host, with a port if it is not 443. It stands in invitations, and clients sign it with every request: behind a proxy it is the name that the proxy is known by.',
    ),
    identity: protocolText((text) => parseFingerprint(text, 'identity')).describe(
      'The fingerprint of the identity key, `SHA256:…`. Epoch records of any other key are refused, so whoever changes it here can make this node serve another authority; clients, who have it from their invitation, refuse that.',
    ),
    listen: address('127.0.0.1', 8443).prefault({}),
    tls: z
      .strictObject({
        certificate: path.describe('The certificate and those between it and the root, in PEM.'),
        key: path.describe(
          'Its private key, in PEM. Whoever has it can pose as this server and see requests, which are signed and hold nothing readable; not as this authority, which its identity key names.',
        ),
        clientCa: path
          .optional()
          .describe(
            'Certificates, in PEM, of those who sign certificates of clients. With it, whoever has none cannot connect.',
          ),
      })
      .nullable()
      .default(null)
      .describe('null is plain HTTP, and allowed on loopback or behind a proxy alone.'),
    proxy: z
      .strictObject({
        hops: z
          .int()
          .min(0)
          .max(3)
          .default(0)
          .describe(
            'How many proxies of yours a request comes through. So many entries at the end of `X-Forwarded-For` are believed; one too many, and anybody can choose the address that limits are counted by.',
          ),
      })
      .prefault({}),
    database: z.discriminatedUnion('engine', [sqlite, postgres]).prefault({ engine: 'sqlite' }),
    log: z
      .strictObject({
        keys: path
          .default('log-keys')
          .describe(
            'The private keys of the log, the same on every node. Whoever has them can sign another history, which monitors and witnesses notice; they open nothing.',
          ),
        signed: path
          .default('last-checkpoint')
          .describe(
            'The greatest checkpoint that this node has signed: its own on each node, never restored from a backup. By it a node finds out that the database lost something.',
          ),
      })
      .prefault({}),
    quotas: z
      .strictObject({
        client: quota('one client'),
        tenant: quota('all clients of a tenant together'),
        requests: z
          .strictObject({
            owner: whole
              .default(8)
              .describe(
                'Requests for recovery of the deposits of one owner that may be open at the same time.',
              ),
            key: whole.default(8).describe('The same of one key that signs them.'),
          })
          .prefault({}),
        probes: z
          .strictObject({
            deposits: whole
              .default(1_000)
              .describe(
                'Deposits that one client may have probed in 24 hours. Each is opened by the custodian: this is how much work a client can make for it.',
              ),
          })
          .prefault({}),
      })
      .prefault({}),
    limits: z
      .strictObject({
        depositsPerRequest: whole
          .max(LIMITS.depositsPerRequest)
          .default(LIMITS.depositsPerRequest)
          .describe('Deposits in one request at most. The card of the authority tells clients.'),
        bodySeconds: whole
          .max(3600)
          .default(30)
          .describe('A request that has not come as a whole after so many seconds is cut off.'),
        requestsPerMinute: z
          .strictObject({
            address: whole
              .default(600)
              .describe('Requests of one address at most, before it is known whose they are.'),
            client: whole.default(1200).describe('Requests of one client at most.'),
          })
          .prefault({}),
        connections: whole.max(65_535).default(1024).describe('Connections at the same time at most.'),
      })
      .prefault({}),
    notices: z
      .strictObject({
        mail: z
          .strictObject({
            url: z
              .string()
              .regex(/^smtps?:\/\//, 'expected an address that begins with smtp:// or smtps://')
              .describe(
                'The mail server, `smtps://user:password@host`. With a password in it, keep it out of the file and in the environment. Whoever reads the mail on its way can cancel a recovery by the link in it, and nothing else.',
              ),
            from: z.string().min(3).describe('The address that notices come from.'),
          })
          .nullable()
          .default(null)
          .describe('null sends no mail: owners then do not hear that somebody asks for their keys.'),
        webhook: z
          .strictObject({
            url: z
              .string()
              .regex(/^https?:\/\//, 'expected an address that begins with https://')
              .describe('A program that is told where a contact says so.'),
            secret: z
              .string()
              .regex(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, 'expected whsec_ and base64')
              .describe(
                'The key by which messages are signed after Standard Webhooks: `whsec_` and base64. Whoever has it can make such messages up.',
              ),
          })
          .nullable()
          .default(null)
          .describe('null tells no program.'),
      })
      .prefault({}),
    metrics: z
      .strictObject({
        listen: address('127.0.0.1', 9464)
          .nullable()
          .prefault({})
          .describe(
            'null gives out no numbers. They name no client; who can read them learns how much is deposited when.',
          ),
      })
      .prefault({}),
    logLevel: z
      .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
      .default('info')
      .describe(
        'From which level on lines are written to standard error. A line has no key, no body and no signature in it.',
      ),
  })
  .superRefine(({ tls, listen, proxy }, context) => {
    if (tls || proxy.hops > 0 || LOOPBACK.has(listen.host)) return
    context.addIssue({
      code: 'custom',
      path: ['tls'],
      message: 'expected a certificate: without one, listen on 127.0.0.1 or set proxy.hops',
    })
  })

/** The settings of a file, with what it leaves out. */
export type Settings = z.output<typeof SETTINGS>
/** What a file must have. */
export type SettingsFile = z.input<typeof SETTINGS>
