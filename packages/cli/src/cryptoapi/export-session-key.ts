import { wipe } from '@strongroom/core/bytes'
import { CryptoApiError, type RsaKey, type SessionKey } from '@strongroom/core/cryptoapi'
import type { Context } from '../command.ts'
import { displayName } from '../escape-text.ts'
import { algorithmName } from './algorithm-names.ts'
import { readSignature, verifySignature, type VerifiedSignature } from './detached-signature.ts'
import type { SessionKeyForm } from './export-forms.ts'
import type { ExportValues } from './export-options.ts'
import { readKeyFile } from './key-files.ts'
import { checkKeyOutput, writeKey } from './key-output.ts'
import { namedError } from './named-error.ts'
import { withPrivateKeys } from './private-keys.ts'
import { rsaRecord, rsaText } from './rsa-text.ts'
import {
  readPlaintextKey,
  readSessionKeyBlob,
  type SessionKeyBlob,
  unwrapSessionKey,
} from './session-key-blob.ts'

/** A form by its name on the command line, and the session key that is to be written in it. */
export interface SessionKeyExport {
  readonly name: string
  readonly form: SessionKeyForm
  readonly path: string
}

/** What was written, for people and programs. */
interface Written extends SessionKeyExport {
  readonly output: string | undefined
  readonly madeFor: RsaKey | undefined
  readonly verified: VerifiedSignature | undefined
}

/**
 * Writes a session key in another form: opened with a private key, encrypted for a public one. A signature is verified
 * before any private key is touched.
 */
export async function exportSessionKey(
  context: Context,
  values: ExportValues,
  wanted: SessionKeyExport,
): Promise<void> {
  const { form, path } = wanted
  checkKeyOutput(context, values, form)
  const madeFor = await readRecipient(context, values)
  const blob = readSessionKeyBlob(path)
  try {
    const verified = await verifyFirst(context, values, blob)
    const key = await openBlob(context, values, { ...blob, path })
    try {
      const content = form.write(key, madeFor && { key: madeFor, oaep: values.oaep })
      const output = writeKey(context, values, { content, secret: form.secret })
      tell(context, key, { ...wanted, output, madeFor, verified }, values.oaep)
    } finally {
      key.wipe()
    }
  } finally {
    wipe(blob.bytes)
  }
}

async function readRecipient(context: Context, values: ExportValues): Promise<RsaKey | undefined> {
  if (values.for === undefined) return undefined
  const { key } = await readKeyFile(context, values.for, { use: 'exchange', passwordFile: undefined })
  key.privateKey?.wipe()
  if (key.use === 'exchange') return key
  const message = `${displayName(values.for)} is a signature key: only an exchange key encrypts`
  throw new CryptoApiError('NTE_BAD_KEY', message)
}

async function verifyFirst(
  context: Context,
  values: ExportValues,
  { bytes }: SessionKeyBlob,
): Promise<VerifiedSignature | undefined> {
  const { signature, signer } = values
  if (signature === undefined || signer === undefined) return undefined
  return await verifySignature([bytes], await readSignature(context, { signature, signer }), values)
}

async function openBlob(
  context: Context,
  values: ExportValues,
  { bytes, encrypted, path }: SessionKeyBlob & { readonly path: string },
): Promise<SessionKey> {
  const open = (keys: readonly RsaKey[]) => {
    try {
      return encrypted ? unwrapSessionKey(bytes, keys, values.sourceOaep) : readPlaintextKey(bytes)
    } catch (error) {
      throw namedError(path, error)
    }
  }
  return encrypted ? await withPrivateKeys(context, values, 'exchange', open) : open([])
}

function tell({ terminal }: Context, key: SessionKey, written: Written, oaep: boolean): void {
  const { output, name, form, madeFor, verified } = written
  const bits = key.key.length * 8
  terminal.record({
    output: output ?? null,
    form: name,
    algorithm: algorithmName(key.algorithm),
    bits,
    ...(madeFor && { for: rsaRecord(madeFor), padding: oaep ? 'oaep' : 'pkcs1' }),
    ...(verified && {
      signer: rsaRecord(verified.signer),
      hash: verified.hash,
      signatureForm: verified.form,
    }),
  })
  const target = madeFor ? `, for ${rsaText(madeFor)}` : ''
  const proof = verified ? `, signed by ${rsaText(verified.signer)}` : ''
  if (output !== undefined) {
    terminal.done(
      displayName(output),
      `${form.description} of ${bits} bits for ${key.row.name}${target}${proof}`,
    )
  }
  if (form.secret)
    terminal.warning('the session key is in the clear: whoever reads it reads what it encrypted')
  if (madeFor && !oaep)
    terminal.note('padded with PKCS #1 v1.5, for old programs: add --oaep if the reader knows OAEP')
}
