import { ContainerStore } from '@strongroom/core/container'
import { defineCommand } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { keyFields, makeContainer, NEW_CONTAINER_OPTIONS } from '../new-container.ts'
import { containerName, lockedContainer } from '../owner.ts'
import { PROTECTED_BY } from '../protection.ts'
import { usage } from '../cli-error.ts'

/** `strongroom container list`. */
export const containerList = defineCommand({
  options: {},
  examples: [
    { line: 'strongroom container list', purpose: 'all containers, the default one marked' },
    { line: 'strongroom container list --json', purpose: 'the same for programs' },
  ],
  run: async (context) => {
    const { terminal, folders, failures } = context
    const store = new ContainerStore(folders.containers)
    const used = containerName(context, { container: undefined })
    const rows: string[][] = []
    for (const name of store.list()) {
      try {
        const { info, protection } = store.load(name)
        terminal.record({ ...info, protection, default: name === used })
        rows.push([name === used ? '*' : '', info.profile, protection, info.created.slice(0, 10), name])
      } catch (error) {
        failures.report(error, name)
      }
    }
    if (rows.length > 0) terminal.table(['', 'profile', 'protection', 'made on', 'name'], rows)
    else if (failures.status === 0) terminal.note('there is no container yet: strongroom init makes one')
  },
})

/** `strongroom container show`. */
export const containerShow = defineCommand({
  operands: [{ name: '[name]', description: 'the default container unless told', completes: 'container' }],
  options: {},
  notes: [
    'What is shown is what the file says of itself. It is proven only when the container is opened, which',
    'strongroom container export does before it writes your public card.',
  ],
  examples: [
    { line: 'strongroom container show', purpose: 'fingerprints of the default container' },
    { line: 'strongroom container show work', purpose: 'of another one' },
  ],
  run: async (context, [name]) => {
    const { terminal, folders } = context
    const { info, protection } = lockedContainer(context, { container: name })
    const path = new ContainerStore(folders.containers).pathOf(info.name)
    terminal.record({ ...info, protection, path })
    terminal.heading(displayName(info.name))
    terminal.fields([
      ...keyFields(info),
      ['protected by', PROTECTED_BY[protection]],
      ['made on', info.created.slice(0, 10)],
      ['kept in', path],
    ])
  },
})

/** `strongroom container create`. */
export const containerCreate = defineCommand({
  operands: [{ name: '<name>', description: 'letters, digits, dots, hyphens and underscores' }],
  options: NEW_CONTAINER_OPTIONS,
  examples: [
    { line: 'strongroom container create work', purpose: 'one more, used with --container work' },
    { line: 'strongroom container create old --profile classic', purpose: 'for classic recipients' },
  ],
  run: async (context, [name], values) => {
    if (name === undefined) throw usage('a container needs a name')
    await makeContainer(context, values, name)
  },
})
