/**
 * What a person reads while the login runs, in words: a line for each thing that happens, plain enough for a log, and
 * one line that changes, for a terminal.
 */
import type { CodeReady, DeviceGrantEvent, Waiting } from "@sso-oidc/device-grant/DeviceGrantEvent"
import type { Registration } from "@sso-oidc/device-grant/Registration"
import type { Token } from "@sso-oidc/device-grant/Token"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import type { QrCode } from "./QrCode.ts"

/** A line with its subject in front. */
export const line = (subject: string, text: string): string => `${subject.padEnd(11)}${text}`

const instant = (at: DateTime.Utc): string => DateTime.formatIso(at).replace(/\.\d+Z$/, "Z")

const seconds = (duration: Duration.Duration): string => `${Math.round(Duration.toSeconds(duration) * 10) / 10} s`

const reasons = {
  pending: "nobody has approved yet",
  slowedDown: "the service asks to slow down",
  trouble: "no answer"
}

const open = (event: CodeReady): ReadonlyArray<string> => [
  line("open", event.verificationUriComplete ?? event.verificationUri),
  ...(event.verificationUriComplete === undefined
    ? []
    : [line("or", `${event.verificationUri} and enter the code`)]),
  line("code", event.userCode)
]

const compare = "Go on only if the page shows this very code."

// -----------------------------------------------------------------------------
// lines
// -----------------------------------------------------------------------------

const token = (token: Token): ReadonlyArray<string> => [
  line(
    "approved",
    `${token.tokenType} token ${token.accessToken}, ${
      token.expiresAt === undefined ? "without an expiry" : `good until ${instant(token.expiresAt)}`
    }`
  ),
  line("", token.refreshToken === undefined ? "no refresh token" : `refresh token ${token.refreshToken}`)
]

const registered = ({ expiresAt }: Registration): string =>
  expiresAt === undefined ? "a client, which never expires" : `a client, good until ${instant(expiresAt)}`

/** The event in words. Secrets stay redacted: that is how `Redacted` prints. */
export const lines = (event: DeviceGrantEvent): ReadonlyArray<string> => {
  switch (event._tag) {
    case "Registered":
      return [line("registered", registered(event.registration))]
    case "CodeReady":
      return ["", ...open(event), line("", `${compare} It is good until ${instant(event.expiresAt)}.`), ""]
    case "Waiting":
      return [
        line(
          "waiting",
          `${reasons[event.reason]}; next poll in ${seconds(event.wait)}${
            event.trouble === undefined ? "" : ` (${event.trouble.message})`
          }`
        )
      ]
    case "Approved":
      return token(event.token)
  }
}

// -----------------------------------------------------------------------------
// a terminal
// -----------------------------------------------------------------------------

/** The code on a terminal, whose changing line says how long it is good. */
export const code = (event: CodeReady, qrCode: QrCode | undefined): ReadonlyArray<string> => [
  ...(qrCode === undefined ? [""] : qrCode.lines),
  ...open(event),
  line("", compare)
]

/** What the changing line tells. */
export interface Status {
  readonly expiresAt: DateTime.Utc
  readonly nextPollAt: DateTime.Utc
  readonly reason: Waiting["reason"]
}

const countdown = (millis: number): string => {
  const left = Math.max(0, Math.ceil(millis / 1000))
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`
}

/** The changing line at a time; what matters most comes first, since a narrow terminal cuts the rest off. */
export const status = ({ expiresAt, nextPollAt, reason }: Status, now: number): string => {
  const wait = Math.ceil((DateTime.toEpochMillis(nextPollAt) - now) / 1000)
  return line(
    "waiting",
    `${countdown(DateTime.toEpochMillis(expiresAt) - now)} left; ${reasons[reason]}; ${
      wait > 0 ? `next poll in ${wait} s` : "asking now"
    }`
  )
}
