import { type KeyContainer } from '@strongroom/core/container'
import { rsaKeyToCryptoApi } from '@strongroom/core/container/crypto-api'
import { CryptoApiError, type PairUse, type RsaKey } from '@strongroom/core/cryptoapi'
import { usage } from '../cli-error.ts'
import type { Context, OptionTable } from '../command.ts'
import { OWNER_OPTIONS, openContainer, type OwnerValues } from '../owner.ts'
import { readPrivateKey } from './key-files.ts'
import { OLD_PASSWORD_OPTIONS, type OldPasswordValues } from './old-password.ts'

/** Whose private keys are used: those of key files, or those of a container. */
export const PRIVATE_KEY_OPTIONS = {
  key: {
    flags: '--key <file>',
    kind: 'list',
    description: 'use this private key (PEM, PVK or PRIVATEKEYBLOB) instead of those of your container',
    completes: 'file',
    group: 'Keys:',
  },
  ...OLD_PASSWORD_OPTIONS,
  ...OWNER_OPTIONS,
} as const satisfies OptionTable

/** The values of `PRIVATE_KEY_OPTIONS`. */
export interface PrivateKeyValues extends OwnerValues, OldPasswordValues {
  readonly key: readonly string[]
}

/**
 * Lends private keys to some work, and wipes them whatever comes: those of the files after `--key`, otherwise the RSA
 * pairs of the container for this use, the active one first.
 *
 * @param work gets at least one
 * @throws CryptoApiError NTE_NO_KEY if the container has none; as `readPrivateKey` and `openContainer`
 */
export async function withPrivateKeys<Result>(
  context: Context,
  values: PrivateKeyValues,
  use: PairUse,
  work: (keys: readonly RsaKey[]) => Result | Promise<Result>,
): Promise<Result> {
  const keys: RsaKey[] = []
  try {
    if (values.key.length > 0) await readFiles(context, values, use, keys)
    else await readContainer(context, values, use, keys)
    return await work(keys)
  } finally {
    for (const { privateKey } of keys) privateKey?.wipe()
  }
}

async function readFiles(
  context: Context,
  values: PrivateKeyValues,
  use: PairUse,
  keys: RsaKey[],
): Promise<void> {
  if (values.container !== undefined)
    throw usage('--key and --container exclude each other', 'give one of them')
  for (const path of values.key) {
    const { key } = await readPrivateKey(context, path, { ...values, use })
    keys.push(key)
  }
}

async function readContainer(
  context: Context,
  values: PrivateKeyValues,
  use: PairUse,
  keys: RsaKey[],
): Promise<void> {
  const container = await openContainer(context, values)
  try {
    keys.push(...rsaKeysOf(container, use))
  } finally {
    container.wipe()
  }
}

/**
 * The RSA pairs of a container that is open, the active one first. The caller wipes them.
 *
 * @throws CryptoApiError NTE_NO_KEY if it has none for this use
 */
export function rsaKeysOf(container: KeyContainer, use: PairUse): RsaKey[] {
  const pairs = container.pairs().filter(({ info }) => info.use === use)
  const keys = ['active', 'retired'].flatMap((state) =>
    pairs.flatMap(({ info, pair }) =>
      info.state === state && pair.kind === 'rsa'
        ? [rsaKeyToCryptoApi(pair.pkcs8, use, { exportable: true })]
        : [],
    ),
  )
  if (keys.length > 0) return keys
  throw new CryptoApiError('NTE_NO_KEY', `the container ${container.name} has no RSA ${use} pair`)
}
