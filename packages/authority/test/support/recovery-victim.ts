import { readFileSync, writeSync } from 'node:fs'
import { toHex } from '@strongroom/core/bytes'
import { AuthorityLog } from '../../src/log/authority-log.ts'
import { pairOf, START, TestAuthority } from './authority.ts'
import { openDatabase } from './databases.ts'
import { all, NEWCOMER, Tenancy } from './recovery.ts'

// A node that has recoveries decided, one after the other, until it is killed. It says what was acknowledged, at once.

const [, , address = '', keysPath = '', signedPath = ''] = process.argv
const authority = new TestAuthority({ epochs: 2, keysText: readFileSync(keysPath, 'utf8') })
const store = await openDatabase(address)
const { keys, trust } = authority
const log = await AuthorityLog.open({ store, keys, trust, signedPath, now: () => START })
const tenancy = new Tenancy(authority)
const client = authority.client('acme', 1)
const deposits = client.deposits(1, 3).map(({ digest }) => digest)

for (let round = 0; ; round++) {
  const code = pairOf(0x5000 + round)
  const request = tenancy.request(client, deposits, START, {
    evidence: [{ kind: 'vetting', key: code.signer }],
    pairs: [NEWCOMER, code],
  })
  const steps = [
    tenancy.vetting(client, code, START),
    request,
    tenancy.approval(request.digest, START, 'bo'),
    tenancy.rejection(request.digest, START),
  ]
  for (const step of steps) {
    await all(log, [step])
    writeSync(1, `${step.facts.kind} ${toHex(step.digest)}\n`)
  }
}
