import { inspectFile, resealFile } from '@strongroom/core/seal'
import { toHex } from '@strongroom/core/bytes'
import { formatSerial, SessionKeyStore } from '@strongroom/core/keyblob'
import { usage } from '../cli-error.ts'
import { defineCommand } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { planSources } from '../outputs.ts'
import { openContainer } from '../owner.ts'
import { ProgressLine } from '../progress.ts'
import { count, formatBytes } from '../quantities.ts'
import { explainSigner, readerOf } from '../reader.ts'
import { LIST_NOTE, NEW_LIST_OPTIONS, newList } from '../recipient-list.ts'

/** `strongroom reseal`. */
export const reseal = defineCommand({
  operands: [{ name: '<path...>', description: 'sealed files, or folders with them', completes: 'file' }],
  options: {
    description: { flags: '-d, --description <text>', kind: 'value', description: 'replace the description' },
    publicSeal: { flags: '--public-seal', kind: 'flag', description: 'let everybody see who sealed it' },
    privateSeal: { flags: '--private-seal', kind: 'flag', description: 'hide who sealed it from others' },
    ...NEW_LIST_OPTIONS,
    allowUnsigned: {
      flags: '--allow-unsigned',
      kind: 'flag',
      description: 'seal plain age files, whoever made them',
      group: 'Proof:',
    },
    key: {
      flags: '-k, --key <name>',
      kind: 'value',
      description: 'seal under this session key too',
      completes: 'session-key',
      group: 'Keys:',
    },
  },
  notes: [
    'The content gets a new session key and your seal, as the next version of the file. Nobody can open this copy',
    'with an old header or an old key; copies that others made before are not changed by it.',
    LIST_NOTE,
  ],
  examples: [
    { line: 'strongroom reseal plan.txt.age --only-me', purpose: 'nobody else opens what you keep' },
    { line: 'strongroom reseal archive -r bob', purpose: 'everything below a folder, for you and bob' },
    {
      line: 'strongroom reseal old.age --allow-unsigned',
      purpose: 'turn a plain age file into a sealed one',
    },
  ],
  run: async (context, paths, values) => {
    const { terminal, failures, signal, folders } = context
    if (paths.includes('-')) throw usage('reseal changes files in their place', 'name the file')
    if (values.publicSeal && values.privateSeal) throw usage('a seal is public or private')
    const { sources, totalBytes } = planSources(context, paths)
    const container = await openContainer(context, values)
    const recipients = await newList(context, container, values, sources)
    const reader = readerOf(context, values, container)
    const store = new SessionKeyStore(folders.sessionKeys)
    const namedKey =
      values.key === undefined ? undefined : store.load(values.key, container.identities(), reader.signers)
    const names = sources.map(({ inputName }) => inputName)
    const progress = new ProgressLine(terminal, { verb: 'resealing', names, totalBytes })
    for (const [job, { input, inputName }] of sources.entries()) {
      try {
        const { protection } = await inspectFile(input)
        const isPublic = values.publicSeal || (protection === 'public seal' && !values.privateSeal)
        const sealed = await resealFile(inputName, {
          ...reader,
          recipients,
          namedKey,
          signingKey: container.signingKey(),
          visibility: isPublic ? 'public' : 'private',
          description: values.description,
          allowUnsigned: values.allowUnsigned,
          signal,
          onProgress: ({ doneBytes }) => progress.update({ job, doneBytes }),
        })
        const { serial, sealId, version, plaintextBytes, sealedBytes } = sealed
        terminal.record({
          file: inputName,
          serial: formatSerial(serial),
          sealId: toHex(sealId),
          version,
          recipients: recipients.length,
          plaintextBytes,
          sealedBytes,
        })
        const size = `${formatBytes(plaintextBytes)}, for ${count(recipients.length, 'recipient')}`
        terminal.done(displayName(inputName), `resealed, ${size}, version ${version}`)
      } catch (error) {
        if (signal.aborted) throw error
        failures.report(explainSigner(context, values, error), inputName)
      }
    }
    progress.end()
    container.wipe()
  },
})
