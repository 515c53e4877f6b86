/**
 * The device grant as a cold `Stream` of its events, for a program that shows a login to a person: a terminal, a web page, a
 * progress bar.
 *
 * The consumer drives the stream. Nothing is sent before the first pull, and each run is a new login. Between two pulls there is
 * no waiting fiber, no timer and no request. A pull sleeps for the rest of the wait and sends one request. So if the consumer
 * ends the stream early, for example by `Stream.take`, the login ends too. An interruption ends the sleep or the request, and
 * closes the connection.
 *
 * A slow consumer delays polls, but never makes them earlier. The wait is measured with the monotonic clock, from the receipt of
 * the last response. The consumer's time counts toward the wait. An early pull waits until `nextPollAt`. A late pull polls at
 * once, if the code has not expired.
 *
 * The events are the same that `DeviceGrant.login` gives to `onEvent`. The last event has the token. A failure of the login fails
 * the stream, after all events before it. To continue a login whose stream has ended early, give the `pending` of its last
 * `Waiting` event to {@link resume}. If you need only the token, use `DeviceGrant`: it does not import this module.
 *
 * @since 0.1.0
 */
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type * as DeviceGrant from "./DeviceGrant.ts"
import type { DeviceGrantEvent } from "./DeviceGrantEvent.ts"
import * as Machine from "./internal/machine.ts"
import type { PendingAuthorization } from "./PendingAuthorization.ts"

/** Gives the event of each pull, as long as there is a next one. */
const unfold = <A extends { readonly event: DeviceGrantEvent }, E, R>(
  first: Effect.Effect<A, E, R>,
  next: (pulled: A) => Effect.Effect<A, E, R> | undefined
): Stream.Stream<DeviceGrantEvent, E, R> =>
  Stream.unfold(
    first,
    (pull: Effect.Effect<A, E, R> | undefined) =>
      pull === undefined ? Effect.undefined : Effect.map(pull, (pulled) => [pulled.event, next(pulled)] as const)
  )

const poll = ({ wait }: Machine.Running | Machine.Done) =>
  wait === undefined ? undefined : Effect.clockWith((clock) => Machine.poll(wait, clock))

// -----------------------------------------------------------------------------
// streams
// -----------------------------------------------------------------------------

/**
 * A whole device login, event by event.
 *
 * Each run of the stream is a new login. `onRegistration` is called with each new registration before its `Registered` event.
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
  unfold<Machine.NewClient | Machine.Running | Machine.Done, DeviceGrant.LoginError | E, SsoOidc.SsoOidc | R>(
    Effect.suspend(() => Machine.login(options)),
    (pulled) => "startUrl" in pulled ? Machine.request(pulled) : poll(pulled)
  ).pipe(
    Stream.withSpan("DeviceGrantStream.login")
  )

/**
 * The rest of a started login, event by event: `Waiting` after each poll that brought no token, then `Approved`.
 *
 * @example
 * ```ts
 * import * as DeviceGrantStream from "@sso-oidc/device-grant/DeviceGrantStream"
 * import * as Effect from "effect/Effect"
 * import * as Option from "effect/Option"
 * import * as Stream from "effect/Stream"
 *
 * // ends the stream after its second `Waiting` event, and continues the login; the next poll is not sent before it is due
 * const program = Effect.gen(function*() {
 *   const last = yield* DeviceGrantStream.login({ clientName: "my-tool", startUrl: "https://my.awsapps.com/start" }).pipe(
 *     Stream.filter((event) => event._tag === "Waiting"),
 *     Stream.take(2),
 *     Stream.runLast
 *   )
 *   return yield* Stream.runLast(Option.isSome(last) ? DeviceGrantStream.resume(last.value.pending) : Stream.empty)
 * })
 * ```
 *
 * @category streams
 * @since 0.1.0
 */
export const resume = (
  pending: PendingAuthorization
): Stream.Stream<DeviceGrantEvent, DeviceGrant.PollError, SsoOidc.SsoOidc> =>
  unfold(Machine.resume(pending), poll).pipe(Stream.withSpan("DeviceGrantStream.resume"))
