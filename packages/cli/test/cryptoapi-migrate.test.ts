import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  watch,
} from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import {
  bytesOf,
  fileNameOf,
  plaintextOf,
  putKey,
  recordedFile,
  recordedFiles,
  type RecordedFile,
} from './cryptoapi-vectors.ts'
import { initialised, twoPeople } from './fixtures.ts'
import type { Home } from './program.ts'

const SESSION_FILES = recordedFiles('sample-file')
const KEYS = ['kx1024.private', 'kx2048.private']
const ONE = recordedFile('file/session/3des-default/1007')

/** A machine with old files in a folder, and the keys that open them in the working folder. */
function withArchive(
  t: Parameters<typeof initialised>[0],
  files: readonly RecordedFile[],
  folder = 'archive',
): Home {
  const home = initialised(t, { profile: 'classic' })
  mkdirSync(home.path(folder), { recursive: true })
  for (const each of files) home.write(join(folder, fileNameOf(each)), bytesOf(each))
  for (const name of KEYS) putKey(home, name)
  return home
}

const keyWords = KEYS.flatMap((name) => ['--key', name])

function migrate(...words: readonly string[]): readonly string[] {
  return ['cryptoapi', 'migrate', ...words]
}

/** The digest of the key blob in front of a file. */
function blobDigest(each: RecordedFile): string {
  const file = bytesOf(each)
  return createHash('sha256')
    .update(file.subarray(4, 4 + file.readUInt32LE()))
    .digest('hex')
}

function names(home: Home, folder: string): string[] {
  return readdirSync(home.path(folder)).sort()
}

suite('a folder of recorded files', { concurrency: 2 }, () => {
  test('becomes sealed files that hold the same texts, and stays as it is', async (t) => {
    const home = withArchive(t, SESSION_FILES)
    const records = await home.json([...migrate('archive', '-O', 'sealed'), ...keyWords])
    assert.equal(records.length, SESSION_FILES.length)
    await home.ok(['open', 'sealed', '-O', 'opened'])
    for (const each of SESSION_FILES) {
      const name = fileNameOf(each)
      assert.deepEqual(readFileSync(home.path(`opened/sealed/archive/${name}`)), plaintextOf(each), each.name)
      assert.deepEqual(home.read(`archive/${name}`), bytesOf(each), each.name)
      assert.partialDeepStrictEqual(
        records.find((record) => (record as { input: string }).input === `archive/${name}`),
        {
          output: `sealed/archive/${name}.age`,
          status: 'migrated',
          layout: 'key blob',
          keyBlobSha256: blobDigest(each),
          keyProof: null,
          plaintextBytes: each.plaintext.len,
          plaintextSha256: createHash('sha256').update(plaintextOf(each)).digest('hex'),
          inputRemoved: false,
        },
      )
    }
  })

  test('what is damaged fails, what is no such file is left out, and the rest is migrated', async (t) => {
    const damaged = recordedFiles('sample-file-damaged')
    const home = withArchive(t, [...damaged, ONE])
    home.write('archive/letter.txt', 'a letter\n')
    home.write('archive/sealed.age', 'it is called so\n')
    symlinkSync('letter.txt', home.path('archive/link'))
    const before = names(home, 'archive')
    const run = await home.run([...migrate('archive', '-O', 'sealed', '--json'), ...keyWords])
    assert.equal(run.status, 4, run.stderr)
    const documents = run.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    const of = (status: string) =>
      documents.filter((each) => each['status'] === status).map((each) => each['input'])
    assert.deepEqual(of('migrated'), [`archive/${fileNameOf(ONE)}`])
    // Nothing in what is so short says that it ever was such a file.
    const short = damaged.filter(({ file }) => file.length < 16).map((each) => `archive/${fileNameOf(each)}`)
    assert.deepEqual(new Set(of('left out')), new Set([...short, 'archive/letter.txt']))
    assert.equal(documents.filter((each) => 'error' in each).length, damaged.length - short.length)
    assert.match(run.stderr, /archive\/link left out: it is a symbolic link/)
    assert.match(run.stderr, /migrated 1 of 13 files, 1\.0 kB, 3 left out, 9 failed$/m)
    assert.deepEqual(names(home, 'sealed/archive'), [`${fileNameOf(ONE)}.age`])
    assert.deepEqual(names(home, 'archive'), before)
  })

  test('no container, no RSA pair in it, no old file', async (t) => {
    const home = withArchive(t, [ONE])
    const none = await home.run(migrate('archive'))
    assert.equal(none.status, 3, none.stderr)
    assert.match(none.stderr, /the container default has no RSA exchange pair/)
    const other = await home.run(migrate('archive', '-c', 'other', ...keyWords))
    assert.equal(other.status, 12, other.stderr)
    assert.deepEqual(names(home, 'archive'), [fileNameOf(ONE)])
    mkdirSync(home.path('empty'))
    assert.equal((await home.run(migrate('empty', ...keyWords))).status, 2)
  })
})

