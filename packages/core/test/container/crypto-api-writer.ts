/** A program of its own that makes CryptoAPI key containers, and prints the name of each once the store has it. */
import { writeSync } from 'node:fs'
import { ContainerStore } from '../../src/container/index.ts'
import { CryptoApiStore } from '../../src/container/crypto-api.ts'

const [folder = '', prefix = '', count = '0'] = process.argv.slice(2)
const store = new CryptoApiStore(folder, new ContainerStore(folder).load('owner').unlock())
for (let i = 0; i < Number(count); i++) {
  const blob = new Uint8Array(596).fill(i)
  store.update('user', `${prefix}${i}`, () => ({ exchange: { blob, exportable: false } }))
  writeSync(1, `${prefix}${i}\n`)
}
