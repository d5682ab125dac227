import { PostgresEngine } from '../support/databases.ts'
import { onDatabase } from '../support/suite.ts'
import { TENANTS } from './tenants.ts'

onDatabase(new PostgresEngine(), { 'invariants of tenants': TENANTS })
