/** One request to an authority. */
export interface TransportRequest {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** Path and query as they are sent. */
  readonly path: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  /** An answer with a longer body is refused. */
  readonly maxBytes: number
  readonly signal?: AbortSignal
}

/** A whole answer. */
export interface TransportAnswer {
  readonly status: number
  /** Names in lower case, several values of one name joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/**
 * How requests get to one authority. It follows no redirect and returns whole answers only.
 *
 * `request` throws ClientError CLIENT_UNREACHABLE if there was no whole answer in time, CLIENT_TLS if whoever answered is not proved
 * to be that host, CLIENT_ANSWER for an answer that is too long or redirects.
 */
export interface Transport {
  readonly request: (request: TransportRequest) => Promise<TransportAnswer>
  /** Ends connections that are kept for further requests. */
  readonly close: () => void
}
