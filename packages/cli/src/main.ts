import { keepCompiledCode } from './compiled-code.ts'

// First of all: it works only for what is loaded afterwards.
keepCompiledCode(process.env, process.platform)
const { main } = await import('./command-line.ts')
await main()
