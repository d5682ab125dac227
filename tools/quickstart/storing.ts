import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { styleText } from 'node:util'
import { storeSessionKey } from '../../examples/storing-a-session-key.ts'
import type { Stage } from './stage.ts'

/** "Storing a session key", by the published functions. */
export function storing(stage: Stage, source: string, before: string): void {
  const back = storeSessionKey(readFileSync(source), (text, calls) => {
    stage.step(text)
    if (calls !== undefined) stage.say(styleText('cyan', `    ${calls}`))
  })
  const after = createHash('sha256').update(back).digest('hex')
  if (after !== before) throw new Error(`what came back is not what went in: ${after} is not ${before}`)
}
