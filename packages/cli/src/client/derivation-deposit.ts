import { fromBase64, utf8Decode, wipe } from '@strongroom/core/bytes'
import { ScryptIdentity, type Stanza } from '@strongroom/core/age'
import {
  derivationOf,
  deriveKeyAgain,
  makeDerivationDeposit,
  type KeyDerivation,
  type PasswordForm,
} from '@strongroom/core/client'
import { KeyBlobError, parseKeyBlob, unwrapSessionKey } from '@strongroom/core/keyblob'
import { exportKeyBlob } from '@strongroom/core/seal'
import { CliError } from '../cli-error.ts'
import type { Context } from '../command.ts'
import { algorithmName, hashId } from '../cryptoapi/algorithm-names.ts'
import { hashName, keyFromOldPassword, type DerivationValues } from '../cryptoapi/derived-keys.ts'
import { oldPassword, type OldPasswordValues } from '../cryptoapi/old-password.ts'
import { displayName } from '../escape-text.ts'
import type { Depositor } from './depositor.ts'

/** Where a password comes from, and what is made of it. */
export type DerivationDepositValues = DerivationValues &
  OldPasswordValues & { readonly description: string | undefined }

/**
 * Deposits how CryptoAPI derives a session key from a password, and a commitment to the key; the password is asked for, and is
 * deposited by nobody.
 *
 * @returns the id of the deposit, and what people call it
 */
export async function depositDerivation(
  context: Context,
  depositor: Depositor,
  values: DerivationDepositValues,
): Promise<{ id: string; name: string }> {
  const key = keyFromOldPassword(values, await oldPassword(context, values, 'Old password'))
  try {
    const derivation = derivationOf(key, { hash: hashId(hashName(values)), password: formOf(values) })
    const name = `${algorithmName(key.algorithm)} key from a password`
    return { id: put(depositor, { derivation, derivedKey: key.key, name, values }), name }
  } finally {
    key.wipe()
  }
}

/**
 * The same for an age file under a passphrase, which must open it.
 *
 * @throws CliError UNSUPPORTED for another kind of file, WRONG_PASSPHRASE
 */
export async function depositScryptFile(
  context: Context,
  depositor: Depositor,
  path: string,
  values: DerivationDepositValues,
): Promise<{ id: string; name: string }> {
  const header = parseKeyBlob(await exportKeyBlob(path))
  const derivation = scryptOf(path, header.stanzas)
  const passphrase = await oldPassword(context, values, `Passphrase of ${displayName(path)}`)
  try {
    wipe(opened(header, utf8Decode(passphrase)))
    const derivedKey = deriveKeyAgain(derivation, passphrase)
    try {
      return { id: put(depositor, { derivation, derivedKey, name: path, values }), name: path }
    } finally {
      wipe(derivedKey)
    }
  } finally {
    wipe(passphrase)
  }
}

interface Derived {
  readonly derivation: KeyDerivation
  readonly derivedKey: Uint8Array
  readonly name: string
  readonly values: { readonly description: string | undefined }
}

function put(depositor: Depositor, { derivation, derivedKey, name, values }: Derived): string {
  return depositor.add({
    make: (frame) => makeDerivationDeposit({ ...frame, derivation, derivedKey }),
    description: values.description ?? name,
    label: name,
  })
}

function formOf({ utf16, unicodeBuild }: DerivationValues): PasswordForm {
  if (unicodeBuild) return 'half-utf-16'
  return utf16 ? 'utf-16' : 'as-entered'
}

/** C2SP age.md, "The scrypt recipient type": salt and work factor. */
function scryptOf(path: string, stanzas: readonly Stanza[]): KeyDerivation {
  const [stanza] = stanzas
  const [salt, logN] = stanza?.type === 'scrypt' ? stanza.args : []
  if (salt !== undefined && logN !== undefined) {
    return { method: 'age-scrypt', salt: fromBase64(salt), logN: Number(logN) }
  }
  throw new CliError('UNSUPPORTED', `${displayName(path)} is no age file under a passphrase`, {
    hint: 'leave --derived out for a sealed file; without a file it is for keys of CryptoAPI',
  })
}

function opened(header: ReturnType<typeof parseKeyBlob>, passphrase: string): Uint8Array {
  try {
    return unwrapSessionKey(header, [new ScryptIdentity(passphrase)])
  } catch (cause) {
    if (!(cause instanceof KeyBlobError && cause.code === 'NO_KEY')) throw cause
    throw new CliError('WRONG_PASSPHRASE', 'this passphrase does not open the file', { cause })
  }
}
