import { rewrapFile } from '@strongroom/core/seal'
import { usage } from '../cli-error.ts'
import { defineCommand } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { planSources } from '../outputs.ts'
import { openContainer } from '../owner.ts'
import { readerOf } from '../reader.ts'
import { LIST_NOTE, NEW_LIST_OPTIONS, newList, openersOf, openersText } from '../recipient-list.ts'
import { sealRecord } from '../seal-text.ts'

/** `strongroom rewrap`. */
export const rewrap = defineCommand({
  operands: [{ name: '<path...>', description: 'sealed files, or folders with them', completes: 'file' }],
  options: {
    ...NEW_LIST_OPTIONS,
    allowUnsigned: {
      flags: '--allow-unsigned',
      kind: 'flag',
      description: 'rewrap plain age files too',
      group: 'Proof:',
    },
    dropKey: {
      flags: '--drop-key',
      kind: 'flag',
      description: 'shut out whoever has the session key it was sealed under, as --only-me does',
      group: 'Recipients:',
    },
  },
  notes: [
    'Only the header changes; content and seal stay, so a large file takes no longer than a small one.',
    LIST_NOTE,
    'Whoever has the session key that a file was sealed under keeps opening it, unless --only-me or --drop-key says',
    'otherwise.',
    '',
    'Whoever could open the file may have kept the old header, and goes on opening the content with it.',
    'To end that for the copies you hold, use strongroom reseal.',
  ],
  examples: [
    { line: 'strongroom rewrap plan.txt.age -r bob', purpose: 'for you and bob from now on' },
    { line: 'strongroom rewrap archive -r new-laptop.card', purpose: 'everything below a folder' },
    { line: 'strongroom rewrap plan.txt.age --only-me', purpose: 'no other recipient, and no session key' },
  ],
  run: async (context, paths, values) => {
    const { terminal, failures, signal } = context
    if (paths.includes('-')) throw usage('rewrap changes files in their place', 'name the file')
    const { sources } = planSources(context, paths)
    const container = await openContainer(context, values)
    try {
      const { allowUnsigned, onlyMe, dropKey } = values
      const dropNamedKeys = onlyMe || dropKey
      const list = { ...values, sessionKeys: dropKey ? Infinity : 0 }
      const recipients = await newList(context, container, list, sources)
      const reader = readerOf(context, values, container)
      for (const source of sources) {
        const { inputName } = source
        try {
          const { inPlace, seal } = await rewrapFile(inputName, {
            ...reader,
            recipients,
            dropNamedKeys,
            allowUnsigned,
            signal,
          })
          const openers = await openersOf(source)
          terminal.record({ file: inputName, inPlace, ...openers, ...(seal ? sealRecord(seal) : {}) })
          const how = inPlace ? ', header alone' : ''
          terminal.done(displayName(inputName), `rewrapped for ${openersText(openers)}${how}`)
        } catch (error) {
          if (signal.aborted) throw error
          failures.report(reader.explain(error), inputName)
        }
      }
      reader.wipe()
    } finally {
      container.wipe()
    }
    if (failures.status === 0) {
      terminal.note('who kept the old header can still open the content; strongroom reseal ends that')
    }
  },
})
