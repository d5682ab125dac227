import { CryptoApiError, inspectOldFile, type OldFileInspection } from '@strongroom/core/cryptoapi'
import { wipe } from '@strongroom/core/bytes'
import { type Context, defineCommand } from '../../command.ts'
import { OLD_PASSWORD_OPTIONS, oldPassword } from '../../cryptoapi/old-password.ts'
import { readStart } from '../../cryptoapi/input-bytes.ts'
import {
  FIELD_HEADINGS,
  fieldRows,
  findingFields,
  fingerprintIn,
  summaryFields,
} from '../../cryptoapi/old-file-text.ts'
import { otherFormat } from '../../cryptoapi/other-formats.ts'
import { displayName } from '../../escape-text.ts'

/** More than any key file has, and enough of all others. */
const START_BYTES = 65_536

/** `strongroom cryptoapi inspect`. */
export const cryptoapiInspect = defineCommand({
  operands: [
    {
      name: '<file...>',
      description:
        'key blobs, PVK files, signatures, files of Microsoft’s encryption sample; - is standard input',
      completes: 'file',
    },
  ],
  options: {
    passwordFile: {
      ...OLD_PASSWORD_OPTIONS.passwordFile,
      description: 'the password of PVK files, to find out how much of it counts',
    },
    showSecretsUnsafely: {
      flags: '--show-secrets-unsafely',
      kind: 'flag',
      description: 'print private keys and session keys too: whoever sees the screen has them',
    },
  },
  notes: [
    'Needs no key. Every field is shown with its place and its meaning; integers are shown most significant byte',
    'first, as everybody but CryptoAPI writes them. Below stands what is weak: danger is open to anybody, weak',
    'resists too little, note is to be known.',
    '',
    'A blob that cannot be imported is explained as far as it goes, and the command fails. Of such a blob only',
    'numbers are shown: where a length is wrong, a secret may lie in the place of a public value.',
  ],
  examples: [
    {
      line: 'strongroom cryptoapi inspect session.blob',
      purpose: 'what it is, for how long a key, and how weak',
    },
    {
      line: 'strongroom cryptoapi inspect --json *.pvk',
      purpose: 'the same for programs, one line for each file',
    },
  ],
  run: async (context, paths, values) => {
    const password =
      values.passwordFile === undefined ? undefined : await oldPassword(context, values, 'Password')
    for (const [i, path] of paths.entries()) {
      try {
        if (i > 0) context.terminal.line()
        inspectOne(context, path, { secrets: values.showSecretsUnsafely, password })
      } catch (error) {
        context.failures.report(error, path)
      }
    }
    if (password) wipe(password)
  },
})

function inspectOne(
  { terminal, failures }: Context,
  path: string,
  options: { readonly secrets: boolean; readonly password: Uint8Array | undefined },
): void {
  const { bytes, totalBytes } = readStart(path, START_BYTES)
  try {
    const found = inspectOldFile(bytes, { totalBytes, ...options })
    if (!found) throw otherFormat(path, bytes)
    const fingerprint = fingerprintIn(found)
    terminal.record({ input: path, totalBytes, ...found, ...(fingerprint !== undefined && { fingerprint }) })
    show(terminal, path, totalBytes, found)
    if (found.problem !== undefined) {
      failures.report(new CryptoApiError(found.problem.code, found.problem.message), path)
    }
  } finally {
    wipe(bytes)
  }
}

function show(
  terminal: Context['terminal'],
  path: string,
  totalBytes: number,
  found: OldFileInspection,
): void {
  terminal.heading(displayName(path))
  terminal.fields(summaryFields(found, totalBytes))
  terminal.line()
  terminal.table(FIELD_HEADINGS, fieldRows(found))
  if (found.findings.length === 0) return
  terminal.line()
  terminal.fields(findingFields(found.findings))
}
