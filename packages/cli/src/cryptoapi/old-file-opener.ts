import type { Context } from '../command.ts'
import { keyBlobOpener, type KeyBlobOpening, type OldFileOpener, passwordOpener } from './old-file.ts'
import { oldPassword } from './old-password.ts'
import { withPrivateKeys } from './private-keys.ts'
import { checkReadValues, type SampleReadValues } from './sample-options.ts'

/**
 * Lends what opens old files to some work, and wipes its keys whatever comes: the password with `--password`, otherwise
 * private keys.
 *
 * @throws CliError USAGE; as `oldPassword` and `withPrivateKeys`
 */
export async function withOldFileOpener<Result>(
  context: Context,
  values: SampleReadValues,
  verify: KeyBlobOpening['verify'],
  work: (opener: OldFileOpener) => Promise<Result>,
): Promise<Result> {
  checkReadValues(values)
  if (!values.password) {
    return await withPrivateKeys(context, values, 'exchange', (keys) =>
      work(keyBlobOpener(values, { keys, verify })),
    )
  }
  const opener = passwordOpener(values, await oldPassword(context, values, 'Old password'))
  try {
    return await work(opener)
  } finally {
    opener.wipe()
  }
}
