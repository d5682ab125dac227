/*
 * What a client meets on its way to an authority: answers of others, none, half of one, and a clock that is wrong. Each has its exit
 * status and something to do about it, nothing that a stranger wrote does anything on the screen, and nothing is lost.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { suite, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { initialised } from './fixtures.ts'
import type { Home, Run } from './program.ts'
import { freePort, Vault } from './vault.ts'

/** What lets a text forge a line, draw over another or read as something that it is not. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u
const HOSTILE =
  'paid \u001b[2J\u001b]8;;http://evil.example\u0007 \u009b31m\r\nstrongroom: all is well\u202e\u200b'
const DAY_MS = 86_400_000

/** No line has anything that is not printed, and none is a stranger's. */
function assertHarmless({ stdout, stderr }: Run, what: string): void {
  for (const line of (stdout + stderr).split('\n')) {
    assert.ok(!UNPRINTABLE.test(line), `${what}: ${JSON.stringify(line)}`)
    assert.doesNotMatch(line, /^strongroom: all is well/)
  }
}

/** Serves something else where an authority was, for as long as `use` runs. */
async function inItsPlace(vault: Vault, listener: RequestListener, use: () => Promise<void>): Promise<void> {
  await vault.stop()
  const server = createServer({ keepAliveTimeout: 1 }, listener)
  server.listen(Number(new URL(vault.url).port), '127.0.0.1')
  await once(server, 'listening')
  try {
    await use()
  } finally {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
    await vault.start()
  }
}

const problem = (status: number, members: object): RequestListener => {
  return (_, answer) => {
    answer.writeHead(status, { 'content-type': 'application/problem+json' })
    answer.end(JSON.stringify(members))
  }
}
const TYPE = 'urn:strongroom:problem:'

interface Odd {
  readonly answers: RequestListener
  readonly exit: number
  readonly said: RegExp
}

const ODD: Readonly<Record<string, Odd>> = {
  'a captive portal': {
    answers: (_, answer) => {
      answer.writeHead(200, { 'content-type': 'text/html' })
      answer.end(`<html><title>${HOSTILE}</title>Please log in</html>`)
    },
    exit: 13,
    said: /the answer is of another media type[\s\S]*hint: look whether the address is right, whether a proxy/,
  },
  'a portal that redirects': {
    answers: (_, answer) => {
      answer.writeHead(302, { location: 'https://portal.example/login' })
      answer.end()
    },
    exit: 13,
    said: /a redirect \(status 302\)[\s\S]*hint: look whether the address is right/,
  },
  'an answer that is cut in the middle': {
    answers: (_, answer) => {
      answer.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      answer.write('{"strongroom":"authority"', () => answer.destroy())
    },
    exit: 14,
    said: /hint: look at the connection; what waits in the outbox goes later/,
  },
  'a proxy with nobody behind it': {
    answers: (_, answer) => {
      answer.writeHead(502, { 'content-type': 'text/html' })
      answer.end('<h1>Bad gateway</h1>')
    },
    exit: 14,
    said: /the answer has the status 502 and no problem document/,
  },
  'an authority that is read-only after a restore': {
    answers: problem(503, { type: `${TYPE}read-only`, status: 503, title: 'x' }),
    exit: 14,
    said: /takes nothing new at present[\s\S]*hint: run it again later; deposits wait in the outbox/,
  },
  'a problem of a hostile server': {
    answers: problem(403, { type: `${TYPE}quota`, status: 403, title: HOSTILE, detail: HOSTILE.repeat(20) }),
    exit: 15,
    said: /quota/,
  },
  'a problem of an unknown kind': {
    answers: problem(418, { type: `${TYPE}${'a'.repeat(60)}`, status: 418, title: HOSTILE, detail: HOSTILE }),
    exit: 15,
    said: /the authority says/,
  },
  'JSON that is none of ours': {
    answers: (_, answer) => {
      answer.writeHead(200, { 'content-type': 'application/json' })
      answer.end(JSON.stringify({ strongroom: 'authority', version: 1, epochs: [HOSTILE] }))
    },
    exit: 13,
    said: /the answer is not of this protocol/,
  },
}

/** The environment of a computer whose clock is off. */
function clockOff(home: Home, byMs: number): Record<string, string> {
  const path = home.write(`clock-${byMs}.mjs`, `const now = Date.now; Date.now = () => now() + ${byMs}\n`)
  return { NODE_OPTIONS: `--import=${pathToFileURL(path).href}` }
}

