import { rewrapFile } from '@strongroom/core/seal'
import { usage } from '../cli-error.ts'
import { defineCommand } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { planSources } from '../outputs.ts'
import { openContainer } from '../owner.ts'
import { count } from '../quantities.ts'
import { explainSigner, readerOf } from '../reader.ts'
import { LIST_NOTE, NEW_LIST_OPTIONS, newList } from '../recipient-list.ts'
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
  },
  notes: [
    'Only the header changes; content and seal stay, so a large file takes no longer than a small one.',
    LIST_NOTE,
    'Whoever could open the file may have kept the old header, and goes on opening the content with it.',
    'To end that for the copies you hold, use strongroom reseal.',
  ],
  examples: [
    { line: 'strongroom rewrap plan.txt.age -r bob', purpose: 'for you and bob from now on' },
    { line: 'strongroom rewrap archive -r new-laptop.card', purpose: 'everything below a folder' },
  ],
  run: async (context, paths, values) => {
    const { terminal, failures, signal } = context
    if (paths.includes('-')) throw usage('rewrap changes files in their place', 'name the file')
    const { sources } = planSources(context, paths)
    const container = await openContainer(context, values)
    const recipients = await newList(context, container, values, sources)
    const reader = readerOf(context, values, container)
    const { allowUnsigned } = values
    for (const { inputName } of sources) {
      try {
        const { inPlace, seal } = await rewrapFile(inputName, {
          ...reader,
          recipients,
          allowUnsigned,
          signal,
        })
        terminal.record({
          file: inputName,
          inPlace,
          recipients: recipients.length,
          ...(seal ? sealRecord(seal) : {}),
        })
        const how = inPlace ? ', header alone' : ''
        terminal.done(displayName(inputName), `rewrapped for ${count(recipients.length, 'recipient')}${how}`)
      } catch (error) {
        if (signal.aborted) throw error
        failures.report(explainSigner(context, values, error), inputName)
      }
    }
    container.wipe()
    if (failures.status === 0) {
      terminal.note('who kept the old header can still open the content; strongroom reseal ends that')
    }
  },
})
