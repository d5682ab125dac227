import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { enrol, type EnrolledClient } from '@strongroom/core/client'
import type { KeyContainer } from '@strongroom/core/container'
import { CliError, usage } from '../../cli-error.ts'
import { type Context, defineCommand } from '../../command.ts'
import { loadConfig, saveConfig } from '../../config.ts'
import { displayName } from '../../escape-text.ts'
import { authorityStore } from '../../client/authority-choice.ts'
import { connected } from '../../client/connection.ts'
import { readInvitation, type InvitationInput } from '../../client/invitation-input.ts'
import { openContainer, OWNER_OPTIONS } from '../../owner.ts'
import { count, formatTime } from '../../quantities.ts'
import { makeCodes, sheetOf, USUAL_CODES, writeSheet } from '../../recovery/own-codes.ts'

const TIMEOUT_MS = 60_000
const NAME = /^[a-z0-9-]{1,64}$/
const LONGEST_NAME = 64

/** `strongroom enroll`. */
export const enroll = defineCommand({
  operands: [
    {
      name: '[invitation]',
      description: 'a file with the invitation, or - for standard input; asked for unless told',
      completes: 'file',
    },
  ],
  options: {
    name: {
      flags: '-n, --name <text>',
      kind: 'value',
      description: 'what the authority is to call this client; the name of this computer unless told',
    },
    as: {
      flags: '--as <name>',
      kind: 'value',
      description: 'what you call the authority; its host unless told',
    },
    ca: {
      flags: '--ca <file>',
      kind: 'value',
      description: 'certificates in PEM to trust for its address, instead of those of the system',
      completes: 'file',
    },
    noDefault: {
      flags: '--no-default',
      kind: 'flag',
      description: 'leave the default authority as it is',
    },
    codesFile: {
      flags: '--codes-file <file>',
      kind: 'value',
      description: 'write the recovery codes to a new file that only you can read, instead of showing them',
      completes: 'file',
    },
    noCodes: {
      flags: '--no-codes',
      kind: 'flag',
      description: 'make no recovery codes; strongroom codes new makes them later',
    },
    ...OWNER_OPTIONS,
  },
  notes: [
    'A backup authority keeps session keys of yours that only its custodian can open, so that your files outlive the',
    'loss of all your keys. Its administrator invites you with a text that carries its fingerprint: whoever answers at its',
    'address must have that identity before anything is sent. From then on strongroom seal deposits there by itself.',
    '',
    'The invitation is a secret until it was used. Other users of a computer see command lines: none is taken there.',
    '',
    'You get recovery codes at once, and see them once: print them, or copy them by hand, and keep them away from this',
    'computer. They are what you need on the day when it and your keys are lost: strongroom recover.',
  ],
  examples: [
    { line: 'strongroom enroll', purpose: 'asks for the invitation, which is not shown' },
    { line: 'strongroom enroll letter.txt', purpose: 'takes it from a letter' },
    {
      line: 'strongroom enroll invitation --as home --ca vault.pem --name laptop',
      purpose: 'an authority with a certificate of its own',
    },
  ],
  run: async (context, [path], values) => {
    const invitation = await readInvitation(context, path)
    checkOpen(invitation)
    const name = localName(context, values.as ?? nameOf(invitation.url))
    const ca = values.ca === undefined ? null : certificates(values.ca)
    const client = values.name ?? hostname()
    const container = await openContainer(context, values)
    try {
      const enrolled = await connected(
        context,
        { url: invitation.url, ca, timeoutMs: TIMEOUT_MS },
        (_, transport) =>
          enrol({
            invitation: invitation.text,
            name: client,
            container,
            connect: () => transport,
            now: Date.now,
          }),
      )
      const signer = container.signingKey().signer.toString()
      authorityStore(context).create({ ...enrolled, name, ca, signer, container: container.name })
      const before = values.noDefault ? undefined : makeDefault(context, name)
      const codes = values.noCodes
        ? undefined
        : await firstCodes(context, { name, container, codesFile: values.codesFile })
      tell(context, { name, client, container: container.name, enrolled, before, codes })
    } finally {
      container.wipe()
    }
  },
})

/** Not worth a connection otherwise: by then the authority refuses it. */
function checkOpen({ expires }: InvitationInput): void {
  if (expires > Date.now()) return
  throw new CliError('AUTHORITY_REFUSED', `the invitation expired at ${formatTime(expires)}`, {
    hint: 'ask for a new invitation; if that is not so, set the clock of this computer',
  })
}

