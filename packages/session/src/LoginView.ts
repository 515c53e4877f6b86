/**
 * Shows the events of a login to a person, as plain lines.
 *
 * A URL stands in a line of its own, so that it can be copied whole. A code always stands beside its URL. No control character of the
 * service reaches the terminal.
 *
 * @since 0.1.0
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as DeviceGrantEvent from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { LoginEvent } from "./LoginEvent.ts"
import * as LoginMethod from "./LoginMethod.ts"

// -----------------------------------------------------------------------------
// lines
// -----------------------------------------------------------------------------

/** A text without what a terminal obeys. A printable text stays whole, however long it is: a URL that is cut is of no use. */
const clean = (text: string): string => Wire.isPrintable(text) ? text : Wire.printable(text)

// 2026-11-26 08:00:00 UTC
const instant = (at: DateTime.Utc): string => DateTime.formatIso(at).replace(/T(\d\d:\d\d:\d\d).*$/, " $1 UTC")

const seconds = (wait: Duration.Duration): string => {
  const count = Math.max(1, Math.round(Duration.toSeconds(wait)))
  return count === 1 ? "1 second" : `${count} seconds`
}

const opening = (opensBrowser: boolean): string =>
  opensBrowser ? "Your browser opens. If it does not, open this URL:" : "Open this URL in a browser:"

/** Each member is cleaned by itself, so that no line of the service's own stands among ours. */
const instructions = (event: DeviceGrantEvent.CodeReady): ReadonlyArray<string> =>
  DeviceGrantEvent.instructions({
    ...event,
    userCode: clean(event.userCode),
    verificationUri: clean(event.verificationUri),
    ...event.verificationUriComplete === undefined
      ? {}
      : { verificationUriComplete: clean(event.verificationUriComplete) }
  }).split("\n")

const pasting =
  "If that browser cannot come back, it ends at a page that does not load. Paste the URL of that page here."

/**
 * The event as lines for a person, without line breaks in them. No lines: the person need not know of the event.
 *
 * `Registered` has no lines, and neither has `Waiting` while the person has not approved yet.
 *
 * @example
 * ```ts
 * import * as LoginView from "@sso-oidc/session/LoginView"
 *
 * LoginView.lines({ _tag: "GrantChosen", grant: "device", reason: "elsewhere", sign: "ssh" })
 * // ["Logging in with a code (device grant), because this is an SSH session."]
 * ```
 *
 * @category texts
 * @since 0.1.0
 */
export const lines = (event: LoginEvent): ReadonlyArray<string> => {
  switch (event._tag) {
    case "LoginElsewhere":
      return ["Another login for this session is running. This one waits for its token."]
    case "GrantChosen":
      return [LoginMethod.sentence(event)]
    case "UrlReady":
      return [
        opening(event.opensBrowser),
        clean(event.url),
        ...event.takesPaste ? [pasting] : [],
        `The login waits until ${instant(event.expiresAt)}.`
      ]
    case "BrowserFailed":
    case "PasteRejected":
      return [clean(event.error.message)]
    case "CodeReady":
      return [
        ...instructions(event),
        `The code is good until ${instant(event.expiresAt)}.`
      ]
    case "Waiting":
      return [
        ...event.trouble === undefined
          ? []
          : [`${Wire.sentence(clean(event.trouble.message))} The login tries again in ${seconds(event.wait)}.`],
        ...event.advice === undefined ? [] : [clean(event.advice)]
      ]
    case "Approved":
      return [
        event.token.expiresAt === undefined
          ? "Logged in."
          : `Logged in. The token is valid until ${instant(event.token.expiresAt)}.`
      ]
    case "Registered":
      return []
  }
}

// -----------------------------------------------------------------------------
// terminal
// -----------------------------------------------------------------------------

/**
 * Writes the lines of the event to standard error, through Effect's `Console`. Standard output stays for the result of the program.
 *
 * @example
 * ```ts
 * import * as LoginView from "@sso-oidc/session/LoginView"
 * import * as Session from "@sso-oidc/session/Session"
 *
 * const login = Session.Session.use((session) => session.login({ onEvent: LoginView.terminal }))
 * ```
 *
 * @category terminal
 * @since 0.1.0
 */
export const terminal = (event: LoginEvent): Effect.Effect<void> =>
  Effect.suspend(() => {
    const text = lines(event).join("\n")
    return text === "" ? Effect.void : Console.error(text)
  })
