/**
 * The pages that a person sees: enter the code, allow or deny, and what became of it. No scripts.
 */
import * as TrustedUrl from "@sso-oidc/core/TrustedUrl"
import type * as Authorization from "../Authorization.ts"
import { foreign, type Html, html, none } from "./html.ts"
import { style } from "./style.ts"

export interface Page {
  readonly status: number
  readonly body: string
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

const back = html`<p><a class="button" href="/device">Enter another code</a></p>`

const message = (status: number, title: string, tone: "good" | "bad", text: string, more: Html = back): Page =>
  page(
    status,
    title,
    html`<h1 class="${tone}">${title}</h1>
<p>${text}</p>
${more}`
  )

/** The form for the code; after a wrong one, with what is wrong and what was typed. */
export const enter = (wrong?: string): Page =>
  page(
    wrong === undefined ? 200 : 404,
    wrong === undefined ? "Enter the code" : "Code not found",
    html`<h1>Sign in on a device</h1>
<form method="get" action="/device">
${
      wrong === undefined
        ? none
        : html`<p class="problem" id="problem" role="alert">No sign-in has this code. Check it and try again.</p>
`
    }<label for="user_code">Code</label>
<p class="hint" id="hint">Eight letters, as your device or terminal shows them.</p>
<input id="user_code" name="user_code" type="text" required maxlength="64" autocomplete="off" autocapitalize="characters"
  autocorrect="off" spellcheck="false" autofocus value="${foreign(wrong ?? "")}"
  ${wrong === undefined ? html`aria-describedby="hint"` : html`aria-invalid="true" aria-describedby="problem hint"`}>
<div class="buttons"><button class="main" type="submit">Continue</button></div>
</form>`
  )

/** What a person decides on. All but `code` may come from strangers. */
export interface Question {
  /** The device grant: what the device shows, to be compared. */
  readonly code?: string | undefined
  readonly clientName: string
  readonly scopes: ReadonlyArray<string>
  readonly startUrl?: string | undefined
  readonly from?: Authorization.From | undefined
  /** How long ago it was asked, in milliseconds. */
  readonly ago: number
  /** The authorization code grant: where the browser goes with the answer. */
  readonly returnTo?: string | undefined
  /** The form: where it goes, and by which field it says what it is about. */
  readonly action: string
  readonly field: readonly [name: string, value: string]
}

// What a scope lets a client do, for those that are known
const scopeMeanings: Readonly<Record<string, string>> = {
  "sso:account:access": "See the AWS accounts and roles that are assigned to you, and use them"
}

const scopes = (scopes: ReadonlyArray<string>): Html =>
  scopes.length === 0
    ? html`Nothing by name`
    : html`<ul>${
      scopes.map((scope) => {
        const meaning = Object.hasOwn(scopeMeanings, scope) ? scopeMeanings[scope] : undefined
        return meaning === undefined
          ? html`<li><bdi>${foreign(scope)}</bdi></li>`
          : html`<li>${meaning} <span class="soft">(${scope})</span></li>`
      })
    }</ul>`

const ago = (millis: number): string => {
  const seconds = Math.max(0, Math.floor(millis / 1000))
  if (seconds < 5) return "just now"
  if (seconds < 60) return `${seconds} seconds ago`
  const minutes = Math.floor(seconds / 60)
  return minutes === 1 ? "a minute ago" : minutes < 60 ? `${minutes} minutes ago` : "more than an hour ago"
}

const where = (address: string): string => {
  // a socket for both families writes IPv4 so
  const plain = address.replace(/^::ffff:(?=\d)/, "")
  return TrustedUrl.isLoopback(plain === "::1" ? "[::1]" : plain) ? `This computer (${plain})` : foreign(plain)
}

const term = (name: string, value: Html): Html =>
  html`<dt>${name}</dt>
<dd>${value}</dd>
`

const stranger = (text: string): Html => html`<bdi>${foreign(text)}</bdi>`

const details = (question: Question): ReadonlyArray<Html> => [
  term("Asked by", stranger(question.clientName)),
  term("It may", scopes(question.scopes)),
  ...(question.startUrl === undefined ? [] : [term("Access portal", stranger(question.startUrl))]),
  ...(question.from?.address === undefined ? [] : [term("Asked from", html`${where(question.from.address)}`)]),
  ...(question.from?.userAgent === undefined ? [] : [term("With", stranger(question.from.userAgent))]),
  term("When", html`${ago(question.ago)}`),
  ...(question.returnTo === undefined ? [] : [term("Goes on at", stranger(question.returnTo))])
]

/** The question. */
export const confirm = (question: Question): Page =>
  page(
    200,
    "Allow this sign-in?",
    html`<h1>Allow this sign-in?</h1>
${
      question.code === undefined
        ? none
        : html`<p id="compare">Your device or terminal must show this code:</p>
<p class="code" aria-describedby="compare">${question.code}</p>
`
    }<dl>
${details(question)}</dl>
<p class="warning" id="warning">${
      question.code === undefined
        ? "Go on only if you started this sign-in yourself, just now, on this computer. If a link or a message brought you here, deny: whoever made it would get your access."
        : "Go on only if you started this sign-in yourself and the code matches. If somebody sent you this code or this link, deny: whoever started it would get your access."
    }</p>
<form method="post" action="${question.action}">
<input type="hidden" name="${question.field[0]}" value="${question.field[1]}">
<div class="buttons">
<button class="main" type="submit" name="action" value="allow" aria-describedby="warning">Allow</button>
<button type="submit" name="action" value="deny">Deny</button>
</div>
</form>`
  )

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

const startAgain = html`<p>Start the sign-in again where you began it.</p>`

const finished: Record<Exclude<Authorization.Status, "pending"> | "unknown", Page> = {
  approved: message(410, "Already allowed", "good", "This sign-in was allowed already, and went on.", closing),
  denied: message(410, "Already denied", "bad", "This sign-in was denied.", startAgain),
  used: message(410, "Already signed in", "good", "This sign-in is finished.", closing),
  expired: message(410, "Too late", "bad", "This sign-in was not confirmed in time.", startAgain),
  unknown: message(404, "No such sign-in", "bad", "The emulator knows nothing of this sign-in.", startAgain)
}

/** A sign-in in the browser on which nothing can be decided any more. */
export const finishedBefore = (status: keyof typeof finished): Page => finished[status]

export const crossSite: Page = message(
  403,
  "Not from here",
  "bad",
  "Another site sent this form. Nothing was decided."
)

export const unreadable: Page = message(400, "Nothing was decided", "bad", "The form was not complete.")

/** Too many codes were wrong: for a while nobody may try another. */
export const tooMany = (seconds: number): Page =>
  message(
    429,
    "Too many wrong codes",
    "bad",
    `Wait ${seconds === 1 ? "a second" : `${seconds} seconds`}, then enter the code that your device shows.`
  )
