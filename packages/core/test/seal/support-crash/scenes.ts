import assert from 'node:assert/strict'
import { KEEPING_SCENES } from './keeping-scenes.ts'
import { OPENING_SCENES } from './opening-scenes.ts'
import { REWRITING_SCENES } from './rewriting-scenes.ts'
import type { Scene } from './scene.ts'
import { SEALING_SCENES } from './sealing-scenes.ts'

/** Every operation that writes, and one that only reads. */
export const SCENES: readonly Scene[] = [
  ...SEALING_SCENES,
  ...KEEPING_SCENES,
  ...OPENING_SCENES,
  ...REWRITING_SCENES,
]

/** Those that take all the steps that the others take: enough for a test that must be quick. */
export const QUICK_SCENES: readonly Scene[] = SCENES.filter(({ name }) =>
  ['seal', 'seal a group and keep its keys', 'open over another', 'rewrap in place'].includes(name),
)

/** A scene by its name. */
export function sceneOf(name: string | undefined): Scene {
  return SCENES.find((scene) => scene.name === name) ?? assert.fail(`no scene ${name}`)
}
