import {
  checkBundle,
  CustodianError,
  handOut,
  releaseBundle,
  type CheckedBundle,
  type CustodianFolder,
} from '@strongroom/authority'
import { toHex } from '@strongroom/core/bytes'
import { ACTS, encodeEnvelope, LIMITS, parseJson, type RecoveryBundle } from '@strongroom/core/protocol'
import { CliError } from '../../cli-error.ts'
import { defineCommand, type Context } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { count } from '../../quantities.ts'
import { bundleFields } from './bundle-text.ts'
import {
  bundleIn,
  CUSTODIAN_OPTIONS,
  CUSTODY_OPTIONS,
  digestOption,
  RESULT_OPTIONS,
  resultPath,
  withFolder,
  withKeys,
  writeResult,
} from './custodian-options.ts'

/** Releases what a bundle proves. */
export const custodianOpen = defineCommand({
  operands: [{ name: '<bundle>', description: 'the bundle of a request or charter', completes: 'file' }],
  options: {
    ...CUSTODIAN_OPTIONS,
    ...RESULT_OPTIONS,
    charter: {
      flags: '--charter <digest>',
      kind: 'value',
      description: 'the first charter of a tenant that is new here: its digest, as its administrator says it',
    },
    ...CUSTODY_OPTIONS,
  },
  notes: [
    'Checks the bundle, asks for the passphrase or the shares, opens every deposit, and compares it with what its owner promised. What comes',
    'out is a signed release; it goes to the log. The session keys stay here, wrapped for the requester alone, until the log has it:',
    'strongroom custodian hand-out.',
    '',
    'A request is released once. The same bundle again gives the same release again, after a power cut too.',
  ],
  examples: [
    { line: 'strongroom custodian open request.bundle -o request.release', purpose: 'check, open, release' },
    {
      line: 'strongroom custodian open request.bundle -o out --share-file ada --share-file bo',
      purpose: 'with shares that were typed into files',
    },
  ],
  async run(context, [path = ''], values) {
    const output = resultPath(values, 'request.release')
    const bundle = bundleIn(path)
    await withFolder(context, values, async (folder) => {
      introduce(folder, bundle, values.charter)
      show(context, folder, bundle)
      const made = await withKeys(context, values, folder, (keys) =>
        releaseBundle(bundle, folder, keys, Date.now()),
      )
      writeResult(output, encodeEnvelope(made.envelope))
      const { kind, tenant, count: deposits } = made.release
      context.terminal.record({
        output,
        kind,
        tenant,
        subject: toHex(made.subject),
        deposits,
        again: made.again,
      })
      const again = made.again ? 'released before; the same release again' : 'released'
      context.terminal.done(displayName(output), `${again}, ${count(deposits, 'deposit')}`)
    })
  },
})

/** Pins the first charter of a tenant that a person named. */
function introduce(folder: CustodianFolder, bundle: RecoveryBundle, named: string | undefined): void {
  if (named === undefined) return
  const digest = digestOption('--charter', named)
  try {
    checkBundle(bundle, folder.knowledge(), Date.now())
  } catch (error) {
    if (!(error instanceof CustodianError) || error.code !== 'BUNDLE_TENANT') return
    const [first] = error.digests ?? []
    if (!first || toHex(first) !== digest) {
      throw new CliError(
        'UNKNOWN_SIGNER',
        'the first charter in the bundle is another than --charter names',
        {
          hint: 'compare it once more; somebody may have put another tenant in its place',
          cause: error,
        },
      )
    }
    folder.introduce(tenantOf(bundle), first)
  }
}

function tenantOf({ charters }: RecoveryBundle): string {
  // Its form and its signature were verified: the tenant is asked for only then.
  const payload = charters[0]?.charter.payload ?? new Uint8Array(0)
  return parseJson(ACTS.charter.payload, payload, LIMITS.payloadBytes).tenant
}

/** What a person sees before they type a passphrase. Nothing of a request that was released: it is only given again. */
function show({ terminal }: Context, folder: CustodianFolder, bundle: RecoveryBundle): void {
  const checked = checkedOrNothing(folder, bundle)
  if (!checked || terminal.json || terminal.quiet) return
  terminal.heading('every check passed')
  terminal.fields(bundleFields(checked))
}

function checkedOrNothing(folder: CustodianFolder, bundle: RecoveryBundle): CheckedBundle | undefined {
  try {
    return checkBundle(bundle, folder.knowledge(), Date.now())
  } catch (error) {
    if (error instanceof CustodianError && folder.keptOf(bundle)) return undefined
    if (error instanceof CustodianError && error.learned) folder.learn(error.learned)
    throw error
  }
}

/** Gives out what was released. */
export const custodianHandOut = defineCommand({
  operands: [
    {
      name: '<bundle>',
      description: 'the bundle of the same request, made after its release was logged',
      completes: 'file',
    },
  ],
  options: { ...CUSTODIAN_OPTIONS, ...RESULT_OPTIONS },
  notes: [
    'The bundle has the receipt of the release: it proves that everybody can see what was released, and that nobody cancelled before. What comes',
    'out is for the requester; nobody else can open it. No passphrase is needed: nothing is decrypted.',
  ],
  examples: [
    { line: 'strongroom custodian hand-out released.bundle -o request.keys', purpose: 'for the requester' },
    {
      line: 'strongroom custodian hand-out released.bundle -o request.keys --folder custody',
      purpose: 'of a custodian in another folder',
    },
  ],
  async run(context, [path = ''], values) {
    const output = resultPath(values, 'request.keys')
    const bundle = bundleIn(path)
    await withFolder(context, values, (folder) => {
      const { subject, release, blobs } = handOut(bundle, folder, Date.now())
      writeResult(output, blobs)
      context.terminal.record({ output, subject: toHex(subject), deposits: release.count })
      context.terminal.done(displayName(output), `handed out, ${count(release.count, 'session key')}`)
    })
  },
})
