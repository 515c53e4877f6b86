/**
 * The pages that a person sees: enter the code, allow or deny, and what became of it. No scripts.
 *
 * Both grants ask the same {@link Question}. With the device grant the person compares a code, since the login
 * may have been started elsewhere (RFC 8628 section 5.4); with the authorization code grant the browser itself is led on.
 */
import * as TrustedUrl from "@sso-oidc/core/aws/TrustedUrl"
import type * as Authorization from "../../Authorization.ts"
import { foreign, type Html, html, none } from "./html.ts"
import { style } from "./style.ts"

export interface Page {
  readonly status: number
  readonly body: string
  /** Seconds after which it makes sense to come back. */
  readonly retryAfter?: number
  /** Where the browser may go with this page's form, besides the emulator itself. */
  readonly formAction?: string
}

/** The program that sent the request, and when. */
export interface Requester extends Authorization.Requester {
  readonly secondsAgo: number
}

/** What a person is asked. */
export interface Question {
  /** The user code, which the person's device must show too. Absent where there is none to compare. */
  readonly code?: string | undefined
  readonly clientName: string
  readonly scopes: ReadonlyArray<string>
  /** The start URL of the portal, or the issuer URL. */
  readonly startUrl?: string | undefined
  readonly requester?: Requester | undefined
  /** The origin of the redirect URI, or its scheme with the colon: where the browser goes afterwards. */
  readonly returnTo?: string | undefined
  /** The path that the form is sent to. */
  readonly action: string
  /** What the form names the question by. */
  readonly hidden: { readonly name: string; readonly value: string }
}

const page = (status: number, title: string, content: Html): Page => ({
  status,
  // the style must stand between its tags as it was hashed
  body: html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} – SSO OIDC emulator</title>
<style>${{ html: style }}</style>
</head>
<body>
<main>
${content}
</main>
<footer>SSO OIDC emulator on this computer. Not AWS: no account is reached from here.</footer>
</body>
</html>
`.html
})

const back = html`<p><a class="next" href="/device">Enter another code</a></p>`

const message = (status: number, title: string, tone: "good" | "bad", text: string, more: Html = back): Page =>
  page(
    status,
    title,
    html`<h1 class="${tone}">${title}</h1>
<p>${text}</p>
${more}`
  )

const count = (amount: number, unit: string): string => `${amount} ${unit}${amount === 1 ? "" : "s"}`

// -----------------------------------------------------------------------------
// the code
// -----------------------------------------------------------------------------

/** The longest text that the field takes: a code with whatever a person puts between its letters. */
const maxCode = 64

const form = (status: number, title: string, value: string, problem: Html): Page => {
  const isWrong = problem !== none
  return page(
    status,
    title,
    html`<h1>Sign in on a device</h1>
<form method="get" action="/device">
${problem}<label for="user_code">Code</label>
<p class="hint" id="hint">Eight letters, as your device or terminal shows them.</p>
<input id="user_code" name="user_code" type="text" required maxlength="${
      String(maxCode)
    }" autocomplete="off" autocapitalize="characters"
  autocorrect="off" spellcheck="false" autofocus value="${foreign(value, maxCode)}"
  ${isWrong ? html`aria-invalid="true" aria-describedby="problem hint"` : html`aria-describedby="hint"`}>
<div class="buttons"><button class="main" type="submit">Continue</button></div>
</form>`
  )
}

const noSuchCode =
  html`<p class="problem" id="problem" role="alert">No sign-in has this code. Check it and try again.</p>
`

/** The form for the code; after a wrong one, with what is wrong and what was typed. */
export const enter = (wrong?: string): Page =>
  wrong === undefined
    ? form(200, "Enter the code", "", none)
    : form(404, "Code not found", wrong, noSuchCode)

/** The form with a code that was not looked up. */
export const given = (userCode: string): Page => form(200, "Enter the code", userCode, none)

/** Too many wrong codes were tried, and no code is looked at for so many seconds. */
export const tooMany = (seconds: number): Page => ({
  ...message(
    429,
    "Too many wrong codes",
    "bad",
    `For the next ${count(seconds, "second")} no code is looked at, right or wrong. Wait, then enter yours.`,
    html`<p><a class="next" href="/device">Enter the code</a></p>`
  ),
  retryAfter: seconds
})

// -----------------------------------------------------------------------------
// the question
// -----------------------------------------------------------------------------

const ago = (seconds: number): string =>
  seconds < 1
    ? "just now"
    : seconds < 60
    ? `${count(Math.floor(seconds), "second")} ago`
    : seconds < 3600
    ? `${count(Math.floor(seconds / 60), "minute")} ago`
    : `${count(Math.floor(seconds / 3600), "hour")} ago`

const requester = ({ address, secondsAgo, userAgent }: Requester): Html =>
  html`${
    address === undefined
      ? "Unknown address"
      : html`${TrustedUrl.isLoopback(address) ? "This computer" : "Another computer"} (<bdi>${
        foreign(address, 45)
      }</bdi>)`
  }, ${ago(secondsAgo)}${
    userAgent === undefined || foreign(userAgent) === "" ? none : html`, with <bdi>${foreign(userAgent, 120)}</bdi>`
  }`

/** What the scopes that the service knows allow. */
const meanings: ReadonlyMap<string, string> = new Map([
  ["sso:account:access", "See and use the AWS accounts and roles assigned to you"]
])

const scope = (name: string): Html => {
  const meaning = meanings.get(name)
  return html`<li>${meaning === undefined ? none : html`${meaning} `}<code><bdi>${foreign(name)}</bdi></code></li>
