import { fromHex, toHex, wipe } from '@strongroom/core/bytes'
import {
  keyCredentials,
  newCancellation,
  nodeMeans,
  RecoveryStore,
  sha256,
  signerOf,
  submitStatement,
  verifyReceiptFile,
  type RecoveryFolder,
} from '@strongroom/core/client'
import { SigningKey } from '@strongroom/core/container'
import {
  statementDigest,
  verifyEpochs,
  type CancellationCapacity,
  type EpochChain,
} from '@strongroom/core/protocol'
import { usage } from '../../cli-error.ts'
import { AUTHORITY_OPTIONS, chosenAuthority, enrolledKey } from '../../client/authority-choice.ts'
import { connectedForRecovery } from '../../client/connection.ts'
import { type Context, defineCommand, type OptionValues } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { openContainer, OWNER_OPTIONS } from '../../owner.ts'
import { shortDigest } from '../../recovery/subject-text.ts'

const OPTIONS = { ...AUTHORITY_OPTIONS, ...OWNER_OPTIONS } as const

const DIGEST = /^[0-9a-f]{64}$/i
const PREFIX = /^[0-9a-f]{4,63}$/i
/** What stands in a notice: the request, and the secret of a key that is good for this alone. */
const LINK = /^https?:\/\/[^/]+\/cancel\/([0-9a-f]{64})([0-9a-f]{64})$/
const TIMEOUT_MS = 60_000

/** `strongroom cancel`. */
export const cancel = defineCommand({
  operands: [
    {
      name: '<request>',
      description: 'its digest or the link, as the notice to you has it; or the first digits of your own',
    },
  ],
  options: OPTIONS,
  notes: [
    'Somebody asks for your keys, and it is not you? This stops it for good, without asking anybody. The notice that you got',
    'has the digest of the request, and a link by which a browser does the same. Your container signs that you are the owner;',
    'a request that was made on this computer is cancelled by whoever made it.',
    '',
    'Then find out who has your recovery code: strongroom codes new makes all older ones worthless.',
  ],
  examples: [
    { line: 'strongroom cancel "$REQUEST"', purpose: 'stops what a notice told you of' },
    { line: 'strongroom cancel "$LINK"', purpose: 'the same by the link in the notice' },
    { line: 'strongroom cancel 2e00efcc', purpose: 'takes your own request back' },
  ],
  run: async (context, [text = ''], values) => {
    const own = ownRequest(context, text)
    if (own) return await cancelOwn(context, own, values)
    if (text.includes('/cancel/')) return await cancelByLink(context, text, values)
    if (!DIGEST.test(text)) {
      throw usage(
        `${displayName(text)} is no request`,
        'give the whole digest that stands in the notice, 64 digits, or the link in it',
      )
    }
    await cancelAsOwner(context, fromHex(text.toLowerCase()), values)
  },
})

/** A request that was made on this computer. */
function ownRequest({ folders }: Context, text: string): RecoveryFolder | undefined {
  if (!DIGEST.test(text) && !PREFIX.test(text)) return undefined
  const store = new RecoveryStore(folders.recoveries)
  return store.list().some((id) => id.startsWith(text.toLowerCase())) ? store.open(text) : undefined
}

async function cancelOwn(
  context: Context,
  folder: RecoveryFolder,
  values: OptionValues<typeof OPTIONS>,
): Promise<void> {
  const record = folder.load()
  const container = await openContainer(context, {
    ...values,
    container: values.container ?? record.container,
  })
  try {
    await send(context, record, {
      key: container.signingKey(),
      capacity: 'requester',
      subject: folder.digest,
    })
    folder.end()
  } finally {
    container.wipe()
  }
}

async function cancelAsOwner(
  context: Context,
  subject: Uint8Array,
  values: OptionValues<typeof OPTIONS>,
): Promise<void> {
  const chosen = chosenAuthority(context, values)
  const container = await openContainer(context, values)
  try {
    const key = enrolledKey(chosen, container)
    await send(context, chosen.state, { key, capacity: 'owner', subject })
  } finally {
    container.wipe()
  }
}

/** The link holds a key of its own: no container is needed, only to know whose authority that is. */
async function cancelByLink(
  context: Context,
  text: string,
  values: OptionValues<typeof OPTIONS>,
): Promise<void> {
  const [, subject, secret] = LINK.exec(text) ?? []
  const { state } = chosenAuthority(context, values)
  if (subject === undefined || secret === undefined || new URL(text).origin !== new URL(state.url).origin) {
    throw usage(
      `that is no link of a notice from ${state.name}`,
      'copy the whole link, and name the authority with --authority NAME; a browser opens it too',
    )
  }
  const bytes = fromHex(secret)
  const key = SigningKey.fromSecretBytes('ed25519', bytes)
  wipe(bytes)
  try {
    await send(context, state, { key, capacity: 'notice', subject: fromHex(subject) })
  } finally {
    key.wipe()
  }
}

interface Place {
  readonly url: string
  readonly ca: string | null
  readonly identity: string
  readonly tenant: string
  readonly epochs: EpochChain
}

async function send(
  context: Context,
  { url, ca, identity, tenant, epochs: known }: Place,
  { key, capacity, subject }: { key: SigningKey; capacity: CancellationCapacity; subject: Uint8Array },
): Promise<void> {
  const credentials = keyCredentials(signerOf(key))
  const deciding = { identity, tenant, subject, key: signerOf(key), nowMs: Date.now() }
  const statement = newCancellation(deciding, capacity)
  const digest = statementDigest(sha256, statement)
  await connectedForRecovery(context, { url, ca, timeoutMs: TIMEOUT_MS, credentials }, async (client) => {
    const epochs = verifyEpochs((await client.card()).epochs, { ...nodeMeans, identity }, known.known)
    await submitStatement(client, statement, (receipt) =>
      verifyReceiptFile(receipt, { identity, epochs, kind: 'cancellation', digest }),
    )
  })
  context.terminal.record({
    request: toHex(subject),
    act: 'cancellation',
    capacity,
    statement: toHex(digest),
  })
  context.terminal.done(
    shortDigest(subject),
    `cancelled as its ${capacity}; that is final, and stands in the log`,
  )
}
