import {
  ContainerStore,
  exportAgeIdentity,
  publicCard,
  readRegularFile,
  MAX_CONTAINER_BYTES,
  writeFileAtomically,
} from '@strongroom/core/container'
import { utf8Encode } from '@strongroom/core/bytes'
import { usage } from '../cli-error.ts'
import { type Context, defineCommand } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { containerName, lockedContainer, OWNER_OPTIONS, openContainer, type OwnerValues } from '../owner.ts'

type Form = 'card' | 'ageIdentity' | 'backup'

/** `strongroom container export`. */
export const containerExport = defineCommand({
  options: {
    card: { flags: '--card', kind: 'flag', description: 'your public keys, to hand out (default)' },
    ageIdentity: {
      flags: '--age-identity',
      kind: 'flag',
      description: 'your exchange keys for stock age: SECRET, and not protected',
    },
    backup: {
      flags: '--backup',
      kind: 'flag',
      description: 'the container as it lies on the disk, protected as it is',
    },
    output: {
      flags: '-o, --output <file>',
      kind: 'value',
      description: 'write there, for you alone to read, instead of standard output',
      completes: 'file',
    },
    force: { flags: '-f, --force', kind: 'flag', description: 'replace the output if it exists' },
    ...OWNER_OPTIONS,
  },
  examples: [
    { line: 'strongroom container export > me.card', purpose: 'the public card, for people who know you' },
    {
      line: 'strongroom container export --backup -o default.container',
      purpose: 'a copy for another place',
    },
    {
      line: 'strongroom container export --age-identity -o key.txt',
      purpose: 'then: age -d -i key.txt x.age',
    },
  ],
  run: async (context, _operands, values) => {
    const text = await WRITERS[formOf(values)](context, values)
    if (values.output === undefined) return context.terminal.raw(text)
    const bytes = typeof text === 'string' ? utf8Encode(text) : text
    writeFileAtomically(values.output, bytes, { mode: 0o600, overwrite: values.force })
    context.terminal.done(displayName(values.output), 'written')
  },
})

const WRITERS: Readonly<
  Record<Form, (context: Context, values: OwnerValues) => Promise<string | Uint8Array>>
> = {
  card: async (context, values) => {
    const container = await openContainer(context, values)
    const card = publicCard(container)
    container.wipe()
    return card
  },
  ageIdentity: async (context, values) => {
    const container = await openContainer(context, values)
    const identity = exportAgeIdentity(container)
    container.wipe()
    context.terminal.warning('whoever has this text can open what is sealed for you')
    return identity
  },
  backup: async (context, values) => {
    const path = new ContainerStore(context.folders.containers).pathOf(containerName(context, values))
    if (lockedContainer(context, values).protection === 'keyring') {
      context.terminal.warning('this copy opens with the keyring of this system alone')
    }
    return readRegularFile(path, MAX_CONTAINER_BYTES, 'container').bytes
  },
}

function formOf(values: Readonly<Record<Form, boolean>>): Form {
  const [form = 'card', ...more] = (['card', 'ageIdentity', 'backup'] as const).filter((name) => values[name])
  if (more.length > 0) throw usage('one export at a time', 'give --card, --age-identity or --backup')
  return form
}
