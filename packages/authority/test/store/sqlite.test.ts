import { CONTRACT } from '../contract/index.ts'
import { SQLITE } from '../support/databases.ts'
import { onDatabase } from '../support/suite.ts'

onDatabase(SQLITE, CONTRACT)
