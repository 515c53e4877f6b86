/**
 * Logins over one store, with a played service, listener, browser and person.
 */
import { deviceCodeGrantType } from "@sso-oidc/core/CreateToken"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as CachedToken from "@sso-oidc/session/CachedToken"
import * as Callback from "@sso-oidc/session/Callback"
import * as LoginBrowser from "@sso-oidc/session/LoginBrowser"
import type { LoginEvent } from "@sso-oidc/session/LoginEvent"
import * as Session from "@sso-oidc/session/Session"
import type * as SessionSettings from "@sso-oidc/session/SessionSettings"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { put, settings as usual } from "./sessions.ts"

/** The body of a request, as JSON. */
export type Body = Readonly<Record<string, unknown>>

export interface Options extends Session.LifeOptions {
  readonly settings?: SessionSettings.SessionSettings
  /** The token in the store at the start. None by default. */
  readonly token?: Effect.Effect<CachedToken.CachedToken>
  /** Changes the store that the sessions use. */
  readonly store?: (store: TokenStore.Service) => TokenStore.Service
  /** The response to a request, instead of the usual one. */
  readonly respond?: (
    path: string,
    body: Body
  ) => Effect.Effect<Response | undefined, HttpClientError.HttpClientError>
  /** How long a response of CreateToken takes. Nothing by default. */
  readonly takes?: Duration.Input
  /** How the listener fails. It is bound by default. `null`: the program has no listener. */
  readonly callback?: Callback.CallbackUnavailable | null
  /** Another listener. */
  readonly listen?: Callback.Service["listen"]
  /** Changes the browser. */
  readonly guest?: Partial<LoginBrowser.Service>
  /** Changes the client. */
  readonly client?: Partial<SsoOidc.Service>
  /** The sign that the browser gives. */
  readonly sign?: LoginBrowser.Sign
  /** How the browser ends. It opens the URL by default. `null`: the program has no browser. */
  readonly browser?: Effect.Effect<void, LoginBrowser.BrowserUnavailable> | null
}

const registrationLife = 90 * 24 * 3600

/** A session whose person may log in. */
export const make = Effect.fnUntraced(function*(options: Options = {}) {
  const settings = options.settings ?? usual
  const store = Context.get(yield* Layer.build(TokenStore.layerMemory), TokenStore.TokenStore)
  if (options.token !== undefined) yield* put(store, yield* options.token, settings.key)

  // the service
  let clients = 0
  let tokens = 0
  let isApproved = false
  const wire = Wire.make((sent) =>
    Effect.gen(function*() {
      const { pathname } = new URL(sent.url)
      const body: Body = JSON.parse(sent.body)
      const other = yield* options.respond?.(pathname, body) ?? Effect.succeed(undefined)
      if (other !== undefined) return other
      switch (pathname) {
        case "/client/register": {
          clients++
          return Wire.json({
            clientId: `client-${clients}`,
            clientSecret: `client-secret-${clients}`,
            clientIdIssuedAt: 0,
            clientSecretExpiresAt: Math.floor((yield* Clock.currentTimeMillis) / 1000) + registrationLife
          })
        }
        case "/device_authorization":
          return Wire.json({
            deviceCode: "device-code",
            userCode: "BCDF-GHJK",
            verificationUri: "https://device.example/",
            verificationUriComplete: "https://device.example/?user_code=BCDF-GHJK",
            expiresIn: 600,
            interval: 1
          })
      }
      if (body["grantType"] === deviceCodeGrantType && !isApproved) {
        return Wire.exception("AuthorizationPendingException", { error: "authorization_pending" })
      }
      yield* Effect.sleep(options.takes ?? 0)
      tokens++
      return Wire.json({
        accessToken: `login-access-${tokens}`,
        refreshToken: `login-refresh-${tokens}`,
        tokenType: "Bearer",
        expiresIn: 3600
      })
    })
  )
  const oidc = yield* Wire.client(wire)

  // the listener
  let bound = 0
  let ports = 0
  const waiting: Array<(url: string) => boolean> = []
  const callback = Callback.Callback.of({
    listen: options.listen ?? (({ port } = {}) =>
      options.callback != null
        ? Effect.fail(options.callback)
        : Effect.acquireRelease(
          Effect.sync(() => {
            bound++
            ports++
            const came = Deferred.makeUnsafe<Redacted.Redacted<string>>()
            waiting.push((url) => Deferred.doneUnsafe(came, Effect.succeed(Redacted.make(url))))
            return {
              redirectUri: Callback.redirectUriOf(port ?? 49_151 + ports),
              received: () => Deferred.await(came)
            }
          }),
          () => Effect.sync(() => void bound--)
        ))
  })

  // the browser
  const opened: Array<string> = []
  const browser = LoginBrowser.LoginBrowser.of({
    open: (url) => {
      opened.push(url)
      return options.browser ?? Effect.void
    },
    elsewhere: Effect.succeed(options.sign),
    ...options.guest
  })

  const events: Array<LoginEvent> = []
  const when = new Map<string, Deferred.Deferred<LoginEvent>>()
  const deferredOf = (tag: string) => {
    const deferred = when.get(tag) ?? Deferred.makeUnsafe<LoginEvent>()
    when.set(tag, deferred)
    return deferred
  }

  const session: Effect.Effect<Session.Services, never, Scope.Scope> = Session.make(settings, options).pipe(
    Effect.provideService(SsoOidc.SsoOidc, { ...oidc, ...options.client }),
    Effect.provideService(TokenStore.TokenStore, options.store?.(store) ?? store),
    options.callback === null ? (made) => made : Effect.provideService(Callback.Callback, callback),
    options.browser === null ? (made) => made : Effect.provideService(LoginBrowser.LoginBrowser, browser),
    Effect.orDie
  )

  return {
    store,
    settings,
    session,
    opened,
    events,
    /** The paths and bodies of all requests, in order. */
    sent: () => wire.sent.map(({ body, url }) => ({ path: new URL(url).pathname, body: JSON.parse(body) as Body })),
    wire,
    /** How many listeners are bound. */
    bound: () => bound,
    onEvent: (event: LoginEvent) =>
      Effect.sync(() => {
        events.push(event)
        Deferred.doneUnsafe(deferredOf(event._tag), Effect.succeed(event))
      }),
    /** Waits for the first event with this tag. */
    event: <T extends LoginEvent["_tag"]>(tag: T) =>
      Effect.map(
        Deferred.await(deferredOf(tag)),
        (event) => event as Extract<LoginEvent, { readonly _tag: T }>
      ),
    /** The person approves the device code. */
    approve: () => void (isApproved = true),
    /** The URL that the browser comes back to, for the URL of a login. */
    callbackOf: (url: string, more: Readonly<Record<string, string>> = { code: "the-code" }) => {
      const { searchParams } = new URL(url)
      const back = new URL(searchParams.get("redirect_uri") ?? "")
      for (const [name, value] of Object.entries({ state: searchParams.get("state") ?? "", ...more })) {
        back.searchParams.set(name, value)
      }
      return back.href
    },
    /** The browser comes back to the last listener with this URL. */
    comeBack: (url: string) => waiting.at(-1)?.(url) ?? false
  }
})
