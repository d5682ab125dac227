import type { RecoveryFolder } from '@strongroom/core/client'
import type { KeyContainer } from '@strongroom/core/container'
import type { Context } from '../command.ts'
import { count, formatTime } from '../quantities.ts'
import { adopt } from './adoption.ts'
import { goOn } from './go-on.ts'
import { restore, wipeKeys, type Restored } from './recovered.ts'
import { groupsText, shortDigest } from './subject-text.ts'

/** With what a recovery is carried on. */
export interface CarryingOn {
  /** The new container, open. */
  readonly container: KeyContainer
  /** Asks again and again until it is decided. */
  readonly wait: boolean
  /** Files that are to open again, besides those that were named when it was asked for. */
  readonly paths: readonly string[]
  /** Those of them that were found in a folder: one without a key is no error. */
  readonly inFolders?: ReadonlySet<string>
  /** Where keys are written that are not those of files. */
  readonly outputFolder: string | undefined
}

/**
 * Carries a recovery on as far as it goes now, and makes something of what came back. Done again, it does what is left.
 *
 * @throws as `goOn`
 */
export async function carryOn(
  context: Context,
  folder: RecoveryFolder,
  { container, wait, paths, inFolders = new Set(), outputFolder = '.' }: CarryingOn,
): Promise<void> {
  const lock = folder.lock()
  try {
    tellRequest(context, folder)
    const { keys } = await goOn(context, folder, { container, wait })
    try {
      const record = folder.load()
      const own = folder.request(record).class === 'self'
      const restored = await restore(context, {
        record,
        own,
        keys,
        container,
        paths,
        inFolders,
        outputFolder,
      })
      tellRestored(context, folder, restored, keys.length)
      adopt(context, folder, container)
      if (context.failures.status === 0) folder.finish()
    } finally {
      wipeKeys(keys)
    }
  } finally {
    lock.release()
  }
}

function tellRequest({ terminal }: Context, folder: RecoveryFolder): void {
  if (terminal.quiet || terminal.json) return
  const { recipient, expires, client, class: name, requester } = folder.request()
  terminal.heading(`recovery ${shortDigest(folder.digest)}`)
  terminal.fields([
    ['for', `${count(folder.load().deposits.length, 'key')} of ${client}`],
    ...(requester === null ? [] : [['class', `${name}, asked by ${requester}`] as const]),
    ['compare', `${groupsText(recipient)}: tell it to officers who ask for whom it is`],
    ['until', formatTime(expires)],
  ])
}

function tellRestored(
  { terminal }: Context,
  folder: RecoveryFolder,
  { files, written, alias }: Restored,
  keys: number,
): void {
  const { class: name } = folder.request()
  terminal.record({
    request: folder.id,
    class: name,
    done: true,
    keys,
    decryptOnly: true,
    files,
    written,
    signer: alias,
  })
  const apart = keys - files.length - written.length
  terminal.note(
    `${count(keys, 'key')} came back, for decryption alone: strongroom reseal gives files new ones`,
  )
  if (apart > 0) {
    terminal.note(
      `${count(apart, 'key')} of files that are not here: strongroom recover FILE --resume ${folder.id.slice(0, 8)}`,
    )
  }
}
