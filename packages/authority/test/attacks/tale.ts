import { toHex } from '@strongroom/core/bytes'
import type { NewDeposit } from '@strongroom/core/client'
import {
  encodeTerms,
  type ActPayloads,
  type BundledRewrap,
  type Envelope,
  type RecoveryBundle,
} from '@strongroom/core/protocol'
import { rewrapBlob } from '../../src/custodian/wrapped-key.ts'
import { sha256 } from '../../src/model/digest.ts'
import { bytesOf } from '../support/authority.ts'
import { keys } from '../custodian/connected.ts'
import { byId, chainOf, depositOf, JUDGED_AT, REQUESTED } from '../custodian/story.ts'
import {
  CHARTER,
  CODE,
  digestOf,
  MINUTE,
  OTHER_CODE,
  OWNER_ID,
  START,
  TERMS,
  World,
  type Leaf,
} from '../custodian/world.ts'
import {
  approvalBy,
  BETA_ID,
  betaRequest,
  charterReleaseOf,
  CODES_OF_BETA,
  codesOf,
  enrolmentOf,
  evidenceOf,
  followerOf,
  LATER,
  made,
  payloadOf,
  requestOf,
  STATEMENTS,
  vettingOf,
  type Called,
  type PayloadOf,
} from './tale-statements.ts'

// One log in which three requests of two tenants were approved, and the bundle of each: the smallest ones, so that each thing in them is
// needed. What anybody changes is changed where it is signed, and stands in the log so.

/** What of the log is different. */
export interface TaleChanges {
  /** Makes one statement another; what refers to it refers to what it was. */
  readonly change?: { readonly called: Called; readonly members: Readonly<Record<string, unknown>> }
  /** The second deposit, made of the honest one; the request asks for what comes of it. */
  readonly replaced?: (honest: Uint8Array) => Uint8Array
  /** Everything is said a second later, under other terms: a log of the same authority that has nothing of the usual one. */
  readonly forked?: true
}

/** One request and its bundle. */
export interface Told {
  readonly bundle: RecoveryBundle
  readonly subject: Uint8Array
}

/** The log and what is in it. */
export interface Tale {
  readonly world: World
  readonly charters: { readonly acme: Uint8Array; readonly beta: Uint8Array }
  readonly charterRelease: Uint8Array
  readonly statements: ReadonlyMap<Called, Envelope>
  /** Of the usual request, another one of the same owner, and one of another tenant. */
  readonly own: Told
  readonly twin: Told
  readonly tenant: Told
  /** How many leaves there were before the first request. */
  readonly before: number
  readonly now: number
}

export const SESSION_KEYS = [bytesOf(0x7e57, 16), bytesOf(0x7e58, 16), bytesOf(0x7e59, 16)] as const

/** Tells it. */
export function tale(changes: TaleChanges = {}): Tale {
  return new Telling(changes).tell()
}

class Telling {
  readonly #changes: TaleChanges
  readonly #world: World
  /** For its epochs: who deposits believes those, whatever the log says. */
  readonly #honest: World
  readonly #statements = new Map<Called, Envelope>()
  /** By the ids of deposits. */
  readonly #sessionKeys = new Map<string, Uint8Array>()
  #note: Uint8Array | undefined

  constructor(changes: TaleChanges) {
    this.#changes = changes
    const terms = changes.forked ? { ...TERMS, floor: { approvals: 2, waiting: 3_601 } } : TERMS
    this.#world = new World({ custodian: keys.signer, terms })
    this.#honest = new World({ custodian: keys.signer, terms })
    this.#epoch('epoch')
  }

