/**
 * Does one thing with a large file, in a process whose memory is measured.
 *
 * large-file.ts <seal | verify | open | open-range | seal-stream | open-stream> <folder>
 *
 * Prints the most memory that the process held, in KiB.
 */
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openFile, verifyFile } from '../../../src/seal/index.ts'
import { reader } from './people.ts'
import { at, openOne, sealOne } from './refusals.ts'
import { OUT, PLAIN, SEALED } from './scene.ts'

const GIB = 2 ** 30
const [step = '', folder = ''] = process.argv.slice(2)
// What a small machine has; every further thread takes memory of its own.
const threads = 2

const STEPS: Readonly<Record<string, () => Promise<unknown>>> = {
  seal: () => sealOne(at(folder, PLAIN), at(folder, SEALED), { threads }),
  verify: () => verifyFile(at(folder, SEALED), { ...reader, threads }),
  open: () => openOne(at(folder, SEALED), at(folder, OUT), { threads }),
  'open-range': () =>
    openFile(
      { input: at(folder, SEALED), output: at(folder, 'range') },
      { ...reader, threads, range: { offset: 4 * GIB - 5, length: 10 } },
    ),
  'seal-stream': () =>
    withDescriptor(PLAIN, 'r', (fd) => sealOne({ fd }, at(folder, 'stream.age'), { threads })),
  'open-stream': () =>
    withDescriptor(OUT, 'w', (fd) => openOne(at(folder, 'stream.age'), { fd }, { threads })),
}

async function withDescriptor(name: string, flags: string, use: (fd: number) => Promise<unknown>) {
  const fd = openSync(join(folder, name), flags)
  await use(fd)
  closeSync(fd)
}

/** The system's own measure begins with the memory of the parent, from which a process is copied; Linux has a better one. */
function mostKib(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : ''
  const [, peak] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? []
  return peak === undefined ? process.resourceUsage().maxRSS : Number(peak)
}

await STEPS[step]?.()
console.log(mostKib())
