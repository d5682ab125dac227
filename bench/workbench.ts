import { createCipheriv, randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const MIB = 2 ** 20

/** Where a question works, and how thoroughly. */
export interface Workbench {
  readonly quick: boolean
  /** At most so many rounds: for a first look. */
  readonly rounds: number
  /** How many deposits, if it was told. */
  readonly deposits: number | undefined
  /** Only the places whose names contain this. */
  readonly place: string
  /** On a memory file system where there is one: no disk disturbs the figures. */
  readonly memory: string
  /** On the disk of the temporary folder. */
  readonly disk: string
}

/** Opens a workbench from the command line (`--quick`, `--rounds N`, `--place TEXT`, `--deposits N`), hands it over, and clears it away whatever happens. */
export async function withWorkbench(work: (bench: Workbench) => Promise<void> | void): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '1000' },
      place: { type: 'string', default: '' },
      deposits: { type: 'string' },
    },
  })
  const memory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'strongroom-bench-'))
  const disk = mkdtempSync(join(tmpdir(), 'strongroom-bench-'))
  try {
    await work({
      quick: values.quick,
      rounds: Number(values.rounds),
      deposits: values.deposits === undefined ? undefined : Number(values.deposits),
      place: values.place,
      memory,
      disk,
    })
  } finally {
    rmSync(memory, { recursive: true })
    rmSync(disk, { recursive: true })
  }
}

/** Writes `bytes` of incompressible noise. Returns the path. */
export function noiseFile(path: string, bytes: number): string {
  const cipher = createCipheriv('aes-128-ctr', randomBytes(16), randomBytes(16))
  const zeros = Buffer.alloc(MIB)
  const fd = openSync(path, 'w')
  for (let done = 0; done < bytes; done += MIB) writeSync(fd, cipher.update(zeros.subarray(0, bytes - done)))
  closeSync(fd)
  return path
}

/** Makes a file of `bytes` zeros that takes no room. Returns the path. */
export function sparseFile(path: string, bytes: number): string {
  const fd = openSync(path, 'w')
  ftruncateSync(fd, bytes)
  closeSync(fd)
  return path
}

/** Writes `count` files of noise into a new folder. Returns the folder. */
export function noiseFolder(folder: string, count: number, bytes: number): string {
  mkdirSync(folder)
  for (let i = 0; i < count; i++) noiseFile(join(folder, `${String(i).padStart(4, '0')}.bin`), bytes)
  return folder
}

/** A step that removes what a run before left, so that each run creates its output. */
export function removing(...paths: readonly string[]): () => void {
  return () => {
    for (const path of paths) rmSync(path, { force: true, recursive: true })
  }
}
