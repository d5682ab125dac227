import { CONTRACT } from '../contract/index.ts'
import { PostgresEngine } from '../support/databases.ts'
import { onDatabase } from '../support/suite.ts'

onDatabase(new PostgresEngine(), CONTRACT)
