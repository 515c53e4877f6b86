/**
 * What a person reads while the login runs: one line for each thing that happens, plain enough for a log.
 */
import type { DeviceGrantEvent } from "@sso-oidc/device-grant/DeviceGrantEvent"
import type { Token } from "@sso-oidc/device-grant/Token"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"

/** A line with its subject in front. */
export const line = (subject: string, text: string): string => `${subject.padEnd(11)}${text}`

const instant = (at: DateTime.Utc): string => DateTime.formatIso(at).replace(/\.\d+Z$/, "Z")

const seconds = (duration: Duration.Duration): string => `${Math.round(Duration.toSeconds(duration) * 10) / 10} s`

const reasons = {
  pending: "nobody has approved yet",
  slowedDown: "the service asks to slow down",
  trouble: "no answer"
}

const token = (token: Token): ReadonlyArray<string> => [
  line(
    "approved",
    `${token.tokenType} token ${token.accessToken}, ${
      token.expiresAt === undefined ? "without an expiry" : `good until ${instant(token.expiresAt)}`
    }`
  ),
  line("", token.refreshToken === undefined ? "no refresh token" : `refresh token ${token.refreshToken}`)
]

/** The event in words. Secrets stay redacted: that is how `Redacted` prints. */
export const lines = (event: DeviceGrantEvent): ReadonlyArray<string> => {
  switch (event._tag) {
    case "Registered":
      return [line("registered", `a client, good until ${instant(event.registration.expiresAt)}`)]
    case "CodeReady":
      return [
        "",
        line("open", event.verificationUriComplete ?? event.verificationUri),
        ...(event.verificationUriComplete === undefined
          ? []
          : [line("or", `${event.verificationUri} and enter the code`)]),
        line("code", event.userCode),
        line("", `Go on only if the page shows this very code. It is good until ${instant(event.expiresAt)}.`),
        ""
      ]
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
