import { readdirSync, writeFileSync } from 'node:fs'
import { freePort, type Stage } from './stage.ts'

const NOT_AUTHENTIC = 4
const PASSPHRASES = 'passphrases.txt'

/** A backup authority is made and started, and a sealed file's session key deposited: the receipt proves it offline. */
export async function depositing(stage: Stage, source: string, name: string): Promise<void> {
  const url = `http://127.0.0.1:${await freePort()}`
  writeFileSync(stage.path(PASSPHRASES), 'correct horse battery staple\n', { mode: 0o600 })

  stage.step(
    'Keys get lost. Somebody you trust runs a backup authority, whose server cannot open what it keeps.',
  )
  const names = ['--name', 'Example archive', '--url', url]
  const made = stage.strongroom(['authority', 'init', 'vault', ...names, '--passphrase-file', PASSPHRASES])
  const fingerprint = /SHA256:\S+/.exec(made)?.[0]
  if (fingerprint === undefined) throw new Error('no fingerprint of the authority')
  await stage.start(['authority', 'serve', '--folder', 'vault'])

  stage.step('It invites you. The invitation carries its fingerprint: you trust nobody else who answers.')
  const invited = stage.strongroom(['authority', 'invite', 'you', '--folder', 'vault'])
  writeFileSync(stage.path('invitation.txt'), invited, { mode: 0o600 })
  stage.strongroom(['enroll', 'invitation.txt'])

  stage.step(
    'Seal again. Now the session key is deposited too, encrypted for the authority’s custodian alone.',
  )
  const kept = `kept-${name.replace(/^\.\//, '')}.age`
  stage.strongroom(['seal', source, '--output', kept, '--require-receipt'])
  stage.strongroom(['status'])

  stage.step(
    'The server is gone. Its receipt still proves what it promised, with nothing but its fingerprint.',
  )
  await stage.stopServices()
  stage.strongroom(['receipts', 'export', kept, '--output-folder', 'receipts'])
  const [receipt = ''] = readdirSync(stage.path('receipts'))
  const verify = ['receipts', 'verify', `receipts/${receipt}`, '--fingerprint', fingerprint]
  stage.strongroom([...verify, '--file', kept])
  stage.step('For another file it proves nothing.')
  stage.strongroom([...verify, '--file', `${name}.age`], { status: NOT_AUTHENTIC })
}
