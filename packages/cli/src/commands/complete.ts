import { defineCommand } from '../command.ts'
import { complete as offersFor } from '../completion.ts'

/** `strongroom complete -- WORD…`: what the completion scripts ask. */
export const complete = defineCommand({
  operands: [{ name: '[word...]', description: 'the command line so far, the last word being typed' }],
  options: {},
  examples: [{ line: 'strongroom complete -- se', purpose: 'what can begin with se' }],
  run: async ({ terminal, folders }, words) => {
    const { words: found, mode } = await offersFor(words, folders)
    for (const { value, purpose } of found) terminal.raw(`${value}\t${purpose}\n`)
    terminal.raw(`:${mode}\n`)
  },
})
