/**
 * One poll of the device grant: what it sends, and where. The decision says what follows from the response.
 */
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as Registration from "@sso-oidc/core/Registration"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import { BackoffPolicy } from "../BackoffPolicy.ts"
import type { PollError } from "../DeviceGrant.ts"
import type { Approved, Waiting } from "../DeviceGrantEvent.ts"
import type { PendingAuthorization } from "../PendingAuthorization.ts"
import * as Decision from "./decision.ts"

/** What the next decision depends on. */
const circumstances = Effect.fnUntraced(function*(
  untilDeadline: Effect.Effect<number>
): Effect.fn.Return<Decision.Circumstances> {
  const policy = yield* BackoffPolicy
  return {
    policy,
    now: yield* Clock.currentTimeMillis,
    untilDeadline: yield* untilDeadline,
    random: policy.jitter > 0 ? yield* Random.next : 0
  }
})

const untilStoredDeadline = (pending: PendingAuthorization): Effect.Effect<number> =>
  Effect.map(Clock.currentTimeMillis, (now) => Decision.untilDeadline(pending, now))

const requestOf = (pending: PendingAuthorization): CreateToken.Request => ({
  clientId: pending.registration.clientId,
  clientSecret: pending.registration.clientSecret,
  grantType: CreateToken.deviceCodeGrantType,
  deviceCode: pending.deviceCode
})

/**
 * One request, and the event that its response leads to. `untilDeadline` gives the milliseconds until the deadline; by default they
 * are those of a stored pending authorization.
 */
export const poll = Effect.fnUntraced(function*(
  pending: PendingAuthorization,
  untilDeadline: Effect.Effect<number> = untilStoredDeadline(pending)
): Effect.fn.Return<Approved | Waiting, PollError, SsoOidc.SsoOidc> {
  const oidc = yield* SsoOidc.SsoOidc
  const result = yield* Effect.result(oidc.createToken(requestOf(pending)))
  const decision = Decision.decide(pending, result, yield* circumstances(untilDeadline))
  return decision._tag === "Ended" ? yield* Effect.fail(decision.error) : decision
})

/** What to store before a poll if the process may be killed in it. If nothing would be sent, the pending authorization stays. */
export const markInFlight = Effect.fnUntraced(function*(
  pending: PendingAuthorization
): Effect.fn.Return<PendingAuthorization, never, SsoOidc.SsoOidc> {
  const valid = yield* checkPlace(pending).pipe(
    Effect.andThen(Effect.suspend(() => Schema.encodeEffect(CreateToken.operation.request)(requestOf(pending)))),
    Effect.isSuccess,
    // a secret that was wiped
    Effect.catchDefect(() => Effect.succeed(false))
  )
  return valid ? Decision.markInFlight(pending, yield* circumstances(untilStoredDeadline(pending))) : pending
})

/** Fails if the device code was issued at another region or endpoint than the client's. It must be sent to no other. */
export const checkPlace = Effect.fnUntraced(function*(
  pending: PendingAuthorization
): Effect.fn.Return<void, ClientError.RequestInvalid, SsoOidc.SsoOidc> {
  const oidc = yield* SsoOidc.SsoOidc
  if (!Registration.isOf(pending.registration, oidc)) {
    // what a stored text says is repeated in no error
    return yield* new ClientError.RequestInvalid({
      operation: CreateToken.operation.name,
      detail:
        `the pending authorization belongs to another region or endpoint than this client, which is of ${oidc.region} at ${oidc.endpoint}`
    })
  }
})
