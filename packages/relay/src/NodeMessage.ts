/**
 * The parts of Node's requests and responses that the relay uses. They are described by shape alone, so nothing of Node is
 * imported.
 *
 * @since 0.1.0
 */

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The parts of an `IncomingMessage` of `node:http`, or of a request of `node:http2`, that `Relay.toNodeListener` uses.
 *
 * @category models
 * @since 0.1.0
 */
export interface Incoming {
  /** The method, as it was sent. */
  readonly method?: string | undefined
  /** The target, as it was sent. */
  readonly url?: string | undefined
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: ReadonlyArray<string>
  /** The major version of HTTP: 1 for HTTP/1.1. */
  readonly httpVersionMajor: number
  /** Whether the body was read to its end. */
  readonly readableEnded: boolean
  /** The connection. */
  readonly socket: {
    /** The IP address at the other end. */
    readonly remoteAddress?: string | undefined
  }
  /** Adds a listener for each chunk of the body, or for the end of the body. */
  readonly on: {
    (event: "data", listener: (chunk: Uint8Array) => void): unknown
    (event: "end" | "close" | "error", listener: () => void): unknown
  }
  /** Pauses the chunks. */
  readonly pause: () => unknown
  /** Resumes the chunks. */
  readonly resume: () => unknown
}

/**
 * The parts of a `ServerResponse` of `node:http`, or of a response of `node:http2`, that `Relay.toNodeListener` uses.
 *
 * @category models
 * @since 0.1.0
 */
export interface Outgoing {
  /** Whether the status line was sent. */
  readonly headersSent: boolean
  /** Adds a listener for the end of the response or of its connection. */
  readonly on: (event: "close", listener: () => void) => unknown
  /** Sends the status and the headers. */
  readonly writeHead: (status: number, headers: Record<string, string>) => unknown
  /** Sends a part of the body. */
  readonly write: (chunk: Uint8Array) => unknown
  /** Ends the response, after a last part of the body if there is one. */
  readonly end: {
    (): unknown
    (chunk: Uint8Array): unknown
  }
  /** Closes the connection. */
  readonly destroy: () => unknown
}
