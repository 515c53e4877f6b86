/**
 * What a request to the listener of a login is: the callback of that login, or anything else. It is pure.
 *
 * Other programs and web pages can send requests to a port of this machine. A page can have its own name lead to 127.0.0.1 (DNS
 * rebinding), so the `Host` counts. It must not learn or change anything without the state.
 */
import * as Answer from "./code/answer.ts"
import type { Kind } from "./pages/callbackPage.ts"

/** A request, as it came. */
export interface Request {
  readonly method: string | undefined
  /** The request target, such as `/oauth/callback?code=…`. */
  readonly target: string | undefined
  /** Each `Host` header. */
  readonly hosts: ReadonlyArray<string>
}

/** A callback that has what one must have. Its state is not compared yet. */
export interface Complete {
  readonly _tag: "Complete"
  readonly kind: "code" | "error"
  readonly state: string
}

const path = "/oauth/callback"

// The rest of the callback is the origin of the listener.
const longest = Answer.longest - "http://127.0.0.1:65535".length

/** A browser leaves out the port of http. */
const isOwn = (host: string, port: number): boolean =>
  host === `127.0.0.1:${port}` || (port === 80 && host === "127.0.0.1")

/**
 * Judges a request to the listener on this port.
 *
 * A request that is `Complete` ends the wait of the login, so `Answer.read` must be able to read it.
 */
export const judge = ({ hosts, method, target = "" }: Request, port: number): Complete | Kind => {
  const [host, ...more] = hosts
  if (host === undefined || more.length > 0 || !isOwn(host, port)) return "host"
  // A browser sends a path, never a whole URL and no fragment. It escapes all that is not printable ASCII.
  if (target.length > longest || !/^\/[!"$-~]*$/.test(target)) return "malformed"
  const at = target.indexOf("?")
  if ((at === -1 ? target : target.slice(0, at)) !== path) return "path"
  if (method !== "GET") return "method"
  const query = new URLSearchParams(at === -1 ? "" : target.slice(at + 1))
  const state = Answer.only(query, "state")
  if (state === undefined) return "foreign"
  // A callback has a code or an error (RFC 6749 section 4.1.2), each of them once (section 3.1).
  const [code, error] = [Answer.only(query, "code"), Answer.only(query, "error")]
  if (query.has("error")) {
    return error === undefined || query.has("code")
      ? "foreign"
      : { _tag: "Complete", kind: "error", state }
  }
  return code === undefined ? "foreign" : { _tag: "Complete", kind: "code", state }
}
