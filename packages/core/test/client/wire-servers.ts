import { generateKeyPairSync } from 'node:crypto'
import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createNetServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { SecureVersion } from 'node:tls'
import forge from 'node-forge'

/** A certificate and its private key, in PEM. */
export interface Certified {
  readonly cert: string
  readonly key: string
}

const DAY_MS = 86_400_000
const CLOCK = Date.now()

/** A certificate for a name or address. @param issuer who signs it; itself if there is none */
export function certify(
  name: string,
  issuer?: Certified,
  days: readonly [number, number] = [-1, 1],
): Certified {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const key = privateKey.export({ format: 'pem', type: 'pkcs8' })
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey.export({ format: 'pem', type: 'spki' }))
  certificate.serialNumber = `0${Math.floor(Math.random() * 1e9)}`
  certificate.validity.notBefore = new Date(CLOCK + days[0] * DAY_MS)
  certificate.validity.notAfter = new Date(CLOCK + days[1] * DAY_MS)
  const subject = [{ name: 'commonName', value: name }]
  certificate.setSubject(subject)
  const signer = issuer ?? { cert: '', key }
  certificate.setIssuer(issuer ? forge.pki.certificateFromPem(issuer.cert).subject.attributes : subject)
  const names = [{ type: 2, value: name }]
  certificate.setExtensions([
    { name: 'basicConstraints', cA: issuer === undefined, critical: true },
    { name: 'subjectAltName', altNames: names },
  ])
  certificate.sign(forge.pki.privateKeyFromPem(signer.key), forge.md.sha256.create())
  return { cert: forge.pki.certificateToPem(certificate), key }
}

/** A server of one test. */
export interface TestServer extends AsyncDisposable {
  readonly port: number
  /** How many connections were made to it. */
  readonly connections: () => number
}

async function listening(server: Server): Promise<TestServer> {
  const sockets = new Set<Socket>()
  let connections = 0
  server.on('connection', (socket: Socket) => {
    connections++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    port,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

/** A server of HTTP. */
export function serve(handle: RequestListener): Promise<TestServer> {
  const server: HttpServer = createHttpServer(handle)
  return listening(server)
}

/** A server of HTTPS. */
export function serveTls(
  { cert, key }: Certified,
  handle: RequestListener,
  versions: { readonly minVersion?: SecureVersion; readonly maxVersion?: SecureVersion } = {},
): Promise<TestServer> {
  const server = createHttpsServer({ cert, key, ...versions }, handle)
  server.on('tlsClientError', () => undefined)
  return listening(server)
}

/** A server that reads the head of a request and then does with the connection what it likes. */
export function serveRaw(answer: (socket: Socket, request: string) => void): Promise<TestServer> {
  const server = createNetServer({ allowHalfOpen: true }, (socket) => {
    let head = ''
    socket.on('data', (bytes) => {
      head += bytes.toString('latin1')
      if (!head.includes('\r\n\r\n')) return
      const request = head
      head = ''
      answer(socket, request)
    })
  })
  return listening(server)
}
