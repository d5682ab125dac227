import type { Quotas } from '../model/index.ts'

/** A place to listen at. `port` 0 is any that is free. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** Where the database is. */
export type DatabaseSettings =
  | { readonly engine: 'sqlite'; readonly path: string }
  | {
      readonly engine: 'postgres'
      /** As whom nodes work. */
      readonly url: string
      /** As whom tables are made and changed; absent where that is done elsewhere. */
      readonly ownerUrl?: string
      readonly nodeRole?: string
      /** Connections at most. */
      readonly connections?: number
    }

/** PEM files. */
export interface TlsSettings {
  readonly certificate: string
  readonly key: string
  /** Certificates of those who sign the certificates of clients; present, each connection needs one. */
  readonly clientCa?: string
}

/** From which level on lines are logged. */
export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'

/** All settings of one node of an authority, checked, with every path absolute. docs/authority-configuration.md */
export interface Configuration {
  /** Where the file lies, and all that it names by relative paths. */
  readonly folder: string
  /** The authority's name for people. */
  readonly name: string
  /** The public origin, as clients know it: `https://host[:port]`. */
  readonly url: string
  /** The fingerprint of the identity key. */
  readonly identity: string
  readonly listen: Address
  /** null: http without TLS, on loopback or behind a proxy. */
  readonly tls: TlsSettings | null
  /** How many hops of `X-Forwarded-For` are ours: 0 to 3. */
  readonly proxy: { readonly hops: number }
  readonly database: DatabaseSettings
  /** The keys of the log, and the file that says what this node has signed. */
  readonly log: { readonly keys: string; readonly signed: string }
  readonly quotas: Quotas
  readonly limits: {
    readonly depositsPerRequest: number
    /** A request must have been read after so many seconds. */
    readonly bodySeconds: number
    readonly requestsPerMinute: { readonly address: number; readonly client: number }
    readonly connections: number
  }
  /** Where numbers for monitoring are given out; absent: nowhere. */
  readonly metrics: { readonly listen?: Address }
  /** How people are told what happens to what is theirs; absent or null: not at all. */
  readonly notices?: {
    readonly mail: { readonly url: string; readonly from: string } | null
    readonly webhook: { readonly url: string; readonly secret: string } | null
  }
  readonly logLevel: LogLevel
}
