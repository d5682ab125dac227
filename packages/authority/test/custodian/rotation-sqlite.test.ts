import { SQLITE } from '../support/databases.ts'
import { onDatabase } from '../support/suite.ts'
import { ROTATION } from './rotation.ts'

onDatabase(SQLITE, { 'a rotation': ROTATION })
