import assert from 'node:assert/strict'
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import * as fc from 'fast-check'
import type { AuditReport } from '@strongroom/core/client'
import type { Configuration } from '../../src/config/index.ts'
import {
  checkAuditFile,
  withAudit,
  writeAuditFile,
  type AuditForm,
  type AuditQuery,
} from '../../src/setup/index.ts'
import { FilledAuthority } from './filled-authority.ts'

const FORMS = ['json', 'csv'] as const
const DEPOSITS = 4
/** An epoch, three enrolments, five deposits of each client. */
const SIZE = 1 + 3 * (1 + DEPOSITS + 1)

/** An authority and its exports, to be spoiled. */
class Exported {
  readonly #filled: FilledAuthority
  #names = 0

  private constructor(filled: FilledAuthority) {
    this.#filled = filled
  }

  static async open(t: TestContext): Promise<Exported> {
    const filled = new FilledAuthority(t)
    await filled.fill(DEPOSITS)
    return new Exported(filled)
  }

  get configuration(): Configuration {
    return this.#filled.configuration
  }

  get identity(): string {
    return this.configuration.identity
  }

  get folder(): string {
    return this.#filled.parent
  }

  /** Writes an export. @returns its path */
  async write(form: AuditForm, query: AuditQuery = {}, statements = true): Promise<string> {
    const path = join(this.#filled.parent, `${this.#names++}.${form}`)
    const written = await withAudit(this.#filled.configuration, query, (audit) =>
      writeAuditFile(path, audit, { form, statements }),
    )
    const report = await checkAuditFile(path, form, this.identity)
    assert.deepEqual([report.findings, report.statements], [[], written])
    return path
  }

  /** What is said of an export whose file has other bytes: its findings, or why it was refused at once. */
  async spoiled(path: string, form: AuditForm, bytes: Uint8Array, at = path): Promise<string[]> {
    const before = readFileSync(at)
    writeFileSync(at, bytes)
    try {
      const { findings } = await checkAuditFile(path, form, this.identity)
      return findings.map(({ line, reason }) => `line ${line}: ${reason}`)
    } catch (error) {
      // Every refusal has a name.
      const { code, message } = error as { code?: string; message: string }
      assert.match(code ?? '', /^(CLIENT|PROTOCOL|TLOG|AUTHORITY|EPOCH)_/, String(error))
      return [message]
    } finally {
      writeFileSync(at, before)
    }
  }
}

const check = async (path: string, form: AuditForm, identity: string): Promise<AuditReport> =>
  checkAuditFile(path, form, identity)

/** All lines of a file with their ends. */
const linesOf = (path: string) => readFileSync(path, 'latin1').split(/(?<=\n)/)
const joined = (lines: readonly string[]) => Buffer.from(lines.join(''), 'latin1')

suite('an export of an audit', () => {
  test('is checked with the fingerprint alone, and says what it shows', async (t) => {
    const all = await Exported.open(t)
    for (const form of FORMS) {
      const whole = await check(await all.write(form), form, all.identity)
      assert.deepEqual(
        [whole.statements, whole.opened, whole.unknownOwners, whole.whole],
        [SIZE, SIZE, 0, true],
      )
      const digests = await check(await all.write(form, {}, false), form, all.identity)
      assert.deepEqual([digests.statements, digests.opened, digests.whole], [SIZE, 0, true])
      const some = await check(await all.write(form, { kind: 'deposit', tenant: 'zeta' }), form, all.identity)
      assert.deepEqual([some.statements, some.unknownOwners, some.whole], [5, 5, false])
      const none = await check(await all.write(form, { tenant: 'none' }), form, all.identity)
      assert.deepEqual([none.statements, none.whole], [0, false])
      const other = `SHA256:${'A'.repeat(43)}`
      await assert.rejects(check(await all.write(form), form, other), { code: 'CLIENT_EXPORT' })
    }
  })

  test('takes the place of no file, and leaves nothing half-done', async (t) => {
    const all = await Exported.open(t)
    for (const form of FORMS) {
      const path = await all.write(form)
      const before = readFileSync(path)
      const again = withAudit(all.configuration, {}, (audit) =>
        writeAuditFile(path, audit, { form, statements: false }),
      )
      await assert.rejects(again, { code: 'SETUP_EXISTS' })
      assert.deepEqual(readFileSync(path), before)
    }
    const failing = withAudit(all.configuration, {}, async (audit) => {
      const rows = audit.rows[Symbol.asyncIterator]()
      const cut = { ...audit, rows: failingAfter(rows, 3) }
      return await writeAuditFile(join(all.folder, 'cut.json'), cut, { form: 'json', statements: true })
    })
    await assert.rejects(failing, { message: 'the disk is gone' })
    assert.deepEqual(
      readdirSync(all.folder).filter((name) => /cut|tmp/.test(name)),
      [],
    )
  })

  for (const form of FORMS) {
    test(`${form}: a line that is gone, there twice, in another place or changed is refused, and named`, async (t) => {
      const all = await Exported.open(t)
      const path = await all.write(form, {}, false)
      const lines = linesOf(path)
      const last = form === 'json' ? lines.length - 1 : lines.length
      assert.equal(last, SIZE + 1)
      for (let at = 1; at < last; at++) {
        const [line = '', next = ''] = [lines[at], lines[at + 1]]
        const without = await all.spoiled(path, form, joined(lines.toSpliced(at, 1)))
        assert.match(without.join('\n'), /says that it has 19 statements, and has 18/)
        const twice = await all.spoiled(path, form, joined(lines.toSpliced(at, 0, line)))
        assert.match(twice[0] ?? '', new RegExp(`^line ${at + 2}: statement ${at - 1} behind ${at - 1}: `))
        if (at + 1 < last) {
          const swapped = await all.spoiled(path, form, joined(lines.toSpliced(at, 2, next, line)))
          assert.match(swapped[0] ?? '', new RegExp(`^line ${at + 2}: statement ${at - 1} behind ${at}: `))
        }
        for (const [what, other] of changesOf(line)) {
          const found = await all.spoiled(path, form, joined(lines.toSpliced(at, 1, other)))
          const named =
            what === 'client' || what === 'received' ? /checksum/ : new RegExp(`^line ${at + 1}: `)
          assert.match(found[0] ?? '', named, what)
        }
      }
    })

    test(`${form}: whatever bit is turned, and wherever it is cut off, it is refused by name`, async (t) => {
      const all = await Exported.open(t)
      const path = await all.write(form)
      const files = form === 'csv' ? [path, `${path}.proof`] : [path]
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...files),
          fc.double({ min: 0, max: 1, noNaN: true }),
          fc.nat(8),
          async (file, place, bit) => {
            const bytes = new Uint8Array(readFileSync(file))
            const at = Math.min(bytes.length - 1, Math.floor(place * bytes.length))
            // Eight bits of the byte; the ninth cuts the file off there.
            const spoiled = bit < 8 ? bytes.with(at, (bytes[at] ?? 0) ^ (1 << bit)) : bytes.subarray(0, at)
            assert.notDeepEqual(await all.spoiled(path, form, spoiled, file), [])
          },
        ),
        { numRuns: process.env['SLOW'] ? 2_000 : 60 },
      )
    })
  }

  test('what was made of it by somebody with other keys, or behind its end, is refused', async (t) => {
    const all = await Exported.open(t)
    const [path, csv] = [await all.write('json'), await all.write('csv')]
    const lines = linesOf(path)
    assert.match(
      (await all.spoiled(path, 'json', joined([...lines, '{}\n']))).join(),
      /stands behind the end of the export/,
    )
    assert.match(
      (await all.spoiled(path, 'json', joined(lines.slice(0, 5)))).join(),
      /end of the export is missing/,
    )
    const head = lines[0] ?? ''
    const smaller = head.replace('\\n19\\n', '\\n18\\n')
    assert.ok(smaller !== head)
    assert.match((await all.spoiled(path, 'json', joined(lines.with(0, smaller)))).join(), /signature/)
    // A statement of another leaf, in a line with the right proof: the digest says so, also if the checksum is made anew.
    const rows = [lines[5] ?? '', lines[6] ?? ''].map(
      (line) => /"statement":(.*)\},?\n$/.exec(line)?.[1] ?? '',
    )
    const exchanged = (lines[5] ?? '').replace(rows[0] ?? '', rows[1] ?? '')
    const found = await all.spoiled(path, 'json', joined(lines.with(5, exchanged)))
    assert.match(found[0] ?? '', /^line 6: (deposit|statement) 4 is not the one that was logged/)
    renameSync(`${csv}.proof`, `${csv}.gone`)
    await assert.rejects(check(csv, 'csv', all.identity), { code: 'ENOENT' })
  })
})

/** One character of each field turned into another. */
function changesOf(line: string): (readonly [string, string])[] {
  const digest = /[0-9a-f]{64}/.exec(line)?.[0] ?? ''
  const proof = line.match(/[0-9a-f]{64}/g)?.at(-1) ?? ''
  const turned = (hex: string) => `${hex.slice(0, -1)}${hex.endsWith('0') ? '1' : '0'}`
  const tenant = /acme|zeta/.exec(line)?.[0]
  return [
    ['digest', line.replace(digest, turned(digest))],
    ['proof', line.replace(proof, turned(proof))],
    ['kind', line.replace(/deposit|enrolment|epoch/, 'vetting')],
    ['received', line.replace(/T(\d\d):/, (_, hour: string) => `T${hour === '11' ? '12' : '11'}:`)],
    ...(tenant === undefined
      ? []
      : [['client', line.replace(/c-[0-9a-f]{24}/, `c-${'0'.repeat(24)}`)] as const]),
  ]
}

async function* failingAfter<T>(rows: AsyncIterator<T>, count: number): AsyncGenerator<T> {
  for (let i = 0; i < count; i++) {
    const { value, done } = await rows.next()
    if (done !== true) yield value
  }
  throw new Error('the disk is gone')
}
