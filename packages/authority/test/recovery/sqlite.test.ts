import { SQLITE } from '../support/databases.ts'
import { onDatabase } from '../support/suite.ts'
import { ROUTES } from './routes.ts'

onDatabase(SQLITE, { 'routes of recovery': ROUTES })
