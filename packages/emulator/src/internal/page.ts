/**
 * The pages that a person sees: enter the code, allow or deny, and what became of it. No scripts.
 */
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

const back = html`<p><a href="/device">Enter another code</a></p>`

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

/** The question. */
export const confirm = (authorization: Authorization.DeviceAuthorization): Page =>
  page(
    200,
    "Allow this sign-in?",
    html`<h1>Allow this sign-in?</h1>
<p>Your device or terminal must show this code:</p>
<p class="code">${authorization.userCode}</p>
<dl>
<dt>Asked by</dt>
<dd><bdi>${foreign(authorization.clientName)}</bdi></dd>
<dt>Start URL</dt>
<dd><bdi>${foreign(authorization.startUrl)}</bdi></dd>
<dt>Scopes</dt>
<dd>${
      authorization.scopes.length === 0
        ? "None"
        : html`<ul>${authorization.scopes.map((scope) => html`<li>${foreign(scope)}</li>`)}</ul>`
    }</dd>
</dl>
<p class="warning">Go on only if you started this sign-in yourself and the code matches. If somebody sent you this code or
this link, deny: whoever started it would get your access.</p>
<form method="post" action="/device">
<input type="hidden" name="user_code" value="${authorization.userCode}">
<div class="buttons">
<button class="main" type="submit" name="action" value="allow">Allow</button>
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

export const crossSite: Page = message(
  403,
  "Not from here",
  "bad",
  "Another site sent this form. Nothing was decided."
)

export const unreadable: Page = message(400, "Nothing was decided", "bad", "The form was not complete.")
