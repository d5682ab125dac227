import {
  ClientError,
  keepOwnCodes,
  loadOwnCodes,
  newRecoveryCodes,
  nodeMeans,
  signerOf,
  submitStatement,
  type RecoveryClient,
} from '@strongroom/core/client'
import { writeFileAtomically, type KeyContainer } from '@strongroom/core/container'
import {
  ACTS,
  openStatement,
  parseEnvelope,
  printRecoveryCode,
  type FoundStatement,
} from '@strongroom/core/protocol'
import { enrolledKey, type ChosenAuthority } from '../client/authority-choice.ts'
import { connectedForRecovery } from '../client/connection.ts'
import type { Context } from '../command.ts'
import { openContainer, type OwnerValues } from '../owner.ts'
import { formatTime } from '../quantities.ts'

/** How codes are made. */
export interface CodesOptions {
  readonly count: number
  /** Keeps the texts before they are worth something, if they are to be kept. */
  readonly keep: (texts: readonly string[]) => void
}

const TIMEOUT_MS = 60_000
/** How many codes are made unless told. */
export const USUAL_CODES = 8
const GROUPS_IN_LINE = 8

/**
 * Makes recovery codes for a client and has them logged; the receipt is kept. Other codes of the client are worth nothing from then on.
 *
 * @returns their texts, which are secrets
 */
export async function makeCodes(
  context: Context,
  chosen: ChosenAuthority,
  container: KeyContainer,
  { count, keep }: CodesOptions,
): Promise<readonly string[]> {
  const { folder, state } = chosen
  const { url, ca, identity, tenant, clientId } = state
  const key = enrolledKey(chosen, container)
  const sign = (message: Uint8Array) => key.sign(message)
  const credentials = { clientId, sign }
  return await connectedForRecovery(
    context,
    { url, ca, timeoutMs: TIMEOUT_MS, credentials },
    async (client) => {
      const made = newRecoveryCodes({
        url,
        identity,
        tenant,
        client: clientId,
        signer: signerOf(key),
        count,
        previous: await newestCodes(client, loadOwnCodes(folder)?.digest ?? null),
        nowMs: Date.now(),
      })
      keep(made.texts)
      const known = folder.learnEpochs((await client.card()).epochs)
      await submitStatement(client, made.statement, (receipt) =>
        keepOwnCodes(folder, known, { ...made, receipt }),
      )
      return made.texts
    },
  )
}

/** What the new ones replace: those of another computer too, or of before a restore. */
async function newestCodes(client: RecoveryClient, known: Uint8Array | null): Promise<Uint8Array | null> {
  let newest = known
  for await (const { kind, digest } of statementsOf(client)) if (kind === 'codes') newest = digest
  return newest
}

/** The keys of codes that a request was made with, as far as the authority shows them. */
export async function usedCodes(
  context: Context,
  chosen: ChosenAuthority,
  values: OwnerValues,
): Promise<ReadonlySet<string>> {
  const { url, ca, clientId } = chosen.state
  const container = await openContainer(context, values)
  try {
    const key = enrolledKey(chosen, container)
    const credentials = { clientId, sign: (message: Uint8Array) => key.sign(message) }
    return await connectedForRecovery(
      context,
      { url, ca, timeoutMs: TIMEOUT_MS, credentials },
      async (client) => {
        const used = new Set<string>()
        for await (const { kind, bytes } of statementsOf(client)) {
          if (kind !== 'request') continue
          const { payload } = openStatement(ACTS.request, parseEnvelope(bytes), nodeMeans)
          for (const one of payload.evidence) used.add(one.key)
        }
        return used
      },
    )
  } finally {
    container.wipe()
  }
}

async function* statementsOf(client: RecoveryClient): AsyncGenerator<FoundStatement, void, undefined> {
  for (let after: number | undefined; ; ) {
    const { statements, next } = await client.statements(after)
    yield* statements
    if (next === null) return
    if (next <= (after ?? -1))
      throw new ClientError('CLIENT_ANSWER', 'a page of statements that does not go on')
    after = next
  }
}

/** What is printed: where the codes are good for, and each of them in groups. */
export function sheetOf({ state }: ChosenAuthority, texts: readonly string[]): string {
  const { epochs, url, clientId, identity } = state
  const head = [
    `Recovery codes for ${epochs.authority.replaceAll(/[^\x20-\x7e]/g, '?')}, made ${formatTime(Date.now())}`,
    `${url}  ${clientId}`,
    identity,
    '',
    'Each is good for one request. On the day when everything else is lost:',
    '(strongroom recover --all)',
    '',
  ]
  const codes = texts.flatMap((text, i) => [`(${i + 1})`, ...linesOf(text), ''])
  return `${[...head, ...codes].join('\n')}\n`
}

/** Writes a sheet to a new file that only its owner can read, if there is to be one. @throws ContainerError CONTAINER_EXISTS */
export function writeSheet(path: string | undefined, sheet: string): void {
  if (path !== undefined) writeFileAtomically(path, Buffer.from(sheet), { mode: 0o600 })
}

function linesOf(text: string): string[] {
  const groups = printRecoveryCode(text).split(' ')
  const lines: string[] = []
  for (let at = 0; at < groups.length; at += GROUPS_IN_LINE)
    lines.push(groups.slice(at, at + GROUPS_IN_LINE).join(' '))
  return lines
}
