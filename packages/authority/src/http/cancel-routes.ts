import { fromHex } from '@strongroom/core/bytes'
import { ACTS, encodeEnvelope, fingerprintOf, signStatement } from '@strongroom/core/protocol'
import { admitRecovery, sha256 } from '../model/index.ts'
import { signerOfSecret } from '../notices/index.ts'
import { append, checkWritable } from './deposit-routes.ts'
import { ProblemError } from './problem-error.ts'
import type { Answer, Call, Route } from './route.ts'
import { SCHEMAS } from './schemas.ts'

const HTML = 'text/html; charset=utf-8'
const DIGITS = 64

/**
 * The link in a notice. To follow it changes nothing: programs that look through mail follow every link. The button on the page does.
 */
export const CANCEL_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/cancel/{link}',
    auth: 'public',
    summary: 'The page behind the link of a notice',
    answers: { [HTML]: SCHEMAS.text },
    seconds: 5,
    handle: async () => page(QUESTION),
  },
  {
    method: 'POST',
    path: '/cancel/{link}',
    auth: 'public',
    summary: 'Cancel what a notice was about',
    answers: { [HTML]: SCHEMAS.text },
    seconds: 60,
    handle: cancel,
  },
]

// The same for every link, also for one that was made up.
const QUESTION = `<p>Somebody has asked for the keys of your files. If that was not you, cancel it. It cannot be taken back.</p>
<form method="post"><button type="submit">Cancel the request</button></form>`
const DONE = '<p>The request is cancelled. Nothing is released for it.</p>'
const NOTHING =
  '<p>There is nothing to cancel any more: it was decided before, or the link is not complete.</p>'

async function cancel(call: Call): Promise<Answer> {
  const { desk, parameter } = call
  checkWritable(desk)
  const [subject, secret] = [fromHex(parameter.slice(0, DIGITS)), fromHex(parameter.slice(DIGITS))]
  const tenant = await desk.authority.store.recovery.subjectHome(subject)
  const statement = cancellation(call, tenant ?? 'nobody', subject, secret)
  const [outcome] = await append(desk, [statement])
  if (outcome?.state === 'logged') return page(DONE)
  // Who tries links is counted, and told what everybody is told who comes too late.
  call.strike()
  if (outcome?.reason === 'not-found' || outcome?.reason === 'decided') return page(NOTHING)
  throw new ProblemError(outcome?.reason ?? 'internal')
}

/** The link's secret is the key that signs: the server only puts it in words. */
function cancellation({ desk }: Call, tenant: string, subject: Uint8Array, secret: Uint8Array) {
  const { trust } = desk.authority
  const key = signerOfSecret(secret)
  const identity = trust.identity.startsWith('SHA256:')
    ? trust.identity
    : fingerprintOf(sha256, trust.identity)
  const created = Math.floor(desk.now() / 1000) * 1000
  const payload = { identity, tenant, subject, capacity: 'notice', by: key.signer, created } as const
  return admitRecovery(encodeEnvelope(signStatement(sha256, ACTS.cancellation, payload, [key])), trust)
}

function page(content: string): Answer {
  const head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
  const body = `<!doctype html><html lang="en"><head>${head}<title>Strongroom</title></head><body>${content}</body></html>\n`
  return { type: HTML, body }
}
