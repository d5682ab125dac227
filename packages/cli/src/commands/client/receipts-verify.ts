import { AUTHORITY_OPTIONS, chosenAuthorities } from '../../client/authority-choice.ts'
import { claimsOfFiles, checkClaims, type Claims } from '../../client/receipt-claims.ts'
import { receiptRecord, receiptSentence, shortId } from '../../client/receipt-text.ts'
import { identitiesFor, verifyAgainst, type Pinned } from '../../client/receipt-trust.ts'
import { LIMITS } from '@strongroom/core/protocol'
import { usage } from '../../cli-error.ts'
import { type Context, defineCommand } from '../../command.ts'
import { readInput } from '../../cryptoapi/input-bytes.ts'
import { displayName } from '../../escape-text.ts'
import { READER_OPTIONS } from '../../reader.ts'

const { signer: _, allowSuperseded: __, ...KEYS } = READER_OPTIONS

/** `strongroom receipts verify`. */
export const receiptsVerify = defineCommand({
  operands: [
    { name: '[receipt...]', description: 'receipt files; all that are kept unless told', completes: 'file' },
  ],
  options: {
    fingerprint: {
      flags: '--fingerprint <text>',
      kind: 'value',
      description: 'that of the authority, SHA256:…; the one that you enrolled with unless told',
    },
    file: {
      flags: '--file <file>',
      kind: 'list',
      description: 'what the receipt must be about: the deposit itself, or a sealed file of yours, or both',
      completes: 'file',
    },
    ...AUTHORITY_OPTIONS,
    ...KEYS,
  },
  notes: [
    'A receipt proves that the authority has a statement and logged it. It is verified without asking anybody, with the',
    'fingerprint of the authority alone, which stands in invitations and in strongroom status.',
    '',
    'Which file a deposit is for stands in the deposit, and this computer remembers it. With --file the seal of that file is',
    'compared with both, as far as they are there.',
  ],
  examples: [
    { line: 'strongroom receipts verify', purpose: 'all that are kept, again' },
    {
      line: 'strongroom receipts verify old.receipt --fingerprint SHA256:…',
      purpose: 'on any computer, years later',
    },
    {
      line: 'strongroom receipts verify report.receipt --file report.pdf.age',
      purpose: 'whether it is for that file',
    },
  ],
  run: async (context, paths, values) => {
    if (values.file.length > 0 && paths.length !== 1) {
      throw usage('--file is compared with one receipt', 'name the receipt')
    }
    const pinned = identitiesFor(context, values)
    if (paths.length === 0) return verifyKept(context, values)
    const claims = values.file.length === 0 ? undefined : await claimsOfFiles(context, values)
    for (const path of paths) {
      try {
        verifyOne(context, path, pinned, claims)
      } catch (error) {
        context.failures.report(error, path)
      }
    }
  },
})

function verifyOne(
  context: Context,
  path: string,
  pinned: readonly Pinned[],
  claims: Claims | undefined,
): void {
  const receipt = verifyAgainst(pinned, readInput(path, LIMITS.receiptBytes, 'a receipt'))
  const compared = claims ? checkClaims(context, receipt, claims) : undefined
  context.terminal.record({
    input: path,
    verified: true,
    ...receiptRecord(receipt),
    ...(compared && { compared }),
  })
  context.terminal.done(displayName(path), receiptSentence(receipt))
  for (const one of compared ?? []) context.terminal.done(displayName(one.file), one.says)
}

/** Every receipt of every authority, or of the one that was named. */
function verifyKept(
  context: Context,
  values: { authority: string | undefined; fingerprint: string | undefined },
): void {
  if (values.fingerprint !== undefined) throw usage('--fingerprint is for receipt files', 'name them')
  for (const { folder, state } of chosenAuthorities(context, values)) {
    for (const id of folder.receipts.list()) {
      const file = folder.receipts.pathOf(id)
      try {
        const receipt = folder.receipts.verify(id, state)
        if (!receipt) continue
        context.terminal.record({ input: file, verified: true, ...receiptRecord(receipt) })
        context.terminal.done(shortId(id), receiptSentence(receipt))
      } catch (error) {
        context.failures.report(error, file)
      }
    }
  }
}
