import { EventEmitter, once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { SMTPServer } from 'smtp-server'

/** A mail server of somebody else's that keeps what it gets. */
export interface TestMailServer {
  /** As they came, lines that were folded for the way unfolded. */
  readonly mails: readonly string[]
  readonly url: string
  /** The next mail that comes. */
  next(): Promise<string>
}

/** Runs a mail server for as long as a test does. @param refuse whether it takes nothing now */
export async function mailServer(
  t: Pick<TestContext, 'after'>,
  refuse = () => false,
): Promise<TestMailServer> {
  const mails: string[] = []
  const arrivals = new EventEmitter()
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, _, done) {
      let text = ''
      stream.on('data', (piece: Buffer) => (text += piece.toString()))
      stream.on('end', () => {
        if (refuse()) return done(new Error('not now'))
        mails.push(text.replaceAll('=\r\n', ''))
        done()
        arrivals.emit('mail', mails.at(-1))
      })
    },
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise<void>((resolve) => server.close(() => resolve())))
  const { port } = server.server.address() as AddressInfo
  const next = async () => String((await once(arrivals, 'mail'))[0])
  return { mails, url: `smtp://127.0.0.1:${port}`, next }
}
