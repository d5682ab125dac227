import { PostgresEngine } from '../support/databases.ts'
import { onDatabase } from '../support/suite.ts'
import { NOTICE_ROUTES } from './notice-routes.ts'
import { PROBE_ROUTES } from './probe-routes.ts'
import { ROUTES } from './routes.ts'

onDatabase(new PostgresEngine(), {
  'routes of recovery': ROUTES,
  'routes of notices': NOTICE_ROUTES,
  'routes of probes': PROBE_ROUTES,
})
