import { mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ClientError, type DepositRecord } from '@strongroom/core/client'
import { ContainerError, writeFileAtomically } from '@strongroom/core/container'
import { ProtocolError } from '@strongroom/core/protocol'
import { AUTHORITY_OPTIONS, chosenAuthority, type ChosenAuthority } from '../../client/authority-choice.ts'
import { keptReceipts, namedReceipt, type KeptReceipt } from '../../client/receipt-choice.ts'
import { receiptFields, receiptRecord, shortId } from '../../client/receipt-text.ts'
import { CliError } from '../../cli-error.ts'
import { type Context, defineCommand } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { count, formatTime } from '../../quantities.ts'

const NAMED = 'receipts by their files, or by the first 8 digits or more of what they are about'

/** `strongroom receipts list`. */
export const receiptsList = defineCommand({
  options: AUTHORITY_OPTIONS,
  notes: ['Each was verified before it was kept. strongroom receipts verify does so again.'],
  examples: [
    { line: 'strongroom receipts list', purpose: 'what the authority gave receipts for' },
    { line: 'strongroom receipts list --json', purpose: 'the same for programs' },
  ],
  run: async (context, _operands, values) => {
    const { terminal } = context
    const chosen = chosenAuthority(context, values)
    const kept = keptReceipts(chosen.folder)
    const rows = kept.map((one) => {
      const { id, record } = one
      const { label = null, path = null, deliveredMs } = record ?? {}
      const { kind, index, text } = record ? ofRecord(record) : ofReceipt(chosen, one)
      terminal.record({ id, kind, label, path, index, file: chosen.folder.receipts.pathOf(id) })
      const received = deliveredMs === undefined ? '' : formatTime(deliveredMs)
      return [shortId(id), String(index ?? ''), received, text]
    })
    terminal.table(['receipt', 'entry', 'received', 'for'], rows)
  },
})

/** What a receipt is for, as it is listed. */
interface Listed {
  /** Null if the receipt does not hold any more. */
  readonly kind: string | null
  readonly index: number | null
  readonly text: string
}

function ofRecord({ label, path, index }: DepositRecord): Listed {
  return { kind: 'deposit', index, text: displayName(label ?? path ?? '') }
}

/** What nothing is remembered of, the receipt says itself. */
function ofReceipt({ folder, state }: ChosenAuthority, { id }: KeptReceipt): Listed {
  try {
    const receipt = folder.receipts.verify(id, state)
    if (receipt) {
      const { kind } = receipt.statement
      return { kind, index: receipt.index, text: KINDS[kind] ?? `statement of the kind ${kind}` }
    }
  } catch (error) {
    if (!(error instanceof ProtocolError || error instanceof ClientError)) throw error
  }
  return { kind: null, index: null, text: 'damaged: strongroom receipts verify says how' }
}

/** Receipts without a file that they are for. */
const KINDS: Readonly<Record<string, string>> = {
  deposit: 'a deposit that nothing is remembered of',
  enrolment: 'your enrolment',
  release: 'the release that enrolled you in the place of lost keys',
}

/** `strongroom receipts show`. */
export const receiptsShow = defineCommand({
  operands: [{ name: '<what...>', description: NAMED, completes: 'file' }],
  options: AUTHORITY_OPTIONS,
  examples: [
    { line: 'strongroom receipts show report.pdf.age', purpose: 'the newest receipt for a file' },
    { line: 'strongroom receipts show 97c22a6f', purpose: 'one by its first digits' },
  ],
  run: async (context, names, values) => {
    const chosen = chosenAuthority(context, values)
    const kept = keptReceipts(chosen.folder)
    for (const [i, name] of names.entries()) {
      try {
        if (i > 0) context.terminal.line()
        show(context, chosen, namedReceipt(kept, name))
      } catch (error) {
        context.failures.report(error, name)
      }
    }
  },
})

function show({ terminal }: Context, { folder, state }: ChosenAuthority, { id, record }: KeptReceipt): void {
  const receipt = folder.receipts.verify(id, state)
  if (!receipt) throw new CliError('NO_RECEIPT', `the receipt ${shortId(id)} is not there any more`)
  terminal.record({ ...receiptRecord(receipt), path: record?.path ?? null, file: folder.receipts.pathOf(id) })
  terminal.heading(folder.receipts.pathOf(id))
  terminal.fields(receiptFields(receipt, record))
}

/** `strongroom receipts export`. */
export const receiptsExport = defineCommand({
  operands: [{ name: '[what...]', description: `${NAMED}; all of them unless told`, completes: 'file' }],
  options: {
    outputFolder: {
      flags: '-O, --output-folder <folder>',
      kind: 'value',
      description: 'where to write them; the one you are in unless told',
      completes: 'folder',
    },
    force: { flags: '-f, --force', kind: 'flag', description: 'replace outputs that exist' },
    ...AUTHORITY_OPTIONS,
  },
  notes: [
    'A receipt is a file that proves itself: with the fingerprint of the authority and nothing else, strongroom receipts',
    'verify checks it years later, without asking anybody. Each is named by what it is for, and verified before it is written.',
  ],
  examples: [
    { line: 'strongroom receipts export report.pdf.age', purpose: 'writes report.pdf.age.receipt' },
    { line: 'strongroom receipts export -O /media/usb', purpose: 'all receipts, to be kept elsewhere' },
  ],
  run: async (context, names, values) => {
    const chosen = chosenAuthority(context, values)
    const kept = keptReceipts(chosen.folder)
    const folder = values.outputFolder ?? '.'
    mkdirSync(folder, { recursive: true })
    const wanted = names.length === 0 ? kept.map(({ id }) => id) : names
    let written = 0
    for (const name of wanted) {
      try {
        const one = namedReceipt(kept, name)
        const path = join(folder, fileName(one))
        write(chosen, one, { path, overwrite: values.force })
        context.terminal.record({ receipt: one.id, output: path })
        context.terminal.done(displayName(path), 'written')
        written += 1
      } catch (error) {
        context.failures.report(error, name)
      }
    }
    if (wanted.length > 1) context.terminal.note(`wrote ${count(written, 'receipt')} of ${wanted.length}`)
  },
})

/** By the file that it is for; files of one name in different folders have different digits. */
function fileName({ id, record }: KeptReceipt): string {
  return record?.path ? `${basename(record.path)}-${id.slice(0, 8)}.receipt` : `${shortId(id)}.receipt`
}

function write(
  { folder, state }: ChosenAuthority,
  { id }: KeptReceipt,
  { path, overwrite }: { path: string; overwrite: boolean },
): void {
  const bytes = folder.receipts.read(id)
  if (!bytes || !folder.receipts.verify(id, state)) {
    throw new CliError('NO_RECEIPT', `the receipt ${shortId(id)} is not there any more`)
  }
  try {
    writeFileAtomically(path, bytes, { mode: 0o644, overwrite })
  } catch (cause) {
    if (!(cause instanceof ContainerError && cause.code === 'CONTAINER_EXISTS')) throw cause
    throw new CliError('EXISTS', `${displayName(path)} exists`, { cause })
  }
}
