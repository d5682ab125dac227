import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { ConfigError, loadConfiguration, SETTING_ROWS } from '../../src/config/index.ts'

const FOLDER = mkdtempSync(join(tmpdir(), 'strongroom-config-'))
after(() => rmSync(FOLDER, { recursive: true, force: true }))

const IDENTITY = `SHA256:${'A'.repeat(43)}`
const LEAST = { name: 'Example', url: 'https://vault.example.org', identity: IDENTITY }

function load(file: unknown, environment: Readonly<Record<string, string>> = {}) {
  writeFileSync(join(FOLDER, 'authority.json'), typeof file === 'string' ? file : JSON.stringify(file))
  return loadConfiguration(FOLDER, environment)
}

/** The error of settings that are refused. */
function refusal(file: unknown, environment: Readonly<Record<string, string>> = {}): ConfigError {
  try {
    load(file, environment)
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new Error('it was accepted')
}

suite('settings that are left out', () => {
  test('have defaults, and paths are from the folder', () => {
    const configuration = load(LEAST)
    assert.equal(configuration.folder, FOLDER)
    assert.deepEqual(configuration.database, { engine: 'sqlite', path: join(FOLDER, 'authority.sqlite') })
    assert.deepEqual(configuration.log, {
      keys: join(FOLDER, 'log-keys'),
      signed: join(FOLDER, 'last-checkpoint'),
    })
    assert.deepEqual(configuration.listen, { host: '127.0.0.1', port: 8443 })
    assert.deepEqual(configuration.metrics, { listen: { host: '127.0.0.1', port: 9464 } })
    assert.equal(configuration.tls, null)
    assert.equal(configuration.limits.depositsPerRequest, 1000)
    assert.deepEqual(configuration.quotas, {
      client: {},
      tenant: {},
      requests: { owner: 8, key: 8 },
      probes: { deposits: 1_000 },
    })
  })

  test('the file may be named itself', () => {
    load(LEAST)
    assert.equal(loadConfiguration(join(FOLDER, 'authority.json')).folder, FOLDER)
  })

  test('no metrics at all', () => {
    assert.deepEqual(load({ ...LEAST, metrics: { listen: null } }).metrics, {})
  })

  test('paths of a certificate', () => {
    const tls = { certificate: 'tls.crt', key: '/etc/tls.key' }
    assert.deepEqual(load({ ...LEAST, tls, listen: { host: '0.0.0.0', port: 443 } }).tls, {
      certificate: join(FOLDER, 'tls.crt'),
      key: '/etc/tls.key',
    })
  })
})

suite('what is refused', () => {
  const CASES: readonly (readonly [
    what: string,
    file: unknown,
    path: string | undefined,
    message: RegExp,
  ])[] = [
    [
      'a misspelt setting',
      { ...LEAST, limits: { conections: 5 } },
      'limits.conections',
      /no setting limits\.conec/,
    ],
    [
      'a setting of the other engine',
      { ...LEAST, database: { engine: 'sqlite', url: 'x' } },
      'database.url',
      /no sett/,
    ],
    ['another engine', { ...LEAST, database: { engine: 'mysql' } }, 'database.engine', /sqlite or postgres/],
    [
      'PostgreSQL without an address',
      { ...LEAST, database: { engine: 'postgres' } },
      'database.url',
      /the address/,
    ],
    [
      'a number that is a text',
      { ...LEAST, limits: { connections: '5' } },
      'limits.connections',
      /a whole number/,
    ],
    [
      'a number that is too small',
      { ...LEAST, limits: { connections: 0 } },
      'limits.connections',
      /at least 1/,
    ],
    ['a number that is too large', { ...LEAST, proxy: { hops: 4 } }, 'proxy.hops', /at most 3/],
    ['a fraction', { ...LEAST, limits: { bodySeconds: 1.5 } }, 'limits.bodySeconds', /a whole number/],
    [
      'an address with a path',
      { ...LEAST, url: 'https://vault.example.org/x' },
      'url',
      /https:\/\/ and a host/,
    ],
    [
      'http for another machine',
      { ...LEAST, url: 'http://vault.example.org' },
      'url',
      /https:\/\/ and a host/,
    ],
    ['no fingerprint', { ...LEAST, identity: 'SHA256:x' }, 'identity', /expected SHA256: and 43/],
    ['a missing setting', { url: LEAST.url, identity: IDENTITY }, 'name', /a text/],
    ['a name that is too long', { ...LEAST, name: 'ä'.repeat(65) }, 'name', /at most 128 bytes/],
    [
      'all interfaces without TLS',
      { ...LEAST, listen: { host: '0.0.0.0' } },
      'tls',
      /expected a certificate/,
    ],
    ['half a certificate', { ...LEAST, tls: { certificate: 'x' } }, 'tls.key', /a text/],
    ['another level', { ...LEAST, logLevel: 'loud' }, 'logLevel', /one of fatal, error/],
    ['a list', [], undefined, /an object of settings/],
    ['no JSON', '{', undefined, /not JSON/],
  ]
  for (const [what, file, path, message] of CASES) {
    test(what, () => {
      const error = refusal(file)
      assert.equal(error.code, 'CONFIG_FORMAT')
      assert.equal(error.path, path)
      assert.match(error.message, message)
    })
  }

  test('a misspelt setting is told what it may have meant', () => {
    assert.equal(refusal({ ...LEAST, limits: { conections: 5 } }).hint, 'did you mean limits.connections?')
    assert.equal(refusal({ ...LEAST, databse: {} }).hint, 'did you mean database?')
    assert.match(refusal({ ...LEAST, colour: 1 }).hint ?? '', /lists all settings/)
  })

  test('a folder without the file', () => {
    assert.throws(() => loadConfiguration(join(FOLDER, 'nowhere')), { code: 'CONFIG_NOT_FOUND' })
  })

  test('no message has a value of a database in it', () => {
    const url = 'mysql://user:s3cret@host/db'
    const error = refusal({ ...LEAST, database: { engine: 'postgres', url } })
    assert.doesNotMatch(`${error.message} ${error.hint}`, /s3cret/)
  })

  test('behind a proxy plain HTTP may leave the machine', () => {
    assert.equal(load({ ...LEAST, listen: { host: '0.0.0.0' }, proxy: { hops: 1 } }).tls, null)
  })
})

suite('variables', () => {
  test('replace what stands in the file', () => {
    const configuration = load(
      { ...LEAST, limits: { connections: 5 } },
      {
        STRONGROOM_AUTHORITY_LIMITS_CONNECTIONS: '7',
        STRONGROOM_AUTHORITY_LIMITS_REQUESTS_PER_MINUTE_CLIENT: '8',
        STRONGROOM_AUTHORITY_METRICS_LISTEN: 'null',
        STRONGROOM_AUTHORITY_LOG_LEVEL: 'warn',
        STRONGROOM_HOME: '/elsewhere',
      },
    )
    assert.equal(configuration.limits.connections, 7)
    assert.equal(configuration.limits.requestsPerMinute.client, 8)
    assert.deepEqual(configuration.metrics, {})
    assert.equal(configuration.logLevel, 'warn')
  })

  test('another engine leaves the settings of the file’s behind', () => {
    const environment = {
      STRONGROOM_AUTHORITY_DATABASE_ENGINE: 'postgres',
      STRONGROOM_AUTHORITY_DATABASE_URL: 'postgres://node@localhost/vault',
    }
    assert.deepEqual(load({ ...LEAST, database: { engine: 'sqlite', path: 'x' } }, environment).database, {
      engine: 'postgres',
      url: 'postgres://node@localhost/vault',
    })
  })

  test('of no setting are refused, with the one that may be meant', () => {
    const error = refusal(LEAST, { STRONGROOM_AUTHORITY_DATABASE_URI: 'x' })
    assert.match(error.message, /STRONGROOM_AUTHORITY_DATABASE_URI$/)
    assert.equal(error.hint, 'did you mean STRONGROOM_AUTHORITY_DATABASE_URL?')
  })

  test('a value that is none of the setting is refused', () => {
    const error = refusal(LEAST, { STRONGROOM_AUTHORITY_LIMITS_CONNECTIONS: 'many' })
    assert.equal(error.path, 'limits.connections')
  })

  test('every setting has one of its own, and says what it means', () => {
    assert.ok(SETTING_ROWS.length > 25)
    assert.equal(new Set(SETTING_ROWS.map(({ variable }) => variable)).size, SETTING_ROWS.length)
    for (const { path, description } of SETTING_ROWS) assert.ok(description.length > 10, path)
  })
})
