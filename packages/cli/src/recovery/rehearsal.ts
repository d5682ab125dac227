import { join } from 'node:path'
import { fromHex, wipe } from '@strongroom/core/bytes'
import { newFileKey } from '@strongroom/core/age'
import {
  lookAtAuthority,
  makeDeposit,
  newRecoveryRequest,
  personOfKey,
  RecoveryStore,
  signerOf,
  type RecoveryFolder,
} from '@strongroom/core/client'
import {
  ContainerError,
  createContainer,
  encodeContainer,
  parseContainer,
  readRegularFile,
  writeFileAtomically,
  MAX_CONTAINER_BYTES,
  type KeyContainer,
  type SigningKey,
} from '@strongroom/core/container'
import { newSerial } from '@strongroom/core/keyblob'
import type { Charter, EvidenceKind, MessageSigner } from '@strongroom/core/protocol'
import { CliError, usage } from '../cli-error.ts'
import { enrolledKey, type ChosenAuthority } from '../client/authority-choice.ts'
import { connectedForRecovery } from '../client/connection.ts'
import { deliver, REQUIRED_MS } from '../client/delivery.ts'
import { Depositor } from '../client/depositor.ts'
import type { Context } from '../command.ts'
import { openContainer, type OwnerValues } from '../owner.ts'
import { readCodes } from './code-input.ts'

/** A drill: a recovery of a key that opens nothing, for a container that is used for nothing else. */
export interface Rehearsal {
  readonly folder: RecoveryFolder
  readonly container: KeyContainer
}

/** Of the class `self` it would put the container of the rehearsal in the place of the client. */
const CLASS = 'third-party'
const CONTAINER = 'rehearsal.container'
const REASON = 'a rehearsal: could we recover today?'

/** The rehearsal that was begun at an authority and is not finished; undefined if there is none. */
export function openRehearsal({ folders }: Context, { state }: ChosenAuthority): Rehearsal | undefined {
  const store = new RecoveryStore(folders.recoveries)
  for (const folder of store.list().map((id) => store.open(id))) {
    if (folder.finished || folder.over) continue
    const { purpose, client, identity } = folder.load()
    if (purpose !== 'rehearsal' || client !== state.clientId || identity !== state.identity) continue
    const container = containerIn(folder)
    if (container) return { folder, container }
    // Killed before its container was kept: nothing was sent.
    folder.discard()
  }
  return undefined
}

function containerIn({ path }: RecoveryFolder): KeyContainer | undefined {
  try {
    const { bytes } = readRegularFile(join(path, CONTAINER), MAX_CONTAINER_BYTES, 'container')
    return parseContainer(bytes).unlock()
  } catch (error) {
    if (error instanceof ContainerError && error.code === 'CONTAINER_NOT_FOUND') return undefined
    throw error
  }
}

/** Begins one: the canary is deposited and has its receipt; the request is durable, and was not sent. */
export async function beginRehearsal(
  context: Context,
  chosen: ChosenAuthority,
  values: OwnerValues & { readonly codeFile: string | undefined },
): Promise<Rehearsal> {
  const own = await openContainer(context, values)
  try {
    const key = enrolledKey(chosen, own)
    await checkPerson(context, chosen, key)
    const deposit = await depositCanary(context, chosen, key)
    return await prepare(context, chosen, { key, deposit, codeFile: values.codeFile })
  } finally {
    own.wipe()
  }
}

/** Nothing is deposited for a rehearsal that cannot be asked for. */
async function checkPerson(context: Context, { state }: ChosenAuthority, key: SigningKey): Promise<void> {
  const { url, ca, identity, tenant, clientId, epochs } = state
  const credentials = { clientId, sign: (message: Uint8Array) => key.sign(message) }
  await connectedForRecovery(context, { url, ca, credentials }, async (wire) => {
    const { charters } = await lookAtAuthority(wire, { identity, tenant, epochs })
    asPerson(charters.chain.latest.statement.payload, key)
  })
}

