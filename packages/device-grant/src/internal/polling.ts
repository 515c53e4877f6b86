/**
 * The sleeping and sending of the device grant; what follows from an answer is for the decision to say.
 */
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import { BackoffPolicy } from "../BackoffPolicy.ts"
import type { PollError } from "../DeviceGrant.ts"
import type { Approved, DeviceGrantEvent, Waiting } from "../DeviceGrantEvent.ts"
import type { PendingAuthorization } from "../PendingAuthorization.ts"
import * as Registration from "../Registration.ts"
import type { Token } from "../Token.ts"
import * as Callback from "./callback.ts"
import * as Decision from "./decision.ts"

/** A wait that has begun. Its times are of the monotonic clock, which never jumps, in nanoseconds. */
export interface Turn {
  readonly pending: PendingAuthorization
  readonly wait: Duration.Duration
  readonly begun: bigint
  /** When the code's life ends: a length of time after its receipt, whatever the wall clock is set to meanwhile. */
  readonly deadline: bigint
}

/** What one poll brought, as its watcher is told, and where it leads. */
export type Next =
  | { readonly event: Approved }
  | { readonly event: Waiting; readonly turn: Turn }

const perMilli = 1_000_000n

/** The first wait of a run begins now: from here on the deadline is measured on the monotonic clock. */
export const begin = Effect.fnUntraced(function*(
  pending: PendingAuthorization,
  wait: Duration.Duration
): Effect.fn.Return<Turn> {
  const begun = yield* Clock.monotonicTimeNanos
  const life = Decision.life(pending, yield* Clock.currentTimeMillis)
  return { pending, wait, begun, deadline: begun + BigInt(Math.floor(life)) * perMilli }
})

// What is left of the code's life, in milliseconds. Rounded down, so that no poll is sent past its end.
const lifeOf = ({ deadline }: Turn, now: bigint): number => Math.floor(Number(deadline - now) / Number(perMilli))

/** A stored one has less left of its wait. */
export const resume = Effect.fnUntraced(function*(
  pending: PendingAuthorization
): Effect.fn.Return<Turn, ClientError.RequestInvalid, SsoOidc.SsoOidc> {
  yield* atHome(pending)
  return yield* begin(pending, Decision.left(pending, yield* Clock.currentTimeMillis))
})

const tooFast =
  "The service asked twice in a row to poll more slowly. Another program may poll with the same code, or this machine's clock runs fast."

// Whole milliseconds, rounded down, so that nothing counts as waited that was not. Never more than the wait, nor less
// than nothing, whatever a clock says.
const rest = ({ begun, wait }: Turn, now: bigint): Duration.Duration => {
  const millis = Duration.toMillis(wait)
  return Duration.millis(Math.min(millis, Math.max(0, millis - Number((now - begun) / perMilli))))
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
  const now = yield* Clock.monotonicTimeNanos
  const left = rest(turn, now)
  // both looks at the deadline are needed: no wait for a poll that would come too late, and none sent after a slow watcher or
  // a sleep that took longer
  const tooLate = Duration.toMillis(left) >= lifeOf(turn, now)
  if (!tooLate) yield* Effect.sleep(left)
  if (tooLate || lifeOf(turn, yield* Clock.monotonicTimeNanos) <= 0) {
    return yield* Decision.expired(pending, { detectedBy: "clock" })
  }
  const decision = yield* poll(pending, Effect.map(Clock.monotonicTimeNanos, (now) => lifeOf(turn, now)))
  if (decision._tag === "Approved") return { event: decision }
  const { lastTrouble, nextPollAt, slowDowns = 0, wait } = decision.pending
  return {
    event: {
      _tag: "Waiting",
      reason: decision.reason,
      ...(decision.reason === "trouble" && lastTrouble !== undefined ? { trouble: lastTrouble } : {}),
      ...(decision.reason === "slowedDown" && slowDowns >= 2 ? { advice: tooFast } : {}),
      wait,
      nextPollAt
    },
    turn: { ...turn, pending: decision.pending, wait, begun: yield* Clock.monotonicTimeNanos }
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
    if (onEvent !== undefined) yield* Callback.call<DeviceGrantEvent, E, R>("onEvent", onEvent, happened.event)
    if (!("turn" in happened)) return happened.event.token
    turn = happened.turn
  }
})

/** What the next decision depends on. */
const circumstances = Effect.fnUntraced(function*(
  life: Effect.Effect<number>
): Effect.fn.Return<Decision.Circumstances> {
  const policy = yield* BackoffPolicy
  return {
    policy,
    now: yield* Clock.currentTimeMillis,
    life: yield* life,
    random: policy.jitter > 0 ? yield* Random.next : 0
  }
})

/** What is left of a stored code's life: its deadline is measured on the wall clock. */
const storedLife = (pending: PendingAuthorization): Effect.Effect<number> =>
  Effect.map(Clock.currentTimeMillis, (now) => Decision.life(pending, now))

const requestOf = (pending: PendingAuthorization): CreateToken.Request => ({
  clientId: pending.registration.clientId,
  clientSecret: pending.registration.clientSecret,
  grantType: CreateToken.deviceCodeGrantType,
  deviceCode: pending.deviceCode
})

/** What to store before a poll that its process may not survive. What would send nothing leaves it as it is. */
export const markInFlight = Effect.fnUntraced(function*(
  pending: PendingAuthorization
): Effect.fn.Return<PendingAuthorization, never, SsoOidc.SsoOidc> {
  const valid = yield* atHome(pending).pipe(
    Effect.andThen(Effect.suspend(() => Schema.encodeEffect(CreateToken.operation.request)(requestOf(pending)))),
    Effect.isSuccess,
    // a secret that was wiped
    Effect.catchDefect(() => Effect.succeed(false))
  )
  return valid ? Decision.markInFlight(pending, yield* circumstances(storedLife(pending))) : pending
})

/** One request, and what follows from its response. */
export const poll = Effect.fnUntraced(function*(
  pending: PendingAuthorization,
  life: Effect.Effect<number> = storedLife(pending)
): Effect.fn.Return<Exclude<Decision.Decision, { readonly _tag: "Ended" }>, PollError, SsoOidc.SsoOidc> {
  const oidc = yield* SsoOidc.SsoOidc
  const answer = yield* Effect.result(oidc.createToken(requestOf(pending)))
  const decision = Decision.decide(pending, answer, yield* circumstances(life))
  return decision._tag === "Ended" ? yield* Effect.fail(decision.error) : decision
})

/** A device code is good at the place it was issued at, and must be sent to no other. */
export const atHome = Effect.fnUntraced(function*(
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
