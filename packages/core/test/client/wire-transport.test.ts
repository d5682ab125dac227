import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { before, describe, test } from 'node:test'
import { TLSSocket } from 'node:tls'
import { concat, utf8Decode, utf8Encode } from '@strongroom/core/bytes'
import {
  ClientError,
  httpsTransport,
  type ClientErrorCode,
  type TransportRequest,
} from '@strongroom/core/client'
import { ProtocolError } from '@strongroom/core/protocol'
import { throwsCode } from '../support/throws-code.ts'
import { certify, serve, serveRaw, serveTls, type Certified, type TestServer } from './wire-servers.ts'

const GET: TransportRequest = { method: 'GET', path: '/v1/authority', headers: {}, maxBytes: 1000 }
const POST: TransportRequest = { ...GET, method: 'POST', body: utf8Encode('a body') }

/** Asks once, over a transport that is closed afterwards. */
async function ask(
  server: Pick<TestServer, 'port'>,
  request: Partial<TransportRequest> = {},
  { timeoutMs = 20_000, ca }: { timeoutMs?: number; ca?: string } = {},
) {
  const url = ca === undefined ? `http://127.0.0.1:${server.port}` : `https://localhost:${server.port}`
  const transport = httpsTransport({ url, timeoutMs, ...(ca && { ca }) })
  try {
    return await transport.request({ ...GET, ...request })
  } finally {
    transport.close()
  }
}

async function refused(answer: Promise<unknown>, code: ClientErrorCode): Promise<ClientError> {
  const error: unknown = await answer.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof ClientError, `expected a ClientError, got ${String(error)}`)
  assert.equal(error.code, code, `${error.message}: ${String(error.cause)}`)
  return error
}

const plain = (text: string) => (_: IncomingMessage, answer: ServerResponse) => {
  answer.setHeader('Content-Length', Buffer.byteLength(text))
  answer.setHeader('Content-Type', 'text/plain')
  answer.end(text)
}

describe('over TLS', () => {
  let ca: Certified
  let host: Certified
  before(() => {
    ca = certify('Test CA')
    host = certify('localhost', ca)
  })

  test('an authority of a known CA is asked by TLS 1.3, again and again by one connection', async () => {
    await using server = await serveTls(host, (request, answer) => {
      const { socket } = request
      plain((socket instanceof TLSSocket && socket.getProtocol()) || 'none')(request, answer)
    })
    const transport = httpsTransport({ url: `https://localhost:${server.port}`, ca: ca.cert })
    for (let i = 0; i < 3; i++) {
      const { status, headers, body } = await transport.request(GET)
      assert.deepEqual([status, headers['content-type'], utf8Decode(body)], [200, 'text/plain', 'TLSv1.3'])
    }
    transport.close()
    assert.equal(server.connections(), 1)
  })
  test('an unknown CA is refused, and nothing was asked', async () => {
    let asked = 0
    await using server = await serveTls(host, (request, answer) => {
      asked++
      plain('')(request, answer)
    })
    await refused(ask(server, POST, { ca: certify('Another CA').cert }), 'CLIENT_TLS')
    assert.equal(asked, 0)
  })
  test('a certificate of the platform’s CAs is not enough where another is told', async () => {
    await using server = await serveTls(certify('localhost'), plain(''))
    await refused(ask(server, {}, { ca: ca.cert }), 'CLIENT_TLS')
  })
  test('another host’s certificate, one that is over and one that is not yet valid are refused', async () => {
    const others = [
      certify('elsewhere.example', ca),
      certify('localhost', ca, [-2, -1]),
      certify('localhost', ca, [1, 2]),
    ]
    for (const certified of others) {
      await using server = await serveTls(certified, plain(''))
      await refused(ask(server, {}, { ca: ca.cert }), 'CLIENT_TLS')
    }
  })
  test('TLS 1.2 is refused', async () => {
    await using server = await serveTls(host, plain(''), { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })
    await refused(ask(server, {}, { ca: ca.cert }), 'CLIENT_TLS')
  })
  test('a server that speaks no TLS is refused', async () => {
    await using server = await serve(plain(''))
    await refused(ask(server, {}, { ca: ca.cert }), 'CLIENT_TLS')
  })
  test('a connection that is cut within the handshake is one that is not there', async () => {
    await using server = await serveRaw(() => undefined)
    await refused(ask(server, {}, { ca: ca.cert, timeoutMs: 50 }), 'CLIENT_UNREACHABLE')
  })
})

describe('a request', () => {
  test('is sent as it is: path, fields and body', async () => {
    const seen: [string | undefined, string | undefined, string | undefined, string][] = []
    await using server = await serve((request, answer) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        const { method, url, headers } = request
        seen.push([method, url, headers['x-some']?.toString(), Buffer.concat(parts).toString()])
        plain('')(request, answer)
      })
    })
    const path = "/v1/deposits?description=year%27s&a='b'&c=../d"
    await ask(server, { ...POST, path, headers: { 'x-some': 'field' } })
    await ask(server, { path })
    assert.deepEqual(seen, [
      ['POST', path, 'field', 'a body'],
      ['GET', path, undefined, ''],
    ])
  })
  test('goes to no other address than an authority has', () => {
    for (const url of [
      'http://vault.example.org',
      'ftp://localhost',
      'https://localhost/path',
      'localhost',
    ]) {
      throwsCode(ProtocolError, 'PROTOCOL_FORMAT', () => httpsTransport({ url }))
    }
  })
  test('to nobody is refused', async () => {
    const server = await serve(plain(''))
    await server[Symbol.asyncDispose]()
    const error = await refused(ask(server), 'CLIENT_UNREACHABLE')
    assert.match(error.message, /nobody answered/)
  })
  test('that is called off ends', async () => {
    const caller = new AbortController()
    await using server = await serve(() => caller.abort())
    await refused(ask(server, { signal: caller.signal }), 'CLIENT_UNREACHABLE')
  })
})

