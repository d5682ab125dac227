import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { logInFolder, trustIn, verifyLog, type LogSource, type VerifiedLog } from '@strongroom/core/client'
import { toHex } from '@strongroom/core/bytes'
import { LIMITS, parseAuthorityCard, verifyEpochs, type EpochChain } from '@strongroom/core/protocol'
import { AUTHORITY_OPTIONS, chosenAuthority } from '../../client/authority-choice.ts'
import { connected } from '../../client/connection.ts'
import { identitiesFor } from '../../client/receipt-trust.ts'
import { usage } from '../../cli-error.ts'
import { type Context, defineCommand, type OptionValues } from '../../command.ts'
import { readInput } from '../../cryptoapi/input-bytes.ts'
import { displayName } from '../../escape-text.ts'
import { formatTime } from '../../quantities.ts'

const OPTIONS = {
  fingerprint: {
    flags: '--fingerprint <text>',
    kind: 'value',
    description: 'that of the authority, SHA256:…; the one that you enrolled with unless told',
  },
  card: {
    flags: '--card <file>',
    kind: 'value',
    description: 'the epochs of the authority, as its address /v1/authority shows them: for a folder',
    completes: 'file',
  },
  ca: {
    flags: '--ca <file>',
    kind: 'value',
    description: 'certificates in PEM to trust for an address',
    completes: 'file',
  },
  ...AUTHORITY_OPTIONS,
} as const

type Values = OptionValues<typeof OPTIONS>

/** `strongroom log verify`. */
export const logVerify = defineCommand({
  operands: [
    {
      name: '[where]',
      description: 'the address of an authority, or a folder with a copy of its log; yours unless told',
      completes: 'folder',
    },
  ],
  options: OPTIONS,
  notes: [
    'Reads every entry, computes every tile and the root from them, and compares them with what was published and signed.',
    'It takes little memory, however long the log is. Anybody can do it: logs hold digests and nothing about people.',
  ],
  examples: [
    { line: 'strongroom log verify', purpose: 'the log of your authority' },
    {
      line: 'strongroom log verify https://vault.example.org --fingerprint SHA256:…',
      purpose: 'that of any other',
    },
    { line: 'strongroom log verify /mirror/log', purpose: 'a copy in a folder' },
  ],
  run: async (context, [where], values) => {
    const verified =
      isAddress(where) || where === undefined
        ? await ofAddress(context, where, values)
        : await ofFolder(context, where, values)
    tell(context, verified)
  },
})

function isAddress(where: string | undefined): where is string {
  return where !== undefined && /^https?:\/\//.test(where)
}

async function ofAddress(context: Context, where: string | undefined, values: Values): Promise<VerifiedLog> {
  if (values.card !== undefined) throw usage('--card is for a copy in a folder', 'leave it out')
  const ca =
    values.ca === undefined ? null : new TextDecoder().decode(readInput(values.ca, 262_144, 'a certificate'))
  const place = where === undefined ? chosenAuthority(context, values).state : { url: where, ca }
  const [pinned, another] = identitiesFor(context, values)
  if (!pinned || another)
    throw usage('there are several authorities', 'name one with --authority or --fingerprint')
  return await connected(context, place, async (client) => {
    const epochs = verifyEpochs((await client.card()).epochs, trustIn(pinned.identity), pinned.epochs?.known)
    const source = { checkpoint: () => client.checkpoint(), tile: client.tile.bind(client) }
    return await verifyFrom(context, source, epochs)
  })
}

async function ofFolder(context: Context, folder: string, values: Values): Promise<VerifiedLog> {
  if (!existsSync(join(folder, 'checkpoint'))) {
    throw usage(
      `there is no log in ${displayName(folder)}`,
      'name an address, or a folder with checkpoint and tile',
    )
  }
  const [pinned, another] = identitiesFor(context, values)
  if (!pinned || another)
    throw usage('there are several authorities', 'name one with --authority or --fingerprint')
  return await verifyFrom(context, logInFolder(folder), epochsFor(pinned, values))
}

function epochsFor(
  { identity, epochs }: { identity: string; epochs?: EpochChain },
  { card }: Values,
): EpochChain {
  if (card !== undefined) {
    const bytes = readInput(card, LIMITS.authorityBytes, 'the card of an authority')
    return verifyEpochs(parseAuthorityCard(bytes).epochs, trustIn(identity))
  }
  if (epochs) return epochs
  throw usage(
    'a folder holds no epochs',
    'give them with --card FILE, as the address /v1/authority shows them',
  )
}

async function verifyFrom(
  { terminal }: Context,
  source: LogSource,
  epochs: EpochChain,
): Promise<VerifiedLog> {
  try {
    return await verifyLog(source, {
      epochs,
      onProgress: (done, total) => terminal.status(`verifying ${done} of ${total} entries`),
    })
  } finally {
    terminal.status(undefined)
  }
}

function tell({ terminal }: Context, { head, entries }: VerifiedLog): void {
  terminal.record({
    verified: true,
    origin: head.origin,
    size: head.size,
    root: toHex(head.root),
    signed: new Date(head.signedMs).toISOString(),
    entries,
  })
  terminal.done(displayName(head.origin), `whole: ${head.size} entries, each derived again`)
  if (terminal.quiet) return
  terminal.fields([
    ['root', toHex(head.root)],
    ['signed', formatTime(head.signedMs)],
    ...Object.entries(entries).map(([kind, number]) => [kind, String(number)] as const),
  ])
}