suite('in the place of an authority', { concurrency: 2 }, () => {
  for (const [what, { answers, exit, said }] of Object.entries(ODD)) {
    test(`${what}: neither an invitation nor a deposit is lost`, async (t) => {
      const vault = await Vault.open(t)
      const [home, newcomer] = [await vault.client(t), initialised(t)]
      const stdin = await vault.invitation()
      home.write('a', 'a')
      await inItsPlace(vault, answers, async () => {
        const enrolled = await newcomer.run(['enroll', '-', '--as', 'vault', '--no-codes'], { stdin })
        assert.deepEqual([enrolled.status, enrolled.stdout], [exit, ''], enrolled.stderr)
        assert.match(enrolled.stderr, said)
        assertHarmless(enrolled, 'enroll')
        const sealed = await home.run(['seal', 'a'])
        assert.equal(sealed.status, 0, sealed.stderr)
        assert.match(sealed.stderr, /1 session key waiting in the outbox for vault: /)
        assertHarmless(sealed, 'seal')
        const flushed = await home.run(['deposit', '--flush', '--json'])
        assert.equal(flushed.status, exit, flushed.stderr)
        assertHarmless(flushed, 'deposit')
        for (const line of flushed.stdout.trim().split('\n')) JSON.parse(line)
        const status = await home.run(['status', '--check', '--offline'])
        assert.equal(status.status, 16)
        assert.match(status.stdout, /waiting +1 deposit/)
        assertHarmless(status, 'status')
        const others = what.includes('hostile')
          ? [['monitor'], ['log', 'verify'], ['status', '--levels']]
          : []
        for (const words of others) {
          const run = await home.run(words)
          assert.equal(run.status, exit, `${words.join(' ')}: ${run.stderr}`)
          assertHarmless(run, words.join(' '))
        }
      })
      await home.ok(['deposit', '--flush', '--require-receipt'])
      await newcomer.ok(['enroll', '-', '--as', 'vault', '--no-codes'], { stdin })
    })
  }
})

suite('between a client and its authority', { concurrency: 2 }, () => {
  test('an answer that drips is waited for as long as a command has, and not longer', async (t) => {
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    home.write('a', 'a')
    await vault.stop()
    // It was not reached a moment ago: commands that have another purpose wait two seconds from now on.
    assert.match((await home.ok(['seal', 'a'])).stderr, /waiting in the outbox for vault: nobody answered/)
    await vault.start()
    const drips: NodeJS.Timeout[] = []
    t.after(() => drips.forEach(clearInterval))
    const drip: RequestListener = (_, answer) => {
      answer.writeHead(200, { 'content-type': 'application/json', 'content-length': '100000' })
      drips.push(setInterval(() => answer.write(' '), 20))
    }
    await inItsPlace(vault, drip, async () => {
      const { stderr } = await home.ok(['seal', 'a', '-f'])
      assert.match(stderr, /session keys? waiting in the outbox .*: there was no whole answer in time/)
    })
    await home.ok(['deposit', '--flush', '--require-receipt'])
  })

  test('a clock that is a day off is said, and a deposit made by it holds all the same', async (t) => {
    const vault = await Vault.open(t)
    for (const byMs of [-DAY_MS, DAY_MS]) {
      const [home, newcomer] = [await vault.client(t), initialised(t)]
      home.write('a', 'a')
      const env = clockOff(home, byMs)
      const looked = await home.run(['monitor'], { env })
      assert.equal(looked.status, 15)
      assert.match(
        looked.stderr,
        /signed in the future or too long ago[\s\S]*hint: set the clock of this computer/,
      )
      const sealed = await home.run(['seal', 'a'], { env })
      // To this computer the first epoch begins tomorrow.
      assert.equal(sealed.status, byMs < 0 ? 10 : 0, sealed.stderr)
      if (byMs < 0) assert.match(sealed.stderr, /hint: look at the clock of this computer/)
      else await home.ok(['receipts', 'show', 'a.age'])
      const stdin = await vault.invitation()
      const enrolled = await newcomer.run(['enroll', '-', '--as', 'vault'], { stdin, env })
      assert.equal(enrolled.status, byMs < 0 ? 0 : 13)
      assert.match(enrolled.stderr, /hint: .*clock of this computer/)
      // With the right time it goes on.
      if (byMs < 0) await newcomer.ok(['codes', 'new'])
      else await newcomer.ok(['enroll', '-', '--as', 'vault'], { stdin })
    }
  })

  test('an address may be one of IPv6', async (t) => {
    const port = await freePort()
    const vault = await Vault.open(t, {
      settings: { url: `http://[::1]:${port}`, listen: { host: '::1', port } },
    })
    const home = await vault.client(t)
    home.write('a', 'a')
    await home.ok(['seal', 'a', '--require-receipt'])
    await home.ok(['monitor'])
    await home.ok(['log', 'verify', vault.url])
  })

  test('no proxy is asked, whatever the environment says', async (t) => {
    let asked = 0
    const proxy = createServer((_, answer) => {
      asked += 1
      answer.destroy()
    })
    proxy.on('connect', (_, socket) => {
      asked += 1
      socket.destroy()
    })
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    t.after(() => proxy.close())
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const env = { HTTP_PROXY: url, HTTPS_PROXY: url, ALL_PROXY: url, NODE_USE_ENV_PROXY: '1' }
    const vault = await Vault.open(t)
    const home = await vault.client(t)
    home.write('a', 'a')
    await home.ok(['seal', 'a', '--require-receipt'], { env })
    assert.equal(asked, 0)
  })
})
