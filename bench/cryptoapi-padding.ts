/**
 * Does the time that RSA decryption takes tell whether the padding was right, or what was wrong with it?
 *
 * Run: node bench/cryptoapi-padding.ts [--quick] [--rounds N]
 *
 * Every round opens one ciphertext of each kind, in an order that changes from round to round. Two rows of good ones
 * show what chance does. |t| beyond 4.5 in any other row would be worth a look, and is worth nothing by itself: a
 * service that answers strangers needs `unwrapOrSubstitute` anyway, since it must not answer differently either.
 */
import { parsePrivateKeyBlob } from '../packages/core/src/cryptoapi/blob/private-key-blob.ts'
import keys from '../packages/core/test/cryptoapi/vectors/keys.json' with { type: 'json' }
import { OPENINGS, timeOpenings, VALID } from '../packages/core/test/cryptoapi/rsa/padding-timing.ts'
import { compareTimes, type Comparison } from '../packages/core/test/cryptoapi/rsa/timing-statistics.ts'
import { publish, row } from './report.ts'
import { withWorkbench } from './workbench.ts'

const ROUNDS = { quick: 300, full: 4000 }
const KEYS = ['kx1024', 'kx2048'] as const

/** One way of opening under one key: how every kind of ciphertext stands to good ones, in microseconds. */
interface Table {
  readonly title: string
  readonly rounds: number
  readonly rows: readonly ({ readonly name: string } & Comparison)[]
}

await withWorkbench((bench) => {
  const rounds = Math.min(bench.quick ? ROUNDS.quick : ROUNDS.full, bench.rounds)
  const tables = KEYS.flatMap((name) => measure(name, rounds))
  publish('cryptoapi-padding', { tables }, () => {
    for (const table of tables) print(table)
  })
})

function measure(name: (typeof KEYS)[number], rounds: number): Table[] {
  const { bits, privateKeyBlob } = keys.keys[name]
  const { key } = parsePrivateKeyBlob(Uint8Array.fromHex(privateKeyBlob), () => true)
  return OPENINGS.map((opening) => {
    const times = timeOpenings(opening, key, rounds)
    const base = times.get(VALID) ?? []
    const rows = [...times].map(([kind, samples]) => ({ name: kind, ...compareTimes(base, samples) }))
    return { title: `${opening.name}, ${bits} bits`, rounds, rows }
  })
}

function print({ title, rounds, rows }: Table): void {
  const heads = ['', 'median', 'above valid', "Welch's t"]
  console.log(`\n### ${title} (${rounds} rounds)\n\n${row(heads)}\n${row(heads.map(() => '---'))}`)
  for (const { name, median, medianDifference, t } of rows) {
    console.log(row([name, micro(median + medianDifference), micro(medianDifference), t.toFixed(1)]))
  }
}

function micro(microseconds: number): string {
  return `${microseconds.toFixed(2)} µs`
}
