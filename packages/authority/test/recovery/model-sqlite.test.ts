import { test } from 'node:test'
import { SQLITE } from '../support/databases.ts'
import { runModel } from './model-runs.ts'

test('whatever happens in whatever order, on two processes of one file: nobody gets what was not released', (t) =>
  runModel(SQLITE, t))
