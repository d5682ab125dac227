import type { Identity, Stanza } from '@strongroom/core/age'
import type { KeyContainer } from '@strongroom/core/container'
import {
  KeyBlobError,
  SESSION_KEY_TYPE,
  SessionKeyStore,
  type NamedSessionKey,
  type SignerDirectory,
} from '@strongroom/core/keyblob'
import { Ledger, SealError } from '@strongroom/core/seal'
import { CliError, usage } from './cli-error.ts'
import type { Context, OptionTable } from './command.ts'
import { displayName } from './escape-text.ts'
import { namesIn } from './listing.ts'
import { knownSigners, OWN_NAME } from './owner.ts'
import { onlySigner, signerDirectory } from './signers.ts'

/** How the files of named session keys end. */
export const SESSION_KEY_SUFFIX = '.keyblob'

/** Under which named session key a file is sealed. */
export const SEALING_KEY_OPTIONS = {
  key: {
    flags: '-k, --key <name>',
    kind: 'value',
    description: 'seal under this session key of yours too: whoever has it opens the file',
    completes: 'session-key',
    group: 'Keys:',
  },
  keySigner: {
    flags: '--key-signer <alias>',
    kind: 'value',
    description: 'the session key is that of somebody else: this signer made it',
    completes: 'signer',
    group: 'Keys:',
  },
} as const satisfies OptionTable

interface SealingKeyValues {
  readonly key: string | undefined
  readonly keySigner: string | undefined
}

/** What is needed to verify a named key: keys that open its blob, whose blobs count, and what was seen. */
export interface KeyVerification {
  readonly identities: readonly Identity[]
  readonly signers: SignerDirectory
  readonly ledger: Ledger
  /** Accept an older blob than one already seen. */
  readonly allowSuperseded: boolean
}

/**
 * The named session key of that name, verified now and not older than one that was seen before.
 *
 * @throws KeyBlobError as `SessionKeyStore.load`; SealError SUPERSEDED
 */
export function loadNamedKey(context: Context, name: string, by: KeyVerification): NamedSessionKey {
  const key = new SessionKeyStore(context.folders.sessionKeys).load(name, by.identities, by.signers)
  try {
    if (!by.allowSuperseded) by.ledger.check(key.seal)
    by.ledger.record(key.seal)
    return key
  } catch (error) {
    key.wipe()
    throw error
  }
}

/**
 * The named session key that new files are sealed under: one that the owner of the container made, unless
 * another signer is named for it.
 *
 * Any known signer can encrypt a blob of theirs to the owner and give it the name of one of the owner's: what
 * the owner then seals under it, that signer would read.
 *
 * @returns undefined if no key was asked for; whoever gets one wipes it
 * @throws CliError UNKNOWN_SIGNER for somebody else's key, SUPERSEDED, USAGE; KeyBlobError
 */
export function sealingKey(
  context: Context,
  container: KeyContainer,
  { key: name, keySigner }: SealingKeyValues,
): NamedSessionKey | undefined {
  if (name === undefined) {
    if (keySigner === undefined) return undefined
    throw usage('--key-signer says who made a session key', 'name the key with --key')
  }
  const all = signerDirectory(context, container.signers())
  try {
    return loadNamedKey(context, name, {
      identities: container.identities(),
      signers: onlySigner(context, keySigner ?? OWN_NAME, all),
      ledger: new Ledger(context.folders.ledger),
      allowSuperseded: false,
    })
  } catch (error) {
    throw explained(context, error, name, keySigner ?? OWN_NAME)
  }
}

function explained(context: Context, error: unknown, name: string, expected: string): unknown {
  const what = `the session key ${displayName(name)}`
  if (error instanceof SealError && error.code === 'SUPERSEDED') {
    const hint = 'bring the newest blob of it back with strongroom key import, or make a key of another name'
    return new CliError('SUPERSEDED', `${what} is an older one than was seen before`, { cause: error, hint })
  }
  if (!(error instanceof KeyBlobError) || error.code !== 'UNKNOWN_SIGNER') return error
  const { fingerprint = 'an unknown key' } = error
  const maker = knownSigners(context).entries.find(({ signer }) => signer.fingerprint === fingerprint)
  const who = maker ? `${maker.alias}, ${fingerprint}` : fingerprint
  return new CliError('UNKNOWN_SIGNER', `${what} was not made by ${displayName(expected)} but by ${who}`, {
    cause: error,
    hint: maker
      ? `--key-signer ${maker.alias} seals under it all the same: ${maker.alias} can then open the file`
      : 'delete it with strongroom key delete, unless you know who made it',
  })
}

/**
 * All named session keys as one identity. They are loaded when a file is met that was sealed under such a key
 * and that no other key opened: a blob that cannot be used says so then, and stops nobody.
 */
export class NamedKeys implements Identity {
  readonly kind = SESSION_KEY_TYPE
  readonly #context: Context
  readonly #by: KeyVerification
  #keys: readonly NamedSessionKey[] | undefined

  constructor(context: Context, by: KeyVerification) {
    this.#context = context
    this.#by = by
  }

  unwrap(stanzas: readonly Stanza[]): Uint8Array | undefined {
    if (stanzas.every(({ type }) => type !== SESSION_KEY_TYPE)) return undefined
    this.#keys ??= this.#load()
    for (const key of this.#keys) {
      const fileKey = key.unwrap(stanzas)
      if (fileKey) return fileKey
    }
    return undefined
  }

  /** Forgets the keys; they would be loaded again. */
  wipe(): void {
    for (const key of this.#keys ?? []) key.wipe()
    this.#keys = undefined
  }

  #load(): NamedSessionKey[] {
    const names = this.#orWarn('', () => namesIn(this.#context.folders.sessionKeys, SESSION_KEY_SUFFIX)) ?? []
    return names.flatMap((name) => {
      const key = this.#orWarn(` ${displayName(name)}`, () => loadNamedKey(this.#context, name, this.#by))
      return key ? [key] : []
    })
  }

  #orWarn<Result>(which: string, load: () => Result): Result | undefined {
    try {
      return load()
    } catch (error) {
      // A blob for another container of the same person is in order.
      if (error instanceof KeyBlobError && error.code === 'NO_KEY') return undefined
      const reason = error instanceof Error ? error.message : String(error)
      this.#context.terminal.warning(`session key${which} is not used: ${reason}`)
      return undefined
    }
  }
}
