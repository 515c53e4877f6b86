/**
 * What comes before the first poll: a registration, new or kept, and a code. In two halves, so that whoever watches can
 * take its time between them.
 */
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { CodeReady } from "../DeviceGrantEvent.ts"
import type { PendingAuthorization } from "../PendingAuthorization.ts"
import * as Registration from "../Registration.ts"
import * as Callback from "./callback.ts"
import * as Instant from "./instant.ts"

/** What a login starts from. */
export interface Options<E, R> {
  readonly clientName: string
  readonly startUrl: string
  readonly scopes?: ReadonlyArray<string> | undefined
  readonly registration?: Registration.Registration | undefined
  readonly onRegistration?: ((registration: Registration.Registration) => Effect.Effect<unknown, E, R>) | undefined
}

/** A kept registration leads straight to a code; a new one is told first, and then goes to `authorize`. */
export type Opened =
  | { readonly _tag: "Registered"; readonly registration: Registration.Registration }
  | { readonly _tag: "Authorized"; readonly pending: PendingAuthorization }

const defaultScopes: ReadonlyArray<string> = ["sso:account:access"]

// RFC 8628 section 3.2 for the interval; the service's own 600 s for a code's life.
const defaultInterval = 5
const defaultExpiresIn = 600

// an `SsoOidc` of the program's own may bring what the schema of a response would not let through
const given = (seconds: number | undefined): number | undefined =>
  seconds !== undefined && Number.isFinite(seconds) && seconds >= 1 ? seconds : undefined

const register = Effect.fnUntraced(function*<E, R>(
  options: Options<E, R>
): Effect.fn.Return<Opened, RegisterClient.Error | E, SsoOidc.SsoOidc | R> {
  const oidc = yield* SsoOidc.SsoOidc
  const scopes = options.scopes ?? defaultScopes
  // it could not be kept
  if (!scopes.every(Wire.isPrintable)) {
    return yield* new ClientError.RequestInvalid({
      operation: RegisterClient.operation.name,
      detail: "a scope has characters that cannot be seen; write it like sso:account:access"
    })
  }
  const client = yield* oidc.registerClient({
    clientName: options.clientName,
    clientType: "public",
    ...(scopes.length === 0 ? {} : { scopes })
  })
  const registration: Registration.Registration = {
    clientId: client.clientId,
    clientSecret: client.clientSecret,
    // 0: never (RFC 7591 section 3.2.1)
    ...(client.clientSecretExpiresAt === 0 ? {} : { expiresAt: Instant.at(client.clientSecretExpiresAt * 1000) }),
    scopes,
    region: oidc.region,
    endpoint: oidc.endpoint
  }
  if (options.onRegistration !== undefined) {
    yield* Callback.call("onRegistration", options.onRegistration, registration)
  }
  return { _tag: "Registered", registration }
})

// An `SsoOidc` of the program's own may bring what a response of the service may not: a person would see it, and it could not
// be stored.
const checked = (code: StartDeviceAuthorization.Response) =>
  Schema.decodeUnknownEffect(Schema.toType(StartDeviceAuthorization.Response))(code).pipe(
    Effect.mapError((error) =>
      new ClientError.UnexpectedResponse({
        operation: StartDeviceAuthorization.operation.name,
        problem: "malformed",
        status: 200,
        detail: Wire.printable(error.message.replace(/\s+/g, " ")),
        body: Redacted.make("", { label: "body" })
      })
    )
  )

/** Asks for a code with a registration that is good. */
export const authorize = Effect.fnUntraced(function*(
  { startUrl }: { readonly startUrl: string },
  registration: Registration.Registration
): Effect.fn.Return<PendingAuthorization, StartDeviceAuthorization.Error, SsoOidc.SsoOidc> {
  const oidc = yield* SsoOidc.SsoOidc
  const code = yield* Effect.flatMap(
    oidc.startDeviceAuthorization({
      clientId: registration.clientId,
      clientSecret: registration.clientSecret,
      startUrl
    }),
    checked
  )
  const now = yield* Clock.currentTimeMillis
  const interval = Instant.seconds(given(code.interval) ?? defaultInterval)
  return {
    version: 1,
    registration,
    deviceCode: code.deviceCode,
    userCode: code.userCode,
    verificationUri: code.verificationUri,
    ...(code.verificationUriComplete === undefined ? {} : { verificationUriComplete: code.verificationUriComplete }),
    expiresAt: Instant.after(now, Instant.seconds(given(code.expiresIn) ?? defaultExpiresIn)),
    interval,
    failures: 0,
    responseLost: false,
    nextPollAt: Instant.after(now, interval),
    wait: interval
  }
})

/** A code by the kept registration, where that is good and the service takes it; else a new registration. */
export const open = Effect.fnUntraced(function*<E, R>(
  options: Options<E, R>
): Effect.fn.Return<Opened, RegisterClient.Error | StartDeviceAuthorization.Error | E, SsoOidc.SsoOidc | R> {
  const oidc = yield* SsoOidc.SsoOidc
  const kept = options.registration
  const usable = kept !== undefined && Registration.isUsable(kept, {
    region: oidc.region,
    endpoint: oidc.endpoint,
    scopes: options.scopes ?? defaultScopes,
    now: yield* DateTime.now
  })
  return yield* usable
    ? authorize(options, kept).pipe(
      Effect.map((pending): Opened => ({ _tag: "Authorized", pending })),
      Effect.catchTag("InvalidClientException", () => register(options))
    )
    : register(options)
})

/** The event that shows the code. */
export const codeReady = (pending: PendingAuthorization): CodeReady => ({
  _tag: "CodeReady",
  userCode: pending.userCode,
  verificationUri: pending.verificationUri,
  ...(pending.verificationUriComplete === undefined
    ? {}
    : { verificationUriComplete: pending.verificationUriComplete }),
  expiresAt: pending.expiresAt,
  nextPollAt: pending.nextPollAt
})
