import { PostgresEngine } from '../support/databases.ts'
import { onDatabase } from '../support/suite.ts'
import { ROUTES } from './routes.ts'

onDatabase(new PostgresEngine(), { 'routes of recovery': ROUTES })
