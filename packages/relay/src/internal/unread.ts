/**
 * Handles a connection whose request body was not read to its end.
 *
 * On HTTP/1.1 the next request comes after the body. If the relay rejects a request before it has read the body, a server that
 * reads bodies only on demand never sees the next request. So the relay reads a short rest itself, after its response. If the
 * rest is long or of unknown length, it closes the connection.
 */

/** The most bytes that are read so that the connection can be used again. */
export const most = 256 * 1024

/** How far the relay itself has read a body. */
export interface Reading {
  complete: boolean
}

const hasBody = ({ body, headers }: Request): boolean =>
  body !== null || headers.has("transfer-encoding") || (headers.get("content-length") ?? "0") !== "0"

const lengthOf = ({ headers }: Request): number | undefined => {
  const length = headers.get("content-length") ?? ""
  return !headers.has("transfer-encoding") && /^\d{1,15}$/.test(length) ? Number(length) : undefined
}

const drain = async (body: ReadableStream<Uint8Array>): Promise<void> => {
  const reader = body.getReader()
  for (let size = 0; size <= most;) {
    const { done, value } = await reader.read()
    if (done) return
    size += value.length
  }
  // the announced length was wrong
  await reader.cancel()
}

/** Reads the rest of the body, or sets the header that closes the connection. */
export const settle = (request: Request, response: Response, reading: Reading): Response => {
  if (reading.complete || !hasBody(request)) return response
  const length = lengthOf(request)
  if (length !== undefined && length <= most && !request.bodyUsed) {
    // a page that has gone away sends no rest
    if (request.body !== null) drain(request.body).catch(() => {})
    return response
  }
  response.headers.set("connection", "close")
  return response
}
