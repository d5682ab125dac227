import { readFileSync } from 'node:fs'
import {
  newCharter,
  proposeCharter,
  readCharters,
  readPersonCard,
  type NewPerson,
  type NextCharter,
} from '@strongroom/authority'
import { toHex } from '@strongroom/core/bytes'
import { MAX_CONTAINER_BYTES, parseContainer, readRegularFile } from '@strongroom/core/container'
import { usage } from '../../cli-error.ts'
import { defineCommand, type OptionTable } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { unlock } from '../../owner.ts'
import { PASSPHRASE_OPTIONS } from '../../passphrase.ts'
import { durationOf } from '../../client/duration.ts'
import { AUTHORITY_OPTIONS, authorityOf, timeText } from '../../authority/authority-options.ts'

const TENANT_OPTIONS = {
  ...AUTHORITY_OPTIONS,
  tenant: { flags: '--tenant <name>', kind: 'value', description: 'of which tenant; default unless told' },
} as const satisfies OptionTable

/** Shows who decides. */
export const authorityCharterShow = defineCommand({
  options: TENANT_OPTIONS,
  examples: [
    {
      line: 'strongroom authority charter show --folder vault',
      purpose: 'see who decides about recovery, and how',
    },
    { line: 'strongroom authority charter show --folder vault --json', purpose: 'to change it: see propose' },
  ],
  async run(context, _operands, values) {
    const { terminal } = context
    const { tenant = 'default' } = values
    const { charters } = await readCharters(authorityOf(context, values), tenant)
    if (!charters) {
      terminal.record(null)
      terminal.note(`nobody decides about recovery in ${tenant} yet`)
      terminal.hint('make its first charter: strongroom authority charter new')
      return
    }
    const { payload, digest } = charters.latest.statement
    const { number, standing, people, policy, created } = payload
    terminal.record({
      tenant,
      number,
      digest: toHex(digest),
      standing,
      people,
      policy,
      created: timeText(created),
    })
    terminal.heading(`charter ${number} of ${tenant}, ${standing}`)
    terminal.table(
      ['person', 'name', 'roles', 'keys'],
      people.map(({ id, name, roles, signers }) => [
        id,
        displayName(name),
        roles.join(', '),
        signers.join(' '),
      ]),
    )
    terminal.table(
      ['for', 'approvals', 'waiting', 'expiry', 'evidence'],
      Object.entries(policy).map(([name, { approvals, waiting, expiry, evidence }]) => [
        name,
        String(approvals),
        `${waiting} s`,
        `${expiry} s`,
        evidence.need === 0 ? '' : `${evidence.need} of ${evidence.of.join(', ')}`,
      ]),
    )
  },
})

/** Makes the first charter of a tenant. */
export const authorityCharterNew = defineCommand({
  options: {
    ...TENANT_OPTIONS,
    identity: {
      flags: '--identity <file>',
      kind: 'value',
      description: 'the container of the identity key, which signs',
      completes: 'file',
    },
    personal: {
      flags: '--personal',
      kind: 'flag',
      description:
        'one person owns the data, the authority and the custodian: a recovery code and time decide',
    },
    officer: {
      flags: '--officer <id=card>',
      kind: 'list',
      description: 'somebody who decides, and their public card; three at least',
      completes: 'file',
    },
    waiting: {
      flags: '--waiting <duration>',
      kind: 'value',
      description: 'how long everybody has to say no, such as 3d; 1d unless told',
    },
    ...PASSPHRASE_OPTIONS,
  },
  notes: [
    'Everybody whom you name may do everything: approve, look, and propose the next charter. Two approve what a third one asks.',
    'The identity key signs a first charter and none after it: later ones are proposed, approved and released.',
  ],
  examples: [
    {
      line: 'strongroom authority charter new --identity id.container --officer bo=bo.card …',
      purpose: 'for three people',
    },
    {
      line: 'strongroom authority charter new -f vault --identity id.container --personal',
      purpose: 'for one person alone',
    },
  ],
  async run(context, _operands, values) {
    const configuration = authorityOf(context, values)
    const { identity: path, personal, officer, tenant = 'default' } = values
    if (path === undefined) throw usage('--identity is needed', 'name the container of the identity key')
    if (personal === officer.length > 0) throw usage('expected either --personal or some --officer ID=CARD')
    const plan = personal ? ('personal' as const) : officer.map(personOf)
    const locked = parseContainer(readRegularFile(path, MAX_CONTAINER_BYTES, 'container').bytes)
    const identity = await unlock(context, values, locked)
    let digest: string
    try {
      const wanted = { identity, tenant, plan, now: Date.now(), ...waitingOf(values.waiting) }
      digest = toHex(await newCharter(configuration, wanted))
    } finally {
      identity.wipe()
    }
    context.terminal.record({ tenant, number: 1, digest })
    context.terminal.done(tenant, `has its first charter, ${digest}`)
    context.terminal.note('compare it with whoever has the custodian: strongroom custodian trust --charter')
  },
})

