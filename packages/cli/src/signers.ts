import type { LockedContainer, SignerKey } from '@strongroom/core/container'
import { KeyBlobError, type SignerDirectory } from '@strongroom/core/keyblob'
import { SealError } from '@strongroom/core/seal'
import { CliError, usage } from './cli-error.ts'
import type { Context } from './command.ts'
import { displayName } from './escape-text.ts'
import { knownSigners, OWN_NAME } from './owner.ts'

/** Whose seals are accepted: the owner's own, and those of known signers. */
export function signerDirectory(context: Context, own: readonly SignerKey[]): SignerDirectory {
  const known = knownSigners(context)
  return {
    find: (keyId) => {
      const mine = own.find((signer) => Buffer.compare(signer.keyId, keyId) === 0)
      if (mine) return { signer: mine, name: OWN_NAME }
      const found = known.find(keyId)
      return found && { signer: found.signer, name: found.alias }
    },
  }
}

/** The directory, cut down to one signer if one was asked for. @throws CliError USAGE for an unknown alias */
export function onlySigner(
  context: Context,
  alias: string | undefined,
  all: SignerDirectory,
): SignerDirectory {
  if (alias === undefined) return all
  const known = knownSigners(context)
  const name = known.named(alias)?.alias ?? alias
  if (!known.named(alias) && alias !== OWN_NAME) {
    const names = [OWN_NAME, ...known.entries.map((entry) => entry.alias)]
    throw usage(`nobody is called ${displayName(alias)}`, `known are ${names.join(', ')}`)
  }
  return {
    find: (keyId) => {
      const found = all.find(keyId)
      return found?.name === name ? found : undefined
    },
  }
}

/**
 * What a container that was not opened says of itself: nothing that anybody may rely on, since whoever can
 * write to its file may have put other public keys there. It explains a signer; it never makes one known.
 */
export interface Claims {
  readonly container: string
  readonly fingerprints: ReadonlySet<string>
  /** What would prove them. */
  readonly proof: string
}

const PROOFS: Readonly<Record<LockedContainer['protection'], string>> = {
  passphrase: 'give its passphrase',
  keyring: 'the keyring did not open it',
  none: 'it was not opened',
}

/** The claims of a container. */
export function claimsOf({ info, protection }: LockedContainer): Claims {
  const fingerprints = info.keys.filter(({ use }) => use === 'signature').map(({ id }) => id)
  return { container: info.name, fingerprints: new Set(fingerprints), proof: PROOFS[protection] }
}

/** Whose key it is, as far as a closed container claims it. */
export function claimSentence(claims: Claims | undefined, fingerprint: string): string | undefined {
  if (!claims?.fingerprints.has(fingerprint)) return undefined
  return `the key that your container ${displayName(claims.container)} claims (not proved: ${claims.proof})`
}

/**
 * The error of a refused signer in the words of whoever reads the file: a key that their own container claims,
 * or somebody known who is not the one that was expected.
 *
 * @param expected the alias that was asked for
 */
export function explainSigner(
  context: Context,
  error: unknown,
  { expected, claims }: { expected: string | undefined; claims: Claims | undefined },
): unknown {
  if (!(error instanceof SealError || error instanceof KeyBlobError)) return error
  if (error.code !== 'UNKNOWN_SIGNER') return error
  const { fingerprint = 'an unknown key' } = error
  const claimed = claimSentence(claims, fingerprint)
  const known = knownSigners(context).entries.find(({ signer }) => signer.fingerprint === fingerprint)
  const who = claimed ?? (known ? `${known.alias}, ${fingerprint}` : fingerprint)
  if (expected === undefined && claimed === undefined) return error
  const not = expected === undefined ? 'sealed by' : `not sealed by ${displayName(expected)} but by`
  const hint = claimed === undefined ? {} : { hint: PROVE }
  return new CliError('UNKNOWN_SIGNER', `${not} ${who}`, { cause: error, ...hint })
}

const PROVE = 'bring the passphrase with --passphrase-file FILE, or add --signer me and be asked for it'
