/**
 * Opens the log of a database that is there, and says how long it took and the peak of memory: for authority-size.ts.
 *
 * Run: node -C source authority-opening.ts DESCRIPTION
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SignerKey } from '../packages/core/src/container/index.ts'
import { AuthorityLog, LogKeys } from '../packages/authority/src/log/index.ts'
import { sha256 } from '../packages/authority/src/model/index.ts'
import { openPostgresStore, openSqliteStore } from '../packages/authority/src/store/index.ts'
import type { BenchDatabase } from './authority-databases.ts'
import { peakMiB } from './peak-memory.ts'

const { folder, settings, keysText, identity } = JSON.parse(
  readFileSync(process.argv[2] ?? '', 'utf8'),
) as Pick<BenchDatabase, 'folder' | 'settings'> & { keysText: string; identity: string }

const start = performance.now()
const quotas = { client: {}, tenant: {} }
const store =
  settings.engine === 'sqlite'
    ? await openSqliteStore({ path: settings.path, quotas })
    : await openPostgresStore({ url: settings.url, quotas })
const key = SignerKey.parse(identity)
const verify = (_: string, message: Uint8Array, signature: Uint8Array) => key.verify(message, signature)
const trust = { identity, sha256, verify }
const signedPath = join(folder, 'last-checkpoint')
const log = await AuthorityLog.open({
  store,
  keys: LogKeys.parse(keysText),
  trust,
  signedPath,
  now: Date.now,
})
const ms = performance.now() - start
if (log.state.state !== 'writable') throw new Error('the log is read-only')
await store.close()
console.log(`${ms} ${peakMiB()}`)
