import {
  AUTHORITY_OPTIONS,
  chosenAuthorities,
  chosenAuthority,
  enrolledKey,
  type ChosenAuthority,
} from '../../client/authority-choice.ts'
import { explained } from '../../client/connection.ts'
import { deliver, patience, REQUIRED_MS } from '../../client/delivery.ts'
import { tellDelivery, tellMissing, type Told } from '../../client/delivery-text.ts'
import { makeAll, type Made } from '../../client/deposit-makers.ts'
import { Depositor, DEPOSITOR_OPTIONS } from '../../client/depositor.ts'
import { repair } from '../../client/outbox-repair.ts'
import { usage } from '../../cli-error.ts'
import { type Context, defineCommand, type OptionTable, type OptionValues } from '../../command.ts'
import { checkDerivation, DERIVATION_OPTIONS } from '../../cryptoapi/derived-keys.ts'
import { displayName } from '../../escape-text.ts'
import { openContainer, OWNER_OPTIONS } from '../../owner.ts'

const DERIVED = { group: 'How a key was derived, with --derived:' } as const
const DERIVATION = {
  algorithm: { ...DERIVATION_OPTIONS.algorithm, ...DERIVED },
  bits: { ...DERIVATION_OPTIONS.bits, ...DERIVED },
  hash: { ...DERIVATION_OPTIONS.hash, ...DERIVED },
  provider: { ...DERIVATION_OPTIONS.provider, ...DERIVED },
  utf16: { ...DERIVATION_OPTIONS.utf16, ...DERIVED },
  unicodeBuild: { ...DERIVATION_OPTIONS.unicodeBuild, ...DERIVED },
  passwordFile: { ...DERIVATION_OPTIONS.passwordFile, ...DERIVED },
} as const satisfies OptionTable
const OPTIONS = {
  key: {
    flags: '-k, --key <name>',
    kind: 'list',
    description: 'deposit this session key of yours, for all files that are sealed under it',
    completes: 'session-key',
  },
  simpleBlob: {
    flags: '--simple-blob <file>',
    kind: 'list',
    description: 'deposit a SIMPLEBLOB of CryptoAPI, made for the RSA key of the epoch, byte for byte',
    completes: 'file',
  },
  derived: {
    flags: '--derived',
    kind: 'flag',
    description: 'deposit how a key comes from a password: of age files under one, or else of CryptoAPI',
  },
  flush: {
    flags: '--flush',
    kind: 'flag',
    description: 'send what waits, and what was refused, once more; fetch receipts that were lost',
  },
  requireReceipt: {
    flags: '--require-receipt',
    kind: 'flag',
    description: 'fail unless there is a verified receipt for everything',
  },
  description: {
    flags: '-d, --description <text>',
    kind: 'value',
    description: 'say what it is; the name unless told',
  },
  ...AUTHORITY_OPTIONS,
  ...DEPOSITOR_OPTIONS,
  ...DERIVATION,
  ...OWNER_OPTIONS,
} as const

type Values = OptionValues<typeof OPTIONS>

