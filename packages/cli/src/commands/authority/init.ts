import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import {
  initAuthority,
  readCustodianCard,
  validFor,
  type Custodian,
  type MadeAuthority,
  type NewAuthority,
  type NewContainerFile,
} from '@strongroom/authority'
import { toHex } from '@strongroom/core/bytes'
import { usage } from '../../cli-error.ts'
import { defineCommand, type Context, type OptionTable, type OptionValues } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { bringsPassphrase, newPassphrase, notOfContainer, PASSPHRASE_OPTIONS } from '../../passphrase.ts'
import { dayText, wholeNumber } from '../../authority/authority-options.ts'
import { FIRST_CHARTER_OPTIONS, firstCharterOf } from '../../authority/first-charter.ts'

const OPTIONS = {
  name: {
    flags: '--name <text>',
    kind: 'value',
    description: 'what people call the authority; it can never be changed',
  },
  url: {
    flags: '--url <address>',
    kind: 'value',
    description: 'where clients will find it: https:// and a host, with a port if it is not 443',
  },
  tenant: { flags: '--tenant <name>', kind: 'value', description: 'the first tenant; default unless told' },
  days: {
    flags: '--days <number>',
    kind: 'value',
    description: 'how long the first epoch is valid; 730 unless told',
  },
  policy: {
    flags: '--policy <file>',
    kind: 'value',
    description: 'your terms (docs/spec/recovery.md); every epoch names their digest',
    completes: 'file',
  },
  ...FIRST_CHARTER_OPTIONS,
  identity: {
    flags: '--identity <file>',
    kind: 'value',
    description:
      'where to put the identity key; identity-key/identity.container beside the folder unless told',
    completes: 'file',
    group: 'Keys:',
  },
  custodian: {
    flags: '--custodian <card>',
    kind: 'value',
    description:
      'the public card of the custodian; without it a container is made in custodian-key, beside the folder',
    completes: 'file',
    group: 'Keys:',
  },
  rsa: {
    flags: '--rsa',
    kind: 'flag',
    description: 'give the new custodian’s container an RSA key too, for SIMPLEBLOBs of CryptoAPI',
    group: 'Keys:',
  },
  custodianPassphraseFile: {
    flags: '--custodian-passphrase-file <file>',
    kind: 'value',
    description: 'read the passphrase of a new custodian’s container from the only line of a file',
    completes: 'file',
    group: 'Passphrase:',
  },
  passphraseFile: {
    ...PASSPHRASE_OPTIONS.passphraseFile,
    description:
      'read the passphrase of the identity key from the only line of a file, also from STRONGROOM_PASSPHRASE_FILE',
  },
  passphraseFd: {
    ...PASSPHRASE_OPTIONS.passphraseFd,
    description: 'read the passphrase of the identity key from an open file descriptor',
  },
  listen: {
    flags: '--listen <host:port>',
    kind: 'value',
    description: 'where the server listens; the port of the address, on all interfaces, unless told',
    group: 'Server:',
  },
  tlsCertificate: {
    flags: '--tls-certificate <file>',
    kind: 'value',
    description: 'a certificate in PEM, where it lies; one is made if none is given',
    completes: 'file',
    group: 'Server:',
  },
  tlsKey: {
    flags: '--tls-key <file>',
    kind: 'value',
    description: 'its private key',
    completes: 'file',
    group: 'Server:',
  },
  proxyHops: {
    flags: '--proxy-hops <number>',
    kind: 'value',
    description: 'behind so many proxies of yours, which do TLS',
    group: 'Server:',
  },
  database: {
    flags: '--database <address>',
    kind: 'value',
    description:
      'postgres://…, also from STRONGROOM_AUTHORITY_DATABASE_URL; a SQLite file in the folder unless told',
    group: 'Server:',
  },
} as const satisfies OptionTable

type Values = OptionValues<typeof OPTIONS>

const DEFAULT_DAYS = 730
const MOST_DAYS = 36_500
const HTTPS_PORT = 443

