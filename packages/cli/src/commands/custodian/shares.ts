import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  encodeForShares,
  keyIdOf,
  MOST_SHARES,
  printShare,
  SECRET_BYTES,
  setName,
  splitSecret,
} from '@strongroom/authority'
import { utf8Encode, wipe } from '@strongroom/core/bytes'
import { usage } from '../../cli-error.ts'
import { wholeNumber } from '../../authority/authority-options.ts'
import { defineCommand, type Context } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { count } from '../../quantities.ts'
import {
  CUSTODIAN_OPTIONS,
  CUSTODY_OPTIONS,
  unlockContainer,
  withFolder,
  writeResult,
} from './custodian-options.ts'

/** Divides the key of a custodian. */
export const custodianShares = defineCommand({
  options: {
    ...CUSTODIAN_OPTIONS,
    threshold: {
      flags: '-k, --threshold <number>',
      kind: 'value',
      description: 'how many shares open it; from 2 on',
    },
    count: { flags: '-n, --count <number>', kind: 'value', description: 'how many shares are made' },
    outputFolder: {
      flags: '-O, --output-folder <folder>',
      kind: 'value',
      description: 'write each share to a file of its own there, rather than on the screen',
      completes: 'folder',
    },
    ...CUSTODY_OPTIONS,
  },
  notes: [
    'From then on no passphrase opens the key: enough people with a share do, when the custodian starts. Fewer shares tell nothing at all.',
    'Hand each share to one person, on paper. Shares that were made before are worth nothing afterwards, but for copies of the old container.',
    '',
    'The shares are all shown, or safe in their files, before the container is changed. Try them at once: strongroom custodian status asks',
    'for none, strongroom custodian shares does.',
  ],
  examples: [
    {
      line: 'strongroom custodian shares -k 3 -n 5 -O /mnt/shares',
      purpose: 'three of five people open it',
    },
    {
      line: 'strongroom custodian shares -k 2 -n 3',
      purpose: 'show the shares, to be written down one by one',
    },
  ],
  async run(context, _, values) {
    const [threshold, total] = [needed('--threshold', values.threshold), needed('--count', values.count)]
    if (threshold < 2 || threshold > total) {
      throw usage(
        'expected a threshold from 2 to the number of shares',
        'one share alone would be the key itself',
      )
    }
    await withFolder(context, values, async (folder) => {
      const container = await unlockContainer(context, values, folder)
      const secret = new Uint8Array(randomBytes(SECRET_BYTES))
      try {
        const key = keyIdOf(container.info())
        const { texts, set } = await splitSecret(secret, { threshold, count: total, key })
        const encoded = encodeForShares(container, secret)
        hand(context, texts, values.outputFolder)
        folder.protect(encoded, set)
        context.terminal.record({ set: setName(set), threshold, count: total })
        context.terminal.note(`${count(total, 'share')} made, ${threshold} of them open the key`)
      } finally {
        wipe(secret)
        container.wipe()
      }
    })
  },
})

function needed(option: string, text: string | undefined): number {
  if (text === undefined) throw usage(`${option} is needed`, 'strongroom custodian shares -k 3 -n 5')
  return wholeNumber(option, text, MOST_SHARES)
}

function hand({ terminal }: Context, texts: readonly string[], folder: string | undefined): void {
  if (folder !== undefined) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    for (const [i, text] of texts.entries()) {
      const path = join(folder, `share-${i + 1}.txt`)
      writeResult(path, utf8Encode(`${printShare(text)}\n`))
      terminal.done(displayName(path), `share ${i + 1}`)
    }
    return
  }
  if (terminal.json) throw usage('--json does not print shares', 'write them to files with --output-folder')
  for (const text of texts) terminal.raw(`${printShare(text)}\n`)
}
