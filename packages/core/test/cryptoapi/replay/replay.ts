import type { WinCrypt } from '@strongroom/core/cryptoapi'
import type { Difference } from './compare.ts'
import { FieldError, type JsonObject } from './fields.ts'
import { replayCalls } from './replay-calls.ts'
import { replayFileCase } from './replay-files.ts'
import type { TestKeys } from './test-keys.ts'
import type { Format, VectorCase, VectorFile } from './vector-file.ts'

/** What came of one case: it passed if nothing differed. */
export interface CaseResult {
  readonly name: string
  readonly differences: readonly Difference[]
}

const REPLAYS: Readonly<Record<Format, (body: JsonObject, keys: TestKeys, api?: WinCrypt) => Difference[]>> =
  {
    'capi-vectors/1': replayCalls,
    'capi-files/1': replayFileCase,
  }

/**
 * Replays every case of a file, one after the other. A case that cannot be read has failed.
 *
 * @param freshApi makes what the calls of a case are made to, with an empty key store; cases of whole files have their own
 */
export function* replay(
  { format, cases }: VectorFile,
  keys: TestKeys,
  freshApi?: () => WinCrypt,
): Generator<CaseResult, void, undefined> {
  for (const each of cases)
    yield { name: each.name, differences: differencesOf(format, each, keys, freshApi?.()) }
}

function differencesOf(
  format: Format,
  { body }: VectorCase,
  keys: TestKeys,
  api: WinCrypt | undefined,
): Difference[] {
  try {
    return REPLAYS[format](body, keys, api)
  } catch (error) {
    const known = error instanceof FieldError
    const what = known ? 'format' : 'replay'
    return [
      {
        fn: 'case',
        what,
        expected: 'a case that can be replayed',
        got: known ? error.message : String(error),
      },
    ]
  }
}

/** A difference on one line: step 3, CryptExportKey, len: expected 140, got 139. */
export function describe({ step, fn, what, expected, got }: Difference): string {
  const where = step === undefined ? '' : `step ${step}, `
  return `${where}${fn}, ${what}: expected ${expected}, got ${got}`
}
