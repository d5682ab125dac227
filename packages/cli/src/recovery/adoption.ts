import { sha256, type RecoveryFolder } from '@strongroom/core/client'
import type { KeyContainer } from '@strongroom/core/container'
import { clientIdOf } from '@strongroom/core/protocol'
import { authorityStore } from '../client/authority-choice.ts'
import type { Context } from '../command.ts'
import { loadConfig, saveConfig } from '../config.ts'

const LONGEST_NAME = 60

/**
 * Keeps the authority as one that this container is a client of: a release puts it in the place of the lost one, without an invitation.
 * Done again, it changes nothing.
 */
export function adopt(context: Context, folder: RecoveryFolder, container: KeyContainer): void {
  const receipt = folder.releaseReceipt()
  const { url, ca, identity, tenant, epochs } = folder.load()
  const request = folder.request()
  const key = container.signers().find((signer) => signer.toString() === request.signer)
  if (!receipt || !key || request.class !== 'self' || isKnown(context, identity, request.signer)) return
  const name = freeName(context, url)
  authorityStore(context).create({
    name,
    url,
    ca,
    tenant,
    clientId: clientIdOf(sha256, tenant, request.signer),
    signer: request.signer,
    identity,
    container: container.name,
    epochs,
    receipt,
    enrolledBy: 'release',
  })
  const config = loadConfig(context.folders.configFile)
  if (config.defaultAuthority === undefined) {
    saveConfig(context.folders.configFile, { ...config, defaultAuthority: name })
  }
  context.terminal.note(`this container is a client of ${name} now, in the place of the lost one`)
  context.terminal.hint('strongroom codes new makes new recovery codes')
}

function isKnown(context: Context, identity: string, signer: string): boolean {
  const store = authorityStore(context)
  return store.list().some((name) => {
    const state = store.open(name).load()
    return state.identity === identity && state.signer === signer
  })
}

/** The host, and a number behind it if that is taken. */
function freeName(context: Context, url: string): string {
  const host = new URL(url).hostname.replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '')
  const base = host.slice(0, LONGEST_NAME) || 'authority'
  const taken = new Set(authorityStore(context).list())
  let name = base
  for (let number = 2; taken.has(name); number++) name = `${base}-${number}`
  return name
}