suite('one file', { concurrency: 2 }, () => {
  test('the sealed file says what the old one was, and stock age opens it', async (t) => {
    const home = withArchive(t, [ONE], 'archive')
    const path = `archive/${fileNameOf(ONE)}`
    await home.ok(migrate(path, '--strip-suffix', '.enc', ...keyWords))
    const sealed = path.replace(/\.enc$/, '.age')
    const [found] = (await home.json(['inspect', sealed])) as {
      claims: { name: string; description: string }
    }[]
    assert.equal(found?.claims.name, fileNameOf(ONE).replace(/\.enc$/, ''))
    assert.match(
      found.claims.description,
      new RegExp(
        `^from a CryptoAPI file: 3DES with 168 bits, key blob sha256:${blobDigest(ONE)} for SHA256:\\S{43}, signed by nobody$`,
      ),
    )
    if (spawnSync('age', ['--version']).error) return t.skip('needs age')
    const { stdout } = await home.ok(['container', 'export', '--age-identity'])
    chmodSync(home.write('identity', stdout), 0o600)
    const age = spawnSync('age', ['-d', '-i', home.path('identity'), home.path(sealed)])
    assert.equal(age.status, 0, age.stderr.toString())
    assert.deepEqual(age.stdout, plaintextOf(ONE))
  })

  test('with the pairs in the container, for somebody else as well', async (t) => {
    const { alice, bob } = await twoPeople(t)
    alice.write('old', bytesOf(ONE))
    await alice.ok(['cryptoapi', 'import', putKey(alice, 'kx1024.private')])
    await alice.ok(migrate('old', '-r', 'bob'))
    bob.write('old.age', alice.read('old.age'))
    await bob.ok(['open', 'old.age', '--signer', 'alice'])
    assert.deepEqual(bob.read('old'), plaintextOf(ONE))
  })

  test('--remove-input removes it, and nothing that failed', async (t) => {
    const home = withArchive(t, [ONE])
    const path = `archive/${fileNameOf(ONE)}`
    home.write('archive/damaged', bytesOf(ONE).subarray(0, -8))
    const run = await home.run(migrate('archive', '--remove-input', ...keyWords))
    assert.equal(run.status, 4, run.stderr)
    assert.match(run.stdout, /from 3DES with 168 bits, old file removed$/m)
    assert.deepEqual(names(home, 'archive'), ['damaged', `${fileNameOf(ONE)}.age`])
    await home.ok(['open', `${path}.age`, '-o', 'text'])
    assert.deepEqual(home.read('text'), plaintextOf(ONE))
  })

  test('a second run compares what is there, and removes what the first one left', async (t) => {
    const home = withArchive(t, [ONE])
    await home.ok(migrate('archive', ...keyWords))
    const sealed = home.read(`archive/${fileNameOf(ONE)}.age`)
    const [record] = await home.json(migrate('archive', '--remove-input', ...keyWords))
    assert.partialDeepStrictEqual(record, { status: 'already there', inputRemoved: true })
    assert.deepEqual(names(home, 'archive'), [`${fileNameOf(ONE)}.age`])
    assert.deepEqual(home.read(`archive/${fileNameOf(ONE)}.age`), sealed)
  })

  test('an output with another text, or that is no sealed file, keeps the old one', async (t) => {
    const home = withArchive(t, [])
    home.write('old', bytesOf(ONE))
    home.write('text', 'another text\n')
    await home.ok(['seal', 'text', '-o', 'old.age'])
    const sealed = home.read('old.age')
    const words = migrate('old', '--remove-input', ...keyWords)
    const another = await home.run(words)
    assert.equal(another.status, 8, another.stderr)
    assert.match(another.stderr, /old\.age exists and holds another text/)
    assert.deepEqual(home.read('old.age'), sealed)
    home.write('old.age', 'a letter\n')
    assert.equal((await home.run(words)).status, 8)
    assert.equal(home.text('old.age'), 'a letter\n')
    assert.deepEqual(home.read('old'), bytesOf(ONE))
  })

  test('--force replaces what is no sealed file, and follows what is', async (t) => {
    const home = withArchive(t, [])
    home.write('old', bytesOf(ONE))
    home.write('old.age', 'a letter\n')
    for (const version of [1, 2]) {
      await home.ok(migrate('old', '--force', ...keyWords))
      const [found] = (await home.json(['inspect', 'old.age'])) as { claims: { version: number } }[]
      assert.equal(found?.claims.version, version)
    }
  })

  test('one that changes while it is read is not sealed', async (t) => {
    const home = withArchive(t, [])
    putKey(home, 'kx2048.public')
    home.write('text', Buffer.alloc(60_000_000, 1))
    await home.ok([
      'cryptoapi',
      'encrypt-file',
      'text',
      '--algorithm',
      'aes-128',
      '--for',
      'kx2048.public',
      '-o',
      'old',
      '-q',
    ])
    const old = home.read('old')
    const watcher = watch(home.folder)
    t.after(() => watcher.close())
    let changed = false
    const run = await home.run(migrate('old', '--remove-input', ...keyWords), {
      onStart: (child) =>
        watcher.on('change', (_, name) => {
          // The sealed file is begun: the old one is being read.
          if (changed || !String(name).startsWith('.strongroom-')) return
          changed = true
          child.kill('SIGSTOP')
          home.write('old', Buffer.concat([old, Buffer.alloc(1)]))
          child.kill('SIGCONT')
        }),
    })
    assert.equal(run.status, 11, run.stderr)
    assert.ok(!existsSync(home.path('old.age')))
    assert.equal(home.read('old').length, old.length + 1)
  })
})

