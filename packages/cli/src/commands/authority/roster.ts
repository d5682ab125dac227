import { readFileSync } from 'node:fs'
import { readPersonCard } from '@strongroom/authority'
import { toHex } from '@strongroom/core/bytes'
import { sha256 } from '@strongroom/core/client'
import { fingerprintOf, ROLES, type Role } from '@strongroom/core/protocol'
import { addKey, addPerson, removeKey, removePerson, setRoles } from '../../charter/changes.ts'
import { CHARTER_OPTIONS, withCharters } from '../../charter/place.ts'
import {
  CHANGE_NOTES,
  CHANGE_OPTIONS,
  changeCharter,
  proposalRecords,
  showProposals,
} from '../../charter/proposing.ts'
import { usage } from '../../cli-error.ts'
import { defineCommand } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { formatTime } from '../../quantities.ts'
import { isoTime } from '../../recovery/subject-text.ts'

/** Shows who decides. */
export const authorityRosterList = defineCommand({
  options: CHARTER_OPTIONS,
  notes: [
    'Whoever approved lately was heard of: an officer who was not for long may be gone, or had nothing to approve. What is proposed is',
    'below, with how it stands.',
  ],
  examples: [
    { line: 'strongroom authority roster list', purpose: 'who decides in your tenant' },
    {
      line: 'strongroom authority roster list --folder vault --tenant research',
      purpose: 'on the machine of the authority',
    },
  ],
  async run(context, _operands, values) {
    const { terminal } = context
    await withCharters(context, values, async (place) => {
      const { payload, digest } = place.chain.latest.statement
      const heard = await place.heard()
      const { number, standing, people } = payload
      if (terminal.json) {
        terminal.record({
          tenant: place.tenant,
          number,
          digest: toHex(digest),
          standing,
          people: people.map((person) => {
            const at = heard.get(person.id)
            return { ...person, heard: at === undefined ? null : isoTime(at) }
          }),
          proposals: await proposalRecords(place),
        })
        return
      }
      terminal.heading(`charter ${number} of ${place.tenant}, ${standing}`)
      terminal.table(
        ['person', 'name', 'roles', 'heard of', 'keys'],
        people.map(({ id, name, roles, signers }) => {
          const at = heard.get(id)
          return [
            id,
            displayName(name),
            roles.join(', '),
            at === undefined ? 'not lately' : formatTime(at),
            signers.join(' '),
          ]
        }),
      )
      await showProposals(context, place)
    })
  },
})

/** Proposes somebody new. */
export const authorityRosterAdd = defineCommand({
  operands: [
    { name: '<id>', description: 'for life: 1 to 64 of a to z, 0 to 9 and hyphens' },
    { name: '<card>', description: 'their public card, or - for standard input', completes: 'file' },
  ],
  options: {
    name: { flags: '--name <text>', kind: 'value', description: 'for people; the id unless told' },
    role: {
      flags: '--role <role>',
      kind: 'list',
      description: 'what they may do; officer unless told',
      choices: ROLES,
    },
    ...CHANGE_OPTIONS,
  },
  notes: CHANGE_NOTES,
  examples: [
    {
      line: 'strongroom authority roster add eva eva.card --name "Eva Maier"',
      purpose: 'propose one more officer',
    },
    {
      line: 'strongroom authority roster add max max.card --role auditor --plan next.json',
      purpose: 'put it into a plan first',
    },
  ],
  async run(context, [id = '', card = ''], values) {
    const { name = id, role } = values
    const { signer } = readPersonCard(id, readFileSync(card === '-' ? 0 : card, 'utf8'))
    const roles = role.length > 0 ? rolesOf(role) : (['officer'] as const)
    const person = { id, name, signers: [fingerprintOf(sha256, signer)], roles: roles.toSorted() }
    await changeCharter(context, values, addPerson(person), [signer])
  },
})

/** Proposes a roster without somebody. */
export const authorityRosterRemove = defineCommand({
  operands: [{ name: '<id>', description: 'whom' }],
  options: CHANGE_OPTIONS,
  notes: [
    ...CHANGE_NOTES,
    '',
    'Approvals of whoever was removed count no more from then on, also for what was asked before. Nobody else gets the id: a new person',
    'gets a new one.',
  ],
  examples: [
    { line: 'strongroom authority roster remove bo', purpose: 'propose that bo decides no more' },
    { line: 'strongroom authority roster remove bo --plan next.json', purpose: 'together with who follows' },
  ],
  run: async (context, [id = ''], values) => await changeCharter(context, values, removePerson(id)),
})

/** Proposes other roles. */
export const authorityRosterRoles = defineCommand({
  operands: [
    { name: '<id>', description: 'of whom' },
    { name: '<role...>', description: 'all that they may do from then on', choices: ROLES },
  ],
  options: CHANGE_OPTIONS,
  notes: CHANGE_NOTES,
  examples: [
    { line: 'strongroom authority roster roles bo officer auditor', purpose: 'propose all the roles of bo' },
    {
      line: 'strongroom authority roster roles ada administrator --plan next.json',
      purpose: 'put it into a plan',
    },
  ],
  run: async (context, [id = '', ...roles], values) =>
    await changeCharter(context, values, setRoles(id, rolesOf(roles))),
})

/** Proposes one more key of somebody. */
export const authorityRosterKeyAdd = defineCommand({
  operands: [
    { name: '<id>', description: 'of whom' },
    { name: '<card>', description: 'the public card with the new key', completes: 'file' },
  ],
  options: CHANGE_OPTIONS,
  notes: CHANGE_NOTES,
  examples: [
    { line: 'strongroom authority roster key add bo new.card', purpose: 'propose a second key of bo' },
    {
      line: 'strongroom authority roster key add bo new.card --plan next.json',
      purpose: 'and then remove the old one in the same plan',
    },
  ],
  async run(context, [id = '', card = ''], values) {
    const { signer } = readPersonCard(id, readFileSync(card, 'utf8'))
    await changeCharter(context, values, addKey(id, fingerprintOf(sha256, signer)), [signer])
  },
})

/** Proposes one key less of somebody. */
export const authorityRosterKeyRemove = defineCommand({
  operands: [
    { name: '<id>', description: 'of whom' },
    { name: '<fingerprint>', description: 'of the key, as roster list shows it: SHA256:…' },
  ],
  options: CHANGE_OPTIONS,
  notes: [
    ...CHANGE_NOTES,
    '',
    'Approvals by a key that was removed count no more, also for what was asked before: that is what to do when a key is lost.',
  ],
  examples: [
    { line: 'strongroom authority roster key remove bo SHA256:…', purpose: 'propose that it signs no more' },
    {
      line: 'strongroom authority roster key remove bo SHA256:… --plan next.json',
      purpose: 'put it into a plan',
    },
  ],
  run: async (context, [id = '', fingerprint = ''], values) =>
    await changeCharter(context, values, removeKey(id, fingerprint)),
})

function rolesOf(texts: readonly string[]): Role[] {
  return texts.map((text) => {
    const role = ROLES.find((one) => one === text)
    if (role) return role
    throw usage(`there is no role ${displayName(text)}`, `there is ${ROLES.join(', ')}`)
  })
}
