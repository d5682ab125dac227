import { addRsaKey, custodianCard, CustodianFolder, rotateKeys, takeOverKeys } from '@strongroom/authority'
import { defineCommand, type Context } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { count } from '../../quantities.ts'
import { changeKeys } from './changed-keys.ts'
import {
  CUSTODIAN_OPTIONS,
  CUSTODY_OPTIONS,
  unlockContainer,
  withFolder,
  type CustodyValues,
} from './custodian-options.ts'

/** Prints the public card of a custodian. */
export const custodianCardCommand = defineCommand({
  options: { ...CUSTODIAN_OPTIONS, ...CUSTODY_OPTIONS },
  notes: [
    'The card that strongroom custodian init and rotate print, once more. It is unlocked for that: what a file says of itself is proved then.',
  ],
  examples: [
    { line: 'strongroom custodian card --folder custody > custodian.card', purpose: 'for the next epoch' },
    { line: 'strongroom custodian card --json', purpose: 'the same for programs' },
  ],
  async run(context, _, values) {
    await withFolder(context, values, async (folder) => {
      const container = await unlockContainer(context, values, folder)
      try {
        show(context, custodianCard(container), { folder: folder.path })
      } finally {
        container.wipe()
      }
    })
  },
})

/** Gives a custodian a new exchange key. */
export const custodianRotate = defineCommand({
  options: {
    ...CUSTODIAN_OPTIONS,
    rsa: {
      flags: '--rsa',
      kind: 'flag',
      description: 'make a new RSA key too, for SIMPLEBLOBs of programs that use CryptoAPI',
    },
    ...CUSTODY_OPTIONS,
  },
  notes: [
    'Makes a new exchange key beside the one there is, which stays and opens what was deposited so far. Passphrase or shares are the same.',
    'The card that is printed goes to strongroom authority epoch new --custodian CARD. Then strongroom custodian rewrap wraps what was',
    'deposited for the new key, and strongroom custodian retire destroys the old one.',
    '',
    'Copy the folder anew: a copy from before lacks the new key.',
  ],
  examples: [
    { line: 'strongroom custodian rotate --folder custody > custodian.card', purpose: 'before a new epoch' },
    {
      line: 'strongroom custodian rotate --folder custody --rsa > custodian.card',
      purpose: 'with a new RSA key',
    },
  ],
  async run(context, _, values) {
    await withFolder(context, values, async (folder) => {
      const now = Date.now()
      const { result, card } = await changeKeys(context, values, folder, (container) => {
        const made = rotateKeys(container, now)
        if (values.rsa) addRsaKey(container, now)
        return made
      })
      show(context, card, { folder: folder.path, exchange: result.id })
      context.terminal.note(`a new exchange key: ${result.id}`)
      context.terminal.note(
        'the card above goes to the next epoch: strongroom authority epoch new … --custodian CARD',
      )
    })
  },
})

/** Takes over the keys of another custodian. */
export const custodianTakeOver = defineCommand({
  operands: [{ name: '<folder>', description: 'the folder of the custodian before', completes: 'folder' }],
  options: {
    ...CUSTODIAN_OPTIONS,
    fromPassphraseFile: {
      flags: '--from-passphrase-file <file>',
      kind: 'value',
      description: 'read the passphrase of the custodian before from a file',
      completes: 'file',
      group: 'Passphrase:',
    },
    fromShareFile: {
      flags: '--from-share-file <file>',
      kind: 'list',
      description: 'read a share of the custodian before from a file; as often as there are shares',
      completes: 'file',
      group: 'Passphrase:',
    },
    ...CUSTODY_OPTIONS,
  },
  notes: [
    'A new epoch may name another custodian. What was deposited until then opens with the keys of the one before: they are taken in here as',
    'retired keys, so that this one can release it, wrap it anew (strongroom custodian rewrap) and destroy the old keys at last.',
    '',
    'Both folders are unlocked, on one computer, once. The signature key of the one before is not taken: nobody signs in its name.',
  ],
  examples: [
    {
      line: 'strongroom custodian take-over old-custody --folder custody',
      purpose: 'asks for both passphrases, or the shares',
    },
    {
      line: 'strongroom custodian take-over old --from-passphrase-file /run/old --passphrase-file /run/new',
      purpose: 'in a script, for the custodian in this folder',
    },
  ],
  async run(context, [name = ''], values) {
    await withFolder(context, values, async (folder) => {
      const old = CustodianFolder.open(name)
      try {
        const container = await unlockContainer(context, ofOther(values), old)
        try {
          const { result: taken } = await changeKeys(context, values, folder, (own) =>
            takeOverKeys(own, container, Date.now()),
          )
          context.terminal.record({ folder: folder.path, taken: taken.map(({ id }) => id) })
          context.terminal.done(displayName(folder.path), `took over ${count(taken.length, 'key')}`)
        } finally {
          container.wipe()
        }
      } finally {
        old.close()
      }
    })
  },
})

function ofOther({
  fromPassphraseFile: passphraseFile,
  fromShareFile: shareFile,
}: {
  readonly fromPassphraseFile: string | undefined
  readonly fromShareFile: readonly string[]
}): CustodyValues {
  return { passphraseFile, passphraseFd: undefined, shareFile }
}

function show({ terminal }: Context, card: string, more: Readonly<Record<string, string>>): void {
  terminal.record({ ...more, card })
  if (!terminal.json) terminal.raw(card)
}
