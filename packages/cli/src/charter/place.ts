import { existsSync } from 'node:fs'
import {
  lastHeard,
  listProposals,
  nextCharter,
  proposeCharter,
  readCharters,
  type CharterPlan,
  type Configuration,
  type NextCharter,
  type OpenProposal,
} from '@strongroom/authority'
import { sha256, signerOf, submitStatement } from '@strongroom/core/client'
import type { KeyContainer } from '@strongroom/core/container'
import {
  ACTS,
  signStatement,
  statementDigest,
  type CharterChain,
  type Terms,
} from '@strongroom/core/protocol'
import { authorityOf } from '../authority/authority-options.ts'
import { containerFile } from '../authority/first-charter.ts'
import { usage } from '../cli-error.ts'
import { AUTHORITY_OPTIONS } from '../client/authority-choice.ts'
import type { Context, OptionTable, OptionValues } from '../command.ts'
import { openContainer, OWNER_OPTIONS, unlock } from '../owner.ts'
import { atWork, judge, subjectsOf, type AtWork } from '../recovery/officer-view.ts'

/** Where charters are looked at: over the network, as somebody of the charter, or in the folder of the authority itself. */
export const CHARTER_OPTIONS = {
  folder: {
    flags: '-f, --folder <folder>',
    kind: 'value',
    description: 'on the machine of the authority: its folder, also from STRONGROOM_AUTHORITY',
    completes: 'folder',
    group: 'Backup authority:',
  },
  tenant: {
    flags: '--tenant <name>',
    kind: 'value',
    description: 'with --folder: of which tenant; default unless told',
    group: 'Backup authority:',
  },
  ...AUTHORITY_OPTIONS,
  ...OWNER_OPTIONS,
} as const satisfies OptionTable

type Values = OptionValues<typeof CHARTER_OPTIONS>

/** The charters of a tenant, and a way to propose the next. */
export interface CharterPlace {
  readonly tenant: string
  readonly chain: CharterChain
  readonly terms: Terms
  /** Proposals that are open, the newest first. */
  proposals(): Promise<OpenProposal[]>
  /** When people were last heard of, by their ids, in milliseconds since 1970; whoever is not there decided nothing lately. */
  heard(): Promise<ReadonlyMap<string, number>>
  /** Checks, signs and sends. @returns the statement digest. @throws SetupError SETUP_CHARTER before anything is sent */
  propose(next: NextCharter, administrator: string | undefined): Promise<Uint8Array>
}

/** Does something with the charters of a tenant. @throws CliError USAGE if it has none */
export async function withCharters<Result>(
  context: Context,
  values: Values,
  use: (place: CharterPlace) => Promise<Result>,
): Promise<Result> {
  const configuration = localAuthority(context, values)
  if (configuration) return await use(await placeInFolder(context, values, configuration))
  if (values.tenant !== undefined) {
    throw usage('--tenant is for the folder of an authority', 'over the network yours is the only tenant')
  }
  return await atWork(context, values, async (at) => await use(placeAtWork(context, values, at)))
}

/** The authority in the folder that was named, or that one is in; undefined to go over the network. @throws ConfigError */
function localAuthority(context: Context, { folder, authority }: Values): Configuration | undefined {
  if (folder !== undefined && authority !== undefined)
    throw usage(
      '--folder and --authority exclude each other',
      'the folder is for the machine of the authority',
    )
  const named = folder ?? context.environment['STRONGROOM_AUTHORITY']
  const here = authority === undefined && (Boolean(named) || existsSync('authority.json'))
  return here ? authorityOf(context, { folder }) : undefined
}

async function placeInFolder(
  context: Context,
  values: Values,
  configuration: Configuration,
): Promise<CharterPlace> {
  const { tenant = 'default' } = values
  const { charters, terms } = await readCharters(configuration, tenant)
  if (!charters || !terms) {
    throw usage(
      `nobody decides about recovery in ${tenant} yet`,
      'make its first charter: strongroom authority charter new',
    )
  }
  return {
    tenant,
    chain: charters,
    terms,
    proposals: () => listProposals(configuration, tenant, Date.now()),
    heard: () => lastHeard(configuration, tenant, Date.now()),
    async propose(next, administrator) {
      const container = await administratorOf(context, values, administrator)
      try {
        return await proposeCharter(configuration, {
          administrator: container,
          tenant,
          ...next,
          now: Date.now(),
        })
      } finally {
        container.wipe()
      }
    },
  }
}

async function administratorOf(
  context: Context,
  values: Values,
  path: string | undefined,
): Promise<KeyContainer> {
  return path === undefined
    ? await openContainer(context, values)
    : await unlock(context, values, containerFile(path))
}

/** So many subjects are looked at for who was heard of: each is fetched and verified. */
const MOST_JUDGED = 20

function placeAtWork(context: Context, values: Values, at: AtWork): CharterPlace {
  const { client, chosen, seen } = at
  const { tenant } = chosen.state
  const { chain, terms } = seen.charters
  const judged = async (open: boolean, only?: 'charter') => {
    const found = await subjectsOf(client, open)
    const wanted = found.filter(({ kind }) => only === undefined || kind === only).slice(0, MOST_JUDGED)
    return await Array.fromAsync(wanted, ({ digest }) => judge(at, digest))
  }
  return {
    tenant,
    chain,
    terms,
    async proposals() {
      const found = await judged(true, 'charter')
      return found.flatMap(({ digest, proposal, state }) =>
        proposal ? [{ digest, charter: proposal, state }] : [],
      )
    },
    async heard() {
      const heard = new Map<string, number>()
      const said = (await judged(false)).flatMap(({ verdicts }) => verdicts)
      for (const { payload } of said.map(({ statement }) => statement)) {
        if ('person' in payload) {
          heard.set(payload.person, Math.max(payload.created, heard.get(payload.person) ?? 0))
        }
      }
      return heard
    },
    async propose(next, administrator) {
      if (administrator === undefined) return await send(at, next, at.key)
      const container = await unlock(context, values, containerFile(administrator))
      try {
        return await send(at, next, container.signingKey())
      } finally {
        container.wipe()
      }
    },
  }
}

/** Proposes over the network; it stands in the log when this returns, which its receipt proves, and the receipt is kept. */
async function send(
  { client, chosen, seen }: AtWork,
  { people, policy, keys }: NextCharter,
  key: AtWork['key'],
): Promise<Uint8Array> {
  const by = signerOf(key)
  const { chain, terms } = seen.charters
  const ground = { terms, by: by.signer, now: Date.now() }
  const charter = nextCharter(chain.latest.statement, { people, policy }, ground)
  const statement = signStatement(sha256, ACTS.charter, charter, [by])
  const digest = statementDigest(sha256, statement)
  const { identity } = chosen.state
  const wire = { submit: () => client.propose({ statement, keys }) }
  await submitStatement(wire, statement, (receipt) => {
    chosen.folder.receipts.save(receipt, { identity, epochs: seen.epochs, kind: 'charter', digest })
  })
  return digest
}

/** What is in force. */
export function planInForce({ chain }: Pick<CharterPlace, 'chain'>): CharterPlan {
  const { people, policy } = chain.latest.statement.payload
  return { people, policy }
}
