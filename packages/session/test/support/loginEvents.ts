/**
 * One event of each kind, as a login gives them.
 */
import type * as Registration from "@sso-oidc/core/Registration"
import type * as Token from "@sso-oidc/core/Token"
import type * as PendingAuthorization from "@sso-oidc/device-grant/PendingAuthorization"
import { CallbackInvalid } from "@sso-oidc/session/AuthorizationCodeError"
import { BrowserUnavailable } from "@sso-oidc/session/LoginBrowser"
import type { LoginEvent } from "@sso-oidc/session/LoginEvent"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"

const at = DateTime.makeUnsafe("2026-11-26T08:00:00Z")

const registration: Registration.Registration = {
  clientId: "client",
  clientSecret: Redacted.make("the-client-secret", { label: "clientSecret" }),
  expiresAt: at,
  scopes: ["sso:account:access"],
  region: "eu-west-1",
  endpoint: "https://oidc.eu-west-1.amazonaws.com"
}

const token: Token.Token = {
  accessToken: Redacted.make("the-access-token", { label: "accessToken" }),
  tokenType: "Bearer",
  expiresAt: at,
  refreshToken: Redacted.make("the-refresh-token", { label: "refreshToken" }),
  registration
}

const trouble = { error: "TransportError", message: "No response came from oidc.eu-west-1.amazonaws.com" }

const advice = "Another program may poll with the same code."

const pending: PendingAuthorization.PendingAuthorization = {
  version: 1,
  registration,
  deviceCode: Redacted.make("the-device-code", { label: "deviceCode" }),
  userCode: "BRCJ-PDVT",
  verificationUri: "https://device.example/",
  expiresAt: at,
  interval: Duration.seconds(5),
  failures: 0,
  responseLost: false,
  nextPollAt: at,
  wait: Duration.seconds(5)
}

const waiting = { _tag: "Waiting", wait: Duration.seconds(5), nextPollAt: at, pending } as const

/** The secrets of these events. */
export const secrets = ["the-client-secret", "the-access-token", "the-refresh-token", "the-device-code"]

export const url = `https://oidc.eu-west-1.amazonaws.com/authorize?client_id=client&state=the-state&x=${
  "y".repeat(2000)
}`

/** One event of each kind at least, with its name. */
export const events = {
  "another login": { _tag: "LoginElsewhere" },
  "the code grant": { _tag: "GrantChosen", grant: "code", reason: "default" },
  "the device grant": { _tag: "GrantChosen", grant: "device", reason: "elsewhere", sign: "ssh" },
  "a registration": { _tag: "Registered", registration },
  "a URL": { _tag: "UrlReady", url, opensBrowser: true, takesPaste: false, expiresAt: at },
  "a URL to paste": { _tag: "UrlReady", url, opensBrowser: false, takesPaste: true, expiresAt: at },
  "a browser that failed": {
    _tag: "BrowserFailed",
    error: new BrowserUnavailable({ detail: "xdg-open ended with an error", exitCode: 3 })
  },
  "a wrong paste": { _tag: "PasteRejected", error: new CallbackInvalid({ problem: "state" }) },
  "a code": {
    _tag: "CodeReady",
    userCode: "BRCJ-PDVT",
    verificationUri: "https://device.example/",
    expiresAt: at,
    nextPollAt: at
  },
  "a code with its page": {
    _tag: "CodeReady",
    userCode: "BRCJ-PDVT",
    verificationUri: "https://device.example/",
    verificationUriComplete: "https://device.example/?user_code=BRCJ-PDVT",
    expiresAt: at,
    nextPollAt: at
  },
  "a wait": { ...waiting, reason: "pending" },
  "a slow down": { ...waiting, reason: "slowedDown", advice },
  "a lost poll": { ...waiting, reason: "trouble", trouble },
  "an approval": { _tag: "Approved", token },
  "an approval without an expiry": {
    _tag: "Approved",
    token: { accessToken: token.accessToken, tokenType: "Bearer", registration }
  }
} satisfies Readonly<Record<string, LoginEvent>>
