import { newCharter } from '@strongroom/authority'
import { toHex } from '@strongroom/core/bytes'
import { AUTHORITY_OPTIONS, authorityOf, timeText } from '../../authority/authority-options.ts'
import {
  containerFile,
  FIRST_CHARTER_OPTIONS,
  firstCharterOf,
  personOf,
} from '../../authority/first-charter.ts'
import { CHARTER_OPTIONS, withCharters } from '../../charter/place.ts'
import { readProposal } from '../../charter/plan-file.ts'
import { CHANGE_NOTES, propose, PROPOSE_OPTIONS } from '../../charter/proposing.ts'
import { usage } from '../../cli-error.ts'
import { defineCommand } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { unlock } from '../../owner.ts'
import { PASSPHRASE_OPTIONS } from '../../passphrase.ts'
import { showPolicy } from './policy.ts'

/** Shows who decides, and how. */
export const authorityCharterShow = defineCommand({
  options: CHARTER_OPTIONS,
  examples: [
    {
      line: 'strongroom authority charter show --folder vault',
      purpose: 'see who decides about recovery, and how',
    },
    { line: 'strongroom authority charter show --json > next.json', purpose: 'to change it: see propose' },
  ],
  async run(context, _operands, values) {
    const { terminal } = context
    await withCharters(context, values, async (place) => {
      const { payload, digest } = place.chain.latest.statement
      const { number, standing, people, policy, created } = payload
      terminal.record({
        tenant: place.tenant,
        number,
        digest: toHex(digest),
        standing,
        people,
        policy,
        created: timeText(created),
      })
      terminal.heading(`charter ${number} of ${place.tenant}, ${standing}`)
      terminal.fields([['digest', toHex(digest)]])
      terminal.table(
        ['person', 'name', 'roles', 'keys'],
        people.map(({ id, name, roles, signers }) => [
          id,
          displayName(name),
          roles.join(', '),
          signers.join(' '),
        ]),
      )
      showPolicy(context, policy)
    })
  },
})

/** Makes the first charter of a tenant. */
export const authorityCharterNew = defineCommand({
  options: {
    ...AUTHORITY_OPTIONS,
    tenant: { flags: '--tenant <name>', kind: 'value', description: 'of which tenant; default unless told' },
    identity: {
      flags: '--identity <file>',
      kind: 'value',
      description: 'the container of the identity key, which signs',
      completes: 'file',
    },
    ...FIRST_CHARTER_OPTIONS,
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
    const { identity: path, tenant = 'default' } = values
    if (path === undefined) throw usage('--identity is needed', 'name the container of the identity key')
    const charter = firstCharterOf(values)
    if (!charter) throw usage('expected either --personal or some --officer ID=CARD')
    const identity = await unlock(context, values, containerFile(path))
    let digest: string
    try {
      const wanted = { identity, tenant, now: Date.now(), ...charter }
      digest = toHex(await newCharter(configuration, wanted))
    } finally {
      identity.wipe()
    }
    context.terminal.record({ tenant, number: 1, digest })
    context.terminal.done(tenant, `has its first charter, ${digest}`)
    context.terminal.note('compare it with whoever has the custodian: strongroom custodian trust --charter')
  },
})

/** Proposes the next charter. */
export const authorityCharterPropose = defineCommand({
  operands: [
    {
      name: '<file>',
      description: 'people and policy: a plan, or what show --json prints with changes',
      completes: 'file',
    },
  ],
  options: {
    officer: {
      flags: '--officer <id=card>',
      kind: 'list',
      description: 'the public card of somebody who is new in it, if the file has not their keys',
      completes: 'file',
    },
    ...PROPOSE_OPTIONS,
  },
  notes: CHANGE_NOTES,
  examples: [
    { line: 'strongroom authority charter propose next.json', purpose: 'all changes of a plan at once' },
    {
      line: 'strongroom authority charter propose next.json -f vault --administrator ada.container',
      purpose: 'on the machine of the authority',
    },
    { line: 'strongroom authority roster list', purpose: 'then see how it stands' },
  ],
  async run(context, [file = ''], values) {
    await withCharters(context, values, async (place) => {
      const { keys, ...plan } = readProposal(place, file)
      const more = values.officer.map((text) => personOf(text).signer)
      await propose(context, place, values.administrator, { ...plan, keys: [...keys, ...more] })
    })
  },
})
