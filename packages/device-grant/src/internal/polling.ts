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
import type { PollError } from "../DeviceGrant.ts"
import type { Approved, DeviceGrantEvent, Waiting } from "../DeviceGrantEvent.ts"
import type { PendingAuthorization } from "../PendingAuthorization.ts"
import { Policy } from "../Policy.ts"
import type { Token } from "../Token.ts"
import * as Decision from "./decision.ts"

/** A wait that has begun: what it leads to, how long it is, and when it began, on the clock that never jumps. */
export interface Turn {
  readonly pending: PendingAuthorization
  readonly wait: Duration.Duration
  readonly begun: bigint
}

/** What one poll brought, as its watcher is told, and where it leads. */
export type Next =
  | { readonly event: Approved }
  | { readonly event: Waiting; readonly turn: Turn }

/** The wait begins now. */
export const begin = (pending: PendingAuthorization, wait: Duration.Duration): Effect.Effect<Turn> =>
  Effect.map(Clock.monotonicTimeNanos, (begun) => ({ pending, wait, begun }))

/** A stored one has less left of its wait. */
export const resume = Effect.fnUntraced(function*(
  pending: PendingAuthorization
): Effect.fn.Return<Turn, SsoOidcError.RequestInvalid, SsoOidc.SsoOidc> {
  yield* atHome(pending)
  return yield* begin(pending, Decision.left(pending, yield* Clock.currentTimeMillis))
})

// Whole milliseconds, rounded down, so that nothing counts as waited that was not. Never more than the wait, nor less
// than nothing, whatever a clock says.
const rest = ({ begun, wait }: Turn, now: bigint): Duration.Duration => {
  const millis = Duration.toMillis(wait)
  return Duration.millis(Math.min(millis, Math.max(0, millis - Number((now - begun) / 1_000_000n))))
}

/**
 * Sleeps what is left of the wait, and sends one poll. The time that a watcher took since the wait began is a part of
 * the wait.
 */
export const next = Effect.fnUntraced(function*(
  turn: Turn
): Effect.fn.Return<Next, PollError, SsoOidc.SsoOidc> {
  const { pending } = turn
  // once: a clock whose monotonic time stands still would sleep for ever in a loop, and so sleeps the whole wait
  const left = rest(turn, yield* Clock.monotonicTimeNanos)
  // both looks at the deadline are needed: no wait for a poll that would come too late, and none sent after a slow
  // watcher or a clock that jumped
  const tooLate = Decision.isPast(pending, (yield* Clock.currentTimeMillis) + Duration.toMillis(left))
  if (!tooLate) yield* Effect.sleep(left)
  if (tooLate || Decision.isPast(pending, yield* Clock.currentTimeMillis)) {
    return yield* Decision.expired(pending, { detectedBy: "clock" })
  }
  const decision = yield* poll(pending)
  if (decision._tag === "Approved") return { event: decision }
  const { lastTrouble, nextPollAt, wait } = decision.pending
  return {
    event: {
      _tag: "Waiting",
      reason: decision.reason,
      ...(decision.reason === "trouble" && lastTrouble !== undefined ? { trouble: lastTrouble } : {}),
      wait,
      nextPollAt
    },
    turn: yield* begin(decision.pending, wait)
  }
})

/** Waits and polls until there is a token or an end. */
export const run = Effect.fnUntraced(function*<E, R>(
  started: Turn,
  onEvent: ((event: DeviceGrantEvent) => Effect.Effect<unknown, E, R>) | undefined
): Effect.fn.Return<Token, PollError | E, SsoOidc.SsoOidc | R> {
  let turn = started
  while (true) {
    const happened = yield* next(turn)
    if (onEvent !== undefined) yield* onEvent(happened.event)
    if (!("turn" in happened)) return happened.event.token
    turn = happened.turn
  }
})

/** What the next decision depends on. */
export const circumstances: Effect.Effect<Decision.Circumstances> = Effect.gen(function*() {
  const policy = yield* Policy
  return { policy, now: yield* Clock.currentTimeMillis, random: policy.jitter > 0 ? yield* Random.next : 0 }
})

/** One request, and what follows from its answer. */
export const poll = Effect.fnUntraced(function*(
  pending: PendingAuthorization
): Effect.fn.Return<Exclude<Decision.Decision, { readonly _tag: "Ended" }>, PollError, SsoOidc.SsoOidc> {
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
