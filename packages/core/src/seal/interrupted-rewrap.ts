import { wipe } from '../bytes/index.ts'
import { finishInterrupted, hasJournal } from './header-journal.ts'
import { openSealedInput } from './sealed-input.ts'
import { unlock, type Reader } from './unlock.ts'

/**
 * Finishes what an interrupted rewrap of a file has begun, if there is such a thing: the file is opened through the
 * journal and verified first.
 *
 * @param target a name without symbolic links
 * @throws as `unlock`; the file is then as it was
 */
export async function finishInterruptedRewrap(target: string, reader: Reader): Promise<void> {
  if (!hasJournal(target)) return
  const file = await openSealedInput({ path: target })
  try {
    wipe(unlock(file, reader).sessionKey)
  } finally {
    file.close()
  }
  finishInterrupted(target)
}
