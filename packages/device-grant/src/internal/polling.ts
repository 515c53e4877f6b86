/**
 * The sleeping and sending of the device grant; what follows from an answer is for the decision to say.
 */
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { DeviceGrantEvent } from "../DeviceGrantEvent.ts"
import type { PendingAuthorization } from "../PendingAuthorization.ts"
import { Policy } from "../Policy.ts"
import type { Token } from "../Token.ts"
import * as Decision from "./decision.ts"

/** Waits and polls until there is a token or an end. The first wait is given: a stored one has less left of it. */
export const run = Effect.fnUntraced(function*<E, R>(
  started: PendingAuthorization,
  firstWait: Duration.Duration,
  onEvent: ((event: DeviceGrantEvent) => Effect.Effect<unknown, E, R>) | undefined
): Effect.fn.Return<Token, Decision.PollError | E, SsoOidc.SsoOidc | R> {
  let pending = started
  let wait = firstWait
  while (true) {
    // both looks at the deadline are needed: no wait for a poll that would come too late, and none sent after a slow
    // watcher or a clock that jumped
    if (Decision.isPast(pending, (yield* Clock.currentTimeMillis) + Duration.toMillis(wait))) break
    yield* Effect.sleep(wait)
    if (Decision.isPast(pending, yield* Clock.currentTimeMillis)) break
    const decision = yield* poll(pending)
    if (decision._tag === "Approved") {
      if (onEvent !== undefined) yield* onEvent(decision)
      return decision.token
    }
    pending = decision.pending
    wait = pending.wait
    if (onEvent !== undefined) {
      yield* onEvent({
        _tag: "Waiting",
        reason: decision.reason,
        ...(decision.reason === "trouble" && pending.lastTrouble !== undefined ? { trouble: pending.lastTrouble } : {}),
        wait,
        nextPollAt: pending.nextPollAt
      })
    }
  }
  return yield* Decision.expired(pending, { detectedBy: "clock" })
})

/** What the next decision depends on. */
export const circumstances: Effect.Effect<Decision.Circumstances> = Effect.gen(function*() {
  const policy = yield* Policy
  return { policy, now: yield* Clock.currentTimeMillis, random: policy.jitter > 0 ? yield* Random.next : 0 }
})

/** One request, and what follows from its answer. */
export const poll = Effect.fnUntraced(function*(
  pending: PendingAuthorization
): Effect.fn.Return<Exclude<Decision.Decision, { readonly _tag: "Ended" }>, Decision.PollError, SsoOidc.SsoOidc> {
  const oidc = yield* SsoOidc.SsoOidc
  const answer = yield* Effect.result(oidc.createToken({
    clientId: pending.registration.clientId,
    clientSecret: pending.registration.clientSecret,
    grantType: CreateToken.deviceCodeGrantType,
    deviceCode: pending.deviceCode
  }))
  const decision = Decision.decide(pending, answer, yield* circumstances)
  return decision._tag === "Ended" ? yield* Effect.fail(decision.error) : decision
})

/** A device code is good at the place it was issued at, and must be sent to no other. */
export const atHome = Effect.fnUntraced(function*(
  pending: PendingAuthorization
): Effect.fn.Return<void, SsoOidcError.RequestInvalid, SsoOidc.SsoOidc> {
  const oidc = yield* SsoOidc.SsoOidc
  const { endpoint, region } = pending.registration
  if (region !== oidc.region || endpoint !== oidc.endpoint) {
    return yield* new SsoOidcError.RequestInvalid({
      operation: CreateToken.operation.name,
      detail:
        `the pending authorization is of ${region} at ${endpoint}, and this client is of ${oidc.region} at ${oidc.endpoint}`
    })
  }
})
