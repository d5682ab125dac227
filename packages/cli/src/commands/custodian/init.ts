import { resolve } from 'node:path'
import { existsSync, readdirSync } from 'node:fs'
import {
  addRsaKey,
  CONTAINER_NAME,
  custodianCard,
  CustodianError,
  CustodianFolder,
  MOST_FRESHNESS,
  USUAL_FRESHNESS,
} from '@strongroom/authority'
import { createContainer, encodeContainer } from '@strongroom/core/container'
import { checkUrl, parseFingerprint } from '@strongroom/core/protocol'
import { wholeNumber } from '../../authority/authority-options.ts'
import { defineCommand } from '../../command.ts'
import { displayName } from '../../escape-text.ts'
import { newPassphrase, PASSPHRASE_OPTIONS } from '../../passphrase.ts'

const HOUR_SECONDS = 3_600

/** Makes a custodian. */
export const custodianInit = defineCommand({
  operands: [
    {
      name: '<folder>',
      description: 'where to make it; it must not exist, or be empty',
      completes: 'folder',
    },
  ],
  options: {
    identity: {
      flags: '--identity <fingerprint>',
      kind: 'value',
      description: 'the fingerprint of the authority, if it is there already; nothing else is trusted',
    },
    freshness: {
      flags: '--freshness <hours>',
      kind: 'value',
      description: 'how old the log may be in a bundle; 24 unless told',
    },
    url: {
      flags: '--url <address>',
      kind: 'value',
      description: 'where the authority is, for a custodian with a network',
    },
    rsa: {
      flags: '--rsa',
      kind: 'flag',
      description: 'make an RSA key too, for SIMPLEBLOBs of programs that use CryptoAPI',
    },
    ...PASSPHRASE_OPTIONS,
  },
  notes: [
    'A custodian holds the keys that open what clients deposit. It believes nobody: it opens for a bundle that proves by itself that enough',
    'people agreed, and that nobody refused in time. Make it on a computer of its own, if you can without a network.',
    '',
    'Its public card is printed: the authority is made with it, or its next epoch. Then tell it the fingerprint of that authority, once:',
    'strongroom custodian trust. Until then it refuses every bundle. The passphrase is all that protects the key;',
    'strongroom custodian shares divides it among several people instead.',
  ],
  examples: [
    {
      line: 'strongroom custodian init custody > custodian.card',
      purpose: 'make the keys; the card goes to the authority that is to be made',
    },
    {
      line: 'strongroom custodian init custody --identity SHA256:bYn5… --freshness 72',
      purpose: 'for one without a network, to which bundles travel for up to three days',
    },
  ],
  async run(context, [name = ''], values) {
    const folder = resolve(name)
    const identity = identityOf(values.identity)
    const freshness = freshnessOf(values.freshness)
    const url = values.url === undefined ? null : checkUrl(values.url)
    if (existsSync(folder) && readdirSync(folder).length > 0) {
      throw new CustodianError('CUSTODIAN_EXISTS', `${displayName(folder)} exists and is not empty`)
    }
    const passphrase = await newPassphrase(context, values, 'the custodian’s key')
    const now = Date.now()
    const own = createContainer({ name: CONTAINER_NAME, profile: 'pq', now: new Date(now) })
    if (values.rsa) addRsaKey(own, now)
    const container = encodeContainer(own, { kind: 'passphrase', passphrase })
    const card = custodianCard(own)
    const { fingerprint } = own.signingKey('pq').signer
    own.wipe()
    CustodianFolder.create({ folder, settings: { identity, freshness, url }, container, now })
    const { terminal } = context
    terminal.record({ folder, identity, freshness, url, signer: fingerprint, card })
    if (!terminal.json) terminal.raw(card)
    terminal.note(`made a custodian in ${displayName(folder)}`)
    terminal.note(`its signer is ${fingerprint}`)
    terminal.note('the card above goes to the authority: strongroom authority init … --custodian CARD')
    if (identity === null) terminal.note('then tell it which authority that is: strongroom custodian trust')
  },
})

function identityOf(text: string | undefined): string | null {
  if (text === undefined) return null
  parseFingerprint(text, '--identity')
  return text
}

function freshnessOf(text: string | undefined): number {
  if (text === undefined) return USUAL_FRESHNESS
  return wholeNumber('--freshness', text, MOST_FRESHNESS / HOUR_SECONDS) * HOUR_SECONDS
}
