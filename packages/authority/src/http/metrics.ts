import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { parseNote, parseCheckpoint, signatureTime } from '@strongroom/core/tlog'
import type { ServedAuthority } from './served-authority.ts'

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Numbers for monitoring: requests, appends, and how well the authority keeps its promises. They name nobody. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #requests: Counter<'method' | 'route' | 'status'>
  readonly #seconds: Histogram<'route'>
  readonly #appendSeconds: Histogram
  readonly #appended: Counter
  readonly #queue: Gauge
  readonly #connections: Gauge
  readonly #databaseUp: Gauge
  readonly #promises: readonly { readonly of: keyof Promises; readonly gauge: Gauge }[]
  readonly #read: () => Promise<Promises>

  constructor(authority: ServedAuthority, now: () => number) {
    const registers = [this.#registry]
    this.#requests = new Counter({
      name: 'strongroom_requests_total',
      help: 'Requests that were answered.',
      labelNames: ['method', 'route', 'status'],
      registers,
    })
    this.#seconds = new Histogram({
      name: 'strongroom_request_seconds',
      help: 'From the header of a request to the end of its answer.',
      labelNames: ['route'],
      buckets: SECONDS,
      registers,
    })
    this.#appendSeconds = new Histogram({
      name: 'strongroom_append_seconds',
      help: 'Until statements are durable and signed.',
      buckets: SECONDS,
      registers,
    })
    this.#appended = new Counter({
      name: 'strongroom_appended_total',
      help: 'Statements that the log was given, those that it had included.',
      registers,
    })
    this.#queue = new Gauge({
      name: 'strongroom_append_queue',
      help: 'Statements that wait to be durable and signed.',
      registers,
    })
    this.#connections = new Gauge({
      name: 'strongroom_connections',
      help: 'Connections that are open.',
      registers,
    })
    this.#databaseUp = new Gauge({
      name: 'strongroom_database_up',
      help: '1 if the database answers, else 0; what is read from it stands still meanwhile.',
      registers,
    })
    this.#promises = PROMISES.map(({ name, help, of }) => ({
      of,
      gauge: new Gauge({ name, help, registers }),
    }))
    this.#read = () => readPromises(authority, now())
  }

  /** Counts a request. @param route of the table; never what a stranger sent */
  answered(method: string, route: string, status: number, seconds: number): void {
    this.#requests.inc({ method, route, status: String(status) })
    this.#seconds.observe({ route }, seconds)
  }

  /** Measures an append. */
  async appending<T>(statements: number, append: () => Promise<T>): Promise<T> {
    const end = this.#appendSeconds.startTimer()
    this.#queue.inc(statements)
    try {
      const result = await append()
      this.#appended.inc(statements)
      end()
      return result
    } finally {
      this.#queue.dec(statements)
    }
  }

  connected(change: 1 | -1): void {
    this.#connections.inc(change)
  }

  /** All of them as Prometheus reads them. */
  async text(): Promise<string> {
    const found = await this.#read().catch(() => undefined)
    this.#databaseUp.set(found ? 1 : 0)
    for (const { of, gauge } of this.#promises) if (found) gauge.set(found[of])
    return this.#registry.metrics()
  }

  get contentType(): string {
    return this.#registry.contentType
  }
}

/** What the authority has promised, and whether it holds: read from the database when somebody asks. */
interface Promises {
  readonly size: number
  readonly signed: number
  readonly checkpointAge: number
  readonly unopenedAge: number
  readonly writable: number
}

const PROMISES: readonly { readonly name: string; readonly help: string; readonly of: keyof Promises }[] = [
  { name: 'strongroom_log_size', help: 'Leaves of the log.', of: 'size' },
  {
    name: 'strongroom_statements_without_checkpoint',
    help: 'Statements that are durable and in no published checkpoint. Zero but for moments.',
    of: 'signed',
  },
  {
    name: 'strongroom_checkpoint_age_seconds',
    help: 'Since the last checkpoint was signed.',
    of: 'checkpointAge',
  },
  {
    name: 'strongroom_oldest_deposit_below_level_2_seconds',
    help: 'Since the oldest deposit came that no custodian has opened. Zero if there is none.',
    of: 'unopenedAge',
  },
  { name: 'strongroom_writable', help: '1 if statements are taken, else 0.', of: 'writable' },
]

async function readPromises({ store, log }: ServedAuthority, now: number): Promise<Promises> {
  const { size } = await store.head()
  const kept = await store.checkpoint()
  const unopened = await store.oldestUnopened()
  return {
    size,
    signed: size - (kept?.size ?? 0),
    checkpointAge: kept ? Math.max(0, now / 1000 - timeOf(kept.note)) : 0,
    unopenedAge: unopened === undefined ? 0 : Math.max(0, (now - unopened) / 1000),
    writable: log.state.state === 'writable' ? 1 : 0,
  }
}

/** Of a signature without a time. */
const PLAIN_BYTES = 64

/** When a checkpoint was signed, in seconds since 1970: it stands in the signature of one of the log's keys. */
function timeOf(note: Uint8Array): number {
  const { text, signatures } = parseNote(note)
  const { origin } = parseCheckpoint(text)
  const timed = signatures.filter(({ name, signature }) => name === origin && signature.length > PLAIN_BYTES)
  return Math.max(0, ...timed.map(({ signature }) => signatureTime(signature) ?? 0))
}
