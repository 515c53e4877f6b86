/**
 * The device grant as a cold `Stream` of its events, for a program that shows a login to a person: a terminal, a web page, a
 * progress bar.
 *
 * The consumer drives it. Nothing is sent before the first pull, and each run is a login of its own. Nothing happens between two
 * pulls: no fiber waits, no event is made ahead, no request leaves. A pull sleeps what is left of the wait and sends one request. So
 * ending the stream early, as by `Stream.take`, ends the login. Interrupting a pull ends its sleep or its request, and closes the
 * connection.
 *
 * A slow consumer delays polls and never hastens them. The wait counts from the receipt of the last response, on the monotonic
 * clock, so that the consumer's time is a part of it. An early pull waits for `nextPollAt`. A late pull polls at once, if the code is
 * still good then.
 *
 * The events are those that `DeviceGrant.login` gives to `onEvent`; the token is in the last one. A failure of the login ends the
 * stream, after every event before it. A stream that you left goes on with {@link resume} and the `pending` of its last `Waiting`
 * event. `DeviceGrant` imports none of this: if you need only the token, use that.
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

const unfold = <E, R>(first: Machine.Pull<E, R>): Stream.Stream<DeviceGrantEvent, E, R> =>
  Stream.unfold(
    first,
    (pull: Machine.Pull<E, R> | undefined) =>
      pull === undefined ? Effect.undefined : Effect.map(pull, ({ event, next }) => [event, next] as const)
  )

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
  unfold<DeviceGrant.LoginError | E, SsoOidc.SsoOidc | R>(Machine.login(options)).pipe(
    Stream.withSpan("DeviceGrantStream.login")
  )

/**
 * The rest of a pending authorization, event by event: `Waiting` for each poll that brought no token, then `Approved`.
 *
 * @example
 * ```ts
 * import * as DeviceGrantStream from "@sso-oidc/device-grant/DeviceGrantStream"
 * import * as Effect from "effect/Effect"
 * import * as Option from "effect/Option"
 * import * as Stream from "effect/Stream"
 *
 * // leaves a login after its second wait has begun, and goes on with it later; the next poll comes when it is due
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
  unfold(Machine.resume(pending)).pipe(Stream.withSpan("DeviceGrantStream.resume"))
