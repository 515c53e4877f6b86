/**
 * What a server received, and how it becomes a `Request`.
 */

/** What a server knows of a request, and a `Request` does not say. See `Relay.Connection`. */
export interface Connection {
  readonly requestTarget?: string | undefined
  readonly remoteAddress?: string | undefined
}

/** The path of a request as it was sent, its query included: nothing in it is decoded or resolved. */
export const pathOf = (request: Request, requestTarget: unknown): string => {
  // a server may make a `Request` whose URL is the text that was sent (Deno), or a resolved one (Node, Bun, workers)
  const target = requestTarget === undefined ? request.url : requestTarget
  return typeof target === "string" ? target.replace(/^[a-z][a-z\d+.-]*:\/\/[^/?#\\]*/i, "") : ""
}

/** The methods that no `Request` can have (Fetch, section 2.2.1). The relay refuses them as it refuses GET. */
const forbidden = ["CONNECT", "TRACE", "TRACK"]

/** `undefined` where no `Request` can be made of it. */
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
