import type * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as Step from "@sso-oidc/durable/Step"
import * as Config from "effect/Config"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

export type Kept = Pick<DeviceGrant.StartOptions, "registration" | "onRegistration">

// One invocation starts the login, and gives the texts for the person. The same id gives the same login again.
export const start = Effect.fnUntraced(function*(id: string, kept: Kept = {}) {
  const startUrl = yield* Config.String("SSO_START_URL")
  const login = yield* Step.start({ ...kept, id, clientName: "my-function", startUrl })
  const left = DateTime.distance(yield* DateTime.now, login.nextPollAt)
  return { id, code: login.userCode, open: login.verificationUri, retryIn: Duration.toSeconds(left) }
})

// Each further invocation sends at most one poll, also if several run at the same time.
export const poll = Effect.fnUntraced(function*(id: string) {
  const result = yield* Step.step(id, { hold: "20 seconds" }) // longer than the client's requestTimeout
  switch (result._tag) {
    case "Approved":
      // Use result.token here, and return only that it came. Or another function takes it once, with Step.take(id).
      return { state: "approved" as const }
    case "Ended":
      if (result.login.state === "failed") return yield* Effect.fail(result.login.error)
      return { state: result.login.state }
    case "Busy": // another invocation polls now, which seldom takes longer
      return { state: "waiting" as const, retryIn: 1 }
    default: // Waiting or NotDue
      return { state: "waiting" as const, retryIn: Duration.toSeconds(result.left) }
  }
})
