import { equalBytes, wipe } from '@strongroom/core/bytes'
import type { KeyContainer } from '@strongroom/core/container'
import {
  KeyBlobError,
  openKeyBlob,
  parseKeyBlob,
  SessionKeyStore,
  type NamedSessionKey,
} from '@strongroom/core/keyblob'
import type { Context } from '../command.ts'
import { OWN_NAME } from '../owner.ts'
import { onlySigner, signerDirectory } from '../signers.ts'
import type { Depositor } from './depositor.ts'

/** Whether the owner of the container made the key: then whoever has it back opens all files under it. */
export function isOwnKey(container: KeyContainer, { seal }: NamedSessionKey): boolean {
  return container.signers().some(({ fingerprint }) => fingerprint === seal.signer.fingerprint)
}

/**
 * Deposits a named session key of the owner's, unless it was deposited before: once for all files under it.
 *
 * @param key verified just now, by its name
 * @returns the id of the deposit, and whether it is a new one
 * @throws KeyBlobError NOT_AUTHENTIC if the blob was exchanged meanwhile
 */
export function depositNamedKey(
  context: Context,
  depositor: Depositor,
  container: KeyContainer,
  key: NamedSessionKey,
): { id: string; isNew: boolean } {
  const { serial, sealId, metadata } = key.seal
  const sessionKey = bytesOf(context, container, key)
  try {
    return depositor.ensure(
      { sessionKey, format: 'named-key', serial, sealId },
      { description: metadata.description ?? key.name, label: `session key ${key.name}` },
    )
  } finally {
    wipe(sessionKey)
  }
}

/** A named key does not give its bytes away: they are taken from the very blob that it was verified from, and are to be wiped. */
export function bytesOf(
  context: Context,
  container: KeyContainer,
  { name, seal }: NamedSessionKey,
): Uint8Array {
  const blob = new SessionKeyStore(context.folders.sessionKeys).exportBlob(name)
  const own = onlySigner(context, OWN_NAME, signerDirectory(context, container.signers()))
  const opened = openKeyBlob(parseKeyBlob(blob), container.identities(), own)
  if (equalBytes(opened.seal.sealId, seal.sealId)) return opened.sessionKey
  wipe(opened.sessionKey)
  throw new KeyBlobError('NOT_AUTHENTIC', `the key blob of ${name} was exchanged meanwhile`)
}
