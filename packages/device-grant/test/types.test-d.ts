import type * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Refresh from "@sso-oidc/core/Refresh"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import type { Token } from "@sso-oidc/core/Token"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import type { DeviceCodeExpired, TokenPossiblyLost } from "@sso-oidc/device-grant/DeviceGrantError"
import type * as Event from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as DeviceGrantStream from "@sso-oidc/device-grant/DeviceGrantStream"
import * as PendingAuthorization from "@sso-oidc/device-grant/PendingAuthorization"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import type * as Stream from "effect/Stream"
import { describe, expectTypeOf, it } from "vitest"

class Screen extends Context.Service<Screen, { readonly show: (text: string) => Effect.Effect<void, "no screen"> }>()(
  "test/Screen"
) {}

declare const pending: PendingAuthorization.PendingAuthorization

/** The errors that can end a grant. */
type Expected =
  | SsoOidcError.AccessDeniedException
  | SsoOidcError.InternalServerException
  | SsoOidcError.InvalidClientException
  | SsoOidcError.InvalidGrantException
  | SsoOidcError.InvalidRequestException
  | SsoOidcError.InvalidScopeException
  | SsoOidcError.UnauthorizedClientException
  | SsoOidcError.UnsupportedGrantTypeException
  | ClientError.ClientError
  | DeviceCodeExpired
  | TokenPossiblyLost

describe("the types of the grant", () => {
  it("login needs the client and the services of its callbacks, and can fail with their errors", () => {
    const plain = DeviceGrant.login({ clientName: "n", startUrl: "https://s.example" })
    expectTypeOf(plain).toEqualTypeOf<Effect.Effect<Token, DeviceGrant.LoginError, SsoOidc.SsoOidc>>()
    const watched = DeviceGrant.login({
      clientName: "n",
      startUrl: "https://s.example",
      onRegistration: () => Effect.fail("disk full" as const),
      onEvent: (event) => Screen.use((screen) => screen.show(event._tag))
    })
    expectTypeOf(watched).toEqualTypeOf<
      Effect.Effect<Token, DeviceGrant.LoginError | "disk full" | "no screen", SsoOidc.SsoOidc | Screen>
    >()
  })

  it("a cached token, then a refresh, then a login can fail only with the errors of a login (C3)", () => {
    const accessToken = (cached: Option.Option<Redacted.Redacted>, stored: Refresh.Request) =>
      Effect.fromOption(cached).pipe(
        Effect.catchTag(
          "NoSuchElementError",
          () => Effect.map(Refresh.refresh(stored), (response) => response.accessToken)
        ),
        Effect.catchTag("InvalidGrantException", () =>
          Effect.map(
            DeviceGrant.login({ clientName: "n", startUrl: "https://s.example" }),
            (token) => token.accessToken
          ))
      )
    expectTypeOf(accessToken).returns.toExtend<
      Effect.Effect<Redacted.Redacted, DeviceGrant.LoginError, SsoOidc.SsoOidc>
    >()
    expectTypeOf<Refresh.Error>().toExtend<DeviceGrant.LoginError>()
  })

  it("step and resume can fail with exactly the errors that can end a grant (C3)", () => {
    expectTypeOf(DeviceGrant.step(pending)).toEqualTypeOf<Effect.Effect<DeviceGrant.Step, Expected, SsoOidc.SsoOidc>>()
    expectTypeOf(DeviceGrant.resume(pending)).toEqualTypeOf<Effect.Effect<Token, Expected, SsoOidc.SsoOidc>>()
  })

  it("the streams give the events, and can fail with exactly the errors of login and resume (D7)", () => {
    const plain = DeviceGrantStream.login({ clientName: "n", startUrl: "https://s.example" })
    expectTypeOf(plain).toEqualTypeOf<
      Stream.Stream<
        Event.DeviceGrantEvent,
        | Expected
        | SsoOidcError.InvalidClientMetadataException
        | SsoOidcError.InvalidRedirectUriException
        | SsoOidcError.SlowDownException,
        SsoOidc.SsoOidc
      >
    >()
    expectTypeOf(plain).toEqualTypeOf<Stream.Stream<Event.DeviceGrantEvent, DeviceGrant.LoginError, SsoOidc.SsoOidc>>()
    const kept = DeviceGrantStream.login({
      clientName: "n",
      startUrl: "https://s.example",
      onRegistration: () => Screen.use((screen) => screen.show("kept"))
    })
    expectTypeOf(kept).toEqualTypeOf<
      Stream.Stream<Event.DeviceGrantEvent, DeviceGrant.LoginError | "no screen", SsoOidc.SsoOidc | Screen>
    >()
    expectTypeOf(DeviceGrantStream.resume(pending)).toEqualTypeOf<
      Stream.Stream<Event.DeviceGrantEvent, Expected, SsoOidc.SsoOidc>
    >()
    DeviceGrantStream.login({
      clientName: "n",
      startUrl: "https://s.example",
      // @ts-expect-error a stream has no onEvent: its consumer gets the events
      onEvent: () => Effect.void
    })
  })

  it("the encoding of a pending authorization is Redacted by its type (D8)", () => {
    expectTypeOf<typeof PendingAuthorization.PendingAuthorization.Encoded>().toEqualTypeOf<Redacted.Redacted<string>>()
    expectTypeOf(PendingAuthorization.encode(pending)).toEqualTypeOf<Effect.Effect<Redacted.Redacted<string>>>()
    // @ts-expect-error a plain string is not Redacted
    PendingAuthorization.decode("{}")
  })

  it("the schema of the events has the type of the events, and its encoding has Redacted secrets (C6, D7)", () => {
    expectTypeOf<typeof Event.DeviceGrantEvent.Type>().toEqualTypeOf<Event.DeviceGrantEvent>()
    expectTypeOf<typeof Event.Registered.Encoded["registration"]>().toEqualTypeOf<Redacted.Redacted<string>>()
    expectTypeOf<typeof Event.Waiting.Encoded["pending"]>().toEqualTypeOf<Redacted.Redacted<string>>()
    expectTypeOf<typeof Event.Approved.Encoded["token"]>().toEqualTypeOf<Redacted.Redacted<string>>()
    expectTypeOf<Event.Waiting["pending"]>().toEqualTypeOf<PendingAuthorization.PendingAuthorization>()
  })

  it("a step gives an event of a run, or NotDue (D8)", () => {
    expectTypeOf<DeviceGrant.Step>().toEqualTypeOf<Event.Approved | Event.Waiting | DeviceGrant.NotDue>()
  })
})
