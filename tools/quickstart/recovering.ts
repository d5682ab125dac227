import { rmSync, writeFileSync } from 'node:fs'
import { styleText } from 'node:util'
import { exchangedRecipient, forgedApproval } from './forging.ts'
import { BIN, freePort, type Stage } from './stage.ts'

const WAITING = 18
const PASSPHRASES = 'passphrases.txt'
const PASSPHRASE = ['--passphrase-file', PASSPHRASES] as const
const CUSTODY = ['--folder', 'custody'] as const
const OFFICERS = ['ada', 'bob', 'carol'] as const

/**
 * The whole of it: a backup authority with officers and a custodian; a key is deposited, the computer lost with all keys, and the
 * file opens again, because two officers agreed. Then everybody who should not get the key tries.
 */
export async function recovering(stage: Stage, source: string, name: string, before: string): Promise<void> {
  const kept = `backup/${name}.age`
  const fingerprint = await found(stage)
  invite(stage)
  deposit(stage, source, kept, fingerprint)
  const request = lose(stage, kept)
  await agree(stage, request)
  await deceive(stage, request)
  await release(stage, kept, before)
}

/** An authority, its custodian and its officers, each on a computer of their own. */
async function found(stage: Stage): Promise<string> {
  const url = `http://127.0.0.1:${await freePort()}`
  writeFileSync(stage.path(PASSPHRASES), 'correct horse battery staple\n', { mode: 0o600 })

  stage.step('Keys get lost. Three people you trust agree to be officers of a backup authority.')
  for (const officer of OFFICERS) {
    stage.strongroom(['init', '--unprotected', '--quiet'], { home: officer })
    stage.strongroom(['container', 'export', '--output', `${officer}.card`, '--quiet'], { home: officer })
  }
  stage.step('On a computer of its own, the custodian makes the only keys that will open deposits.')
  writeFileSync(
    stage.path('custodian.card'),
    stage.strongroom(['custodian', 'init', 'custody', ...PASSPHRASE]),
  )

  stage.step(
    'The authority is made. Here everybody has two seconds to say no; a real one takes a day or more.',
  )
  const officers = OFFICERS.flatMap((officer) => ['--officer', `${officer}=${officer}.card`])
  const init = ['authority', 'init', 'vault', '--name', 'Example archive', '--url', url, ...PASSPHRASE]
  const made = stage.strongroom([...init, '--custodian', 'custodian.card', ...officers, '--waiting', '2s'])
  const fingerprint = /SHA256:\S+/.exec(made)?.[0] ?? ''
  const charter = /first charter\s+([0-9a-f]{64})/.exec(made)?.[1] ?? ''
  stage.step('The custodian is told whom to believe: this identity, and these officers. Nothing else, ever.')
  stage.strongroom(['custodian', 'trust', fingerprint, '--url', url, '--charter', charter, ...CUSTODY])
  await stage.start(['authority', 'serve', '--folder', 'vault'])
  return fingerprint
}

/** Everybody becomes a client; you get recovery codes. */
function invite(stage: Stage): void {
  stage.step(
    'Everybody is invited. An invitation carries the fingerprint: you trust nobody else who answers.',
  )
  for (const person of ['you', ...OFFICERS]) {
    const quiet = ['authority', 'invite', person, '--folder', 'vault', '--quiet']
    writeFileSync(stage.path(`${person}.invitation`), stage.strongroom(quiet), { mode: 0o600 })
  }
  for (const officer of OFFICERS) {
    stage.strongroom(['enroll', `${officer}.invitation`, '--no-codes', '--quiet'], { home: officer })
  }
  stage.strongroom(['enroll', 'you.invitation', '--codes-file', 'codes.txt'])
}

function deposit(stage: Stage, source: string, kept: string, fingerprint: string): void {
  stage.step('Seal again. Now the session key is deposited too, encrypted for the custodian alone.')
  stage.strongroom(['seal', source, '--output-folder', 'backup', '--require-receipt'])
  stage.strongroom(['status'])
  stage.step('The receipt proves it without asking anybody, years later too.')
  stage.strongroom(['receipts', 'export', kept, '--output-folder', 'receipts', '--quiet'])
  const [receipt = ''] = stage.list('receipts')
  stage.strongroom([
    'receipts',
    'verify',
    `receipts/${receipt}`,
    '--fingerprint',
    fingerprint,
    '--file',
    kept,
  ])
}

