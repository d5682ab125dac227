import { join } from 'node:path'
import { PostgresEngine } from '../support/databases.ts'
import { onDatabase } from '../support/suite.ts'
import { huntCanaries } from './canaries.ts'
import { SERVICE } from './service.ts'
import { TENANTS } from './tenants.ts'

const engine = new PostgresEngine()

onDatabase(engine, {
  'invariants of the service': SERVICE,
  'invariants of tenants': TENANTS,
  canaries: {
    'I13: no session key is in any answer, log, metric, row or backup, nor in a file of the server': async (
      scene,
    ) => await huntCanaries(scene, () => join(engine.server.folder, 'data')),
  },
})
