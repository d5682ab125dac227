/**
 * A service to be loaded: serves what a description says, and says where. For authority-load.ts.
 *
 * Run: node -C source authority-serving.ts DESCRIPTION   it ends when its standard input does
 */
import { readFileSync } from 'node:fs'
import type { Configuration } from '../packages/authority/src/config/index.ts'
import { startService } from '../packages/authority/src/service/index.ts'

const configuration = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Configuration
const service = await startService(configuration)
const start = process.cpuUsage()
console.log(service.url)
for await (const _ of process.stdin) {
  const { user, system } = process.cpuUsage(start)
  console.log(String((user + system) / 1000))
}
await service.stop()
