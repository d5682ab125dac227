import assert from 'node:assert/strict'
import { test } from 'node:test'
import { killEverywhere } from './support-crash/kills.ts'
import { QUICK_SCENES } from './support-crash/scenes.ts'

for (const scene of QUICK_SCENES) {
  test(`killed at any call that changes the disk, the files are old or new: ${scene.name}`, async () => {
    assert.ok((await killEverywhere(scene)) >= 6)
  })
}
