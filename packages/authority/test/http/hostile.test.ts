import assert from 'node:assert/strict'
import { MEDIA_TYPES, type ProblemCode } from '@strongroom/core/protocol'
import { bytesOf, pairOf } from '../support/authority.ts'
import { encodeRequest, exchange, parseAnswers } from '../support/raw-request.ts'
import { onService } from '../support/served.ts'
import { answers, assertProblem, big, DEPOSIT, raw, refused, type Fields } from './raw-answers.ts'
import { askChallenge, challengeFor, depositOne, enrol, enrolmentOf, EXCHANGES } from './requests.ts'

const SIGNED_PATH = '/v1/deposits'

onService('requests that no client of ours makes', {
  'a body is announced, short enough, plain, and of a type that is taken': async (served) => {
    const blob = served.client().blob(1)
    const length = [['Content-Length', String(blob.length)]] as Fields
    const post = (fields: Fields, body: Uint8Array = blob) => raw('POST', '/v1/deposits', fields, body)
    await refused(served, 'too-large', post(big(16_385), new Uint8Array(16_385)))
    await refused(served, 'too-large', post(big(2 ** 53)))
    await refused(served, 'length-required', post(DEPOSIT))
    await refused(
      served,
      'length-required',
      post([...DEPOSIT, ['Transfer-Encoding', 'chunked']], Buffer.from('3\r\nabc\r\n0\r\n\r\n')),
    )
    await refused(served, 'media-type', post(length))
    await refused(served, 'media-type', post([...length, ['Content-Type', 'application/json']]))
    await refused(served, 'media-type', post([...length, ['Content-Type', `${MEDIA_TYPES.deposit}; a=b`]]))
    await refused(served, 'media-type', post([...length, ['Content-Type', '__proto__']]))
    await refused(served, 'media-type', post([...length, ...DEPOSIT, ['Content-Encoding', 'gzip']]))
    await refused(served, 'malformed', post([...length, ...DEPOSIT, ...DEPOSIT]))
    await refused(served, 'statement', post([...DEPOSIT, ['Content-Length', '0']], new Uint8Array(0)))
    await refused(served, 'statement', post([...DEPOSIT, ['Content-Length', '3']]))
    const types: Fields = [['Content-Type', MEDIA_TYPES.deposits]]
    await refused(served, 'malformed', post([...types, ['Content-Length', '2']], new Uint8Array(2)))
    await refused(served, 'malformed', post([...types, ['Content-Length', '4']], new Uint8Array(4)))
    await refused(served, 'too-large', post([...types, ['Content-Length', '4']], new Uint8Array(4).fill(255)))
    await refused(
      served,
      'malformed',
      raw('GET', '/v1/authority', [['Content-Length', '1']], Uint8Array.of(1)),
    )
    await refused(
      served,
      'malformed',
      raw('GET', SIGNED_PATH, [['Transfer-Encoding', 'chunked']], Buffer.from('0\r\n\r\n')),
    )
    assert.equal((await depositOne(served, blob)).status, 200)
  },

  'a body of a gigabyte that is announced is refused before it has come': async (served) => {
    const before = process.memoryUsage().arrayBuffers
    await refused(served, 'too-large', raw('POST', '/v1/deposits', big(2 ** 30)), Buffer.alloc(1 << 20))
    assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 26)
  },

  'expectations are met when the body is wanted, and not before': async (served) => {
    const blob = served.client().blob(2)
    const fields: Fields = [...DEPOSIT, ['Content-Length', String(blob.length)], ['Expect', '100-continue']]
    const came = await exchange(served.port, (socket) => {
      socket.write(raw('POST', '/v1/deposits', fields))
      socket.once('data', (piece: Buffer) => {
        assert.match(piece.toString(), /^HTTP\/1\.1 100 /)
        socket.write(blob)
      })
    })
    assert.equal(parseAnswers(came)[0]?.status, 200)
    const wanted = await exchange(served.port, (socket) =>
      socket.write(raw('POST', '/v1/deposits', [...big(10 ** 9), ['Expect', '100-continue']])),
    )
    assert.match(wanted.toString('latin1'), /^HTTP\/1\.1 413 /)
    await refused(served, 'malformed', raw('GET', '/healthz', [['Expect', 'a pony']]))
  },

  'what is no HTTP is a problem too': async (served) => {
    for (const bytes of [
      'GET\r\n\r\n',
      '\0\0\0\0\r\n\r\n',
      'GET / HTTP/9.9\r\nHost: a\r\n\r\n',
      'GET / HTTP/1.1\r\nHost a\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n',
      'GET / HTTP/1.1\nHost: a\n\n',
      'GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n',
      '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    ]) {
      const [answer] = await answers(served, bytes)
      assert.ok(answer, JSON.stringify(bytes))
      assertProblem(answer, 'malformed')
    }
    await refused(served, 'malformed', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n')
    await refused(served, 'malformed', raw('GET', '/healthz', [['Host', 'other.example']]))
    await refused(
      served,
      'method',
      'CONNECT vault.example.org:443 HTTP/1.1\r\nHost: vault.example.org\r\n\r\n',
    )
    await refused(served, 'fields-too-large', raw('GET', '/healthz', [['X', 'x'.repeat(20_000)]]))
    const many = Array.from({ length: 100 }, (_, i) => [`X-${i}`, '1'] as const)
    await refused(served, 'fields-too-large', raw('GET', '/healthz', many))
    await refused(served, 'uri-too-long', raw('GET', `/v1/deposits?description=${'x'.repeat(5_000)}`))
    await refused(served, 'not-found', raw('GET', 'http://vault.example.org/healthz'))
    await refused(served, 'not-found', raw('OPTIONS', '*'))
  },

  'a path has one spelling': async (served) => {
    const paths = [
      '/healthz/',
      '//healthz',
      '/./healthz',
      '/v1/../healthz',
      '/%68ealthz',
      '/healthz%00',
      '/healthz.',
      '/healthz;a=b',
      '/HEALTHZ',
      '/healthz#top',
      '/v1/deposits/%2e%2e/statements',
      '/v1/deposits/',
      `/v1/deposits/${'A'.repeat(64)}`,
      `/v1/deposits/${'0'.repeat(63)}`,
      `/v1/deposits/${'0'.repeat(64)}/`,
      `/v1/deposits/${'0'.repeat(64)}/receipt/`,
      '/tile/0/../0/000',
      '/tile/0/000.p/00',
      '/tile/0/x000/000',
      '/tile/64/000',
      '/tile/entries/999999999999999999',
      '/v1/deposits\\',
      '/constructor',
      '/__proto__',
      '/',
    ]
    const absent = await refused(served, 'not-found', raw('GET', '/nothing'))
    for (const path of paths) {
      assert.equal((await refused(served, 'not-found', raw('GET', path))).comparable, absent.comparable, path)
    }
  },

  'a path has its methods, and its queries': async (served) => {
    const answer = await refused(served, 'method', raw('DELETE', '/v1/deposits'))
    assert.deepEqual(answer.field('allow')?.split(', ').toSorted(), ['GET', 'HEAD', 'POST'])
    for (const method of ['PUT', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      await refused(served, 'method', raw(method, '/v1/authority'))
    }
    await refused(served, 'malformed', raw('GET', '/v1/authority?a=b'))
    await refused(served, 'malformed', raw('GET', '/v1/authority?'))
    await refused(served, 'malformed', raw('GET', '/checkpoint?size=1'))
    const head = await exchange(served.port, (socket) => socket.write(raw('HEAD', '/healthz')))
    assert.match(head.toString(), /^HTTP\/1\.1 200 [^]*\r\n\r\n$/)
    for (const query of [
      'limit=0',
      'limit=1001',
      'limit=01',
      'limit=1e1',
      'limit=1&limit=1',
      'unknown=1',
      'limit',
      'serial=00',
      'serial=%',
      'description=%ff',
      'description=a+b',
      'level=1',
      'before=-1',
      'before=9007199254740993',
      'from=yesterday',
      '&',
      '__proto__=1',
    ]) {
      assert.equal((await served.read(`/v1/deposits?${query}`)).problem.code, 'malformed', query)
    }
    assert.equal((await served.read('/v1/statements?limit=101')).problem.code, 'malformed')
    assert.equal((await served.read('/v1/statements?after=1&after=2')).problem.code, 'malformed')
  },

  'requests in a row on one connection are answered in their order': async (served) => {
    const one = encodeRequest({ method: 'GET', target: '/healthz', fields: [['Host', 'a']] })
    const two = encodeRequest({ method: 'GET', target: '/checkpoint', fields: [['Host', 'a']] })
    const row = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? one : two))
    const all = await answers(served, Buffer.concat([...row, raw('GET', '/nothing')]))
    assert.deepEqual(
      all.map(({ status, body }) => [status, body.length < 20]),
      [...row.map((it) => [200, it === one]), [404, false]],
    )
    // What follows a request whose body was refused is no request.
    const smuggled = await answers(
      served,
      encodeRequest({
        method: 'POST',
        target: '/v1/deposits',
        fields: [['Host', 'a'], ...big(20_000)],
        body: raw('GET', '/healthz'),
      }),
    )
    assert.deepEqual(
      smuggled.map(({ status }) => status),
      [413],
    )
    // After a good request comes rubbish.
    const [good] = await answers(served, Buffer.concat([one, Buffer.from('RUBBISH\r\n\r\n')]))
    assert.ok(good === undefined || good.status === 200)
  },

  'whoever goes away in the middle is forgotten': async (served) => {
    for (let i = 0; i < 50; i++) {
      await exchange(served.port, (socket) => {
        socket.write(raw('POST', '/v1/deposits', big(1_000), Buffer.alloc(i * 10)), () => socket.destroy())
      })
    }
    assert.equal((await served.ask('GET', '/healthz')).status, 200)
    const metrics = await (await fetch(served.service.metricsUrl ?? '')).text()
    assert.match(metrics, /^strongroom_append_queue 0$/m)
  },

  'challenges are given to everybody alike, and are worth nothing for anything else': async (served) => {
    const { scene, service } = served
    const [held, other] = EXCHANGES
    assert.ok(held && other)
    const client = scene.authority.client('acme', 60)
    await service.authority.store.addInvitation(client.invitation)
    const [known, unknown] = [client.invited.signer, pairOf(12345).signer]
    const [one, two] = [await askChallenge(served, known, held), await askChallenge(served, unknown, held)]
    assert.equal(one.status, 200)
    assert.deepEqual([one.status, one.body.length], [two.status, two.body.length])
    const right = await challengeFor(served, known, held)
    const wrong = [
      await challengeFor(served, unknown, held),
      await challengeFor(served, known, other),
      bytesOf(0),
      new Uint8Array(32).fill(255),
      Uint8Array.from(right, (byte, i) => (i === 31 ? byte ^ 1 : byte)),
      Uint8Array.from(right, (byte, i) => (i === 7 ? byte ^ 1 : byte)),
    ]
    for (const challenge of wrong) {
      assert.equal((await enrol(served, enrolmentOf(served, client, challenge))).problem.code, 'challenge')
    }
    scene.now += 600_001
    assert.equal((await enrol(served, enrolmentOf(served, client, right))).problem.code, 'challenge')
    const fresh = await challengeFor(served, known, held)
    const refuse = async (code: ProblemCode, changes: Parameters<typeof enrolmentOf>[3]) => {
      assert.equal((await enrol(served, enrolmentOf(served, client, fresh, changes))).problem.code, code)
    }
    await refuse('statement', { identity: `SHA256:${'A'.repeat(43)}` })
    await refuse('invitation', { tenant: 'beta' })
    await refuse('invitation', { tenant: 'nobody' })
    const envelope = enrolmentOf(served, client, fresh)
    for (const [i, step] of [0, 97].entries()) {
      const damaged = envelope.slice()
      const at = Math.floor(envelope.length / 2) + step
      damaged[at] = (damaged[at] ?? 0) ^ (i + 1)
      assert.equal((await enrol(served, damaged)).problem.code, 'statement')
    }
    assert.equal((await enrol(served, envelope)).status, 200)
    // Used: by another client under the same invitation.
    const late = await challengeFor(served, known, held)
    const second = scene.authority.client('acme', 61)
    const stolen = { invited: client.invited, pair: second.pair, owner: second.owner }
    const again = enrolmentOf(served, Object.assign(Object.create(second), stolen), late)
    assert.equal((await enrol(served, again)).problem.code, 'invitation')
    await refused(
      served,
      'malformed',
      raw(
        'POST',
        '/v1/enrolments/challenge',
        [
          ['Content-Type', MEDIA_TYPES.json],
          ['Content-Length', '2'],
        ],
        Buffer.from('{}'),
      ),
    )
  },

  'nothing that was sent is in the log': async (served) => {
    const blob = served.client().blob(4242)
    await depositOne(served, blob)
    const fields = served.signed('/v1/deposits?description=very-telling')
    await served.ask('GET', '/v1/deposits?description=very-telling', { fields })
    await served.ask('GET', '/secret-path?secret-query', { fields: { Cookie: 'secret-cookie' } })
    await served.ask('POST', '/v1/deposits', { type: MEDIA_TYPES.deposit, body: Buffer.from('secret-body') })
    const log = served.lines.join('')
    for (const text of [
      'telling',
      'secret',
      fields['signature'] ?? '?',
      'nonce',
      '127.0.0.1:',
      'mlkem768',
      'age1',
    ]) {
      assert.ok(!log.replace(/^.*"listening".*$/m, '').includes(text), text)
    }
    for (const line of served.lines.filter((it) => it.includes('"request"'))) {
      const names = Object.keys(JSON.parse(line)).filter(
        (name) => !/^(?:level|time|pid|hostname|msg)$/.test(name),
      )
      for (const name of names) {
        assert.match(name, /^(?:id|method|route|status|ms|tenant|client|problem)$/)
      }
    }
  },
})
