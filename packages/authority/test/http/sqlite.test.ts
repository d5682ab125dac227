import { SQLITE } from '../support/databases.ts'
import { onDatabase } from '../support/suite.ts'
import { FLOWS } from './flows.ts'

onDatabase(SQLITE, { 'what clients do': FLOWS })
