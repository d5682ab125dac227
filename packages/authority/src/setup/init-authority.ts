import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { toHex, utf8Encode } from '@strongroom/core/bytes'
import { syncFolder, writeFileAtomically, type KeyContainer } from '@strongroom/core/container'
import {
  fingerprintOf,
  parseTerms,
  signerIdOf,
  type Epoch,
  type MessageSigner,
} from '@strongroom/core/protocol'
import { logOrigin } from '@strongroom/core/tlog'
import {
  CONFIGURATION_FILE,
  checkSettings,
  loadConfiguration,
  type Configuration,
  type Environment,
  type SettingsFile,
} from '../config/index.ts'
import { AuthorityLog, LogKeys } from '../log/index.ts'
import { sha256, type AdmittedStatement } from '../model/index.ts'
import type { Store } from '../store/index.ts'
import { NoticeKeys } from '../notices/index.ts'
import { appendCharter, signFirstCharter, type FirstCharter } from './charters.ts'
import { checkTenant } from './checked-names.ts'
import { custodianCard, custodianOf, type Custodian } from './custodian-card.ts'
import { identityOf, signEpoch, type Validity } from './epochs.ts'
import {
  checkFree,
  makeContainerFile,
  removeContainerFile,
  type NewContainerFile,
} from './new-container-file.ts'
import { openStore, trustOf } from './opening.ts'
import { checkTerms, firstPolicy, POLICY_FILE } from './policy.ts'
import { makeCertificate } from './self-made-certificate.ts'
import { SetupError } from './setup-error.ts'

/** What a new authority is to be. */
export interface NewAuthority {
  /** Must not exist, or be empty. */
  readonly folder: string
  /** All settings but the fingerprint, as they are to stand in `authority.json`. `tls` `made`: a certificate of its own is made. */
  readonly settings: Omit<SettingsFile, 'identity' | 'tls'> & { readonly tls: SettingsFile['tls'] | 'made' }
  /** The name of the first tenant. */
  readonly tenant: string
  /** Where the identity key is put: outside the folder. */
  readonly identity: NewContainerFile
  /** The custodian's public keys, or where a new container for them is put. */
  readonly custodian: Custodian | NewContainerFile
  readonly policy?: Uint8Array
  /** Who decides about recovery in the first tenant; without it, nobody can recover anything there yet. */
  readonly charter?: FirstCharter
  /** How long everybody has to say no to a recovery there, in seconds; a day unless told. */
  readonly waiting?: number
  readonly validity: Validity
  /** Milliseconds since 1970. */
  readonly now: number
  /** For what is not to stand in the file. */
  readonly environment?: Environment
  /** The work of the passphrases: of tests. */
  readonly logN?: number
}

/** An authority that was made. */
export interface MadeAuthority {
  readonly configuration: Configuration
  /** The fingerprint of the identity key. */
  readonly identity: string
  readonly origin: string
  /** The digest of the first tenant's charter; absent if it has none. */
  readonly charter?: Uint8Array
  /** The public card of the custodian's new container; absent if its keys were given. */
  readonly custodianCard?: string
}

/**
 * Makes an authority: its folder with all that is in it, its identity key, the first epoch in its log, the first tenant. All of it is
 * there when the promise is fulfilled, and nothing after an error, but for what was written to a database server: that must be
 * emptied before the next try.
 *
 * @throws SetupError SETUP_EXISTS, SETUP_CUSTODIAN, SETUP_NAME, SETUP_TERMS; ConfigError CONFIG_FORMAT;
 *   StoreError; the platform's errors
 */
export async function initAuthority(wanted: NewAuthority): Promise<MadeAuthority> {
  const folder = resolve(wanted.folder)
  checkTenant(wanted.tenant)
  if (wanted.policy) checkTerms(wanted.policy)
  checkFolder(folder)
  for (const file of newFiles(wanted)) checkFree(file.path)
  const unfinished = join(dirname(folder), `.${basename(folder)}.${toHex(randomBytes(8))}.tmp`)
  const made: NewContainerFile[] = []
  try {
    mkdirSync(unfinished, { recursive: true, mode: 0o700 })
    const result = await makeAll(wanted, unfinished, made)
    renameSync(unfinished, folder)
    syncFolder(dirname(folder))
    return { ...result, configuration: loadConfiguration(folder, wanted.environment) }
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    // Nothing depends on these keys: the folder that names them is gone.
    for (const file of made) removeContainerFile(file)
    throw error
  }
}

function checkFolder(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new SetupError('SETUP_EXISTS', `${folder} already exists`)
  }
}

function newFiles({ identity, custodian }: NewAuthority): NewContainerFile[] {
  return 'path' in custodian ? [identity, custodian] : [identity]
}

