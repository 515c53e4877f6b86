/**
 * The device grant as a cold `Stream` of its events, for whoever shows a login to a person: a terminal, a web page, a
 * progress bar.
 *
 * The consumer drives it. Nothing is sent before the first pull, each run is a login of its own, and nothing happens
 * between two pulls: no fiber waits, no event is made ahead, no request leaves. A pull sleeps what is left of the wait
 * and sends one request, so that ending the stream early, as by `Stream.take`, ends the login, and interrupting a pull
 * ends its sleep or its request and closes the connection.
 *
 * A slow consumer delays polls and never hastens them. The wait counts from the receipt of the last answer, on the clock
 * that never jumps, so that the consumer's time is a part of it: who pulls early waits for `nextPollAt`, who pulls late
 * polls at once, if the code is still good then.
 *
 * The events are those that `DeviceGrant.login` gives to `onEvent`; the token is in the last one. A failure of the login
 * ends the stream, after every event before it. `DeviceGrant` imports none of this: who needs only the token takes
 * that.
 *
 * @since 0.1.0
 */
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type * as DeviceGrant from "./DeviceGrant.ts"
import type { DeviceGrantEvent } from "./DeviceGrantEvent.ts"
import * as Polling from "./internal/polling.ts"
import * as Starting from "./internal/starting.ts"
import type { PendingAuthorization } from "./PendingAuthorization.ts"

// -----------------------------------------------------------------------------
// pulls
// -----------------------------------------------------------------------------

type Pulled<E, R> = readonly [event: DeviceGrantEvent, next: Pull<E, R> | undefined]

/** What one pull does: its effect gives an event, and what the next pull does, if there is a next one. */
interface Pull<E, R> {
  readonly run: Effect.Effect<Pulled<E, R>, E, R>
}

const poll = (turn: Polling.Turn): Pull<DeviceGrant.PollError, SsoOidc.SsoOidc> => ({
  run: Effect.map(Polling.next(turn), (next) => [next.event, "turn" in next ? poll(next.turn) : undefined])
})

// the wait begins before the consumer has the code: the time that it takes is a part of the wait
const showCode = (pending: PendingAuthorization): Effect.Effect<Pulled<DeviceGrant.PollError, SsoOidc.SsoOidc>> =>
  Effect.map(Polling.begin(pending, pending.wait), (turn) => [Starting.codeReady(pending), poll(turn)])

const fromPulls = <E, R>(first: Effect.Effect<Pulled<E, R>, E, R>): Stream.Stream<DeviceGrantEvent, E, R> => {
  const start: Pull<E, R> | undefined = { run: first }
  return Stream.unfold(start, (pull: Pull<E, R> | undefined) => pull === undefined ? Effect.undefined : pull.run)
}

// -----------------------------------------------------------------------------
// streams
// -----------------------------------------------------------------------------

/**
 * The whole device login, event by event.
 *
 * Each run of the stream is a new login. `onRegistration` sees each new registration before its `Registered` event.
 *
 * @example
 * ```ts
 * import * as DeviceGrantEvent from "@sso-oidc/device-grant/DeviceGrantEvent"
 * import * as DeviceGrantStream from "@sso-oidc/device-grant/DeviceGrantStream"
 * import * as Console from "effect/Console"
 * import * as Stream from "effect/Stream"
 *
 * const login = DeviceGrantStream.login({ clientName: "my-tool", startUrl: "https://my.awsapps.com/start" }).pipe(
 *   Stream.runForEach((event) => {
 *     switch (event._tag) {
 *       case "CodeReady":
 *         return Console.log(DeviceGrantEvent.instructions(event))
 *       case "Approved":
 *         return Console.log(`Logged in: ${event.token.accessToken}`)
 *       default:
 *         return Console.log(event._tag)
 *     }
 *   })
 * )
 * ```
 *
 * @category streams
 * @since 0.1.0
 */
export const login = <E = never, R = never>(
  options: DeviceGrant.StartOptions<E, R>
): Stream.Stream<DeviceGrantEvent, DeviceGrant.LoginError | E, SsoOidc.SsoOidc | R> =>
  fromPulls<DeviceGrant.LoginError | E, SsoOidc.SsoOidc | R>(
    Effect.flatMap(
      Starting.open(options),
      (opened): Effect.Effect<Pulled<DeviceGrant.LoginError, SsoOidc.SsoOidc>> =>
        opened._tag === "Authorized"
          ? showCode(opened.pending)
          : Effect.succeed([opened, {
            run: Effect.flatMap(Starting.authorize(options, opened.registration), showCode)
          }])
    )
  ).pipe(Stream.withSpan("DeviceGrantStream.login"))

/**
 * The rest of a pending authorization, event by event: `Waiting` for each poll that brought no token, then `Approved`.
 *
 * @category streams
 * @since 0.1.0
 */
export const resume = (
  pending: PendingAuthorization
): Stream.Stream<DeviceGrantEvent, DeviceGrant.PollError, SsoOidc.SsoOidc> =>
  fromPulls(Effect.flatMap(Polling.resume(pending), (turn) => poll(turn).run)).pipe(
    Stream.withSpan("DeviceGrantStream.resume")
  )