suite('signatures beside the files', { concurrency: 2 }, () => {
  test('each has to be that of its file', async (t) => {
    const other = recordedFile('file/session/rc4-128/2345')
    const home = withArchive(t, [ONE, other])
    const [first, second] = [ONE, other].map((each) => `archive/${fileNameOf(each)}`)
    assert.ok(first && second)
    putKey(home, 'sig2048.public')
    const sign = ['cryptoapi', 'sign', first, '--sample-file', '--key', putKey(home, 'sig2048.private'), '-q']
    await home.ok(sign)
    cpSync(home.path(`${first}.sig`), home.path(`${second}.sig`))
    const words = [
      '--signature-suffix',
      '.sig',
      '--signer',
      'sig2048.public',
      '--hash',
      'sha256',
      '--remove-input',
    ]
    const run = await home.run(migrate('archive', ...words, ...keyWords))
    assert.equal(run.status, 4, run.stderr)
    assert.match(run.stderr, /not a signature of that key over these bytes with sha256/)
    assert.match(run.stderr, /\.sig left out: it is a signature$/m)
    assert.doesNotMatch(run.stderr, /nobody proves/)
    assert.ok(existsSync(home.path(`${first}.age`)) && !existsSync(home.path(first)))
    assert.ok(!existsSync(home.path(`${second}.age`)) && existsSync(home.path(second)))
    const [found] = (await home.json(['inspect', `${first}.age`])) as { claims: { description: string } }[]
    assert.match(found?.claims.description ?? '', /signed by SHA256:\S{43}$/)
  })
})