`
}

const row = (term: string, description: string | Html): Html =>
  html`<dt>${term}</dt>
<dd>${description}</dd>
`

const own = (text: string, nothing: string): string | Html => {
  const line = foreign(text)
  return line === "" ? nothing : html`<bdi>${line}</bdi>`
}

// A screen reader says the letters one by one; what is copied is the code alone.
const compare = (code: string): Html =>
  html`<p>Your device or terminal must show this code:</p>
<p class="code"><span aria-hidden="true">${code}</span><span class="spoken">${
    [...code.replace("-", ",")].join(" ").replace(" ,", ",")
  }</span></p>
`

const warnings = {
  device: `Go on only if you started this sign-in yourself and the code matches. If somebody sent you this code or
this link, deny: whoever started it would get your access.`,
  code: `Go on only if you started this sign-in yourself, just now, on this computer. If it came up by itself, or
somebody sent you this link, deny: the program that asks would get your access.`
}

/** The question. The button that gives nothing away comes first, for a hand that only presses Tab and Enter. */
export const confirm = (question: Question): Page => ({
  ...page(
    200,
    "Allow this sign-in?",
    html`<h1>Allow this sign-in?</h1>
${question.code === undefined ? none : compare(question.code)}<dl>
${row("Asked by, in its own words", own(question.clientName, "No name"))}${
      question.requester === undefined ? none : row("Asked from", requester(question.requester))
    }${question.startUrl === undefined ? none : row("Start URL", own(question.startUrl, "None"))}${
      row(
        "Asked for",
        question.scopes.length === 0 ? "No scope named" : html`<ul>${question.scopes.map(scope)}</ul>`
      )
    }${
      question.returnTo === undefined
        ? none
        : row("Afterwards this browser goes to", html`<bdi>${foreign(question.returnTo)}</bdi>`)
    }</dl>
<p class="warning" id="warning">${question.code === undefined ? warnings.code : warnings.device}</p>
<form method="post" action="${question.action}">
<input type="hidden" name="${question.hidden.name}" value="${question.hidden.value}">
<div class="buttons">
<button type="submit" name="action" value="deny">Deny</button>
<button class="main" type="submit" aria-describedby="warning" name="action" value="allow">Allow</button>
</div>
</form>`
  ),
  ...(question.returnTo === undefined ? {} : { formAction: question.returnTo })
})

// -----------------------------------------------------------------------------
// what became of it
// -----------------------------------------------------------------------------

const closing = html`<p>You can close this page.</p>`

/** What became of a code, right after it was decided: not the moment to say that it cannot be decided again. */
export const decided = (status: "approved" | "denied"): Page =>
  status === "approved"
    ? message(200, "Sign-in allowed", "good", "Return to your device: it goes on by itself.", closing)
    : message(200, "Sign-in denied", "bad", "The device gets no access.", closing)

const closed: Record<Exclude<Authorization.Status, "pending">, Page> = {
  approved: message(410, "Already allowed", "good", "This sign-in was allowed already. Return to your device."),
  denied: message(410, "Already denied", "bad", "This sign-in was denied. To sign in after all, start again there."),
  used: message(410, "Already signed in", "good", "This code was used: the device has its access."),
  expired: message(410, "Code expired", "bad", "This code was not confirmed in time. Start the sign-in again.")
}

/** A code on which nothing can be decided any more. */
export const over = (status: Exclude<Authorization.Status, "pending">): Page => closed[status]

const again = html`<p>Start the sign-in again in the program that opened this page.</p>`

const lost = {
  decided: message(410, "Already decided", "bad", "This sign-in was allowed or denied before.", again),
  expired: message(410, "Sign-in expired", "bad", "This sign-in was not confirmed in time.", again),
  unknown: message(404, "No such sign-in", "bad", "Nothing waits to be decided here.", again)
}

/** The same for a question of the authorization code grant, which no code can be entered for. */
export const ended = (why: "decided" | "expired" | "unknown"): Page => lost[why]

/** Sent by another site. */
export const crossSite: Page = message(403, "Not from here", "bad", "Another site sent this. Nothing was decided.")

/** Sent by the browser before a person asks for it. A status that is no success makes the browser ask again then. */
export const ahead: Page = message(
  403,
  "Not ahead of time",
  "bad",
  "Open this page, and it comes. Nothing was decided."
)

/** A WebSocket, or a request for another protocol. */
export const upgrade: Page = message(
  403,
  "Only HTTP here",
  "bad",
  "The emulator speaks HTTP alone. Nothing was decided."
)

/** A login that a page of another site leads to: it begins when the person goes on. */
export const led = (path: string): Page =>
  page(
    200,
    "Begin a sign-in?",
    html`<h1>Begin a sign-in?</h1>
<p>A page of another site leads here. Go on only if you want to sign in at its program.</p>
<p><a class="next" href="${path}">Continue</a></p>`
  )

/** A form without a decision, or too large. */
export const unreadable: Page = message(400, "Nothing was decided", "bad", "The form was not complete.")
