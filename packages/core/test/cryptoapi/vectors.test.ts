import assert from 'node:assert/strict'
import { globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { describe, KEYS_FORMAT, keysFor, parseVectorFile, readJsonFile, replay } from './replay/index.ts'

const files = globSync(join(import.meta.dirname, 'vectors/*.json'))
  .toSorted()
  .map((path) => ({ path, object: readJsonFile(path) }))
  .filter(({ object }) => object['format'] !== KEYS_FORMAT)

test('there are vectors', () => {
  const formats = files.map(({ object }) => object['format'])
  assert.equal(formats.filter((format) => format === 'capi-vectors/1').length, 12)
  assert.equal(formats.filter((format) => format === 'capi-files/1').length, 1)
})

for (const { path, object } of files) {
  test(`${basename(path)} is answered as recorded`, () => {
    const file = parseVectorFile(path, object)
    assert.equal(file.cases.length, object['count'], 'no case is missing')
    const differences = [...replay(file, keysFor(path))].flatMap((result) =>
      result.differences.map((difference) => `${result.name}: ${describe(difference)}`),
    )
    assert.deepEqual(differences, [])
  })
}
