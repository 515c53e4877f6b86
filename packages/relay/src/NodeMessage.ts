/**
 * What the relay needs of the requests and responses of Node's servers, by shape alone: nothing of Node is imported.
 *
 * @since 0.1.0
 */

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What `Relay.toNodeListener` needs of an `IncomingMessage` of `node:http`, or of a request of `node:http2`.
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
  /** 1 of HTTP/1.1. */
  readonly httpVersionMajor: number
  /** The body was read to its end. */
  readonly readableEnded: boolean
  /** The connection. */
  readonly socket: { readonly remoteAddress?: string | undefined }
  /** Listens for a chunk of the body, and for how the body ends. */
  readonly on: {
    (event: "data", listener: (chunk: Uint8Array) => void): unknown
    (event: "end" | "close" | "error", listener: () => void): unknown
  }
  /** Stops the chunks. */
  readonly pause: () => unknown
  /** Lets chunks come. */
  readonly resume: () => unknown
}

/**
 * What `Relay.toNodeListener` needs of a `ServerResponse` of `node:http`, or of a response of `node:http2`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Outgoing {
  /** The status line was sent. */
  readonly headersSent: boolean
  /** Listens for the end of the response, or of its connection. */
  readonly on: (event: "close", listener: () => void) => unknown
  /** Sends status and headers. */
  readonly writeHead: (status: number, headers: Record<string, string>) => unknown
  /** Sends a part of the body. */
  readonly write: (chunk: Uint8Array) => unknown
  /** Sends the last part of the body. */
  readonly end: {
    (): unknown
    (chunk: Uint8Array): unknown
  }
  /** Closes the connection. */
  readonly destroy: () => unknown
}
