import { signerOf, type RecoveryFolder } from '@strongroom/core/client'
import type { KeyContainer } from '@strongroom/core/container'
import { checkName, type EvidenceKind, type RequestClass } from '@strongroom/core/protocol'
import { usage } from '../../cli-error.ts'
import { type Context, defineCommand, type OptionValues } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { NEW_PROTECTION_OPTIONS } from '../../protection.ts'
import { begin, begunLike } from '../../recovery/begin.ts'
import { carryOn } from '../../recovery/carry-on.ts'
import { readCodes } from '../../recovery/code-input.ts'
import { newOwner } from '../../recovery/new-owner.ts'
import { atWork, type AtWork } from '../../recovery/officer-view.ts'
import { listDigest, tellPlan } from '../../recovery/plan-text.ts'
import { checkEvidence, checkLine, checkNobodys } from '../../recovery/request-rules.ts'
import { clientNamed, rulingOf, tellAsking, type Asking } from '../../recovery/request-text.ts'
import {
  checkCount,
  chosenDeposits,
  namesAny,
  readWanted,
  WANTED_OPTIONS,
  type Wanted,
} from '../../recovery/wanted.ts'
import { askLine } from './officer-decide.ts'
import { OFFICER_OPTIONS } from './officer.ts'

const GROUP = 'What is asked for:'

const OPTIONS = {
  ...WANTED_OPTIONS,
  reason: {
    flags: '--reason <text>',
    kind: 'value',
    description: 'why, in one line: officers and whoever looks later read it',
    group: GROUP,
  },
  reference: {
    flags: '--reference <text>',
    kind: 'value',
    description: 'the number of the case or order in somebody’s files',
    group: GROUP,
  },
  breakGlass: {
    flags: '--break-glass',
    kind: 'flag',
    description: 'it is an emergency: ask by the rule for those, which has to be said twice',
    group: GROUP,
  },
  codeFile: {
    flags: '--code-file <file>',
    kind: 'value',
    description: 'a code as evidence, where the charter asks for one; - is standard input',
    completes: 'file',
    group: GROUP,
  },
  vouched: {
    flags: '--vouched',
    kind: 'flag',
    description: 'the code was handed out by another officer',
    group: GROUP,
  },
  recipient: {
    flags: '--for <container>',
    kind: 'value',
    description: 'recover for this container, which is made if there is none; a new one unless told',
    completes: 'container',
    group: GROUP,
  },
  yes: { flags: '-y, --yes', kind: 'flag', description: 'ask nothing, for programs' },
  wait: { flags: '-w, --wait', kind: 'flag', description: 'wait until it is decided' },
  outputFolder: {
    flags: '-O, --output-folder <folder>',
    kind: 'value',
    description: 'where session keys are written that are not those of files; the one you are in unless told',
    completes: 'folder',
  },
  ...OFFICER_OPTIONS,
  ...NEW_PROTECTION_OPTIONS,
} as const

type Values = OptionValues<typeof OPTIONS>

const EMERGENCY = 'break-glass'

/** `strongroom officer request`. */
export const officerRequest = defineCommand({
  operands: [
    {
      name: '<client>',
      description: 'whose keys: the id of a client, which strongroom officer clients lists',
    },
    { name: '[file...]', description: 'sealed files, or folders of them', completes: 'file' },
  ],
  options: OPTIONS,
  notes: [
    'For somebody who left, died, or is under a legal order: people of the charter ask for keys of another client, in their own',
    'name. Other officers have to approve, a waiting time passes, and the owner is told at once and can stop it. Whoever asks',
    'does not count. What comes back is for a container made for this, and for reading alone: the owner stays who they are.',
    '',
    '--break-glass asks by the rule for emergencies. What that rule saves is shown before; a case number and a typed',
    'confirmation are needed, and it stands in the log under that name for good.',
    '',
    'strongroom recover goes on with it, as with every recovery that was begun on this computer.',
  ],
  examples: [
    {
      line: 'strongroom officer request c-cea133761cb1039b6b303895 --all --dry-run',
      purpose: 'who would decide, how long it waits, which keys',
    },
    {
      line: 'strongroom officer request c-cea133761cb1039b6b303895 --all --reason "left on 1 May"',
      purpose: 'asks for everything',
    },
    {
      line: 'strongroom officer request c-cea133761cb1039b6b303895 --list ids.txt --reason "an order"',
      purpose: 'asks for what a list names',
    },
  ],
  run: async (context, [client = '', ...paths], values) => {
    checkAsked(paths, values)
    const wanted = await readWanted(context, paths, values)
    await atWork(context, values, async (at) => {
      const asking = await prepare(context, at, { client, wanted, values })
      tellAsking(context, asking)
      if (values.dryRun) return tellPlan(context, asking.client.client, asking.deposits)
      checkCount(asking.deposits)
      const begun = begunBefore(context, at, asking)
      if (begun) return await goOn(context, begun, values)
      await consent(context, asking, values)
      await ask(context, at, { asking, values })
    })
  },
})