describe('an answer that is too long is refused', () => {
  test('as soon as it says so', async () => {
    await using server = await serve((_, answer) => {
      answer.writeHead(200, { 'Content-Length': 1001 })
      answer.flushHeaders()
    })
    await refused(ask(server), 'CLIENT_ANSWER')
  })
  test('as soon as it is, if it never ends', async () => {
    let closed: Promise<unknown> | undefined
    await using server = await serve((_, answer) => {
      closed = once(answer, 'close')
      const more = () => {
        while (!answer.destroyed && answer.write(Buffer.alloc(4096))) continue
      }
      answer.on('drain', more)
      more()
    })
    await refused(ask(server), 'CLIENT_ANSWER')
    await closed
  })
  test('but not if it just fits', async () => {
    await using server = await serve(plain('a'.repeat(1000)))
    assert.equal((await ask(server)).body.length, 1000)
  })
  test('also in its head', async () => {
    await using server = await serve((_, answer) => {
      answer.setHeader('x-long', 'a'.repeat(20_000))
      answer.end()
    })
    await refused(ask(server), 'CLIENT_ANSWER')
  })
})

describe('an answer that does not end in time is refused', () => {
  test('if it never begins', async () => {
    await using server = await serve(() => undefined)
    const error = await refused(ask(server, {}, { timeoutMs: 50 }), 'CLIENT_UNREACHABLE')
    assert.match(error.message, /in time/)
  })
  test('if it stops within', async () => {
    await using server = await serve((_, answer) => {
      answer.writeHead(200, { 'Content-Length': 10 })
      answer.write('12345')
    })
    const error = await refused(ask(server, {}, { timeoutMs: 50 }), 'CLIENT_UNREACHABLE')
    assert.match(error.message, /in time/)
  })
})

describe('an answer is refused', () => {
  for (const status of [300, 301, 302, 303, 304, 307, 308]) {
    test(`that redirects with ${status}, and nobody else is asked`, async () => {
      await using elsewhere = await serve(plain('elsewhere'))
      await using server = await serve((_, answer) => {
        answer.writeHead(status, { Location: `http://127.0.0.1:${elsewhere.port}/`, 'Content-Length': 0 })
        answer.end()
      })
      await refused(ask(server, POST), 'CLIENT_ANSWER')
      assert.equal(elsewhere.connections(), 0)
    })
  }
  const RAW: Readonly<Record<string, string>> = {
    'that is encoded': 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Encoding: gzip\r\n\r\n1',
    'that does not say where it ends': 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n1',
    'that is of another protocol':
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n',
    'that is no HTTP': 'SSH-2.0-OpenSSH_9.9\r\n\r\n',
    'with two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12',
    'with a length and chunks':
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'with a length that is none': 'HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n1',
  }
  for (const [what, text] of Object.entries(RAW)) {
    test(what, async () => {
      await using server = await serveRaw((socket) => socket.end(text))
      await refused(ask(server), 'CLIENT_ANSWER')
    })
  }
})

describe('an answer that is cut off is refused, wherever', () => {
  const body = JSON.stringify({ deposits: [], next: null })
  const half = body.slice(0, 12)
  const chunked = [half, body.slice(12)].map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')
  const ANSWERS: Readonly<Record<string, string>> = {
    'with a length': `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    'in chunks': `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked}0\r\n\r\n`,
  }
  for (const [what, text] of Object.entries(ANSWERS)) {
    for (const how of ['end', 'reset'] as const) {
      test(`${what}, by ${how === 'end' ? 'an end' : 'a reset'} of the connection`, async () => {
        let sent = 0
        await using server = await serveRaw((socket) => {
          if (how === 'end') socket.end(text.slice(0, sent), 'latin1')
          else socket.write(text.slice(0, sent), 'latin1', () => socket.resetAndDestroy())
        })
        for (; sent < text.length; sent += process.env['SLOW'] ? 1 : 3) {
          await refused(ask(server), 'CLIENT_UNREACHABLE')
        }
        sent = text.length
        if (how === 'end') assert.equal(utf8Decode((await ask(server)).body), body)
      })
    }
  }
})

describe('a kept connection that the server has closed meanwhile', () => {
  /** Answers the first request of each connection, and closes it when the second comes. */
  const impatient = () => {
    const seen = new WeakSet<object>()
    return serveRaw((socket) => {
      if (seen.has(socket)) socket.resetAndDestroy()
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      seen.add(socket)
    })
  }
  test('does not matter to who reads', async () => {
    await using server = await impatient()
    const transport = httpsTransport({ url: `http://127.0.0.1:${server.port}` })
    for (let i = 0; i < 3; i++) assert.equal(utf8Decode((await transport.request(GET)).body), 'ok')
    transport.close()
    assert.equal(server.connections(), 3)
  })
  test('is told to who writes: the server may have acted', async () => {
    await using server = await impatient()
    const transport = httpsTransport({ url: `http://127.0.0.1:${server.port}` })
    await transport.request(POST)
    await refused(transport.request(POST), 'CLIENT_UNREACHABLE')
    transport.close()
    assert.equal(server.connections(), 1)
  })
})

test('several fields of one name are one text', async () => {
  const text = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n'
  await using server = await serveRaw((socket) => socket.end(text))
  const { headers, body } = await ask(server)
  assert.equal(headers['set-cookie'], 'a, b')
  assert.deepEqual(body, concat())
})
