import { defineCommand } from '../command.ts'
import { loadConfig, saveConfig } from '../config.ts'
import { makeContainer, NEW_CONTAINER_OPTIONS } from '../new-container.ts'
import { FIRST_CONTAINER } from '../owner.ts'

const NEXT = [
  ['strongroom seal report.pdf', 'encrypt and sign a file: report.pdf.age'],
  ['strongroom open report.pdf.age', 'check who sealed it, then decrypt it'],
  ['strongroom container export', 'your public card, for people who seal for you'],
] as const

const KEEP = 'keep a copy of that file elsewhere: without it nobody can open what is sealed for you'
const KEEP_KEYRING =
  'that file opens with this keyring alone: for a copy elsewhere, give it a passphrase with strongroom container protect'

/** `strongroom init`: the first container, and what to do next. */
export const init = defineCommand({
  options: {
    name: { flags: '--name <name>', kind: 'value', description: 'call the container so, not "default"' },
    ...NEW_CONTAINER_OPTIONS,
  },
  notes: [
    'A container holds your key pairs: one that opens what is sealed for you, one that signs what you seal.',
    'Keep a copy of its file in another place; without it, or its passphrase, nobody can open your files.',
  ],
  examples: [
    { line: 'strongroom init', purpose: 'asks for a passphrase, twice' },
    { line: 'strongroom init --keyring', purpose: 'lets the keyring of the system protect it' },
    { line: 'strongroom init --passphrase-file secret.txt', purpose: 'for scripts' },
    { line: 'strongroom init --profile classic', purpose: 'for use with age 1.2 and older' },
  ],
  run: async (context, _operands, values) => {
    const { terminal, folders } = context
    const config = loadConfig(folders.configFile)
    const name = values.name ?? FIRST_CONTAINER
    await makeContainer(context, values, name)
    if (name !== FIRST_CONTAINER) saveConfig(folders.configFile, { ...config, defaultContainer: name })
    if (terminal.quiet) return
    terminal.line()
    terminal.heading('next')
    terminal.steps(NEXT)
    terminal.line()
    terminal.note(values.keyring ? KEEP_KEYRING : KEEP)
  },
})