async function depositCanary(
  context: Context,
  chosen: ChosenAuthority,
  key: SigningKey,
): Promise<Uint8Array> {
  const depositor = await Depositor.open(context, chosen, key, {
    plainDescription: true,
    retention: undefined,
  })
  const sessionKey = newFileKey()
  try {
    const id = depositor.add({
      make: (frame) => makeDeposit({ ...frame, sessionKey, format: 'file', serial: newSerial(Date.now()) }),
      description: 'a rehearsal: this key opens nothing',
      label: 'rehearsal',
    })
    await deliver(context, chosen, { timeoutMs: REQUIRED_MS, waits: true })
    if (chosen.folder.receipts.has(id)) return fromHex(id)
    throw new CliError('NO_RECEIPT', 'the deposit of the rehearsal has no receipt yet')
  } finally {
    wipe(sessionKey)
  }
}

async function prepare(
  context: Context,
  { state }: ChosenAuthority,
  { key, deposit, codeFile }: { key: SigningKey; deposit: Uint8Array; codeFile: string | undefined },
): Promise<Rehearsal> {
  const { url, ca, identity, tenant, clientId, epochs } = state
  const credentials = { clientId, sign: (message: Uint8Array) => key.sign(message) }
  return await connectedForRecovery(context, { url, ca, credentials }, async (wire) => {
    const seen = await lookAtAuthority(wire, { identity, tenant, epochs })
    const { statement } = seen.charters.chain.latest
    const { evidence, expiry } = statement.payload.policy[CLASS]
    const requester = asPerson(statement.payload, key)
    const container = createContainer({ name: 'rehearsal', now: new Date() })
    const now = Date.now()
    const request = newRecoveryRequest({
      identity,
      tenant,
      charter: statement.digest,
      class: CLASS,
      client: clientId,
      deposits: [deposit],
      container,
      evidence: await evidenceFor(context, evidence, codeFile),
      requester,
      reason: REASON,
      reference: null,
      nowMs: now,
      validSeconds: expiry,
    })
    const plan = { url, ca, identity, tenant, client: clientId, container: container.name, createdMs: now }
    const { statement: signed, deposits } = request
    const folder = new RecoveryStore(context.folders.recoveries).create(
      { ...plan, purpose: 'rehearsal', request: signed, deposits, files: [] },
      seen.epochs,
    )
    // It opens the canary and nothing else: the permissions of its folder are enough.
    writeFileAtomically(join(folder.path, CONTAINER), encodeContainer(container, { kind: 'none' }), {
      mode: 0o600,
    })
    return { folder, container }
  })
}

/** Who asks: somebody of the charter, by whose own approval nothing is won. */
function asPerson(charter: Charter, key: SigningKey): { person: string; key: MessageSigner } {
  const person = personOfKey(charter, key.signer.toString())
  if (person) return { person: person.id, key: signerOf(key) }
  throw usage(
    'the charter names nobody with the key of this container, and a rehearsal is asked for by somebody of it',
    'let an officer or an administrator run it',
  )
}

/** A code of the owner's, if they give one: it is spent. */
async function evidenceFor(
  context: Context,
  { need, of }: { readonly need: number; readonly of: readonly EvidenceKind[] },
  codeFile: string | undefined,
): Promise<{ kind: EvidenceKind; key: MessageSigner }[]> {
  const evidence: { kind: EvidenceKind; key: MessageSigner }[] = []
  if (codeFile !== undefined) {
    const [code] = await readCodes(context, codeFile)
    if (code) evidence.push({ kind: 'recovery-code', key: signerOf(code.key) })
  }
  if (evidence.length >= need) return evidence
  throw usage(
    `the charter asks for ${of.join(' or ')} as evidence`,
    'give a recovery code with --code-file FILE; it is spent by the rehearsal',
  )
}