/** A waiting time as it is given, in seconds. @throws CliError USAGE */
export function waitingOf(text: string | undefined): { readonly waiting?: number } {
  return text === undefined ? {} : { waiting: durationOf(text, '--waiting') / 1000 }
}

/** A person as they are given: `id=card`. @throws CliError USAGE */
export function personOf(text: string): NewPerson {
  const at = text.indexOf('=')
  const [id, file] = [text.slice(0, at), text.slice(at + 1)]
  if (at > 0 && /^[a-z0-9-]{1,64}$/.test(id)) return readPersonCard(id, readFileSync(file, 'utf8'))
  throw usage(`--officer: expected an id, = and a file, got ${displayName(text)}`)
}

/** Proposes the next charter. */
export const authorityCharterPropose = defineCommand({
  operands: [
    { name: '<file>', description: 'people and policy, as show --json has them', completes: 'file' },
  ],
  options: {
    ...TENANT_OPTIONS,
    administrator: {
      flags: '--administrator <file>',
      kind: 'value',
      description: 'the container of an administrator, which signs',
      completes: 'file',
    },
    officer: {
      flags: '--officer <id=card>',
      kind: 'list',
      description: 'the public card of somebody who is new in it',
      completes: 'file',
    },
    ...PASSPHRASE_OPTIONS,
  },
  notes: [
    'It is in force when officers have approved it, the waiting time is over and the custodian has released it.',
  ],
  examples: [
    {
      line: 'strongroom authority charter propose next.json -f vault --administrator ada.container',
      purpose: 'change who decides',
    },
    { line: 'strongroom authority requests -f vault', purpose: 'then see how it stands' },
  ],
  async run(context, [file = ''], values) {
    const { administrator: path, officer, tenant = 'default' } = values
    if (path === undefined) throw usage('--administrator is needed', 'name the container of an administrator')
    const { people, policy } = nextOf(file)
    const keys = officer.map((text) => personOf(text).signer)
    const locked = parseContainer(readRegularFile(path, MAX_CONTAINER_BYTES, 'container').bytes)
    const administrator = await unlock(context, values, locked)
    try {
      const wanted = { administrator, tenant, people, policy, keys, now: Date.now() }
      const digest = toHex(await proposeCharter(authorityOf(context, values), wanted))
      context.terminal.record({ tenant, digest })
      context.terminal.done(digest, 'proposed; officers approve it like a request')
    } finally {
      administrator.wipe()
    }
  },
})

/** What the file says; the protocol's reader checks every member when it is signed. */
function nextOf(file: string): Pick<NextCharter, 'people' | 'policy'> {
  try {
    const { people, policy } = JSON.parse(readFileSync(file, 'utf8')) as Pick<
      NextCharter,
      'people' | 'policy'
    >
    return { people, policy }
  } catch (cause) {
    if (cause instanceof SyntaxError) throw usage(`${displayName(file)} is not JSON`)
    throw cause
  }
}
