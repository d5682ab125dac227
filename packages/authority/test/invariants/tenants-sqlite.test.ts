import { SQLITE } from '../support/databases.ts'
import { onDatabase } from '../support/suite.ts'
import { TENANTS } from './tenants.ts'

onDatabase(SQLITE, { 'invariants of tenants': TENANTS })
