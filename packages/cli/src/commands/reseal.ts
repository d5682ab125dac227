import { resealFile, type SealedFile } from '@strongroom/core/seal'
import { toHex } from '@strongroom/core/bytes'
import { formatSerial } from '@strongroom/core/keyblob'
import { usage } from '../cli-error.ts'
import { openSealDeposits, SEAL_DEPOSIT_OPTIONS } from '../client/seal-deposit-options.ts'
import { type Context, defineCommand } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { sealingKey, SEALING_KEY_OPTIONS } from '../named-keys.ts'
import { planSources } from '../outputs.ts'
import { openContainer, OWN_NAME } from '../owner.ts'
import { ProgressLine } from '../progress.ts'
import { formatBytes } from '../quantities.ts'
import { readerOf } from '../reader.ts'
import { LIST_NOTE, NEW_LIST_OPTIONS, newList, openersText, type Openers } from '../recipient-list.ts'

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
    ...SEALING_KEY_OPTIONS,
    ...SEAL_DEPOSIT_OPTIONS,
  },
  notes: [
    'The content gets a new session key and your seal, as the next version of the file. Nobody can open this copy',
    'with an old header or an old key; copies that others made before are not changed by it.',
    LIST_NOTE,
    '',
    'The new key is deposited at the backup authority as the old one was, if there is one.',
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
    const { terminal, failures, signal } = context
    if (paths.includes('-')) throw usage('reseal changes files in their place', 'name the file')
    if (values.publicSeal && values.privateSeal) throw usage('a seal is public or private')
    const { sources, totalBytes } = planSources(context, paths)
    const container = await openContainer(context, values)
    try {
      const namedKey = sealingKey(context, container, values)
      const sessionKeys = namedKey ? 1 : 0
      const recipients = await newList(context, container, { ...values, sessionKeys }, sources)
      const reader = readerOf(context, values, container)
      const signingKey = container.signingKey()
      const openers = { recipients: recipients.length, sessionKeys }
      const deposits = await openSealDeposits(context, values, { container, namedKey })
      const done: SealedFile[] = []
      const names = sources.map(({ inputName }) => inputName)
      const progress = new ProgressLine(terminal, { verb: 'resealing', names, totalBytes })
      for (const [job, { inputName }] of sources.entries()) {
        try {
          const sealed = await resealFile(inputName, {
            ...reader,
            recipients,
            namedKey,
            signingKey,
            visibility: visibilityOf(values),
            description: values.description,
            allowUnsigned: values.allowUnsigned,
            signal,
            beforeRelease: deposits && ((seals) => deposits.keep(seals, () => inputName)),
            onProgress: ({ doneBytes }) => progress.update({ job, doneBytes }),
          })
          done.push(sealed)
          const deposit = deposits && { deposit: deposits.recordOf(sealed.sealId) }
          tell(context, inputName, sealed, {
            ...openers,
            fingerprint: signingKey.signer.fingerprint,
            ...deposit,
          })
        } catch (error) {
          if (signal.aborted) throw error
          failures.report(reader.explain(error), inputName)
        }
      }
      progress.end()
      reader.wipe()
      namedKey?.wipe()
      await deposits?.finish(done)
    } finally {
      container.wipe()
    }
  },
})

/** As the file's seal was, unless told. */
function visibilityOf({ publicSeal, privateSeal }: { publicSeal: boolean; privateSeal: boolean }) {
  if (publicSeal) return 'public'
  return privateSeal ? 'private' : undefined
}

function tell(
  { terminal }: Context,
  file: string,
  { serial, sealId, version, plaintextBytes, sealedBytes }: SealedFile,
  by: Openers & { readonly fingerprint: string; readonly deposit?: object },
): void {
  terminal.record({
    file,
    signer: OWN_NAME,
    ...by,
    serial: formatSerial(serial),
    sealId: toHex(sealId),
    version,
    plaintextBytes,
    sealedBytes,
  })
  const size = `${formatBytes(plaintextBytes)}, for ${openersText(by)}`
  terminal.done(displayName(file), `resealed, ${size}, version ${version}`)
}
