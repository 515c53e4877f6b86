import type * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as Step from "@sso-oidc/durable/Step"
import * as Config from "effect/Config"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

export type Kept = Pick<DeviceGrant.StartOptions, "registration" | "onRegistration">

export class TokenNotStored extends Schema.TaggedError<TokenNotStored>()("TokenNotStored", {}) {
  override readonly message = "The token came, but it could not be stored, so it is lost. Start the login again."
}

// A caller waits for whole seconds, and for at least one.
const seconds = (left: Duration.Duration) => Math.max(1, Math.ceil(Duration.toSeconds(left)))

// One invocation starts the login, and gives the texts for the person. The same id gives the same login again.
export const start = Effect.fnUntraced(function*(id: string, kept: Kept = {}) {
  const startUrl = yield* Config.String("SSO_START_URL")
  const login = yield* Step.start({ ...kept, id, clientName: "my-function", startUrl })
  const left = DateTime.distance(yield* DateTime.now, login.nextPollAt)
  return { id, code: login.userCode, open: login.verificationUri, retryIn: seconds(left) }
})

// Each further invocation sends at most one poll, also if several run at the same time.
export const poll = Effect.fnUntraced(function*(id: string) {
  const result = yield* Step.step(id, { hold: "15 seconds" }) // longer than the client's requestTimeout
  switch (result._tag) {
    case "Approved":
      // Or use result.token here, and return only that it came. The function that needs the token calls Step.take(id), once.
      return result.isStored ? { state: "approved" as const } : yield* new TokenNotStored()
    case "Ended":
      if (result.login.state === "failed") return yield* Effect.fail(result.login.error)
      return { state: result.login.state }
    case "Busy": // another invocation polls now, which seldom takes longer
      return { state: "waiting" as const, retryIn: 1 }
    default: // Waiting or NotDue
      return { state: "waiting" as const, retryIn: seconds(result.left) }
  }
})