/** `strongroom deposit`. */
export const deposit = defineCommand({
  operands: [{ name: '[path...]', description: 'sealed files, or folders with them', completes: 'file' }],
  options: OPTIONS,
  notes: [
    'Makes a deposit of each key, puts it into the outbox on your disk, sends what is there, and verifies the receipts.',
    'The header of a file is opened with your keys and its seal verified before. What was deposited before is not again.',
    '',
    'strongroom seal does all this by itself. This is for files that were sealed before, for keys from elsewhere, and for',
    'an outbox in which something waits.',
    '',
    'With --flush, deposits that waited until their epoch was over are made again from their files.',
    '',
    'With --derived no password is deposited, and nothing to try passwords against: the parameters and a commitment to the',
    'key are sealed for the custodian.',
  ],
  examples: [
    { line: 'strongroom deposit archive', purpose: 'the keys of all sealed files below a folder' },
    { line: 'strongroom deposit --key backups', purpose: 'one deposit for all files under that key' },
    { line: 'strongroom deposit --flush', purpose: 'send what waits' },
    {
      line: 'strongroom deposit --derived --algorithm 3des --hash sha1',
      purpose: 'how an old program made its key from a password',
    },
  ],
  run: async (context, paths, values) => {
    checkCombination(paths, values)
    if (values.flush) return await flushAll(context, values)
    const chosen = chosenAuthority(context, values)
    const container = await openContainer(context, values)
    try {
      const depositor = await Depositor.open(context, chosen, enrolledKey(chosen, container), values)
      const deposits = await makeAll(context, paths, values, { depositor, container })
      const timeoutMs = values.requireReceipt ? REQUIRED_MS : patience(chosen.folder)
      const delivery = await deliver(context, chosen, { timeoutMs, waits: values.requireReceipt })
      tell(context, chosen, deposits)
      tellMissing(context, toldOf(values, chosen, { deposits, delivery }))
    } finally {
      container.wipe()
    }
  },
})

function checkCombination(paths: readonly string[], values: Values): void {
  const { key, simpleBlob, derived, flush } = values
  if (paths.includes('-')) throw usage('a deposit is made of a file with a name', 'name the file')
  const others = paths.length + key.length + simpleBlob.length
  if (flush && (others > 0 || derived))
    throw usage('--flush makes no new deposits', 'give the one or the other')
  if (others === 0 && !derived && !flush) {
    throw usage('there is nothing to deposit', 'name files, or --key, --simple-blob, --derived or --flush')
  }
  const { algorithm, bits, hash, provider, passwordFile } = values
  const texts = [algorithm, bits, hash, provider, passwordFile].some((text) => text !== undefined)
  if (!derived && (texts || values.utf16 || values.unicodeBuild)) {
    throw usage('how a key was derived is deposited with --derived alone', 'add --derived, or leave that out')
  }
  checkDerivation(values)
}

function tell({ terminal }: Context, { folder }: ChosenAuthority, deposits: readonly Made[]): void {
  for (const { id, name, isNew } of deposits) {
    const receipt = folder.receipts.has(id) ? folder.receipts.pathOf(id) : null
    terminal.record({ input: name, authority: folder.name, deposit: id, isNew, receipt })
    const before = isNew ? 'deposited' : 'was deposited before'
    terminal.done(
      displayName(name),
      receipt === null
        ? `waits in the outbox for ${folder.name}`
        : `${before} at ${folder.name}, receipt verified`,
    )
  }
}

/** Sends what waits at every authority, or at the one that was named. */
async function flushAll(context: Context, values: Values): Promise<void> {
  for (const chosen of chosenAuthorities(context, values)) {
    await repair(context, chosen, values)
    const { outbox } = chosen.folder
    const deposits = [...outbox.entries()].map((entry) => ({
      id: entry.id,
      name: 'damage' in entry ? entry.id : (entry.label ?? entry.id),
    }))
    if (deposits.length === 0) context.terminal.note(`nothing waits for ${chosen.folder.name}`)
    const delivery = await deliver(context, chosen, { timeoutMs: REQUIRED_MS, again: true, waits: true })
    if (deposits.length > 0) tellDelivery(context, toldOf(values, chosen, { deposits, delivery }))
    // It was asked for nothing else than this.
    if (delivery?.stopped && delivery.stopped.code !== 'CLIENT_ALARM') {
      context.failures.report(explained(delivery.stopped), chosen.folder.name)
    }
  }
}

function toldOf(
  { requireReceipt }: Values,
  { folder }: ChosenAuthority,
  what: Pick<Told, 'deposits' | 'delivery'>,
): Told {
  const hasReceipt = (id: string) => folder.receipts.has(id)
  return { ...what, authority: folder.name, hasReceipt, requireReceipt, stands: 'waits in the outbox' }
}