/** `vault.example.org` as `vault-example-org`. */
function nameOf(url: string): string {
  const name = new URL(url).hostname.replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '')
  return name.slice(0, LONGEST_NAME) || 'authority'
}

function localName(context: Context, name: string): string {
  if (!NAME.test(name)) {
    throw usage(
      `${displayName(name)} is no name for an authority`,
      'a name has 1 to 64 of a to z, 0 to 9 and -',
    )
  }
  if (!authorityStore(context).list().includes(name)) return name
  throw new CliError('EXISTS', `there is an authority ${name} already`, {
    hint: 'give this one another name with --as NAME, if it is another',
  })
}

function certificates(path: string): string {
  const text = readFileSync(path, 'utf8')
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw new CliError('UNSUPPORTED', `${displayName(path)} holds no certificate in PEM`, {
    hint: 'ask the administrator for the certificate of the authority',
  })
}

/** @returns the default before, if it was another */
function makeDefault({ folders }: Context, name: string): string | undefined {
  const config = loadConfig(folders.configFile)
  if (config.defaultAuthority === name) return undefined
  saveConfig(folders.configFile, { ...config, defaultAuthority: name })
  return config.defaultAuthority
}

/** The codes of whoever has just enrolled. Enrolled they are all the same, if there are none. */
async function firstCodes(
  context: Context,
  { name, container, codesFile }: { name: string; container: KeyContainer; codesFile: string | undefined },
): Promise<Codes | undefined> {
  const folder = authorityStore(context).open(name)
  const chosen = { folder, state: folder.load() }
  try {
    const texts = await makeCodes(context, chosen, container, {
      count: USUAL_CODES,
      keep: (made) => writeSheet(codesFile, sheetOf(chosen, made)),
    })
    return { texts, sheet: sheetOf(chosen, texts), file: codesFile }
  } catch (error) {
    if (context.signal.aborted || !(error instanceof Error)) throw error
    context.terminal.warning(`there are no recovery codes yet: ${error.message}`)
    const first = error instanceof CliError && error.hint !== undefined ? `${error.hint}; then ` : ''
    context.terminal.hint(`${first}strongroom codes new makes them`)
    return undefined
  }
}

interface Codes {
  readonly texts: readonly string[]
  /** The same for a printer. */
  readonly sheet: string
  /** Where they were written; shown otherwise. */
  readonly file: string | undefined
}

interface Told {
  readonly name: string
  readonly client: string
  readonly container: string
  readonly enrolled: EnrolledClient
  /** The default authority before. */
  readonly before: string | undefined
  readonly codes: Codes | undefined
}

function tell({ terminal }: Context, { name, client, container, enrolled, before, codes }: Told): void {
  const { url, identity, tenant, clientId, epochs } = enrolled
  const { number, notAfter } = epochs.latest.payload
  terminal.record({
    authority: name,
    calledItself: epochs.authority,
    url,
    identity,
    tenant,
    client,
    clientId,
    container,
    epoch: number,
    epochEnds: new Date(notAfter).toISOString(),
    recoveryCodes: codes?.file === undefined ? (codes?.texts ?? []) : [],
    codesFile: codes?.file ?? null,
  })
  if (terminal.quiet) return tellCodes(terminal, codes)
  terminal.heading(`enrolled with ${displayName(epochs.authority)}`)
  terminal.fields([
    ['authority', name],
    ['address', url],
    ['identity', `${identity}, pinned from now on`],
    ['you are', `${displayName(client)} of ${tenant}, ${clientId}`],
    ['container', displayName(container)],
    ['epoch', `${number}, until ${formatTime(notAfter)}`],
  ])
  if (before !== undefined)
    terminal.note(`${name} is the default authority now, instead of ${displayName(before)}`)
  tellCodes(terminal, codes)
}

/** Shown once, also to whoever wants to hear nothing: they are nowhere else. */
function tellCodes(terminal: Context['terminal'], codes: Codes | undefined): void {
  if (!codes || terminal.json) return
  if (codes.file !== undefined) {
    terminal.done(
      displayName(codes.file),
      `${count(codes.texts.length, 'recovery code')}: print it, then delete it`,
    )
    return
  }
  terminal.raw(`\n${codes.sheet}`)
  terminal.note('print these recovery codes, or copy them by hand: they are shown once, and kept nowhere')
}
