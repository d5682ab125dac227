import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { createContainer, parseContainer, publicCard } from '@strongroom/core/container'
import { loadConfiguration } from '../../src/config/index.ts'
import {
  fsckAuthority,
  initAuthority,
  listEpochs,
  listTenants,
  addRsaKey,
  custodianCard as cardOf,
  readCustodianCard,
} from '../../src/setup/index.ts'
import { makeCertificate } from '../../src/setup/self-made-certificate.ts'
import { openAuthority } from '../../src/service/index.ts'
import { made, NOW, PASSPHRASE, testFolder, wanted } from './made-authority.ts'

const modeOf = (path: string) => statSync(path).mode & 0o777

suite('a new authority', () => {
  test('has its files, private ones for its user alone, and keys of others elsewhere', async (t) => {
    const { configuration, parent } = await made(t)
    const { folder } = configuration
    assert.deepEqual(readdirSync(folder).sort(), [
      'authority.json',
      'authority.sqlite',
      'last-checkpoint',
      'log-keys',
      'policy.txt',
    ])
    assert.equal(modeOf(folder), 0o700)
    for (const name of ['authority.json', 'authority.sqlite', 'log-keys', 'last-checkpoint']) {
      assert.equal(modeOf(join(folder, name)), 0o600, name)
    }
    assert.deepEqual(readdirSync(parent).sort(), ['custodian.container', 'identity.container', 'vault'])
    for (const name of ['identity', 'custodian']) {
      assert.equal(modeOf(join(parent, `${name}.container`)), 0o600)
    }
  })

  test('has one epoch, of its identity key and its custodian, and one tenant', async (t) => {
    const { configuration, identity, custodianCard, parent } = await made(t)
    const key = parseContainer(new Uint8Array(readFileSync(join(parent, 'identity.container'))))
    assert.equal(key.unlock(PASSPHRASE).signingKey().signer.fingerprint, identity)
    assert.equal(configuration.identity, identity)
    const [epoch, ...others] = await listEpochs(configuration, NOW)
    assert.equal(others.length, 0)
    assert.ok(epoch?.inUse)
    assert.equal(epoch.exchange, readCustodianCard(custodianCard ?? '').exchange)
    const tenants = await listTenants(configuration, NOW)
    assert.deepEqual(
      tenants.map(({ tenant }) => tenant),
      ['default'],
    )
    assert.deepEqual(await Array.fromAsync(fsckAuthority(configuration)), [])
  })

  test('of a custodian whose keys were made elsewhere', async (t) => {
    const container = createContainer({ name: 'custodian', now: new Date(NOW) })
    const custodian = readCustodianCard(publicCard(container))
    const { configuration, custodianCard, parent } = await made(t, { custodian })
    assert.equal(custodianCard, undefined)
    assert.ok(!existsSync(join(parent, 'custodian.container')))
    assert.equal((await listEpochs(configuration, NOW))[0]?.exchange, custodian.exchange)
  })

  test('of a custodian with an RSA key', async (t) => {
    const {
      configuration,
      custodianCard: card,
      parent,
    } = await made(t, {
      custodian: { path: join(testFolder(t), 'custodian.container'), passphrase: PASSPHRASE, rsa: true },
    })
    assert.ok(!existsSync(join(parent, 'custodian.container')))
    const { rsa } = readCustodianCard(card ?? '')
    assert.ok(rsa)
    const authority = await openAuthority(configuration)
    t.after(() => authority.close())
    assert.deepEqual((await authority.epochs()).latest.payload.rsa, rsa)
  })

  test('its settings are those of the file', async (t) => {
    const { configuration } = await made(t)
    assert.deepEqual(loadConfiguration(configuration.folder), configuration)
  })
})