/** Makes an authority. */
export const authorityInit = defineCommand({
  operands: [
    {
      name: '<folder>',
      description: 'where to make it; it must not exist, or be empty',
      completes: 'folder',
    },
  ],
  options: OPTIONS,
  notes: [
    'An authority is its identity key. It is asked for a signature once for each epoch, and by nothing else:',
    'take it away from the server and keep it, with its passphrase, where keys are kept that are needed once in two years.',
    '',
    'The custodian’s key opens what clients deposit. The server has no use for it and must not have it:',
    'make it on another computer (strongroom container create custodian), and bring its public card here.',
  ],
  examples: [
    {
      line: 'strongroom authority init vault --name X --url https://a.example --custodian custodian.card',
      purpose: 'for a custodian whose keys were made elsewhere',
    },
    {
      line: 'strongroom authority init vault --name Test --url http://localhost:8080',
      purpose: 'to try it on this computer alone',
    },
  ],
  async run(context, [folder = ''], values) {
    const wanted = await wantedAuthority(context, resolve(folder), values)
    const made = await initAuthority(wanted)
    tell(context, made, wanted)
  },
})

async function wantedAuthority(context: Context, folder: string, values: Values): Promise<NewAuthority> {
  const { name, url, tenant = 'default', days, policy } = values
  if (name === undefined || url === undefined) {
    throw usage('--name and --url are needed', 'strongroom authority init --help has examples')
  }
  const settings = settingsOf(context, name, url, values)
  const validDays = days === undefined ? DEFAULT_DAYS : wholeNumber('--days', days, MOST_DAYS)
  const now = Date.now()
  return {
    folder,
    settings,
    tenant,
    ...(await keysOf(context, folder, values)),
    ...(policy !== undefined && { policy: new Uint8Array(readFileSync(policy)) }),
    ...charterOf(values),
    validity: validFor(validDays, now),
    now,
    environment: context.environment,
  }
}

/** Who decides in the first tenant: told now, or with `charter new` before anything can be recovered. */
function charterOf(values: Values): Pick<NewAuthority, 'charter' | 'waiting'> {
  const { plan, ...waiting } = firstCharterOf(values) ?? {}
  return plan === undefined ? {} : { charter: plan, ...waiting }
}

type Settings = NewAuthority['settings']

function settingsOf({ environment }: Context, name: string, url: string, values: Values): Settings {
  const { database, proxyHops } = values
  const hops = proxyHops === undefined ? 0 : wholeNumber('--proxy-hops', proxyHops, 3)
  // A database from the environment stays out of the file: there is a password in its address.
  const elsewhere = database === undefined && Boolean(environment['STRONGROOM_AUTHORITY_DATABASE_URL'])
  return {
    name,
    url,
    listen: listenOf(url, values),
    tls: tlsOf(url, hops, values),
    ...(hops > 0 && { proxy: { hops } }),
    ...(database !== undefined && { database: { engine: 'postgres', url: database } }),
    ...(elsewhere && { database: { engine: 'postgres' } }),
  }
}

/** On loopback for an address of this computer, or behind a proxy on it. */
function listenOf(url: string, { listen, proxyHops }: Values): { host: string; port: number } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (listen === undefined) {
    const local = parsed?.protocol === 'http:' || proxyHops !== undefined
    const port = Number(parsed?.port) || (local ? 8080 : HTTPS_PORT)
    return { host: local ? '127.0.0.1' : '0.0.0.0', port }
  }
  const [, host, port] = /^(?:\[?([^[\]]*)\]?:)?(\d{1,5})$/.exec(listen) ?? []
  if (port === undefined) throw usage(`--listen: expected a host and a port, got ${displayName(listen)}`)
  return { host: host || '0.0.0.0', port: Number(port) }
}

function tlsOf(url: string, hops: number, { tlsCertificate, tlsKey }: Values): Settings['tls'] {
  if ((tlsCertificate === undefined) !== (tlsKey === undefined)) {
    throw usage('--tls-certificate and --tls-key belong together', 'give both, or none')
  }
  if (tlsCertificate !== undefined && tlsKey !== undefined) {
    for (const file of [tlsCertificate, tlsKey]) readFileSync(file)
    return { certificate: resolve(tlsCertificate), key: resolve(tlsKey) }
  }
  return url.startsWith('http:') || hops > 0 ? null : 'made'
}

