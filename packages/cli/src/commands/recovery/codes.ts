import { loadOwnCodes, sha256 } from '@strongroom/core/client'
import { fingerprintOf, RECOVERY_LIMITS } from '@strongroom/core/protocol'
import { usage } from '../../cli-error.ts'
import { AUTHORITY_OPTIONS, chosenAuthority } from '../../client/authority-choice.ts'
import { defineCommand } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { openContainer, OWNER_OPTIONS } from '../../owner.ts'
import { count, formatTime } from '../../quantities.ts'
import { makeCodes, sheetOf, USUAL_CODES, usedCodes, writeSheet } from '../../recovery/own-codes.ts'
import { isoTime } from '../../recovery/subject-text.ts'

/** `strongroom codes new`. */
export const codesNew = defineCommand({
  options: {
    count: {
      flags: '--count <number>',
      kind: 'value',
      description: `how many, 1 to ${RECOVERY_LIMITS.codes}; ${USUAL_CODES} unless told`,
    },
    codesFile: {
      flags: '--codes-file <file>',
      kind: 'value',
      description: 'write them to a new file that only you can read, instead of showing them',
      completes: 'file',
    },
    ...AUTHORITY_OPTIONS,
    ...OWNER_OPTIONS,
  },
  notes: [
    'A recovery code is what you need on the day when everything else is lost: this computer, its keys and its backups. Each',
    'is good for one request. They are shown once; print them, or copy them by hand, and keep them where a fire or a thief',
    'does not find them together with this computer.',
    '',
    'A code opens nothing by itself: officers are asked, you are told, and a waiting time passes. New codes replace all older',
    'ones, used or not.',
  ],
  examples: [
    { line: 'strongroom codes new', purpose: 'shows them, once' },
    {
      line: 'strongroom codes new --codes-file codes.txt',
      purpose: 'for a printer; delete the file afterwards',
    },
  ],
  run: async (context, _operands, values) => {
    const { terminal } = context
    const number = values.count === undefined ? USUAL_CODES : Number(values.count)
    if (!Number.isInteger(number) || number < 1 || number > RECOVERY_LIMITS.codes) {
      throw usage(`--count: expected 1 to ${RECOVERY_LIMITS.codes}, got ${displayName(values.count ?? '')}`)
    }
    const chosen = chosenAuthority(context, values)
    const container = await openContainer(context, values)
    try {
      const write = values.codesFile
      const texts = await makeCodes(context, chosen, container, {
        count: number,
        keep: (made) => writeSheet(write, sheetOf(chosen, made)),
      })
      terminal.record({
        authority: chosen.folder.name,
        codes: write === undefined ? texts : null,
        file: write ?? null,
      })
      if (write === undefined) terminal.raw(terminal.json ? '' : sheetOf(chosen, texts))
      else
        terminal.done(
          displayName(write),
          `${count(texts.length, 'recovery code')}, each good for one request`,
        )
      terminal.note('older codes are worth nothing any more')
    } finally {
      container.wipe()
    }
  },
})

/** `strongroom codes list`. */
export const codesList = defineCommand({
  options: {
    offline: { flags: '--offline', kind: 'flag', description: 'ask nobody which of them were used' },
    ...AUTHORITY_OPTIONS,
    ...OWNER_OPTIONS,
  },
  notes: [
    'The codes themselves are on your sheet alone: what is shown is by what their use would be recognised.',
  ],
  examples: [
    { line: 'strongroom codes list', purpose: 'asks the authority which of them were used' },
    { line: 'strongroom codes list --offline', purpose: 'what is known here' },
  ],
  run: async (context, _operands, values) => {
    const { terminal } = context
    const chosen = chosenAuthority(context, values)
    const own = loadOwnCodes(chosen.folder)
    if (!own) throw usage('no recovery codes were made here', 'strongroom codes new makes them')
    const used = values.offline ? undefined : await usedCodes(context, chosen, values)
    const stateOf = (key: string) => {
      if (!used) return 'not asked'
      return used.has(key) ? 'used' : 'good for one request'
    }
    terminal.record({
      authority: chosen.folder.name,
      made: isoTime(own.codes.created),
      codes: own.codes.codes.map((key) => ({ key, used: used ? used.has(key) : null })),
    })
    terminal.table(
      ['code', 'made', 'state'],
      own.codes.codes.map((key) => [fingerprintOf(sha256, key), formatTime(own.codes.created), stateOf(key)]),
    )
  },
})
