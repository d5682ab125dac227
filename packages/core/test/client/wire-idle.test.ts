import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import { httpsTransport } from '@strongroom/core/client'

/** Answers each request on a thread of its own, and closes the connection a moment later without a word before. */
const SERVER = `
const { parentPort } = require('node:worker_threads')
const server = require('node:net').createServer((socket) => {
  socket.on('error', () => {})
  socket.on('data', () => {
    socket.write('HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\nContent-Type: text/plain\\r\\n\\r\\nok')
    setTimeout(() => { socket.end(); parentPort.postMessage('closed') }, 20)
  })
})
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
`

test('a connection that was closed while the program computed is not used for what is sent next', async () => {
  const server = new Worker(SERVER, { eval: true })
  const [port] = (await once(server, 'message')) as [number]
  const transport = httpsTransport({ url: `http://127.0.0.1:${port}` })
  const request = { method: 'POST', path: '/', headers: {}, maxBytes: 100, body: utf8Encode('x') } as const
  try {
    for (let i = 0; i < 3; i++) {
      const { body } = await transport.request(request)
      assert.equal(utf8Decode(body), 'ok')
      // Nobody looks at sockets meanwhile, as in a release of ten thousand deposits.
      const end = performance.now() + 150
      while (performance.now() < end);
    }
  } finally {
    transport.close()
    await server.terminate()
  }
})
