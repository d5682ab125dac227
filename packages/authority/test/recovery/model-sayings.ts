import { toHex } from '@strongroom/core/bytes'
import { parseEnvelope, type Charter } from '@strongroom/core/protocol'
import * as fc from 'fast-check'
import type { AdmittedStatement } from '../../src/model/admitted-statement.ts'
import { ADA, DAY, HOUR, person } from '../support/recovery.ts'
import { FOUR, type MadeSubject, type OfficerName } from '../support/recovery-site.ts'
import type { SiteNode } from '../support/site-node.ts'
import type { Book } from './model-book.ts'
import { EVERYBODY, FIRST_RULES, LIFE, type Act, type Rules } from './model.ts'

/** What is said, and by whom it is known. */
export interface Said {
  readonly name: string
  readonly act: Act
  readonly send: (node: SiteNode) => ReturnType<Book['site']['say']>
}

/** Something to say, which is made when its time has come. */
export interface Saying {
  readonly text: string
  readonly ready: (book: Book) => boolean
  readonly make: (book: Book) => Said
}

export const isAsked = ({ subjects }: Book): boolean => subjects.length > 0
const isFew = ({ subjects }: Book): boolean => subjects.length < 6

export const requests: fc.Arbitrary<Saying> = fc
  .tuple(fc.constantFrom('self', 'self', 'third-party'), fc.nat(3))
  .map(([name, code]) => ({
    text: `request(${name}, code ${code})`,
    ready: isFew,
    make: (book) => {
      const charter = book.state.charters.at(-1)?.name ?? ''
      const made = book.site.request(Uint8Array.fromHex(charter), { class: name, code })
      const act = { act: 'request', class: name, charter, code, expires: book.site.now + LIFE } as const
      return submitting(book, made, act)
    },
  }))

function submitting(book: Book, made: MadeSubject, act: Act): Said {
  const name = toHex(made.digest)
  book.made.set(name, made)
  return { name, act, send: (node) => book.site.submit(node, made) }
}

const CHANGES: readonly Rules[] = [
  { officers: EVERYBODY, approvals: 3, waitingHours: 24 },
  { officers: ['bo', 'cy', 'di'], approvals: 2, waitingHours: 24 },
  { officers: EVERYBODY, approvals: 2, waitingHours: 2 },
  { officers: ['cy', 'di', 'eve'], approvals: 2, waitingHours: 48 },
  FIRST_RULES,
]

export const proposals: fc.Arbitrary<Saying> = fc.constantFrom(...CHANGES).map((rules) => ({
  text: `propose(${rules.officers.join(' ')}: ${rules.approvals}, ${rules.waitingHours} h)`,
  ready: isFew,
  make: (book) => {
    const { charters } = book.state
    const follows = charters.at(-1)?.name ?? ''
    const officers = rules.officers.map((id) => person(id, FOUR[id], 'officer'))
    const made = book.site.proposal({
      number: charters.length + 1,
      previous: Uint8Array.fromHex(follows),
      people: [person('ada', ADA, 'administrator'), ...officers],
      policy: policyOf(book.site.tenancy.first.policy, rules),
    })
    return submitting(book, made, { act: 'charter', follows, rules, expires: book.site.now + 7 * DAY })
  },
}))

function policyOf(policy: Charter['policy'], { approvals, waitingHours }: Rules): Charter['policy'] {
  const rule = { approvals, waiting: waitingHours * 3_600 }
  return {
    self: { ...policy.self, ...rule },
    'third-party': { ...policy['third-party'], ...rule },
    'break-glass': { ...policy['break-glass'], ...rule },
    charter: { ...policy.charter, ...rule },
  }
}

function verdict(
  text: string,
  number: number,
  make: (book: Book, subject: string, digest: Uint8Array) => readonly [Act, AdmittedStatement],
): Saying {
  return {
    text,
    ready: isAsked,
    make: (book) => {
      const subject = book.subject(number)
      const [act, { digest, bytes }] = make(book, subject, Uint8Array.fromHex(subject))
      const statement = parseEnvelope(bytes)
      return { name: toHex(digest), act, send: (node) => book.site.say(node, statement) }
    },
  }
}

export const approvalBy = (number: number, who: OfficerName, hours: number): Saying =>
  verdict(`approve(${number}, ${who}, ${hours} h)`, number, ({ site }, subject, digest) => {
    const until = site.now + hours * HOUR
    const created = Math.min(site.now, until) - HOUR
    const made = site.tenancy.approval(digest, created, who, { expires: until })
    return [{ act: 'approval', subject, who, until }, made]
  })

export const approvals: fc.Arbitrary<Saying> = fc
  .tuple(fc.nat(5), fc.constantFrom(...EVERYBODY), fc.constantFrom(-1, 1, 30, 100, 100, 100))
  .map((chosen) => approvalBy(...chosen))

export const rejections: fc.Arbitrary<Saying> = fc
  .tuple(fc.nat(5), fc.constantFrom<OfficerName | 'ada'>(...EVERYBODY, 'ada'))
  .map(([number, who]) =>
    verdict(`reject(${number}, ${who})`, number, ({ site }, subject, digest) => [
      { act: 'rejection', subject, who },
      site.tenancy.rejection(digest, site.now, who),
    ]),
  )

export const cancellations: fc.Arbitrary<Saying> = fc
  .tuple(fc.nat(5), fc.constantFrom('requester', 'owner'))
  .map(([number, capacity]) =>
    verdict(`cancel(${number}, ${capacity})`, number, ({ site, made }, subject, digest) => {
      const pair = capacity === 'owner' ? site.owner.pair : (made.get(subject)?.recover ?? ADA)
      return [
        { act: 'cancellation', subject, capacity },
        site.tenancy.cancellation(digest, site.now, pair, capacity),
      ]
    }),
  )