async function keysOf(
  context: Context,
  folder: string,
  values: Values,
): Promise<Pick<NewAuthority, 'identity' | 'custodian'>> {
  const path = resolve(values.identity ?? join(dirname(folder), 'identity-key', 'identity.container'))
  if (!relative(folder, path).startsWith('..')) {
    throw usage(
      'the identity key must not lie in the authority’s folder',
      'name another place with --identity FILE',
    )
  }
  const card = values.custodian
  const custodian = card === undefined ? undefined : readCustodianCard(readFileSync(card, 'utf8'))
  if (values.rsa && custodian) {
    throw usage(
      '--rsa is for a custodian whose keys are made now',
      'strongroom custodian init --rsa makes such a card',
    )
  }
  const custodianPath = join(dirname(folder), 'custodian-key', 'custodian.container')
  // Before anybody is asked to think of a passphrase.
  for (const file of [path, ...(custodian ? [] : [custodianPath])]) {
    if (existsSync(file))
      throw usage(`${displayName(file)} already exists`, 'name another place with --identity FILE')
  }
  const passphrase = await newPassphrase(context, values, 'the identity key')
  return {
    identity: { path, passphrase },
    custodian: custodian ?? (await newCustodian(context, values, custodianPath, passphrase)),
  }
}

async function newCustodian(
  context: Context,
  values: Values,
  path: string,
  ofIdentity: string,
): Promise<Custodian | NewContainerFile> {
  const { custodianPassphraseFile: own, rsa } = values
  // What came without asking anybody is used for both: they are moved to other computers, and protected anew there.
  if (own === undefined && bringsPassphrase(context, values)) return { path, passphrase: ofIdentity, rsa }
  const source = { passphraseFile: own, passphraseFd: undefined }
  const passphrase = await newPassphrase(notOfContainer(context), source, 'the custodian’s key')
  return { path, passphrase, rsa }
}

function tell(context: Context, made: MadeAuthority, wanted: NewAuthority): void {
  const { terminal } = context
  const { configuration, identity, origin } = made
  const { folder, name, url, database, tls, listen } = configuration
  const custodianFile = 'path' in wanted.custodian ? wanted.custodian.path : undefined
  terminal.record({
    folder,
    name,
    url,
    identity,
    origin,
    tenant: wanted.tenant,
    listen,
    identityKey: wanted.identity.path,
    custodianKey: custodianFile ?? null,
    custodianCard: made.custodianCard ?? null,
    charter: made.charter ? toHex(made.charter) : null,
    certificate: tls?.certificate ?? null,
    epochEnds: dayText(wanted.validity.notAfter),
  })
  if (terminal.quiet) return
  const selfMade = wanted.settings.tls === 'made'
  terminal.heading(`made the authority ${name}`)
  terminal.fields([
    ['fingerprint', identity],
    ['address', url],
    ['folder', folder],
    ['database', database.engine === 'sqlite' ? database.path : 'PostgreSQL'],
    ...(tls ? [['certificate', tls.certificate] as const] : []),
    ['first epoch', `until ${dayText(wanted.validity.notAfter)}`],
    ['first tenant', wanted.charter === 'personal' ? `${wanted.tenant}, personal` : wanted.tenant],
    ...(made.charter ? [['first charter', toHex(made.charter)] as const] : []),
    ['identity key', wanted.identity.path],
    ...(custodianFile === undefined ? [] : [['custodian’s key', custodianFile] as const]),
  ])
  terminal.line()
  terminal.line('Write the fingerprint down: it is how everybody knows this authority.')
  terminal.line('Take the identity key and its passphrase away from this computer, in two copies.')
  if (selfMade)
    terminal.line(
      'Clients need the certificate, which nobody else vouches for: hand it out with their invitations.',
    )
  if (custodianFile !== undefined) {
    terminal.warning(
      'the custodian’s key opens everything that clients deposit, and it lies on this computer',
    )
    terminal.hint(`move ${dirname(custodianFile)} to another one, and delete it here`)
  }
  if (!wanted.charter) {
    terminal.line(
      'Nobody decides about recovery yet: strongroom authority charter new --help says how to name them.',
    )
  }
  terminal.line(
    'Nobody hears of requests for recovery without contacts: strongroom authority contact add --help says how.',
  )
  tellNext(context, folder)
}

function tellNext({ terminal }: Context, folder: string): void {
  terminal.line()
  terminal.line('Next:')
  const at = relative('.', folder) || basename(folder)
  terminal.steps([
    [`strongroom authority serve --folder ${at}`, 'start it'],
    [`strongroom authority invite NAME --folder ${at}`, 'let somebody in'],
    [`strongroom authority status --folder ${at}`, 'see how it is'],
  ])
}
