import { utf8Encode, wipe } from '@strongroom/core/bytes'
import { type PairUse, RsaKey } from '@strongroom/core/cryptoapi'
import { CliError, usage } from '../cli-error.ts'
import type { Context } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { openContainer } from '../owner.ts'
import { newPassphrase, notOfContainer } from '../passphrase.ts'
import { containerPair } from './container-pair.ts'
import type { PairForm, WrittenProtection } from './export-forms.ts'
import type { ExportValues } from './export-options.ts'
import { readKeyFile, readPrivateKey } from './key-files.ts'
import { checkKeyOutput, writeKey } from './key-output.ts'
import { PAIR_IDS } from './pem-keys.ts'
import { useOf } from './pair-use.ts'
import { rsaRecord, rsaText } from './rsa-text.ts'

/** A form by its name on the command line. */
export interface NamedPairForm {
  readonly name: string
  readonly form: PairForm
}

/** Writes a pair of the container or of a key file, or its public part, in another form. */
export async function exportPair(
  context: Context,
  values: ExportValues,
  { name, form }: NamedPairForm,
): Promise<void> {
  const protection = protectionOf(values, { name, form })
  const secret = form.secret && protection === 'none'
  checkKeyOutput(context, values, { text: form.text, secret })
  const key = await readPair(context, values, form)
  try {
    const password = protection === 'none' ? new Uint8Array(0) : await newPassword(context, values, form)
    const content = form.write(key, protection, password)
    wipe(password)
    // What a password protects is no more for everybody to read than what nothing does.
    const output = writeKey(context, values, { content, secret: form.secret })
    tell(context, key, { output, name, form, protection })
  } finally {
    key.privateKey?.wipe()
  }
}

function protectionOf({ protection }: ExportValues, { name, form }: NamedPairForm): WrittenProtection {
  const chosen = form.protections.find((each) => each === protection)
  if (chosen !== undefined) return chosen
  if (protection === undefined) return form.protections[0] ?? 'none'
  throw usage(
    `--to ${name} has no protection of the kind ${protection}`,
    `it has ${form.protections.join(', ')}; pvk and pkcs8 know a password`,
  )
}

async function readPair(context: Context, values: ExportValues, form: PairForm): Promise<RsaKey> {
  const use = useOf(values.use)
  const [path, ...more] = values.key
  if (path === undefined) {
    const container = await openContainer(context, values)
    try {
      return containerPair(container, use ?? 'exchange', values.keyId)
    } finally {
      container.wipe()
    }
  }
  if (more.length > 0) throw usage('one key is written at a time', 'give --key once')
  if (values.container !== undefined || values.keyId !== undefined) {
    throw usage('--key names another place than --container and --key-id', 'give one of them')
  }
  const read = form.secret ? readPrivateKey : readKeyFile
  const { key } = await read(context, path, {
    ...values,
    use: use ?? (form.saysUse ? undefined : 'exchange'),
  })
  return use === undefined ? key : withUse(key, use)
}

function withUse({ publicKey, privateKey, exportable }: RsaKey, use: PairUse): RsaKey {
  return new RsaKey({ algorithm: PAIR_IDS[use], publicKey, privateKey, exportable })
}

async function newPassword(
  context: Context,
  values: ExportValues,
  { description }: PairForm,
): Promise<Uint8Array> {
  const password = await askForNew(context, values, description)
  if (/^[\x20-\x7e]+$/.test(password)) return utf8Encode(password)
  throw usage('a password beyond ASCII depends on a code page', 'take one of letters that every keyboard has')
}

async function askForNew(context: Context, values: ExportValues, what: string): Promise<string> {
  try {
    const source = { passphraseFile: values.newPasswordFile, passphraseFd: undefined }
    return await newPassphrase(notOfContainer(context), source, what)
  } catch (error) {
    if (!(error instanceof CliError && error.code === 'NO_PASSPHRASE')) throw error
    throw new CliError('NO_PASSPHRASE', error.message, {
      hint: 'use --new-password-file FILE, or run it in a terminal',
      cause: error,
    })
  }
}

interface Written {
  readonly output: string | undefined
  readonly name: string
  readonly form: PairForm
  readonly protection: WrittenProtection
}

function tell({ terminal }: Context, key: RsaKey, { output, name, form, protection }: Written): void {
  const use = form.saysUse ? { use: key.use } : {}
  terminal.record({
    output: output ?? null,
    form: name,
    ...use,
    ...(form.secret && { protection }),
    ...rsaRecord(key),
  })
  if (output !== undefined) terminal.done(displayName(output), `${form.description} of ${rsaText(key)}`)
  const warning = form.secret ? WARNINGS[protection] : undefined
  if (warning !== undefined) terminal.warning(warning)
}

const WARNINGS: Readonly<Record<WrittenProtection, string | undefined>> = {
  none: 'nothing protects this key: whoever reads it has the pair',
  weak: 'of the password only 40 bits count: whoever reads this file has the pair in minutes',
  strong: undefined,
}
