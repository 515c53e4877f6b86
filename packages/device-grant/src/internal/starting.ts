/**
 * The two steps before the first poll: a registration, new or kept, and a code.
 */
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as UserFunction from "@sso-oidc/core/aws/UserFunction"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as Registration from "@sso-oidc/core/Registration"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Stored from "@sso-oidc/core/Stored"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { StartOptions } from "../DeviceGrant.ts"
import type { PendingAuthorization } from "../PendingAuthorization.ts"

const defaultScopes: ReadonlyArray<string> = ["sso:account:access"]

// In seconds. The interval is the default of RFC 8628 section 3.2. 600 seconds is the life of the service's codes.
const defaultInterval = 5
const defaultExpiresIn = 600

// The program may provide its own `SsoOidc`. Its numbers have not passed the schema of a response.
const given = (seconds: number | undefined): number | undefined =>
  seconds !== undefined && Number.isFinite(seconds) && seconds >= 1 ? seconds : undefined

// -----------------------------------------------------------------------------
// registration
// -----------------------------------------------------------------------------

/** Gives the kept registration, if this client can use it with these scopes. */
export const kept = Effect.fnUntraced(function*<E, R>(
  { registration, scopes = defaultScopes }: StartOptions<E, R>
): Effect.fn.Return<Registration.Registration | undefined, never, SsoOidc.SsoOidc> {
  const { endpoint, region } = yield* SsoOidc.SsoOidc
  const now = yield* DateTime.now
  return registration !== undefined && Registration.isUsable(registration, { region, endpoint, scopes, now })
    ? registration
    : undefined
})

/** Makes a new registration, and calls `onRegistration` with it. */
export const register = Effect.fnUntraced(function*<E, R>(
  { clientName, onRegistration, scopes = defaultScopes }: StartOptions<E, R>
): Effect.fn.Return<Registration.Registration, RegisterClient.Error | E, SsoOidc.SsoOidc | R> {
  const oidc = yield* SsoOidc.SsoOidc
  // a registration with such a scope could be stored, but not decoded again
  if (!scopes.every(Wire.isPrintable)) {
    return yield* new ClientError.RequestInvalid({
      operation: RegisterClient.operation.name,
      detail: "an entry of scopes has characters that cannot be seen. Write each scope like sso:account:access"
    })
  }
  const client = yield* oidc.registerClient({
    clientName,
    clientType: "public",
    ...(scopes.length === 0 ? {} : { scopes })
  })
  const registration = Registration.fromResponse(client, { scopes, region: oidc.region, endpoint: oidc.endpoint })
  if (onRegistration !== undefined) yield* UserFunction.call("onRegistration", onRegistration, registration)
  return registration
})

// -----------------------------------------------------------------------------
// code
// -----------------------------------------------------------------------------

// The program may provide its own `SsoOidc`. Check its code as a response of the service: a person sees it, and it must be
// storable.
const checked = (code: StartDeviceAuthorization.Response) =>
  Schema.decodeUnknownEffect(Schema.toType(StartDeviceAuthorization.Response))(code).pipe(
    Effect.mapError((error) =>
      new ClientError.UnexpectedResponse({
        operation: StartDeviceAuthorization.operation.name,
        problem: "malformed",
        status: 200,
        detail: Wire.oneLine(error.message),
        body: Redacted.make("", { label: "body" })
      })
    )
  )

/** Requests a code with a usable registration. */
export const authorize = Effect.fnUntraced(function*(
  startUrl: string,
  registration: Registration.Registration
): Effect.fn.Return<PendingAuthorization, StartDeviceAuthorization.Error, SsoOidc.SsoOidc> {
  const oidc = yield* SsoOidc.SsoOidc
  const { clientId, clientSecret } = registration
  const { expiresIn, interval: seconds, ...code } = yield* Effect.flatMap(
    oidc.startDeviceAuthorization({ clientId, clientSecret, startUrl }),
    checked
  )
  const now = yield* Clock.currentTimeMillis
  const interval = Stored.seconds(given(seconds) ?? defaultInterval)
  return {
    version: 1,
    registration,
    ...code,
    expiresAt: Stored.after(now, Stored.seconds(given(expiresIn) ?? defaultExpiresIn)),
    interval,
    failures: 0,
    responseLost: false,
    nextPollAt: Stored.after(now, interval),
    wait: interval
  }
})
