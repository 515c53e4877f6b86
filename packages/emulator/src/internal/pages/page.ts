/**
 * The pages for the person: the form for the code, the question, and the result. They have no scripts.
 *
 * Both grants show the same {@link Question}. With the device grant the person compares a code, because another person may
 * have started the login (RFC 8628 section 5.4). With the authorization code grant the browser itself goes back to the
 * client.
 */
import * as TrustedUrl from "@sso-oidc/core/aws/TrustedUrl"
import type * as Authorization from "../../Authorization.ts"
import { foreign, type Html, html, none } from "./html.ts"
import { style } from "./style.ts"

export interface Page {
  readonly status: number
  readonly body: string
  /** The seconds until it makes sense to come back. */
  readonly retryAfter?: number
  /** The origin or scheme to which this page's form may lead, besides the emulator itself. */
  readonly formAction?: string
}

/** The program that sent the request, and when. */
export interface Requester extends Authorization.Requester {
  readonly secondsAgo: number
}

/** The question to the person. */
export interface Question {
  /** The user code, which the person's device must show too. Absent for the authorization code grant. */
  readonly code?: string | undefined
  readonly clientName: string
  readonly scopes: ReadonlyArray<string>
  /** The start URL of the portal, or the issuer URL. */
  readonly startUrl?: string | undefined
  readonly requester?: Requester | undefined
  /** The origin of the redirect URI, or its scheme with the colon. The browser goes there after the decision. */
  readonly returnTo?: string | undefined
  /** The path that the form is sent to. */
  readonly action: string
  /** The hidden field by which the form identifies the login. */
  readonly hidden: { readonly name: string; readonly value: string }
}

/** A page with this title and content. */
export const page = (status: number, title: string, content: Html): Page => ({
  status,
  // The style must be exactly the text that was hashed
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
<footer>SSO OIDC emulator on this computer. It is not AWS and reaches no account.</footer>
</body>
</html>
`.html
})

const back = html`<p><a class="next" href="/device">Enter another code</a></p>`

/** A page that says what has happened. */
export const message = (status: number, title: string, tone: "good" | "bad", text: string, more: Html = back): Page =>
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

/** The most characters that the field accepts: a code, and what a person types between its letters. */
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

const noSuchCode = html`<p class="problem" id="problem" role="alert">This code is unknown. Check it and try again.</p>
`

/** The form for the code. After a wrong code it says so, and has that code in its field. */
export const enter = (wrong?: string): Page =>
  wrong === undefined
    ? form(200, "Enter the code", "", none)
    : form(404, "Code not found", wrong, noSuchCode)

/** The form with a code that the emulator did not look up. */
export const given = (userCode: string): Page => form(200, "Enter the code", userCode, none)

/** After too many wrong codes: the emulator looks up no code for these seconds. */
export const tooMany = (seconds: number): Page => ({
  ...message(
    429,
    "Too many wrong codes",
    "bad",
    `For the next ${count(seconds, "second")} this page accepts no code, right or wrong. Wait, then enter your code.`,
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

/** What each scope of the service allows. */
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

// A screen reader spells the letters. A copy of the text has the code only once.
const compare = (code: string): Html =>
  html`<p>Your device or terminal must show this code:</p>
<p class="code"><span aria-hidden="true">${code}</span><span class="spoken">${
    [...code.replace("-", ",")].join(" ").replace(" ,", ",")
  }</span></p>
`

const warnings = {
  device: `Allow only if you started this yourself and the code matches. If another person sent you this code or this
link, deny. Otherwise that person would get your access.`,
  code: `Allow only if you started this yourself, just now, on this computer. If this page opened by itself, or another
person sent you this link, deny. Otherwise that program would get your access.`
}

/** The question. Deny comes first: a person who only presses Tab and Enter allows nothing. */
export const confirm = (question: Question): Page => ({
  ...page(
    200,
    "Allow this sign-in?",
    html`<h1>Allow this sign-in?</h1>
${question.code === undefined ? none : compare(question.code)}<dl>
${row("Program, as it calls itself", own(question.clientName, "No name"))}${
      question.requester === undefined ? none : row("Requested from", requester(question.requester))
    }${question.startUrl === undefined ? none : row("Start URL", own(question.startUrl, "None"))}${
      row(
        "Requested access",
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

const accounts = html`<p>You can close this page, or see what the device gets.</p>
<p><a class="next" href="/accounts">Accounts and roles</a></p>`

/** The result, right after the decision. */
export const decided = (status: "approved" | "denied"): Page =>
  status === "approved"
    ? message(200, "Sign-in allowed", "good", "Return to your device. It continues by itself.", accounts)
    : message(200, "Sign-in denied", "bad", "The device gets no access.", closing)

const closed: Record<Exclude<Authorization.Status, "pending">, Page> = {
  approved: message(410, "Already allowed", "good", "You have allowed this before. Return to your device."),
  denied: message(410, "Already denied", "bad", "You have denied this before. To sign in, start again on your device."),
  used: message(410, "Already signed in", "good", "This code was used. The device has its access."),
  expired: message(410, "Code expired", "bad", "You did not confirm this code in time. Start again on your device.")
}

/** The page of a code that cannot be decided any more. */
export const over = (status: Exclude<Authorization.Status, "pending">): Page => closed[status]

const again = html`<p>Start again in the program that opened this page.</p>`

const lost = {
  decided: message(410, "Already decided", "bad", "You have allowed or denied this before.", again),
  expired: message(410, "Sign-in expired", "bad", "You did not confirm this in time.", again),
  unknown: message(404, "No such sign-in", "bad", "There is nothing to decide here.", again)
}

/** The same for the authorization code grant, which has no code to enter. */
export const ended = (why: "decided" | "expired" | "unknown"): Page => lost[why]

/** The response to a request of another site. */
export const crossSite: Page = message(403, "Not from here", "bad", "Another site sent this. Nothing was decided.")

/** The response to a request that the browser sent ahead. With its error status, the browser asks again for the person. */
export const ahead: Page = message(
  403,
  "Not ahead of time",
  "bad",
  "Open this page yourself to see it. Nothing was decided."
)

/** The response to a WebSocket, or to a request for another protocol. */
export const upgrade: Page = message(
  403,
  "Only HTTP here",
  "bad",
  "The emulator speaks only HTTP. Nothing was decided."
)

/** A page of another site leads to a login. It begins when the person continues. */
export const led = (path: string): Page =>
  page(
    200,
    "Begin a sign-in?",
    html`<h1>Begin a sign-in?</h1>
<p>A page of another site leads here. Continue only if you want to sign in to its program.</p>
<p><a class="next" href="${path}">Continue</a></p>`
  )

/** The response to a form without a decision, or to a form that is too large. */
export const unreadable: Page = message(400, "Nothing was decided", "bad", "The form was not complete.")
