/**
 * The texts that a person reads during the login: one line for each event, and one line that changes, for a terminal.
 */
import type { ValidToken } from "@sso-oidc/core/AccessToken"
import * as Wire from "@sso-oidc/core/aws/Wire"
import type { Registration } from "@sso-oidc/core/Registration"
import type { Token } from "@sso-oidc/core/Token"
import type { CodeReady, DeviceGrantEvent, Waiting } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as EmulatorAccount from "@sso-oidc/emulator/Account"
import { joined, type Line } from "@sso-oidc/terminal/Layout"
import * as LiveDisplay from "@sso-oidc/terminal/LiveDisplay"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"

/** A line with a subject in front of its text. */
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

/** The instructions for the person, as D11 requires. */
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

/** The event in words. A secret prints as `<redacted>`. */
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
// texts of the demo itself
// -----------------------------------------------------------------------------

/** Says that the login uses the emulator at this URL. */
export const emulator = (url: string): Line => line("emulator", `${url} plays AWS; nothing leaves this machine`)

/** Asks the person at the terminal to approve. */
export const prompt: Line = line("person", "allow it on the page, or press Enter here and the demo does it")

/** Says that the demo approves by itself. */
export const played: Line = line("person", "the demo plays the person: it opens the page and presses Allow")

/** Says that the demo has pressed Allow. */
export const pressed: Line = line("person", "pressed Allow")

/** Says that an earlier run has kept a good token. */
export const kept = ({ accessToken, expiresAt }: ValidToken): Line =>
  line("kept", `token ${accessToken}, good until ${instant(expiresAt)}; no person was needed`)

/** An account to show. Its roles are names, or the sentence of the error that stands for them. */
export interface Account {
  readonly accountId: string
  readonly accountName?: string | undefined
  readonly roles: ReadonlyArray<string> | string
}

// the names are those of strangers
const accountText = ({ accountId, accountName, roles }: Account): string => {
  const name = accountName === undefined ? "" : ` ${Wire.printable(accountName)}`
  if (typeof roles === "string") return `${accountId}${name}: ${Wire.printable(roles)}`
  return `${accountId}${name}: ${roles.length === 0 ? "no role" : roles.map(Wire.printable).join(", ")}`
}

/** The accounts and their roles, and how many more there are. */
export const accounts = (shown: ReadonlyArray<Account>, more: number): ReadonlyArray<Line> => {
  if (shown.length === 0) return [line("accounts", "none is assigned to you yet")]
  const texts = shown.map(accountText)
  return [...texts, ...more > 0 ? [`and ${more} more`] : []].map((text, at) => line(at === 0 ? "accounts" : "", text))
}

/** Says that the accounts cannot be listed. The login is good all the same. */
export const noAccounts = (sentence: string): ReadonlyArray<Line> => [
  line("accounts", `They cannot be listed: ${Wire.printable(sentence)}`)
]

const use = (token: string): string => `A program uses ${token} to list your AWS accounts and to get role credentials`

const ofEmulator = `${use("such a token")}; this one is the emulator's, and opens nothing`

const uses = {
  aws: `${use("this token")}; the demo has not stored it.`,
  awsKept: `${
    use("this token")
  }; the demo has kept it in the AWS CLI's cache, and its next run with --keep needs no person.`,
  emulator: `${ofEmulator}.`,
  emulatorKept: `${ofEmulator}. The next run with --keep needs no person.`
}

/** Says what the token is for, and where to read on. */
export const next = (from: keyof typeof uses): ReadonlyArray<Line> => [
  line("next", uses[from]),
  line("", "README.md shows more: read on at \"What to do with the token\".")
]

/** The lines that follow the code with the emulator. Their lengths decide if a QR code fits. */
export const expected: ReadonlyArray<Line> = [
  prompt,
  pressed,
  ...token({
    tokenType: "Bearer",
    accessToken: Redacted.make("", { label: "accessToken" }),
    refreshToken: Redacted.make("", { label: "refreshToken" }),
    expiresAt: DateTime.makeUnsafe(0)
  }),
  ...accounts(EmulatorAccount.defaults, 0),
  ...next("emulator")
]

// -----------------------------------------------------------------------------
// a terminal
// -----------------------------------------------------------------------------

/** The code on a terminal. The changing line shows the time that it has left. Without a QR code it has empty lines around it. */
export const code = (event: CodeReady, besideQrCode: boolean): ReadonlyArray<Line> =>
  besideQrCode
    ? [...instructions(event), userCode(event)]
    : [empty, ...instructions(event), empty, userCode(event), empty]

/** The state that the changing line shows. */
export interface Status {
  /** When the code expires. */
  readonly expiresAt: DateTime.Utc
  /** When the next poll is sent. */
  readonly nextPollAt: DateTime.Utc
  /** Why there is no token yet. */
  readonly reason: Waiting["reason"]
}

/** The changing line at the time `now`, in milliseconds since 1970. */
export const status = ({ expiresAt, nextPollAt, reason }: Status, now: number): Line => {
  const wait = Math.ceil((DateTime.toEpochMillis(nextPollAt) - now) / 1000)
  return line(
    "waiting",
    `${LiveDisplay.countdown(DateTime.toEpochMillis(expiresAt) - now)} left; ${reasons[reason]}; ${
      wait > 0 ? `next poll in ${wait}${joined}s` : "polling now"
    }`
  )
}
