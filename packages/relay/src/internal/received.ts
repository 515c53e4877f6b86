/** What a server received, and how to make a `Request` of it. */

/** What a server knows of a request but a `Request` does not hold. See `Relay.Connection`. */
export interface Connection {
  readonly requestTarget?: string | undefined
  readonly remoteAddress?: string | undefined
}

/** The path of a request as it was sent, with its query. Nothing in it is decoded or resolved. */
export const pathOf = (request: Request, requestTarget: unknown): string => {
  // the URL of a `Request` may be the text that was sent (Deno), or be resolved (Node, Bun, workers)
  const target = requestTarget === undefined ? request.url : requestTarget
  return typeof target === "string" ? target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#\\]*/i, "") : ""
}

/** The methods that no `Request` can have (Fetch, section 2.2.1). The relay rejects them as it rejects GET. */
const forbidden = ["CONNECT", "TRACE", "TRACK"]

/** Makes a `Request`, or gives `undefined` if that is not possible. */
export const requestOf = (
  url: string,
  { method, ...init }: RequestInit & { readonly method: string; readonly duplex?: "half" }
): Request | undefined => {
  try {
    return new Request(url, { ...init, method: forbidden.includes(method.toUpperCase()) ? "GET" : method })
  } catch {
    return undefined
  }
}