async function makeAll(
  wanted: NewAuthority,
  folder: string,
  made: NewContainerFile[],
): Promise<Omit<MadeAuthority, 'configuration'>> {
  const container = (file: NewContainerFile) => {
    const fresh = makeContainerFile(file, wanted.now, wanted.logN)
    made.push(file)
    return fresh
  }
  // What is wrong with the settings is found out before a key is made.
  const settings = { ...wanted.settings, tls: await tlsOf(wanted, folder) }
  checkSettings({ ...settings, identity: `SHA256:${'A'.repeat(43)}` }, CONFIGURATION_FILE)
  const identity = container(wanted.identity)
  const owned = 'path' in wanted.custodian ? container(wanted.custodian) : undefined
  try {
    const custodian = custodianKeys(wanted, owned)
    const summary = await makeFolder(wanted, folder, settings, { identity, custodian })
    return { ...summary, ...(owned && { custodianCard: custodianCard(owned) }) }
  } finally {
    identity.wipe()
    owned?.wipe()
  }
}

function custodianKeys({ custodian }: NewAuthority, owned: KeyContainer | undefined): Custodian {
  if (!('path' in custodian)) return custodian
  if (owned) return custodianOf(owned)
  throw new SetupError('SETUP_CUSTODIAN', 'the container of the custodian was not made')
}

async function tlsOf({ settings, now }: NewAuthority, folder: string): Promise<SettingsFile['tls']> {
  if (settings.tls !== 'made') return settings.tls
  const { certificate, key } = await makeCertificate(settings.url, now)
  writeFileAtomically(join(folder, 'tls.crt'), utf8Encode(certificate), { mode: 0o644 })
  writeFileAtomically(join(folder, 'tls.key'), utf8Encode(key))
  return { certificate: 'tls.crt', key: 'tls.key' }
}

interface Keys {
  readonly identity: KeyContainer
  readonly custodian: Custodian
}

async function makeFolder(
  wanted: NewAuthority,
  folder: string,
  settings: Omit<SettingsFile, 'identity'>,
  { identity, custodian }: Keys,
): Promise<Pick<MadeAuthority, 'identity' | 'origin' | 'charter'>> {
  const signer = identityOf(identity)
  const fingerprint = fingerprintOf(sha256, signer.signer)
  const host = new URL(settings.url).hostname
  const origin = logOrigin(host, toHex(signerIdOf(sha256, signer.signer)))
  const policy = wanted.policy ?? firstPolicy(wanted.waiting)
  const keysText = LogKeys.generate(origin)
  const { name, url, ...others } = settings
  const file = { name, url, identity: fingerprint, ...others }
  writeFileAtomically(join(folder, CONFIGURATION_FILE), utf8Encode(`${JSON.stringify(file, undefined, 2)}\n`))
  writeFileAtomically(join(folder, POLICY_FILE), policy, { mode: 0o644 })
  writeFileAtomically(join(folder, 'log-keys'), utf8Encode(keysText))
  const configuration = loadConfiguration(folder, wanted.environment)
  const log = LogKeys.parse(keysText)
  const epoch: Epoch = {
    authority: name,
    identity: signer.signer,
    number: 1,
    exchange: custodian.exchange,
    rsa: custodian.rsa,
    custodian: custodian.signer,
    log: { origin, keys: log.verifierKeys },
    policy: sha256(policy),
    ...wanted.validity,
    previous: null,
  }
  const charter = await beginLog(configuration, log, signEpoch(epoch, signer, trustOf(configuration)), {
    ...wanted,
    policy,
    signer,
  })
  return { identity: fingerprint, origin, ...(charter && { charter }) }
}

/** Makes the database, and puts the first epoch and the first tenant in it. @returns the digest of the tenant's charter, if it has one */
async function beginLog(
  configuration: Configuration,
  keys: LogKeys,
  first: AdmittedStatement,
  wanted: NewAuthority & { readonly policy: Uint8Array; readonly signer: MessageSigner },
): Promise<Uint8Array | undefined> {
  const { tenant, now, policy, charter: plan, waiting, signer: identity } = wanted
  const store = await openStore(configuration, true)
  try {
    await checkEmpty(store)
    const options = { store, keys, trust: trustOf(configuration), signedPath: configuration.log.signed }
    const log = await AuthorityLog.open({ ...options, now: () => now })
    const [outcome] = await log.append([first])
    await log.close()
    if (outcome?.state !== 'logged') throw new SetupError('SETUP_EPOCH', 'the first epoch was refused')
    await store.addTenant({ tenant, created: now })
    await store.recovery.addTerms(policy)
    if (!plan) return undefined
    const terms = parseTerms(policy)
    const decreed = { identity, tenant, plan, now, terms, ...(waiting !== undefined && { waiting }) }
    const statement = signFirstCharter(decreed, configuration, new NoticeKeys(keys))
    await appendCharter(configuration, store, statement, now)
    return statement.digest
  } finally {
    await store.close()
  }
}

/** @throws SetupError SETUP_NOT_EMPTY if the database has anything of an authority in it */
export async function checkEmpty(store: Store): Promise<void> {
  const [{ size }, tenants] = [await store.head(), await store.tenants()]
  if (size === 0 && tenants.length === 0) return
  throw new SetupError('SETUP_NOT_EMPTY', 'the database is not empty')
}
