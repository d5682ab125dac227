import {
  ContainerError,
  ContainerStore,
  type KeyContainer,
  type KeyInfo,
  type KeyState,
  type RsaPair,
  wipePair,
} from '@strongroom/core/container'
import { rsaPairFromCryptoApi } from '@strongroom/core/container/crypto-api'
import type { PairUse, RsaKey } from '@strongroom/core/cryptoapi'
import { CliError } from '../../cli-error.ts'
import { type Context, defineCommand } from '../../command.ts'
import { openForUpdate, replaceContainer } from '../../container-update.ts'
import { type KeyFile, readPrivateKey } from '../../cryptoapi/key-files.ts'
import { OLD_PASSWORD_OPTIONS } from '../../cryptoapi/old-password.ts'
import { USE_OPTION, useOf } from '../../cryptoapi/pair-use.ts'
import { rsaText } from '../../cryptoapi/rsa-text.ts'
import { lockedContainer, OWNER_OPTIONS, type OwnerValues } from '../../owner.ts'

/** Below it a key is of use for reading old files alone. */
const ENOUGH_BITS = 2048

interface ImportValues extends OwnerValues {
  readonly use: string | undefined
  readonly active: boolean
}

/** `strongroom cryptoapi import`. */
export const cryptoapiImport = defineCommand({
  operands: [
    {
      name: '<file>',
      description: 'a key pair: PEM (PKCS#8 or PKCS#1), a PVK file or a PRIVATEKEYBLOB; - is standard input',
      completes: 'file',
    },
  ],
  options: {
    use: {
      ...USE_OPTION,
      description: `${USE_OPTION.description}; a PEM file does not say it`,
    },
    active: {
      flags: '--active',
      kind: 'flag',
      description: 'make it the pair of that use; the one it replaces goes on opening what was made for it',
    },
    ...OLD_PASSWORD_OPTIONS,
    ...OWNER_OPTIONS,
  },
  notes: [
    'The pair becomes one of your container, protected as that is. It is used for files and blobs of CryptoAPI',
    'alone: nothing is sealed to it or signed with it. Delete the file afterwards, if nothing else needs it.',
    '',
    'A session key is no pair, and no container keeps it: strongroom cryptoapi export --session-key converts it.',
  ],
  examples: [
    {
      line: 'strongroom cryptoapi import mykey.pvk',
      purpose: 'asks for its password, then opens your container',
    },
    {
      line: 'strongroom cryptoapi import old.pem --use exchange --active',
      purpose: 'the pair that blobs without another hint are opened with',
    },
  ],
  run: async (context, [path = ''], values) => {
    const wanted = useOf(values.use)
    const file = await readPrivateKey(context, path, { ...values, use: wanted })
    try {
      await importPair(context, values, file, wanted ?? file.key.use)
    } finally {
      file.key.privateKey?.wipe()
    }
  },
})

async function importPair(
  context: Context,
  values: ImportValues,
  { form, key }: KeyFile,
  use: PairUse,
): Promise<void> {
  const store = new ContainerStore(context.folders.containers)
  const locked = lockedContainer(context, values)
  const { container, encodeAgain } = await openForUpdate(context, values, locked)
  const pair = rsaPairFromCryptoApi(key)
  try {
    const state = values.active ? ('active' as const) : ('retired' as const)
    const added = addPair(container, pair, { use, state })
    await replaceContainer(store, locked, await encodeAgain())
    tell(context, container.name, added, { form, key })
  } finally {
    container.wipe()
    wipePair(pair)
  }
}

function addPair(
  container: KeyContainer,
  pair: RsaPair,
  { use, state }: { readonly use: PairUse; readonly state: KeyState },
): KeyInfo {
  try {
    return container.addKey(pair, { use, state, now: new Date() })
  } catch (error) {
    if (!(error instanceof ContainerError && error.code === 'CONTAINER_EXISTS')) throw error
    throw new CliError('EXISTS', `the container ${container.name} has this ${use} pair already`, {
      hint: 'strongroom container show lists its pairs: nothing needs to be done',
      cause: error,
    })
  }
}

function tell(
  { terminal }: Context,
  container: string,
  { id, use, state, algorithm }: KeyInfo,
  { form, key }: { readonly form: KeyFile['form']; readonly key: RsaKey },
): void {
  const { bits } = key.publicKey
  terminal.record({ container, form, use, state, algorithm, bits, id })
  terminal.done(rsaText(key), `imported into the container ${container} as its ${state} ${use} pair`)
  if (bits < ENOUGH_BITS)
    terminal.note(`RSA of ${bits} bits is too short for anything new: keep it for reading old files`)
}
