/**
 * A node under load, to be killed: appends deposits without end and prints a line for each that was acknowledged.
 *
 * Run: node victim.js ADDRESS FOLDER NODE CLIENT FROM CALLERS
 *   ADDRESS  of the database; FOLDER holds the log's keys and what each node has signed
 *   CLIENT   the number of its client, which is enrolled
 *   FROM     the number of its first deposit
 *   CALLERS  how many calls are on their way at the same time
 *
 * It sends a deposit again until it is acknowledged, as a client does. Before it opens the log it prints what it found, which
 * says where the one before it was killed.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { toBase64 } from '@strongroom/core/bytes'
import { AuthorityLog } from '../../src/log/authority-log.ts'
import { SignedFile } from '../../src/log/signed-file.ts'
import { StoreError } from '../../src/store/store-error.ts'
import { TestAuthority } from './authority.ts'
import { openDatabase } from './databases.ts'
import type { Acknowledged, Found } from './prey.ts'
import { logged } from './scene.ts'

/** What a call has at most. */
const MOST_IN_A_CALL = 3
/** Between two calls of a caller: the victim that is not killed would only take time from the others. */
const PAUSE_MS = 5

const [address = '', folder = '', node = '', client = '', from = '', callers = ''] = process.argv.slice(2)
say('begun')
const authority = new TestAuthority({ keysText: readFileSync(join(folder, 'log-keys'), 'utf8') })
const depositor = authority.client('acme', Number(client))
const store = await untilAnswered(() => openDatabase(address))
const { keys, trust } = authority
const signedPath = join(folder, `${node}-last-checkpoint`)
const options = { store, keys, trust, signedPath, now: Date.now }
say(JSON.stringify(await untilAnswered(found)))
const log = await untilAnswered(() => AuthorityLog.open(options))
let next = Number(from)
say('open')
await Promise.all(Array.from({ length: Number(callers) }, call))

async function found(): Promise<Omit<Found, 'acknowledged'>> {
  const [{ size: head }, kept] = [await store.head(), await store.checkpoint()]
  const signed = await new SignedFile(signedPath).read()
  return { head, kept: kept?.size ?? 0, signed: signed?.checkpoint.size ?? 0 }
}

async function call(): Promise<never> {
  for (;;) {
    const number = next
    next += 1 + (number % MOST_IN_A_CALL)
    const deposits = depositor.deposits(number, next - number)
    const outcomes = await untilAnswered(() => log.append(deposits))
    for (const [i, { digest }] of deposits.entries()) {
      const { index, receipt } = logged(outcomes[i])
      const said: Acknowledged = {
        number: number + i,
        digest: toBase64(digest),
        index,
        receipt: toBase64(receipt),
      }
      say(JSON.stringify(said))
    }
    await pause(PAUSE_MS)
  }
}

async function untilAnswered<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (error instanceof StoreError && ['STORE_UNAVAILABLE', 'STORE_UNCERTAIN'].includes(error.code))
        continue
      throw error
    }
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
