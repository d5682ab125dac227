import { basename, dirname, join } from 'node:path'
import { planSeal, type Plan, type PlannedFile } from '@strongroom/core/seal'
import { usage } from '../cli-error.ts'
import type { OptionTable } from '../command.ts'
import { displayName } from '../escape-text.ts'
import type { Task } from '../outputs.ts'

/** How old files, and what belongs to them, are called. */
export const MIGRATION_NAME_OPTIONS = {
  stripSuffix: {
    flags: '--strip-suffix <suffix>',
    kind: 'value',
    description: 'how the old files end: with .enc, letter.doc.enc becomes letter.doc.age',
  },
  signatureSuffix: {
    flags: '--signature-suffix <suffix>',
    kind: 'value',
    description: 'beside each file lies the signature over its key blob, under its name and this suffix',
    group: 'Signature:',
  },
} as const satisfies OptionTable

/** The values of `MIGRATION_NAME_OPTIONS`. */
export interface MigrationNames {
  readonly stripSuffix: string | undefined
  readonly signatureSuffix: string | undefined
}

/** What makes a plan of paths, as `planSeal` does, with the names of old files in mind. @throws CliError USAGE */
export function migrationPlanner(names: MigrationNames): typeof planSeal {
  const { stripSuffix, signatureSuffix } = names
  checkSuffix('--strip-suffix', stripSuffix)
  checkSuffix('--signature-suffix', signatureSuffix)
  return (paths, options) => {
    const plan = planSeal(paths, options)
    const [signatures, files] = separate(plan, (file) => isSignature(file, signatureSuffix))
    const skipped = signatures.map(({ input }) => ({ path: input, reason: 'is a signature' }))
    return {
      files: files.map((file) => stripped(file, stripSuffix)),
      skipped: [...plan.skipped, ...skipped],
      totalBytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    }
  }
}

/** Whether it was found in a folder, among whatever else lies there. */
export function liesInFolder({ name }: Pick<Task | PlannedFile, 'name'>): boolean {
  return name !== undefined && name.includes('/')
}

function checkSuffix(option: string, suffix: string | undefined): void {
  if (suffix === undefined || /^[^/\\]+$/.test(suffix)) return
  throw usage(`${option}: expected the end of a name, got ${displayName(suffix)}`, 'as in .enc')
}

function separate({ files }: Plan, belongs: (file: PlannedFile) => boolean): [PlannedFile[], PlannedFile[]] {
  return [files.filter(belongs), files.filter((file) => !belongs(file))]
}

function isSignature(file: PlannedFile, suffix: string | undefined): boolean {
  return suffix !== undefined && liesInFolder(file) && file.input.endsWith(suffix)
}

function stripped(file: PlannedFile, suffix: string | undefined): PlannedFile {
  const name = basename(file.name)
  if (suffix === undefined || !name.endsWith(suffix) || name === suffix) return file
  const shorter = name.slice(0, -suffix.length)
  return {
    ...file,
    name: `${file.name.slice(0, -name.length)}${shorter}`,
    output: join(dirname(file.output), `${shorter}.age`),
  }
}
