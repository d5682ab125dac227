/** An authority that runs: its database and log opened, its requests answered. */
export { openAuthority, openStore } from './open-authority.ts'
export type { OpenAuthority, OpenOptions } from './open-authority.ts'
export { serveAuthority, startService } from './start-service.ts'
export type { Service, ServiceOptions } from './start-service.ts'
