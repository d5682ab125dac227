import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { foldersOf } from '../src/folders.ts'

suite('folders', () => {
  test('STRONGROOM_HOME holds everything', () => {
    const folders = foldersOf({ STRONGROOM_HOME: '/own', XDG_CONFIG_HOME: '/c' }, '/home/me', 'linux')
    assert.deepEqual(folders, {
      configFile: '/own/config.json',
      knownSigners: '/own/known_signers',
      knownRecipients: '/own/known_recipients',
      containers: '/own/containers',
      sessionKeys: '/own/session-keys',
      authorities: '/own/authorities',
      recoveries: '/own/recoveries',
      ledger: '/own/ledger',
    })
  })
  test('otherwise the folders of the XDG specification', () => {
    const folders = foldersOf({ XDG_CONFIG_HOME: '/c', XDG_DATA_HOME: '/d' }, '/home/me', 'linux')
    assert.equal(folders.configFile, '/c/strongroom/config.json')
    assert.equal(folders.containers, '/d/strongroom/containers')
  })
  test('or their defaults; a relative path counts as not set', () => {
    const folders = foldersOf({ XDG_CONFIG_HOME: 'relative', STRONGROOM_HOME: '' }, '/home/me', 'linux')
    assert.equal(folders.knownSigners, '/home/me/.config/strongroom/known_signers')
    assert.equal(folders.ledger, '/home/me/.local/share/strongroom/ledger')
  })
})
