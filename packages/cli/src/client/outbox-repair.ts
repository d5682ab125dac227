import { existsSync } from 'node:fs'
import { fromHex } from '@strongroom/core/bytes'
import { entryState, verifyReceiptFile, type AuthorityFolder } from '@strongroom/core/client'
import type { KeyContainer } from '@strongroom/core/container'
import { encodeReceipt } from '@strongroom/core/protocol'
import type { Context } from '../command.ts'
import { openContainer, type OwnerValues } from '../owner.ts'
import { readerOf } from '../reader.ts'
import { enrolledKey, type ChosenAuthority } from './authority-choice.ts'
import { connectedTo } from './connection.ts'
import { REQUIRED_MS } from './delivery.ts'
import { Depositor, type DepositorValues } from './depositor.ts'
import { depositFile } from './file-deposit.ts'

/**
 * Mends what sending alone does not: deposits whose epoch is over are made again from their sealed files, if those are where they
 * were, and receipts that were lost are fetched again. The container is opened only if there is such a thing; what fails is reported.
 */
export async function repair(
  context: Context,
  chosen: ChosenAuthority,
  values: OwnerValues & DepositorValues,
): Promise<void> {
  const [files, lost] = [filesToRemake(chosen), lostReceipts(chosen.folder)]
  if (files.length + lost.length === 0) return
  try {
    const own = values.container ?? chosen.state.container
    const container = await openContainer(context, { ...values, container: own })
    try {
      if (files.length > 0) await remake(context, chosen, values, { files, container })
      if (lost.length > 0) await fetchReceipts(context, chosen, container, lost)
    } finally {
      container.wipe()
    }
  } catch (error) {
    if (context.signal.aborted) throw error
    context.failures.report(error, chosen.folder.name)
  }
}

/** The sealed files of deposits that were made for an epoch that is over. */
function filesToRemake({ folder, state }: ChosenAuthority): string[] {
  return [...folder.outbox.entries()].flatMap((entry) => {
    if (entryState(entry, state.epochs, Date.now()) !== 'remake' || 'damage' in entry) return []
    const isFile = entry.context.format === 'file' && entry.path !== null && existsSync(entry.path)
    return isFile && entry.path !== null ? [entry.path] : []
  })
}

function lostReceipts({ deposits, receipts, outbox }: AuthorityFolder): string[] {
  return deposits.list().filter((id) => !receipts.has(id) && !outbox.has(id))
}

async function remake(
  context: Context,
  chosen: ChosenAuthority,
  values: DepositorValues,
  { files, container }: { readonly files: readonly string[]; readonly container: KeyContainer },
): Promise<void> {
  const depositor = await Depositor.open(context, chosen, enrolledKey(chosen, container), values)
  const reader = readerOf(context, { signer: undefined, allowSuperseded: true }, container)
  try {
    for (const path of new Set(files)) {
      try {
        await depositFile(depositor, path, { reader, description: undefined })
      } catch (error) {
        if (context.signal.aborted) throw error
        context.failures.report(reader.explain(error), path)
      }
    }
  } finally {
    reader.wipe()
  }
}

/** Asks for receipts again, verifies each, and keeps it, as it was when it came first. */
async function fetchReceipts(
  context: Context,
  chosen: ChosenAuthority,
  container: KeyContainer,
  lost: readonly string[],
): Promise<void> {
  const { folder, state } = chosen
  const key = enrolledKey(chosen, container)
  const credentials = { clientId: state.clientId, sign: (message: Uint8Array) => key.sign(message) }
  await connectedTo(context, state, { timeoutMs: REQUIRED_MS, credentials }, async (client) => {
    const { identity, epochs } = folder.learnEpochs((await client.card()).epochs)
    for (const id of lost) {
      const bytes = encodeReceipt(await client.receipt(fromHex(id)))
      const expected = { identity, epochs, kind: 'deposit', digest: fromHex(id) } as const
      const { size, root, index } = verifyReceiptFile(bytes, expected)
      // The tree that the authority must stand by, first.
      folder.promised.add([{ size, root, index, id }])
      folder.receipts.save(bytes, expected)
      context.terminal.done(id.slice(0, 16), 'receipt fetched again, and verified')
    }
  })
}