suite('what cannot be made', () => {
  test('nothing is replaced, and nothing is left', async (t) => {
    const folder = testFolder(t)
    mkdirSync(join(folder, 'vault'))
    writeFileSync(join(folder, 'vault/note'), 'mine')
    await assert.rejects(initAuthority(wanted(folder)), { code: 'SETUP_EXISTS' })
    assert.deepEqual(readdirSync(folder), ['vault'])
  })

  test('a key that is there already stays', async (t) => {
    const folder = testFolder(t)
    writeFileSync(join(folder, 'custodian.container'), 'precious')
    await assert.rejects(initAuthority(wanted(folder)), { code: 'SETUP_EXISTS' })
    assert.deepEqual(readdirSync(folder), ['custodian.container'])
    assert.equal(readFileSync(join(folder, 'custodian.container'), 'utf8'), 'precious')
  })

  const FAILING: Readonly<Record<string, readonly [Parameters<typeof wanted>[1], object]>> = {
    'settings that are refused': [
      { settings: { name: '', url: 'http://localhost:8080', tls: null } },
      { code: 'CONFIG_FORMAT' },
    ],
    'a tenant that cannot be called so': [{ tenant: 'Not This' }, { code: 'SETUP_NAME' }],
    'a policy that is no terms document': [
      { policy: new TextEncoder().encode('Be nice.') },
      { code: 'SETUP_TERMS' },
    ],
    'a database that is not there': [
      {
        settings: {
          name: 'x',
          url: 'http://localhost:8080',
          tls: null,
          database: { engine: 'postgres', url: 'postgres://node@127.0.0.1:1/vault' },
        },
      },
      { code: 'STORE_UNAVAILABLE' },
    ],
  }
  for (const [what, [changes, error]] of Object.entries(FAILING)) {
    test(`${what}: nothing is left, keys neither`, async (t) => {
      const folder = testFolder(t)
      await assert.rejects(initAuthority(wanted(folder, changes)), error)
      assert.deepEqual(readdirSync(folder), [])
    })
  }

  test('a card with an RSA key that is none, too short, or twice', () => {
    const container = createContainer({ name: 'x', now: new Date(NOW) })
    addRsaKey(container, NOW)
    const card = cardOf(container)
    const line = card.split('\n').find((one) => one.startsWith('rsa ')) ?? ''
    const short = generateKeyPairSync('rsa', { modulusLength: 512 }).publicKey
    const shortLine = `rsa ${short.export({ format: 'der', type: 'spki' }).toString('base64').replace(/=+$/, '')}`
    assert.ok(readCustodianCard(card).rsa)
    for (const wrong of ['rsa AAAA', shortLine, `${line}\n${line}`]) {
      assert.throws(() => readCustodianCard(card.replace(line, wrong)), { code: 'SETUP_CUSTODIAN' }, wrong)
    }
  })

  test('a card without the keys of a custodian', () => {
    const classic = createContainer({ name: 'x', profile: 'classic', now: new Date(NOW) })
    assert.throws(() => readCustodianCard(publicCard(classic)), { code: 'SETUP_CUSTODIAN' })
    const two = publicCard(createContainer({ name: 'x', now: new Date(NOW) }))
    assert.throws(
      () => readCustodianCard(two + publicCard(createContainer({ name: 'y', now: new Date(NOW) }))),
      {
        code: 'SETUP_CUSTODIAN',
      },
    )
  })
})

suite('a certificate that is made', () => {
  test('is of the host, for servers alone, and two years long', async () => {
    const { certificate, key } = await makeCertificate('https://vault.example.org:8443', NOW)
    const parsed = new X509Certificate(certificate)
    assert.equal(parsed.subjectAltName, 'DNS:vault.example.org')
    assert.equal(parsed.ca, false)
    assert.deepEqual(parsed.keyUsage, ['1.3.6.1.5.5.7.3.1'])
    assert.ok(parsed.verify(parsed.publicKey))
    assert.equal(parsed.validTo, 'Nov 21 12:00:00 2028 GMT')
    assert.match(key, /^-----BEGIN PRIVATE KEY-----\n/)
  })

  const HOSTS = {
    'https://192.0.2.7': 'IP Address:192.0.2.7',
    'https://[2001:db8::7]': 'IP Address:2001:DB8:0:0:0:0:0:7',
  }
  for (const [url, expected] of Object.entries(HOSTS)) {
    test(`of ${url}`, async () => {
      assert.equal(
        new X509Certificate((await makeCertificate(url, NOW)).certificate).subjectAltName,
        expected,
      )
    })
  }

  test('after 2049 it has four digits of the year', async () => {
    const { certificate } = await makeCertificate('https://a.example', Date.UTC(2049, 5, 1))
    assert.equal(new X509Certificate(certificate).validTo, 'Jun  1 00:00:00 2051 GMT')
  })

  test('is accepted by a client that was given it, and by no other', async () => {
    const { certificate, key } = await makeCertificate('https://localhost', Date.now())
    const server = createServer({ cert: certificate, key, minVersion: 'TLSv1.3' }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const options = { port, host: '127.0.0.1', servername: 'localhost' }
    const trusting = connect({ ...options, ca: certificate })
    await once(trusting, 'secureConnect')
    assert.equal(trusting.authorized, true)
    trusting.destroy()
    const [error] = (await once(connect(options), 'error')) as [NodeJS.ErrnoException]
    assert.equal(error.code, 'DEPTH_ZERO_SELF_SIGNED_CERT')
    server.close()
  })
})
