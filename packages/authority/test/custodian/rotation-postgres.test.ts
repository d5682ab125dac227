import { PostgresEngine } from '../support/databases.ts'
import { onDatabase } from '../support/suite.ts'
import { ROTATION } from './rotation.ts'

onDatabase(new PostgresEngine(), { 'a rotation': ROTATION })