  /** The epoch that was just signed, or what it was changed to. */
  #epoch(called: 'epoch' | 'next epoch'): void {
    const { epochs, leaves } = this.#world
    const { change } = this.#changes
    const said = epochs.at(-1)
    if (!said) throw new RangeError('no epoch')
    const envelope =
      change?.called === called ? made('epoch', { ...payloadOf('epoch', said), ...change.members }) : said
    epochs[epochs.length - 1] = envelope
    leaves[leaves.length - 1] = { kind: 'epoch', digest: digestOf(envelope), envelope }
    this.#statements.set(called, envelope)
  }

  /** When something is said here. */
  #later<T extends { readonly created: number }>(payload: T): T {
    return this.#changes.forked ? { ...payload, created: payload.created + 1_000 } : payload
  }

  /** Logs what is said, or what it was changed to. @returns what was said before anybody changed it */
  #say<C extends Exclude<Called, 'epoch' | 'next epoch'>>(called: C, payload: PayloadOf<C>): Envelope {
    const act = STATEMENTS[called]
    const honest = made(act, payload)
    const { change } = this.#changes
    const logged = change?.called === called ? made(act, { ...payload, ...change.members }) : honest
    this.#statements.set(called, logged)
    this.#world.add(act, logged)
    return honest
  }

  tell(): Tale {
    const world = this.#world
    const first = this.#say('charter', this.#later(CHARTER))
    this.#say('enrolment', this.#later(enrolmentOf('acme')))
    world.fill(3)
    const blobs = this.#deposits()
    this.#say('codes', this.#later(codesOf('acme', OWNER_ID, [CODE.signer, OTHER_CODE.signer])))
    this.#say('vetting', this.#later(vettingOf()))
    // The exchange key of the first epoch is given up: what is deposited is wrapped for the next.
    for (const log of [world, this.#honest]) log.epoch({ custodian: keys.signer, exchange: LATER })
    this.#epoch('next epoch')
    const next = this.#say('next charter', this.#later(followerOf(digestOf(first))))
    this.#say('release of the charter', this.#later(charterReleaseOf(digestOf(next))))
    const beta = this.#tenant()
    const before = world.leaves.length
    const asked = this.#say('request', this.#later(requestOf(digestOf(next), blobs)))
    for (const [i, called] of (['first approval', 'second approval'] as const).entries()) {
      this.#say(called, this.#later(approvalBy(i, digestOf(asked), 'acme')))
    }
    const own = this.#changes.change?.called === 'request' ? this.#said('request') : asked
    const alone = blobs.slice(0, 1)
    const evidence = evidenceOf(OTHER_CODE).slice(0, 1)
    const twin = this.#log('request', requestOf(digestOf(next), alone, { evidence, nonce: bytesOf(0x48) }))
    this.#approve(twin, 'acme')
    const theirs = this.#log('request', betaRequest(digestOf(beta.charter), beta.blobs))
    this.#approve(theirs, 'beta')
    const { charters, shown } = this.#ofAcme()
    return {
      world,
      charters: { acme: digestOf(first), beta: digestOf(beta.charter) },
      charterRelease: digestOf(this.#said('release of the charter')),
      statements: this.#statements,
      own: this.#bundle(own, blobs, charters, shown),
      twin: this.#bundle(twin, alone, charters, { ...shown, evidence: shown.evidence.slice(0, 1) }),
      tenant: this.#bundle(theirs, beta.blobs, [{ charter: beta.charter }], {
        enrolments: [beta.enrolment],
        evidence: [beta.codes],
      }),
      before,
      now: JUDGED_AT + MINUTE,
    }
  }

  /** Logs what nobody changes. */
  #log<K extends 'charter' | 'enrolment' | 'codes' | 'request' | 'approval'>(
    name: K,
    payload: ActPayloads[K],
  ): Envelope {
    const envelope = made(name, this.#later(payload))
    this.#world.add(name, envelope)
    return envelope
  }

  #deposits(): Uint8Array[] {
    const { replaced = (honest: Uint8Array) => honest } = this.#changes
    const blobs = SESSION_KEYS.slice(0, 2).map((key, i) => {
      const blob = this.#deposit(key, i)
      return i === 1 ? this.#holds(replaced(blob), key) : blob
    })
    // The order of the log is that of the ids, whatever those are.
    return blobs.toSorted(byId).map((blob) => this.#world.deposit(blob))
  }

  #deposit(key: Uint8Array, i: number, changes: Partial<NewDeposit> = {}): Uint8Array {
    const createdMs = START + i + (this.#changes.forked ? 1_000 : 0)
    return this.#holds(depositOf(this.#honest, key, i, { createdMs, ...changes }), key)
  }

  #holds(blob: Uint8Array, key: Uint8Array): Uint8Array {
    this.#sessionKeys.set(toHex(sha256(blob)), key)
    return blob
  }

  #said(called: Called): Envelope {
    const found = this.#statements.get(called)
    if (!found) throw new RangeError(`nobody said ${called}`)
    return found
  }

  #approve(request: Envelope, tenant: string): void {
    for (const officer of [0, 1]) {
      this.#log('approval', approvalBy(officer, digestOf(request), tenant))
    }
  }

  /** Another tenant, which has the same people. */
  #tenant() {
    const world = this.#world
    const charter = this.#log('charter', { ...CHARTER, tenant: 'beta' })
    const enrolment = this.#log('enrolment', enrolmentOf('beta'))
    const theirs = this.#deposit(SESSION_KEYS[2], 2, { tenant: 'beta', clientId: BETA_ID })
    const blobs = [world.deposit(theirs)]
    const codes = this.#log('codes', codesOf('beta', BETA_ID, [CODES_OF_BETA.signer]))
    return { charter, enrolment, blobs, codes }
  }

  #ofAcme() {
    const charters = [
      { charter: this.#said('charter') },
      { charter: this.#said('next charter'), release: this.#said('release of the charter') },
    ]
    const shown = {
      enrolments: [this.#said('enrolment')],
      evidence: [this.#said('codes'), this.#said('vetting')],
    }
    return { charters, shown }
  }

  #bundle(
    request: Envelope,
    blobs: readonly Uint8Array[],
    charters: RecoveryBundle['charters'],
    { enrolments, evidence }: Pick<RecoveryBundle, 'enrolments' | 'evidence'>,
  ): Told {
    const world = this.#world
    const subject = digestOf(request)
    // Where the codes of the owner were named.
    const start = world.leaves.findIndex(({ kind }) => kind === 'codes')
    const stated = charters.flatMap(({ charter, release }) => (release ? [charter, release] : [charter]))
    const shown = [...world.epochs, ...stated, ...enrolments, ...evidence]
    const ids = blobs.map((blob) => sha256(blob))
    const bundle: RecoveryBundle = {
      epochs: world.epochs,
      terms: encodeTerms(world.terms),
      charters,
      subject: request,
      deposits: blobs.toSorted(byId),
      enrolments,
      evidence,
      receipt: world.receipt(subject, REQUESTED + MINUTE),
      checkpoint: this.#checkpoint(),
      range: world.range({ start }),
      statements: statementsAbout(world, { start, shown, subject }),
      proofs: world.proofs([...shown.map(digestOf), ...ids], { start }),
      rewrapped: blobs.toSorted(byId).map((blob) => this.#rewrapped(blob)),
    }
    return { bundle, subject }
  }

  #rewrapped(blob: Uint8Array): BundledRewrap {
    const id = sha256(blob)
    const next = chainOf(this.#honest).latest
    const sessionKey = this.#sessionKeys.get(toHex(id)) ?? new Uint8Array(16)
    return { id, blob: rewrapBlob(sessionKey, next, id) }
  }

  #checkpoint(): Uint8Array {
    this.#note ??= this.#world.checkpoint(JUDGED_AT)
    return this.#note
  }
}

const WATCHED: ReadonlySet<Leaf['kind']> = new Set(['rejection', 'cancellation', 'release', 'codes'])

/** What a bundle must show of the range, and what is said about its subject; nothing that stands elsewhere in it. */
function statementsAbout(
  world: World,
  {
    start,
    shown,
    subject,
  }: { readonly start: number; readonly shown: readonly Envelope[]; readonly subject: Uint8Array },
): Envelope[] {
  const elsewhere = new Set(shown.map((envelope) => toHex(digestOf(envelope))))
  // Approvals stand behind what they approve, up to the next request.
  const asked = world.indexOf(subject)
  return world.leaves.flatMap(({ envelope, kind, digest }, index) => {
    const about = kind === 'approval' && index > asked && index <= asked + 2
    const wanted = index >= start && (about || WATCHED.has(kind)) && !elsewhere.has(toHex(digest))
    return wanted && envelope ? [envelope] : []
  })
}
