import { connect, type Socket } from 'node:net'
import { parseProblem, type Problem } from '@strongroom/core/protocol'

/** A request, written as it stands here: nothing is added, encoded or put in order. */
export interface RawRequest {
  readonly method: string
  readonly target: string
  readonly fields: readonly (readonly [string, string])[]
  readonly body?: Uint8Array
}

/** An answer as it came. */
export class RawAnswer {
  readonly status: number
  /** The lines of the fields. */
  readonly lines: readonly string[]
  readonly body: Uint8Array

  constructor(status: number, lines: readonly string[], body: Uint8Array) {
    this.status = status
    this.lines = lines
    this.body = body
  }

  field(name: string): string | undefined {
    const line = this.lines.find((it) => it.toLowerCase().startsWith(`${name.toLowerCase()}:`))
    return line?.slice(name.length + 1).trim()
  }

  get text(): string {
    return Buffer.from(this.body).toString()
  }

  get problem(): Problem {
    if (this.field('content-type') !== 'application/problem+json') {
      throw new Error(`no problem: ${this.status} ${this.text.slice(0, 200)}`)
    }
    return parseProblem(this.body, this.status)
  }

  /** All that a client can see and compare: without what is new each time. */
  get comparable(): string {
    const lines = this.lines.filter((line) => !/^(?:date|x-request-id):/i.test(line))
    return [this.status, ...lines, this.text].join('\n')
  }
}

/** The bytes of a request. */
export function encodeRequest({ method, target, fields, body }: RawRequest): Buffer {
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  const head = Buffer.from(`${method} ${target} HTTP/1.1\r\n${lines}\r\n`, 'latin1')
  return Buffer.concat([head, body ?? new Uint8Array(0)])
}

/** Takes the answers on a connection apart; the last may be cut off, and is then left out. */
export function parseAnswers(bytes: Buffer): RawAnswer[] {
  const answers: RawAnswer[] = []
  let rest = bytes
  for (;;) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) return answers
    const [first = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n')
    const length = Number(lines.find((line) => /^content-length:/i.test(line))?.split(':')[1] ?? 0)
    const start = end + 4
    const status = Number(first.split(' ')[1])
    if (status === 100) {
      rest = rest.subarray(start)
      continue
    }
    if (rest.length < start + length) return answers
    answers.push(new RawAnswer(status, lines, new Uint8Array(rest.subarray(start, start + length))))
    rest = rest.subarray(start + length)
  }
}

/** Opens a connection, sends bytes, and gives back all that came until the server closed it. */
export async function exchange(port: number, send: (socket: Socket) => void): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>()
  const pieces: Buffer[] = []
  const socket = connect({ port, host: '127.0.0.1' }, () => send(socket))
  socket.on('data', (piece: Buffer) => {
    pieces.push(piece)
    // Whoever was told that the connection ends has no reason to wait for it.
    if (parseAnswers(Buffer.concat(pieces)).at(-1)?.field('connection') === 'close') socket.end()
  })
  socket.on('error', () => {})
  socket.on('close', () => resolve(Buffer.concat(pieces)))
  return promise
}

/** One request on a connection of its own. */
export async function request(port: number, raw: RawRequest): Promise<RawAnswer> {
  const bytes = await exchange(port, (socket) => socket.write(encodeRequest(raw)))
  const [answer] = parseAnswers(bytes)
  if (!answer) throw new Error(`no answer: ${bytes.toString('latin1').slice(0, 200)}`)
  return answer
}
