import { PostgresEngine } from '../support/databases.ts'
import { onDatabase } from '../support/suite.ts'
import { FAILURES, PROMISES } from './promises.ts'

onDatabase(new PostgresEngine(), { 'promises to clients': PROMISES, 'failures below a request': FAILURES })
