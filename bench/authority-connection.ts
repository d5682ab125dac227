import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const HEAD_END = '\r\n\r\n'
const LENGTH = /\r\ncontent-length: (\d+)\r\n/i

/**
 * A connection that is kept and has one request at a time: all that a generator of load needs of HTTP, so that it takes as little as
 * possible of the processor that it shares with the service.
 */
export class HttpConnection {
  readonly #socket: Socket
  #pieces: Buffer[] = []
  #answered: { resolve: (body: Uint8Array) => void; reject: (error: Error) => void } | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (piece) => this.#take(Buffer.from(piece)))
    socket.on('error', (error) => this.#answered?.reject(error))
    socket.on('close', () => this.#answered?.reject(new Error('the service closed the connection')))
  }

  static async open(port: number): Promise<HttpConnection> {
    const socket = connect(port, '127.0.0.1')
    socket.setNoDelay(true)
    await once(socket, 'connect')
    return new HttpConnection(socket)
  }

  /** The body of the answer to a request, head and body. @throws Error unless it is 200 */
  ask(request: Uint8Array): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    this.#answered = { resolve, reject }
    this.#socket.write(request)
    return promise
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(piece: Buffer): void {
    this.#pieces.push(piece)
    const all = this.#pieces.length === 1 ? piece : Buffer.concat(this.#pieces)
    this.#pieces = [all]
    const end = all.indexOf(HEAD_END)
    if (end < 0) return
    const head = all.toString('latin1', 0, end + 2)
    const length = Number(LENGTH.exec(head)?.[1] ?? Number.NaN)
    const body = all.subarray(end + HEAD_END.length)
    if (body.length < length) return
    this.#pieces = []
    const answered = this.#answered
    this.#answered = undefined
    if (head.startsWith('HTTP/1.1 200 ')) answered?.resolve(new Uint8Array(body))
    else answered?.reject(new Error(`${head}\n${body.toString()}`))
  }
}