/** @returns the digest of the request */
function lose(stage: Stage, kept: string): string {
  stage.step(
    'Your computer is gone, with all your keys. What is left: a backup of the sealed file, and a sheet of paper.',
  )
  stage.say(styleText('cyan', '    $ rm -r ~'))
  rmSync(stage.path('home'), { recursive: true })
  stage.step('On a new computer you ask for the key, with a recovery code.')
  const asking = ['--code-file', 'codes.txt', '--reason', 'the laptop was stolen', '--unprotected']
  stage.strongroom(['recover', kept, ...asking], { status: WAITING })
  const [request = ''] = stage.list('home/recoveries')
  return request
}

async function agree(stage: Stage, request: string): Promise<void> {
  stage.step('An officer looks at it, calls you back, compares the groups on your screen, and agrees.')
  approve(stage, request, 'ada')
  stage.step('One officer alone gets nothing out.')
  takeBundle(stage, request, 'one.bundle')
  stage.strongroom(verified('one.bundle'), { status: 'refused' })
  stage.step('A second one agrees.')
  approve(stage, request, 'bob')
}

function approve(stage: Stage, request: string, officer: string): void {
  const words = ['officer', 'approve', request, '--checked', 'called back', '--yes', '--digest', request]
  stage.strongroom([...words, '--quiet'], { home: officer })
}

/** What must fail: bundles as somebody makes them who owns the server. */
async function deceive(stage: Stage, request: string): Promise<void> {
  await stage.pause(3)
  takeBundle(stage, request, 'request.bundle')
  stage.step(
    'Somebody who owns the server asks for the key in your place: another recipient in your request.',
  )
  exchangedRecipient(stage.path('request.bundle'), stage.path('recipient.bundle'))
  stage.strongroom(verified('recipient.bundle'), { status: 'refused' })
  stage.step('They sign an approval themselves, in an officer’s name.')
  forgedApproval(stage.path('request.bundle'), stage.path('approval.bundle'))
  stage.strongroom(verified('approval.bundle'), { status: 'refused' })
}

async function release(stage: Stage, kept: string, before: string): Promise<void> {
  stage.step('The custodian checks everything itself, and releases the key, to you alone.')
  await stage.start(['custodian', 'run', ...CUSTODY, '--every', '1s', '--json', ...PASSPHRASE])
  stage.strongroom(['recover', '--wait'])
  stage.strongroom(['open', kept, '--output', 'recovered'])
  await stage.expectSame('recovered', before)
  stage.step(
    'Once more: the custodian gives the same release again, for you alone, and never makes a second one.',
  )
  await stage.stopServices()
  stage.strongroom([
    'custodian',
    'open',
    'request.bundle',
    ...CUSTODY,
    '--output',
    'again.release',
    ...PASSPHRASE,
  ])
  stage.strongroom(['custodian', 'status', ...CUSTODY])
}

/** Goes on until it is interrupted: for people who want to try more. */
export async function keepRunning(stage: Stage): Promise<void> {
  await startServices(stage)
  stage.say('\nAll of it goes on until you press Ctrl-C, which deletes it. In another terminal, for example:')
  stage.say(`    cd ${stage.folder}`)
  for (const [home, words] of [
    ['home', 'status'],
    ['home', 'monitor'],
    ['carol', 'officer inbox --all'],
  ]) {
    stage.say(`    STRONGROOM_HOME=$PWD/${home} node ${BIN} ${words}`)
  }
  await new Promise((resolve) => process.once('SIGINT', resolve))
}

async function startServices(stage: Stage): Promise<void> {
  await stage.start(['authority', 'serve', '--folder', 'vault'])
  await stage.start(['custodian', 'run', ...CUSTODY, '--every', '1s', '--json', ...PASSPHRASE])
}

function takeBundle(stage: Stage, request: string, to: string): void {
  stage.strongroom([
    'authority',
    'courier',
    'bundle',
    request,
    '--folder',
    'vault',
    '--output',
    to,
    '--quiet',
  ])
}

const verified = (bundle: string): readonly string[] => ['custodian', 'verify', bundle, ...CUSTODY]
