/**
 * The pages that the browser gets when it comes back from a login. They are fixed texts, so no text of a request can reach a page.
 *
 * They have no script, load nothing, and send no referrer. Their URL has the code of the login.
 */
import { sha256 } from "@noble/hashes/sha2.js"
import { utf8ToBytes } from "@noble/hashes/utils.js"
import * as Base64 from "effect/encoding/Base64"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What to tell the browser.
 *
 * - `"code"`, `"error"`: the first callback of this login, with a code or with an error.
 * - `"again"`: a later callback of a login that has had its callback.
 * - `"foreign"`: a callback of another login, or an incomplete one.
 * - `"malformed"`: the request is no request of a browser.
 * - `"path"`, `"method"`, `"host"`: another path, another method than GET, another host.
 */
export type Kind = "code" | "error" | "again" | "foreign" | "malformed" | "path" | "method" | "host"

export interface Page {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

// -----------------------------------------------------------------------------
// style
// -----------------------------------------------------------------------------

/** The system's own colors, in light and dark. */
const style = `
:root { color-scheme: light dark; background: Canvas; color: CanvasText; }
body { margin: 0; padding: 15vh 1.5rem 2rem; font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 32rem; margin: 0 auto; }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; }
p { margin: 0; }
`

let policy: string | undefined

/** A browser then applies this style, and does and loads nothing else. That covers the favicon, which it does not ask for. */
const policyOf = (): string =>
  policy ??= `default-src 'none'; style-src 'sha256-${Base64.encode(sha256(utf8ToBytes(style)))}'; ` +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"

// -----------------------------------------------------------------------------
// texts
// -----------------------------------------------------------------------------

interface Text {
  readonly status: number
  readonly title: string
  readonly text: string
}

const nothing = "This address only receives the end of a login. Go back to your program."

const texts: { readonly [K in Kind]: Text } = {
  code: {
    status: 200,
    title: "Go back to your program",
    text: "It continues by itself. You can close this page."
  },
  error: {
    status: 200,
    title: "The login ended without access",
    text: "Your program shows the reason. You can close this page."
  },
  again: {
    status: 410,
    title: "Your program has this login already",
    text: "Go back to your program. You can close this page."
  },
  foreign: {
    status: 400,
    title: "Your program does not know this login",
    text: "It may be an earlier one. Go back to your program, and use the page that it opened last."
  },
  malformed: { status: 400, title: "This request cannot be read", text: nothing },
  path: { status: 404, title: "There is no page here", text: nothing },
  method: { status: 405, title: "Only GET is possible here", text: nothing },
  host: { status: 421, title: "This is another address", text: nothing }
}

const document = ({ text, title }: Text): string =>
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p>${text}</p>
</main>
</body>
</html>
`

/** The page for a request, with the headers that it must have. */
export const page = (kind: Kind): Page => {
  const text = texts[kind]
  return {
    status: text.status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy": policyOf(),
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      // The next request needs a new connection, so none can keep the listener from closing.
      connection: "close",
      ...(kind === "method" ? { allow: "GET" } : {})
    },
    body: document(text)
  }
}
