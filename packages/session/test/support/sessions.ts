/**
 * Sessions over one store and a played service.
 */
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import type { LifeOptions } from "@sso-oidc/session/Session"
import * as Session from "@sso-oidc/session/Session"
import * as SessionSettings from "@sso-oidc/session/SessionSettings"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as Service from "./service.ts"

export const settings: SessionSettings.SessionSettings = Result.getOrThrow(
  SessionSettings.make({ startUrl: Service.startUrl, region: "eu-west-1", name: "corp" })
)

const wait = { wait: Duration.seconds(1) }

export interface Options extends Service.ServiceOptions, LifeOptions {
  /** The token in the store at the start. A token that has expired by default. `undefined` for none. */
  readonly token?: Effect.Effect<CachedToken.CachedToken> | undefined
  /** The settings of the session. Those of a session with scopes by default. */
  readonly settings?: SessionSettings.SessionSettings
  /** Changes the store that the sessions use. */
  readonly store?: (store: TokenStore.Service) => TokenStore.Service
}

export interface Fixture {
  /** The store as it is. */
  readonly store: TokenStore.Service
  readonly service: Service.Service
  /** A session of its own, as another process would have it. It ends with the scope. */
  readonly session: Effect.Effect<Effect.Success<ReturnType<typeof Session.make>>, never, Scope.Scope>
  /** Stores a token as another program does. */
  readonly put: (token: CachedToken.CachedToken) => Effect.Effect<void>
  /** The token in the store. */
  readonly read: Effect.Effect<CachedToken.CachedToken | undefined>
}

export const put = (store: TokenStore.Service, token: CachedToken.CachedToken, key = settings.key) =>
  Effect.orDie(store.exclusively(key, (hold) => hold.commit(Service.text(token)), wait))

export const make = Effect.fnUntraced(function*(options: Options = {}): Effect.fn.Return<Fixture, never, Scope.Scope> {
  const store = Context.get(yield* Layer.build(TokenStore.layerMemory), TokenStore.TokenStore)
  const service = yield* Service.make(options)
  const token = "token" in options ? options.token : Service.stored("-1 second")
  if (token !== undefined) yield* put(store, yield* token)
  const changed = options.store?.(store) ?? store
  return {
    store,
    service,
    session: Session.make(options.settings ?? settings, options).pipe(
      Effect.provideService(SsoOidc.SsoOidc, service.oidc),
      Effect.provideService(TokenStore.TokenStore, changed),
      Effect.orDie
    ),
    put: (token) => put(store, token),
    read: Effect.map(
      Effect.orDie(store.read(settings.key)),
      (text) => text === undefined ? undefined : Result.getOrUndefined(CachedToken.decode(text))
    )
  }
})

/** The text of an access token. */
export const plain = (token: { readonly accessToken: Redacted.Redacted<string> }): string =>
  Redacted.value(token.accessToken)
