import { basename, resolve } from 'node:path'
import { makeSimpleBlobDeposit } from '@strongroom/core/client'
import type { KeyContainer } from '@strongroom/core/container'
import { LIMITS } from '@strongroom/core/protocol'
import { usage } from '../cli-error.ts'
import type { Context } from '../command.ts'
import { readInput } from '../cryptoapi/input-bytes.ts'
import { sealingKey } from '../named-keys.ts'
import { planSources } from '../outputs.ts'
import { readerOf } from '../reader.ts'
import type { OwnDeposit } from './delivery-text.ts'
import { depositDerivation, depositScryptFile, type DerivationDepositValues } from './derivation-deposit.ts'
import type { Depositor } from './depositor.ts'
import { depositFile } from './file-deposit.ts'
import { depositNamedKey } from './named-key-deposit.ts'

/** A deposit, and whether it was made now. */
export interface Made extends OwnDeposit {
  readonly isNew: boolean
}

/** The values of the options that say what is deposited. */
export interface MakeValues extends DerivationDepositValues {
  readonly key: readonly string[]
  readonly simpleBlob: readonly string[]
  readonly derived: boolean
}

/** What makes deposits. */
export interface Makers {
  readonly depositor: Depositor
  readonly container: KeyContainer
}

/** Makes every deposit that is asked for. What cannot be deposited is reported, and keeps the others from nothing. */
export async function makeAll(
  context: Context,
  paths: readonly string[],
  values: MakeValues,
  makers: Makers,
): Promise<Made[]> {
  const made: Made[] = []
  const attempt = async (name: string, make: () => Promise<Made> | Made) => {
    try {
      made.push(await make())
    } catch (error) {
      if (context.signal.aborted) throw error
      context.failures.report(error, name)
    }
  }
  for (const name of values.key) await attempt(name, () => madeOfKey(context, name, makers))
  for (const path of values.simpleBlob) await attempt(path, () => madeOfBlob(path, values, makers.depositor))
  if (values.derived) await makeDerived(context, paths, values, { ...makers, attempt })
  else if (paths.length > 0) await makeOfFiles(context, paths, values, { ...makers, attempt })
  return made
}

/** Makers, and how each deposit is attempted. */
interface Attempts extends Makers {
  readonly attempt: (name: string, make: () => Promise<Made> | Made) => Promise<void>
}

async function makeOfFiles(
  context: Context,
  paths: readonly string[],
  { description }: MakeValues,
  { depositor, container, attempt }: Attempts,
): Promise<void> {
  const { sources } = planSources(context, paths)
  const reader = readerOf(context, { signer: undefined, allowSuperseded: true }, container)
  for (const { inputName: name } of sources) {
    await attempt(name, async () => {
      try {
        return { name, ...(await depositFile(depositor, name, { reader, description })) }
      } catch (error) {
        throw reader.explain(error)
      }
    })
  }
  reader.wipe()
}

async function makeDerived(
  context: Context,
  paths: readonly string[],
  values: MakeValues,
  { depositor, attempt }: Attempts,
): Promise<void> {
  if (paths.length === 0) {
    const make = async () => ({ ...(await depositDerivation(context, depositor, values)), isNew: true })
    await attempt('the password', make)
  }
  for (const path of paths) {
    await attempt(path, async () => ({
      ...(await depositScryptFile(context, depositor, path, values)),
      isNew: true,
    }))
  }
}

function madeOfKey(context: Context, name: string, { depositor, container }: Makers): Made {
  const key = sealingKey(context, container, { key: name, keySigner: undefined })
  if (!key) throw usage('there is no session key without a name')
  try {
    return { name: `session key ${name}`, ...depositNamedKey(context, depositor, container, key) }
  } finally {
    key.wipe()
  }
}

function madeOfBlob(path: string, { description }: MakeValues, depositor: Depositor): Made {
  const simpleBlob = readInput(path, LIMITS.enclosedBytes, 'a SIMPLEBLOB')
  const id = depositor.add({
    make: (frame) => makeSimpleBlobDeposit({ ...frame, simpleBlob }),
    description: description ?? basename(path),
    label: path,
    path: resolve(path),
  })
  return { id, name: path, isNew: true }
}
