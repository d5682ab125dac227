import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { hasOpenssl, TestCa, type Certified } from '../support/certificates.ts'
import { SQLITE } from '../support/databases.ts'
import { parseAnswers } from '../support/raw-request.ts'
import { Scene } from '../support/scene.ts'
import { serve, type Served } from '../support/served.ts'

interface Handshake {
  readonly protocol: string | null
  readonly cipher: string
  readonly status: number | undefined
}

describe('a service with a certificate', { skip: !hasOpenssl() && 'needs openssl' }, () => {
  const scenes: Scene[] = []
  const services: Served[] = []
  let [ca, stranger] = [undefined, undefined] as [TestCa | undefined, TestCa | undefined]
  let client: Certified | undefined

  before(async () => {
    ca = new TestCa('Test CA')
    stranger = new TestCa('Another CA')
    client = ca.issue('client')
    const { certificate, key } = ca.issue('127.0.0.1')
    for (const clientCa of [undefined, ca.certificate]) {
      const scene = new Scene(await SQLITE.create())
      scenes.push(scene)
      const file = (name: string, text: string) => {
        const path = join(scene.database.folder, name)
        writeFileSync(path, text, { mode: 0o600 })
        return path
      }
      const tls = {
        certificate: file('tls.pem', certificate),
        key: file('tls.key', key),
        ...(clientCa !== undefined && { clientCa: file('clients.pem', clientCa) }),
      }
      services.push(await serve(scene, { changes: { tls } }))
    }
  })
  after(async () => {
    for (const { service } of services) await service.stop()
    for (const scene of scenes) await scene.end()
    ca?.remove()
    stranger?.remove()
  })

  /** Asks for the health of a service. @throws what the handshake fails with */
  async function shake(served: Served | undefined, options: ConnectionOptions = {}): Promise<Handshake> {
    assert.ok(served && ca)
    assert.ok(served.service.url.startsWith('https://'))
    const { promise, resolve, reject } = Promise.withResolvers<Handshake>()
    const socket: TLSSocket = connect({
      host: '127.0.0.1',
      port: served.port,
      ca: ca.certificate,
      ...options,
    })
    const pieces: Buffer[] = []
    socket.on('secureConnect', () => {
      socket.write('GET /healthz HTTP/1.1\r\nHost: vault.example.org\r\nConnection: close\r\n\r\n')
    })
    socket.on('data', (piece: Buffer) => pieces.push(piece))
    socket.on('error', reject)
    socket.on('close', () => {
      const [answer] = parseAnswers(Buffer.concat(pieces))
      if (!answer) return reject(new Error('closed without an answer'))
      resolve({ protocol, cipher, status: answer.status })
    })
    let [protocol, cipher] = [null as string | null, '']
    socket.once('secureConnect', () => {
      protocol = socket.getProtocol()
      cipher = socket.getCipher().name
    })
    return promise
  }

  test('is TLS 1.3, and the client may have nothing but the hybrid group', async () => {
    const [served] = services
    const shaken = await shake(served)
    assert.deepEqual([shaken.protocol, shaken.status], ['TLSv1.3', 200])
    assert.equal((await shake(served, { ecdhCurve: 'X25519MLKEM768' })).status, 200)
    assert.equal((await shake(served, { ecdhCurve: 'X25519' })).status, 200)
    // A group that it does not have: so the one above was used, and not another in its place.
    await assert.rejects(shake(served, { ecdhCurve: 'P-521' }))
  })

  test('chooses the hybrid group where the client has it, whatever that puts first', async () => {
    const [served] = services
    assert.equal(await groupOf(served, 'X25519MLKEM768:X25519'), 'X25519MLKEM768')
    assert.equal(await groupOf(served, 'X25519'), 'X25519')
  })

  test('refuses TLS 1.2 and older', async () => {
    for (const version of ['TLSv1', 'TLSv1.1', 'TLSv1.2'] as const) {
      await assert.rejects(shake(services[0], { minVersion: 'TLSv1', maxVersion: version }), version)
    }
  })

  test('outlives whoever speaks something else', async () => {
    const [served] = services
    assert.ok(served)
    await assert.rejects(served.ask('GET', '/healthz'))
    assert.equal((await shake(served)).status, 200)
  })

  test('asks for a client’s certificate where that is wanted', async () => {
    const [, mutual] = services
    assert.ok(client && stranger)
    const own = { cert: client.certificate, key: client.key }
    assert.equal((await shake(mutual, own)).status, 200)
    await assert.rejects(shake(mutual))
    const foreign = stranger.issue('client')
    await assert.rejects(shake(mutual, { cert: foreign.certificate, key: foreign.key }))
    assert.equal((await shake(services[0], own)).status, 200)
  })

  /** The group that was negotiated, as the client's trace says: of hybrid groups the key info has no name. */
  async function groupOf(served: Served | undefined, groups: string): Promise<string> {
    assert.ok(served && ca)
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const options = { host: '127.0.0.1', port: served.port, ca: ca.certificate, ecdhCurve: groups }
    const socket = connect(options, () => {
      const info = socket.getEphemeralKeyInfo() as { readonly name?: string; readonly type?: string }
      resolve(info.name ?? 'X25519MLKEM768')
      socket.destroy()
    })
    socket.on('error', reject)
    return promise
  }
})
