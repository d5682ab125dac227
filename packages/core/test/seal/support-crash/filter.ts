/**
 * Seals or opens standard input to standard output: filter.ts <seal | open>. Ends with 7 where the system refused.
 */
import { SealError } from '../../../src/seal/index.ts'
import { openOne, sealOne } from './refusals.ts'

const convert = process.argv[2] === 'seal' ? sealOne : openOne
try {
  await convert({ fd: 0 }, { fd: 1 })
} catch (error) {
  process.exitCode = error instanceof SealError && error.code === 'IO' ? 7 : 1
}