/** @throws CliError USAGE for what is missing, before anybody is asked */
function checkAsked(paths: readonly string[], values: Values): void {
  checkLine('--reason', values.reason)
  checkLine('--reference', values.reference)
  if (!namesAny(paths, values) && !values.dryRun) {
    throw usage(
      'it is not said which keys',
      'name files, --serial, --list FILE or --all; --dry-run shows what there is',
    )
  }
  if (values.codeFile === '-' && values.list === '-') {
    throw usage('standard input cannot be both the code and the list', 'name a file for one of them')
  }
  if (values.dryRun) return
  if (values.reason === undefined) {
    throw usage('it is not said why', 'add --reason TEXT, which officers and whoever looks later read')
  }
  if (values.breakGlass && values.reference === undefined) {
    throw usage(
      'an emergency needs a number in your files',
      'add --reference TEXT: whoever looks later asks for it',
    )
  }
}

/** Everything that is to be known before it is asked. */
async function prepare(
  context: Context,
  at: AtWork,
  { client, wanted, values }: { readonly client: string; readonly wanted: Wanted; readonly values: Values },
): Promise<Asking> {
  const name: RequestClass = values.breakGlass ? EMERGENCY : 'third-party'
  const found = await clientNamed(at, checkName(client, 'client'))
  const chosen = await chosenDeposits(context, at.client, found.client, wanted)
  return { class: name, client: found, ...chosen, ...rulingOf(at, name) }
}

/** The same was asked for on this computer, and is not over. */
function begunBefore(
  context: Context,
  { chosen }: AtWork,
  { client, class: name, deposits }: Asking,
): RecoveryFolder | undefined {
  const digest = Buffer.from(listDigest(deposits))
  return begunLike(context, (folder) => {
    const { identity, purpose } = folder.load()
    const request = folder.request()
    const same = request.client === client.client && request.class === name
    return (
      same &&
      purpose === 'recovery' &&
      identity === chosen.state.identity &&
      !folder.finished &&
      digest.equals(request.deposits.digest)
    )
  })
}

/** An emergency is said twice: by an option, and by a word that nobody types by habit. */
async function consent(context: Context, asking: Asking, { yes, breakGlass }: Values): Promise<void> {
  if (yes) return
  if (!breakGlass) {
    if (!(await askToGoOn(context, `Ask for these keys of ${asking.client.client}`))) throw stopped()
    return
  }
  const typed = await askLine(context, `Type ${EMERGENCY} to ask as in an emergency`)
  if (typed !== EMERGENCY) throw stopped()
}

async function askToGoOn(context: Context, question: string): Promise<boolean> {
  return (await askLine(context, `${question}? Type yes`)).toLowerCase() === 'yes'
}

const stopped = () => usage('nothing was asked for', 'run it again when you are sure')

async function ask(
  context: Context,
  at: AtWork,
  { asking, values }: { readonly asking: Asking; readonly values: Values },
): Promise<void> {
  const { url, ca, identity, tenant } = at.chosen.state
  const evidence = await evidenceOf(context, asking, values)
  const container = await recipientOf(context, asking, values)
  try {
    checkNobodys(at.seen, container)
    const folder = begin(context, at.seen, {
      url,
      ca,
      identity,
      tenant,
      client: asking.client.client,
      class: asking.class,
      evidence,
      requester: { person: at.person.id, key: signerOf(at.key) },
      reason: values.reason ?? '',
      reference: values.reference ?? null,
      deposits: asking.deposits,
      paths: asking.paths,
      container,
    })
    await carryOn(context, folder, { ...values, container, paths: [] })
  } finally {
    container.wipe()
  }
}

/** A code, if the charter asks for one. @throws CliError AUTHORITY_REFUSED for none or another; USAGE for one of somebody else */
async function evidenceOf(context: Context, { client, class: name, rule }: Asking, values: Values) {
  const kind: EvidenceKind = values.vouched ? 'vetting' : 'recovery-code'
  if (values.codeFile === undefined) {
    checkEvidence(name, rule.evidence, [])
    return []
  }
  checkEvidence(name, rule.evidence, [kind])
  const codes = await readCodes(context, values.codeFile)
  const code = codes.find((one) => one.client === client.client)
  if (code) return [{ kind, key: signerOf(code.key) }]
  throw usage(
    `the code is not one for ${client.client}`,
    'a code is good for the keys of one client: it says for whose',
  )
}

/** The container that was named, or one for this owner. */
async function recipientOf(context: Context, { client }: Asking, values: Values): Promise<KeyContainer> {
  const name = values.recipient ?? `recovered-${client.client.slice(2, 10)}`
  context.terminal.note(`for the container ${displayName(name)}, which is kept apart from your own`)
  return await newOwner(context, { ...protectionIn(values), container: name })
}

function protectionIn({ keyring, unprotected, newPassphraseFile: passphraseFile }: Values) {
  return { keyring, unprotected, passphraseFile, passphraseFd: undefined }
}

/** Goes on with what was asked for before. */
async function goOn(context: Context, folder: RecoveryFolder, values: Values): Promise<void> {
  context.terminal.note('that was asked for already: this goes on with it')
  const container = await newOwner(context, { ...protectionIn(values), container: folder.load().container })
  try {
    await carryOn(context, folder, { ...values, container, paths: [] })
  } finally {
    container.wipe()
  }
}
