import { readFileSync } from 'node:fs'
import {
  ContainerStore,
  importAgeIdentities,
  importPkcs8,
  type KeyPair,
  type KeyUse,
} from '@strongroom/core/container'
import { usage } from '../cli-error.ts'
import { type Context, defineCommand } from '../command.ts'
import { openForUpdate, replaceContainer } from '../container-update.ts'
import { displayName } from '../escape-text.ts'
import { lockedContainer, OWNER_OPTIONS, type OwnerValues } from '../owner.ts'

interface ImportValues extends OwnerValues {
  readonly active: boolean
  readonly use: string | undefined
}

/** `strongroom container import`. */
export const containerImport = defineCommand({
  operands: [
    { name: '<file>', description: 'a container, an age identity file or a PEM key', completes: 'file' },
  ],
  options: {
    active: {
      flags: '--active',
      kind: 'flag',
      description: 'use the key for new files too; the one it replaces goes on opening old ones',
    },
    use: {
      flags: '--use <use>',
      kind: 'value',
      description: 'what an RSA key is for',
      choices: ['exchange', 'signature'],
    },
    ...OWNER_OPTIONS,
  },
  notes: [
    'A container comes back under its own name and protection, and must not exist. Keys of other programs are',
    'taken into the container that is used: age identities, and PKCS#8 keys of X25519, Ed25519 and RSA.',
  ],
  examples: [
    { line: 'strongroom container import default.container', purpose: 'brings a copy back' },
    {
      line: 'strongroom container import key.txt',
      purpose: 'opens from now on what was encrypted for that identity',
    },
  ],
  run: async (context, [path = ''], values) => {
    const bytes = readFileSync(path)
    try {
      if (bytes.at(0) === '{'.charCodeAt(0)) importContainer(context, bytes)
      else await importKeys(context, values, await readPairs(context, bytes.toString('utf8')))
    } finally {
      bytes.fill(0)
    }
  },
})

function importContainer({ terminal, folders }: Context, bytes: Uint8Array): void {
  const store = new ContainerStore(folders.containers)
  const { info, protection } = store.save(Uint8Array.from(bytes))
  terminal.record({ ...info, protection })
  terminal.done(displayName(info.name), 'imported')
  terminal.note('what it says of itself is proven when it is opened for the first time')
}

async function readPairs(context: Context, text: string): Promise<KeyPair[]> {
  if (!text.includes('-----BEGIN ')) return importAgeIdentities(text)
  const ask = () => context.terminal.askSecret('Passphrase of the PEM key', context.signal)
  return [await importPkcs8(text, ask)]
}

async function importKeys(context: Context, values: ImportValues, pairs: readonly KeyPair[]): Promise<void> {
  const store = new ContainerStore(context.folders.containers)
  const locked = lockedContainer(context, values)
  const { container, encodeAgain } = await openForUpdate(context, values, locked)
  try {
    const state = values.active ? ('active' as const) : ('retired' as const)
    const use = useOf(values.use)
    const added = pairs.map((pair) =>
      container.addKey(pair, { state, now: new Date(), ...(use ? { use } : {}) }),
    )
    await replaceContainer(store, locked, await encodeAgain())
    for (const { algorithm, id, public: text } of added) {
      context.terminal.record({ container: container.name, algorithm, id, public: text, state })
      context.terminal.done(`${algorithm} ${id}`, `imported into the container ${container.name}`)
    }
  } finally {
    container.wipe()
  }
}

function useOf(text: string | undefined): KeyUse | undefined {
  if (text === undefined || text === 'exchange' || text === 'signature') return text
  throw usage(`--use: expected exchange or signature, got ${displayName(text)}`)
}
