/**
 * One poll of the device grant: what it sends, and where. `decision.ts` decides what follows from the response.
 */
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as Registration from "@sso-oidc/core/Registration"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { BackoffPolicy } from "../BackoffPolicy.ts"
import type { Due, NotDue, PollError, TakeOverOptions } from "../DeviceGrant.ts"
import type { DeviceCodeExpired } from "../DeviceGrantError.ts"
import type { Approved, Waiting } from "../DeviceGrantEvent.ts"
import type { PendingAuthorization } from "../PendingAuthorization.ts"
import * as Decision from "./decision.ts"

/** The time, a random number and the policy that the next decision depends on. */
const circumstancesOf = (
  fiber: Fiber.Fiber<unknown, unknown>,
  untilDeadline: (now: number) => number
): Decision.Circumstances => {
  const now = fiber.getRef(Clock.Clock).currentTimeMillisUnsafe()
  const policy = fiber.getRef(BackoffPolicy)
  return {
    policy,
    now,
    untilDeadline: untilDeadline(now),
    random: policy.jitter > 0 ? fiber.getRef(Random.Random).nextDoubleUnsafe() : 0
  }
}

const untilStoredDeadline = (pending: PendingAuthorization) => (now: number): number =>
  Decision.untilDeadline(pending, now)

const requestOf = (pending: PendingAuthorization): CreateToken.Request => ({
  clientId: pending.registration.clientId,
  clientSecret: pending.registration.clientSecret,
  grantType: CreateToken.deviceCodeGrantType,
  deviceCode: pending.deviceCode
})

/**
 * Sends one poll, and gives the event that follows from its response. `untilDeadline` gives the milliseconds until the deadline.
 * By default the wall clock measures them, as for a stored pending authorization.
 */
export const poll = (
  pending: PendingAuthorization,
  untilDeadline: (now: number) => number = untilStoredDeadline(pending)
): Effect.Effect<Approved | Waiting, PollError, SsoOidc.SsoOidc> => {
  const decided = (result: Result.Result<CreateToken.Response, CreateToken.Error>) =>
    Effect.withFiber((fiber): Effect.Effect<Approved | Waiting, PollError> => {
      const decision = Decision.decide(pending, result, circumstancesOf(fiber, untilDeadline))
      return decision._tag === "Ended" ? Effect.fail(decision.error) : Effect.succeed(decision)
    })
  return SsoOidc.SsoOidc.use((oidc) =>
    Effect.matchEffect(oidc.createToken(requestOf(pending)), {
      onFailure: (error) => decided(Result.fail(error)),
      onSuccess: (response) => decided(Result.succeed(response))
    })
  )
}

/**
 * Gives the pending authorization to store before a poll, if the process may be killed in the poll. If the poll would send
 * nothing, the pending authorization stays the same.
 */
export const markInFlight = Effect.fnUntraced(function*(
  pending: PendingAuthorization
): Effect.fn.Return<PendingAuthorization, never, SsoOidc.SsoOidc> {
  const valid = yield* checkPlace(pending).pipe(
    Effect.andThen(Effect.suspend(() => Schema.encodeEffect(CreateToken.operation.request)(requestOf(pending)))),
    Effect.isSuccess,
    // reading a wiped secret is a defect
    Effect.catchDefect(() => Effect.succeed(false))
  )
  return valid
    ? yield* Effect.withFiber((fiber) =>
      Effect.succeed(Decision.markInFlight(pending, circumstancesOf(fiber, untilStoredDeadline(pending))))
    )
    : pending
})

/** What a step does that sends no poll: it fails after the deadline, and gives `NotDue` if it is early. `undefined` if a poll is due. */
export const early = (
  pending: PendingAuthorization,
  now: number
): Effect.Effect<NotDue | undefined, DeviceCodeExpired> => {
  const left = Decision.waitLeft(pending, now)
  return left >= Decision.untilDeadline(pending, now)
    ? Effect.fail(Decision.expired(pending, "clock"))
    : Effect.succeed(
      left > 0
        ? { _tag: "NotDue", left: Duration.millis(left), pending: Decision.notDue(pending, left, now) }
        : undefined
    )
}

/**
 * What a poll would do now, by one look at the clock: nothing yet, or fail without a request, or be sent. For a poll that would be sent it
 * gives the pending authorization to store before it.
 */
export const prepare = Effect.fnUntraced(function*(
  pending: PendingAuthorization
): Effect.fn.Return<NotDue | Due, PollError, SsoOidc.SsoOidc> {
  yield* checkPlace(pending)
  return yield* Effect.withFiber((fiber) => {
    const circumstances = circumstancesOf(fiber, untilStoredDeadline(pending))
    return Effect.map(
      early(pending, circumstances.now),
      (early): NotDue | Due => early ?? { _tag: "Due", marked: Decision.markInFlight(pending, circumstances) }
    )
  })
})

/** What a process assumes that takes a login over. The spread is one interval, unless a wider one is given. */
export const takeOver = (
  pending: PendingAuthorization,
  { spread }: TakeOverOptions
): Effect.Effect<PendingAuthorization> =>
  Effect.withFiber((fiber) => {
    const given = spread === undefined ? undefined : Option.getOrUndefined(Duration.fromInput(spread))
    return Effect.succeed(Decision.takeOver(
      pending,
      {
        now: fiber.getRef(Clock.Clock).currentTimeMillisUnsafe(),
        random: fiber.getRef(Random.Random).nextDoubleUnsafe()
      },
      given === undefined || !Duration.isFinite(given) ? pending.interval : Duration.max(given, pending.interval)
    ))
  })

/** Fails if the device code was issued at another region or endpoint than the client's. The code is sent to no other service. */
export const checkPlace = Effect.fnUntraced(function*(
  pending: PendingAuthorization
): Effect.fn.Return<void, ClientError.RequestInvalid, SsoOidc.SsoOidc> {
  const oidc = yield* SsoOidc.SsoOidc
  if (!Registration.isOf(pending.registration, oidc)) {
    // no error repeats a part of a stored text, so this one names the client's region and endpoint alone
    return yield* new ClientError.RequestInvalid({
      operation: CreateToken.operation.name,
      detail:
        `the pending authorization is from another region or endpoint than this client's (${oidc.region} at ${oidc.endpoint}). ` +
        "Use the region and endpoint that it was started with, or start a new login"
    })
  }
})
