import { fromHex } from '@strongroom/core/bytes'
import { ACTS, encodeEnvelope, fingerprintOf, signStatement } from '@strongroom/core/protocol'
import { admitRecovery, sha256 } from '../model/index.ts'
import { signerOfSecret } from '../notices/index.ts'
import { problemAnswer } from './answer.ts'
import { append, checkWritable } from './deposit-routes.ts'
import { escaped, HTML, htmlPage } from './html-page.ts'
import { ProblemError } from './problem-error.ts'
import type { Answer, Call, Route } from './route.ts'
import { SCHEMAS } from './schemas.ts'

const DIGITS = 64
/** What of a request's digits is shown, to be compared with the mail. */
const SHOWN_DIGITS = 16
const LINK = /^[0-9a-f]{128}$/

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
    handle: question,
    refused,
  },
  {
    method: 'POST',
    path: '/cancel/{link}',
    auth: 'public',
    summary: 'Cancel what a notice was about',
    answers: { [HTML]: SCHEMAS.text },
    seconds: 60,
    handle: cancel,
    refused,
  },
]

/** What the pages say. Nothing of it is from whoever asked for the keys. */
const DONE = {
  title: 'The request is cancelled',
  text: 'Nothing is released for it. Tell your administrator that somebody asked: they may have one of your recovery codes.',
}
const NOTHING = {
  title: 'There is nothing to cancel any more',
  text: 'It was decided or cancelled before, or the link is not the one from the notice. Ask your administrator if you are not sure.',
}
const CUT = {
  title: 'The link is not complete',
  text: 'Open it from the mail again, or copy all of it: it is often broken over two lines.',
}
const LATER = {
  title: 'The request is not cancelled yet',
  text: 'The authority cannot write it down at present. Try again in a moment, and tell your administrator at once if that does not help.',
}

/** Says the same of every link, also of one that was made up: nobody learns from it which requests there are. */
async function question({ desk, parameter }: Call): Promise<Answer> {
  if (!LINK.test(parameter)) return page(CUT, 404)
  const { authority } = (await desk.authority.epochs()).latest.payload
  return htmlPage({
    title: 'Cancel a request for your keys',
    content: `<main class="short">
<h1>Was this you?</h1>
<p>Somebody has asked <strong>${escaped(authority)}</strong> for the keys of your files.</p>
<p>If it was you, close this page. If not, cancel the request: then nothing is released for it. It cannot be taken back.</p>
<form method="post"><p><button type="submit">Cancel the request</button></p></form>
<p class="soft">Request <code>${parameter.slice(0, SHOWN_DIGITS)}…</code>, as in your notice. To open this page has changed nothing.</p>
</main>`,
  })
}

async function cancel(call: Call): Promise<Answer> {
  const { desk, parameter } = call
  if (!LINK.test(parameter)) return page(CUT, 404)
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

/** Whoever pressed the button is a person, who can do nothing with a problem document. */
function refused(problem: ProblemError): Answer {
  const { status, fields } = problemAnswer(problem)
  const answer = page(status === 429 || status >= 500 ? LATER : CUT, status)
  return { ...answer, fields: { ...answer.fields, ...fields } }
}

function page({ title, text }: { readonly title: string; readonly text: string }, status = 200): Answer {
  const content = `<main class="short">\n<h1>${title}</h1>\n<p>${text}</p>\n</main>`
  return htmlPage({ title, content, status })
}