suite('files under a password', { concurrency: 2 }, () => {
  const each = recordedFile('file/password/sha1/aes256-default/992')
  const how = ['--password', '--algorithm', 'aes-256', '--hash', 'sha1', '--password-file', 'password']

  test('the right one, a wrong one, and damage', async (t) => {
    const home = initialised(t, { profile: 'classic' })
    home.write('old', bytesOf(each))
    home.write('password', 'nonsense\n')
    const wrong = await home.run(migrate('old', ...how))
    assert.equal(wrong.status, 4, wrong.stderr)
    assert.match(wrong.stderr, /old: it is damaged, or made with another password, cipher or hash/)
    assert.ok(!existsSync(home.path('old.age')))
    home.write('password', `${each.password}\n`)
    await home.ok(migrate('old', ...how))
    const { bytes, stderr } = await home.ok(['open', 'old.age', '-o', '-'])
    assert.deepEqual(bytes, plaintextOf(each))
    assert.match(stderr, /from a CryptoAPI file: AES 256 with 256 bits, from a password through sha1/)
  })

  test('RC4 shows nothing, and it says so', async (t) => {
    const home = initialised(t, { profile: 'classic' })
    home.write('old', bytesOf(recordedFile('file/password/md5/rc4-128/1000')))
    home.write('password', 'nonsense\n')
    const { stderr } = await home.ok(
      migrate('old', '--password', '--algorithm', 'rc4', '--password-file', 'password'),
    )
    assert.match(stderr, /warning: nothing shows whether the password was right: look at the sealed file/)
  })

  const REFUSED: readonly (readonly [what: string, words: readonly string[]])[] = [
    ['no cipher', ['--password']],
    ['removal', [...how, '--remove-input']],
    ['a key', [...how, '--key', 'kx1024.private']],
    ['signatures', [...how, '--signature-suffix', '.sig', '--signer', 'x']],
    ['removal after a guess', ['--find-end', '--remove-input', '--key', 'kx1024.private']],
    ['a suffix that is a path', ['--strip-suffix', '/x', '--key', 'kx1024.private']],
  ]
  test('what is refused before anything is read', async (t) => {
    const home = initialised(t, { profile: 'classic' })
    home.write('old', bytesOf(each))
    home.write('password', `${each.password}\n`)
    putKey(home, 'kx1024.private')
    await Promise.all(
      REFUSED.map(async ([what, words]) => {
        const run = await home.run(migrate('old', ...words))
        assert.equal(run.status, 2, `${what}: ${run.stderr}`)
      }),
    )
    const stream = await home.run(migrate('-', ...how), { stdin: bytesOf(each) })
    assert.equal(stream.status, 2)
    assert.ok(existsSync(home.path('old')) && !existsSync(home.path('old.age')))
  })
})

suite('a migration that is killed', () => {
  const MOMENTS = process.env['SLOW'] === undefined ? [1, 4] : Array.from({ length: 24 }, (_, i) => i + 1)
  const TEXTS = [1, 2, 3].map((i) => Buffer.alloc(2_000_000 + i, i))

  /** Runs it and kills it when something in its folder changed for the n-th time; whether it came to that. */
  async function killed(home: Home, words: readonly string[], moment: number): Promise<boolean> {
    let seen = 0
    const watcher = watch(home.path('work'))
    const { signal } = await home.run(words, {
      onStart: (child) =>
        watcher.on('change', () => {
          seen += 1
          if (seen === moment) child.kill('SIGKILL')
        }),
    })
    watcher.close()
    return signal === 'SIGKILL'
  }

  test('loses nothing, and goes on where it stopped', async (t) => {
    const home = initialised(t, { profile: 'classic' })
    for (const name of ['kx2048.public', 'kx2048.private']) putKey(home, name)
    mkdirSync(home.path('archive'))
    for (const [i, text] of TEXTS.entries()) {
      const words = ['--algorithm', 'aes-128', '--for', 'kx2048.public', '-o', `archive/${i}`, '-q']
      await home.ok(['cryptoapi', 'encrypt-file', '-', ...words], { stdin: text })
    }
    const words = migrate('work', '--remove-input', '--key', 'kx2048.private', '-q')
    for (const moment of MOMENTS) {
      cpSync(home.path('archive'), home.path('work'), { recursive: true })
      const stopped = await killed(home, words, moment)
      assert.ok(stopped || moment > 4, `nothing was killed after ${moment} changes`)
      for (const i of TEXTS.keys()) {
        const there = [`${i}`, `${i}.age`].filter((name) => existsSync(home.path(`work/${name}`)))
        assert.ok(there.length > 0, `after ${moment} changes file ${i} is lost`)
      }
      const left = [...TEXTS.keys()].some((i) => existsSync(home.path(`work/${i}`)))
      const again = await home.run(words)
      // Where nothing was left to do, there is no file to work on.
      assert.equal(again.status, left ? 0 : 2, again.stderr)
      assert.deepEqual(names(home, 'work'), ['0.age', '1.age', '2.age'], `after ${moment} changes`)
      await home.ok(['open', 'work', '-O', 'opened', '-q'])
      for (const [i, text] of TEXTS.entries()) {
        assert.ok(home.read(`opened/work/${i}`).equals(text), `file ${i} after ${moment} changes`)
      }
      for (const folder of ['work', 'opened']) rmSync(home.path(folder), { recursive: true })
    }
  })
})
