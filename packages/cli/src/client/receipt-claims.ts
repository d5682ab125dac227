import { equalBytes, toHex } from '@strongroom/core/bytes'
import { parseDepositBlob, sha256 } from '@strongroom/core/client'
import { parseDepositBody, LIMITS, ProtocolError, type VerifiedReceipt } from '@strongroom/core/protocol'
import { inspectFile } from '@strongroom/core/seal'
import { CliError } from '../cli-error.ts'
import type { Context } from '../command.ts'
import { readStart } from '../cryptoapi/input-bytes.ts'
import { displayName } from '../escape-text.ts'
import { openReader, type ReaderValues } from '../reader.ts'
import { authorityStore } from './authority-choice.ts'

/** What a deposit or a sealed file says of its session key. */
export interface Claim {
  readonly file: string
  readonly sealId: Uint8Array | undefined
  readonly commitment: Uint8Array
}

/** What a receipt is compared with. */
export interface Claims {
  /** The deposit, if it was given, and the digest that the receipt must be about. */
  readonly deposit: (Claim & { readonly id: Uint8Array }) | undefined
  readonly sealed: readonly Claim[]
}

/** What a receipt was compared with, and what came of it. */
export interface Compared {
  readonly file: string
  readonly says: string
}

type Values = Omit<ReaderValues, 'signer' | 'allowSuperseded'> & { readonly file: readonly string[] }

/** Reads deposits and sealed files. @throws SealError, CliError for what is neither, or does not open */
export async function claimsOfFiles(context: Context, values: Values): Promise<Claims> {
  const deposits = values.file.flatMap((file) => depositIn(file) ?? [])
  const others = values.file.filter((file) => deposits.every((one) => one.file !== file))
  return {
    deposit: deposits[0],
    sealed: others.length === 0 ? [] : await sealedClaims(context, others, values),
  }
}

/** Undefined for what is no deposit. */
function depositIn(file: string): Claims['deposit'] {
  const { bytes, totalBytes } = readStart(file, LIMITS.depositBytes)
  if (totalBytes > LIMITS.depositBytes) return undefined
  try {
    const { context } = parseDepositBody(parseDepositBlob(bytes).body)
    return { file, id: sha256(bytes), sealId: context.sealId, commitment: context.commitment }
  } catch (error) {
    if (error instanceof ProtocolError) return undefined
    throw error
  }
}

async function sealedClaims(context: Context, files: readonly string[], values: Values): Promise<Claim[]> {
  const reader = await openReader(context, { ...values, signer: undefined, allowSuperseded: true })
  try {
    return await Promise.all(
      files.map(async (file) => {
        const { verified, problem } = await inspectFile({ path: file }, reader)
        if (verified) return { file, sealId: verified.sealId, commitment: verified.commitment }
        throw new CliError('UNSUPPORTED', `${displayName(file)}: ${problem?.message ?? 'it has no seal'}`, {
          hint: 'give a deposit, or a sealed file that your keys open',
        })
      }),
    )
  } finally {
    reader.wipe()
  }
}

/**
 * Compares a receipt with a deposit and with sealed files.
 *
 * @throws ProtocolError PROTOCOL_BINDING if it is about something else; CliError NO_RECEIPT if nothing says which file it is for
 */
export function checkClaims(context: Context, { statement }: VerifiedReceipt, claims: Claims): Compared[] {
  const { deposit, sealed } = claims
  const compared: Compared[] = []
  if (deposit) {
    if (!equalBytes(deposit.id, statement.digest)) throw another(deposit.file, 'is another deposit')
    compared.push({ file: deposit.file, says: 'is the deposit that the receipt is about' })
  }
  const known = deposit ?? remembered(context, toHex(statement.digest))
  const by = deposit ? 'as the deposit says' : 'as this computer remembers'
  for (const { file, sealId, commitment } of sealed) {
    if (!known) throw nothingKnown(file)
    const same =
      known.sealId && sealId ? equalBytes(known.sealId, sealId) : equalBytes(known.commitment, commitment)
    if (!same) throw another(file, 'is not the file that was deposited')
    compared.push({ file, says: `is the file that the receipt is for, ${by}` })
  }
  return compared
}

function remembered(context: Context, id: string): Pick<Claim, 'sealId' | 'commitment'> | undefined {
  const store = authorityStore(context)
  for (const name of store.list()) {
    const record = store.open(name).deposits.load(id)
    if (record) return { sealId: record.sealId ?? undefined, commitment: record.commitment }
  }
  return undefined
}

function another(file: string, is: string): ProtocolError {
  return new ProtocolError('PROTOCOL_BINDING', `${displayName(file)} ${is}`)
}

function nothingKnown(file: string): CliError {
  return new CliError('NO_RECEIPT', `nothing here says whether the receipt is for ${displayName(file)}`, {
    hint: 'give the deposit too, with another --file',
  })
}
