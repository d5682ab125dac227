import type { Difference } from './compare.ts'
import { FieldError, type JsonObject } from './fields.ts'
import { FileCase } from './file-case.ts'
import { replayKnownSimpleBlob, replayPvk, replaySignedBlob } from './key-kinds.ts'
import { replayDamagedFile, replayPasswordFile, replaySampleFile } from './sample-kinds.ts'
import type { TestKeys } from './test-keys.ts'

const KINDS: ReadonlyMap<string, (run: FileCase) => void> = new Map([
  ['sample-file', replaySampleFile],
  ['sample-file-password', replayPasswordFile],
  ['sample-file-damaged', replayDamagedFile],
  ['signed-simpleblob', replaySignedBlob],
  ['pvk', replayPvk],
  ['known-simpleblob', replayKnownSimpleBlob],
])

/** Replays a case of `capi-files/1`. @throws FieldError for a kind or a field that it does not know */
export function replayFileCase(body: JsonObject, keys: TestKeys): Difference[] {
  const run = new FileCase(body, keys)
  const kind = run.fields.text('kind')
  const replay = KINDS.get(kind)
  if (replay === undefined) throw new FieldError(`no such kind as "${kind}"`)
  replay(run)
  return run.differences
}
