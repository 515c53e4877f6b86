/**
 * What a person reads while the login runs, in words: a line for each thing that happens, plain enough for a log, and
 * one line that changes, for a terminal.
 */
import type { Registration } from "@sso-oidc/core/Registration"
import type { Token } from "@sso-oidc/core/Token"
import type { CodeReady, DeviceGrantEvent, Waiting } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import { joined, type Line } from "./Layout.ts"

/** A line with its subject in front. */
export const line = (subject: string, text: string, strong?: string): Line => ({
  subject,
  text,
  ...(strong === undefined ? {} : { strong })
})

const empty: Line = { text: "" }

const instant = (at: DateTime.Utc): string => DateTime.formatIso(at).replace(/\.\d+Z$/, "Z")

const seconds = (duration: Duration.Duration): string =>
  `${Math.round(Duration.toSeconds(duration) * 10) / 10}${joined}s`

const reasons = {
  pending: "not approved yet",
  slowedDown: "the service asks to slow down",
  trouble: "no response"
}

/** What the person has to do (D11): this is the one place that says it. */
const instructions = ({ verificationUri, verificationUriComplete }: CodeReady): ReadonlyArray<Line> =>
  verificationUriComplete === undefined
    ? [line("open", `${verificationUri} and enter the code`)]
    : [
      line("open", verificationUriComplete),
      line("", "and go on only if the page shows the code below"),
      line("or", `${verificationUri} and enter the code`)
    ]

const userCode = (event: CodeReady): Line => line("code", event.userCode, event.userCode)

// -----------------------------------------------------------------------------
// lines
// -----------------------------------------------------------------------------

const token = (token: Omit<Token, "registration">): ReadonlyArray<Line> => [
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
export const lines = (event: DeviceGrantEvent): ReadonlyArray<Line> => {
  switch (event._tag) {
    case "Registered":
      return [line("registered", registered(event.registration))]
    case "CodeReady":
      return [
        empty,
        ...instructions(event),
        empty,
        userCode(event),
        line("", `It is good until ${instant(event.expiresAt)}.`),
        empty
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

// -----------------------------------------------------------------------------
// what the demo itself says
// -----------------------------------------------------------------------------

/** Where the login goes when it goes to no AWS. */
export const emulator = (url: string): Line => line("emulator", `${url} plays AWS; nothing leaves this machine`)

/** Asks the person at the terminal to approve. */
export const prompt: Line = line("person", "allow it on the page, or press Enter here and the demo does it")

/** Tells that the demo will approve by itself. */
export const played: Line = line("person", "the demo plays the person: it opens the page and presses Allow")

export const pressed: Line = line("person", "pressed Allow")

const uses = {
  aws: "A program uses this token to list your AWS accounts and to get role credentials; the demo has not stored it.",
  emulator:
    "A program uses such a token to list your AWS accounts and to get role credentials; this one is the emulator's, and opens nothing."
}

/** What to do after the login: what the token is good for, and where to read on. */
export const next = (from: keyof typeof uses): ReadonlyArray<Line> => [
  line("next", uses[from]),
  line("", "README.md shows how your program logs in: read on at \"A login\".")
]

/** The lines that follow a code at the emulator, about as long as they will be: a terminal with a QR code has room for them. */
export const expected: ReadonlyArray<Line> = [
  prompt,
  pressed,
  ...token({
    tokenType: "Bearer",
    accessToken: Redacted.make("", { label: "accessToken" }),
    refreshToken: Redacted.make("", { label: "refreshToken" }),
    expiresAt: DateTime.makeUnsafe(0)
  }),
  ...next("emulator")
]

// -----------------------------------------------------------------------------
// a terminal
// -----------------------------------------------------------------------------

/** The code on a terminal, whose changing line says how long it is good. Without a QR code there is room around it. */
export const code = (event: CodeReady, besideQrCode: boolean): ReadonlyArray<Line> =>
  besideQrCode
    ? [...instructions(event), userCode(event)]
    : [empty, ...instructions(event), empty, userCode(event), empty]

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

/** The changing line at a time. */
export const status = ({ expiresAt, nextPollAt, reason }: Status, now: number): Line => {
  const wait = Math.ceil((DateTime.toEpochMillis(nextPollAt) - now) / 1000)
  return line(
    "waiting",
    `${countdown(DateTime.toEpochMillis(expiresAt) - now)} left; ${reasons[reason]}; ${
      wait > 0 ? `next poll in ${wait}${joined}s` : "asking now"
    }`
  )
}
