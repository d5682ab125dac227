import { APPENDING } from './append.ts'
import { DEPOSITS } from './deposits.ts'
import { FAULTS } from './faults.ts'
import { FSCK } from './fsck.ts'
import { LOG } from './log.ts'
import { PEOPLE } from './people.ts'
import { RECOVERY_FSCK } from './recovery-fsck.ts'
import { PROBES } from './probes.ts'
import { RECOVERY } from './recovery.ts'
import { TILES } from './tiles.ts'
import { WHOLE } from './whole.ts'

/** What every kind of database has to do. */
export const CONTRACT = {
  appending: APPENDING,
  deposits: DEPOSITS,
  faults: FAULTS,
  fsck: FSCK,
  log: LOG,
  people: PEOPLE,
  probes: PROBES,
  recovery: RECOVERY,
  'fsck of recovery': RECOVERY_FSCK,
  'tiles and checkpoints': TILES,
  'the whole': WHOLE,
}
