import { SQLITE } from '../support/databases.ts'
import { onDatabase } from '../support/suite.ts'
import { EPOCH_TERMS } from './epoch-terms.ts'

onDatabase(SQLITE, { 'terms of an epoch': EPOCH_TERMS })
