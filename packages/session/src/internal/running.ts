/**
 * A running session: what it keeps in memory, and its members.
 */
import * as AccessToken from "@sso-oidc/core/AccessToken"
import * as Endpoint from "@sso-oidc/core/aws/Endpoint"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as PortalLogout from "@sso-oidc/core/PortalLogout"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import { service } from "@sso-oidc/core/SsoOidcService"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import { AwsConfigError } from "../AwsConfigError.ts"
import type { CachedToken } from "../CachedToken.ts"
import * as Callback from "../Callback.ts"
import * as LoginBrowser from "../LoginBrowser.ts"
import type { LifeOptions, Service, Services, TokenOptions } from "../Session.ts"
import type * as SessionSettings from "../SessionSettings.ts"
import * as TokenStore from "../TokenStore.ts"
import * as Forgetting from "./forgetting.ts"
import * as Guarded from "./guarded.ts"
import * as Life from "./life.ts"
import * as Login from "./login.ts"
import * as Logout from "./logout.ts"
import * as Obstacle from "./obstacle.ts"
import * as Refreshing from "./refreshing.ts"
import * as Status from "./status.ts"
import * as Stored from "./stored.ts"

// A terminal would obey the control characters of a name.
const quoted = (name: string): string => Wire.shellWord(Wire.printable(name))

const commandOf = ({ name, profile }: SessionSettings.SessionSettings): string =>
  profile !== undefined
    ? `aws sso login --profile ${quoted(profile)}`
    : name !== undefined
    ? `aws sso login --sso-session ${quoted(name)}`
    : "aws sso login"

const durationOf = (name: string, given: Duration.Input, isAllowed: (duration: Duration.Duration) => boolean) => {
  const duration = Number.isNaN(given) ? undefined : Option.getOrUndefined(Duration.fromInput(given))
  if (duration !== undefined && Duration.isFinite(duration) && isAllowed(duration)) return duration
  throw new RangeError(`Session: ${name} must be a finite duration, and not negative`)
}

const isPositive = (duration: Duration.Duration): boolean => Duration.isGreaterThan(duration, Duration.zero)

const isNotNegative = (duration: Duration.Duration): boolean => Duration.isGreaterThanOrEqualTo(duration, Duration.zero)

// How much longer a caller waits for another process than that process can wait for the service.
const grace = Duration.seconds(5)

const plain = (token: CachedToken | undefined): string | undefined => token && Redacted.value(token.accessToken)

const validOf = ({ accessToken, expiresAt }: CachedToken): AccessToken.ValidToken => ({ accessToken, expiresAt })

// A session that asks for a certain endpoint must not send its tokens to another one. Without a wish, the client decides.
const isEndpointOf = (settings: SessionSettings.SessionSettings, { endpoint }: SsoOidc.Service): boolean => {
  const { useDualstackEndpoint = false, useFipsEndpoint = false } = settings
  if (settings.endpoint === undefined && !useFipsEndpoint && !useDualstackEndpoint) return true
  return Result.getOrUndefined(Endpoint.resolve(service, settings)) === endpoint
}

/** Makes a session. */
export const make = Effect.fnUntraced(function*(
  settings: SessionSettings.SessionSettings,
  options: LifeOptions = {}
): Effect.fn.Return<Services, AwsConfigError, SsoOidc.SsoOidc | TokenStore.TokenStore | Scope.Scope> {
  const scope = yield* Scope.Scope
  const oidc = yield* SsoOidc.SsoOidc
  const store = Guarded.guarded(yield* TokenStore.TokenStore)
  const command = options.loginCommand ?? commandOf(settings)
  const requestTimeout = durationOf("requestTimeout", options.requestTimeout ?? "30 seconds", isPositive)
  if (Endpoint.regionOf(settings.region) !== oidc.region) {
    return yield* new AwsConfigError({
      source: "settings",
      setting: "region",
      detail: "`region` differs from the region of the client (SsoOidc). Give both the region of the access portal"
    })
  }
  if (!isEndpointOf(settings, oidc)) {
    return yield* new AwsConfigError({
      source: "settings",
      setting: settings.endpoint === undefined ? "useFipsEndpoint" : "endpoint",
      detail:
        "`endpoint`, `useFipsEndpoint` and `useDualstackEndpoint` give another endpoint than that of the client (SsoOidc). " +
        "Give the client the same settings: SsoOidc.layer(settings)"
    })
  }

  const ages = Life.makeAges()
  // The token that could not be stored, and the token in the store that it replaces, if there is one.
  let kept: {
    readonly token: CachedToken
    readonly instead: CachedToken | undefined
    /** Whether a person logged in for it. */
    readonly isLogin: boolean
  } | undefined
  // The logins of this process that brought a token.
  let count = 0
  let last: CachedToken | undefined
  let retryAt = -Infinity
  // What a refresh of this process brought, and how long it was valid then.
  let received: { readonly accessToken: string; readonly life: number } | undefined
  let afterRejection: string | undefined
  // The access token that the portal rejected for good. The store does not remember it, because it may have no refresh token.
  let rejectedToken: string | undefined
  // The last refresh of this process, and the access token that it replaces.
  let flight: { readonly of: string; readonly fiber: Fiber.Fiber<CachedToken, AccessToken.Error> } | undefined
  // A refresh that began before a logout leaves nothing in memory.
  let logouts = 0
  let hasWarned = false

  const self: Refreshing.Self = {
    store,
    settings,
    oidc,
    ages,
    command,
    wait: Duration.sum(requestTimeout, grace),
    keep: (token, instead) => void (kept = { token, instead, isLogin: kept?.isLogin === true }),
    keptFor: (stored) => {
      if (kept === undefined) return undefined
      const { instead, isLogin, token } = kept
      if (plain(instead) === plain(stored)) return token
      // A refresh of the session before the login does not replace the login. A login of another client does, and so does a logout.
      const isBefore = isLogin && stored !== undefined && stored.clientId === instead?.clientId
      return isBefore ? token : undefined
    }
  }

  const warnOnce = Effect.suspend(() => {
    if (hasWarned) return Effect.void
    hasWarned = true
    return Effect.logWarning(
      `The ${store.name} store has the token of another start URL or region under the key of this session. It is not used.`
    )
  })

  /** The stored token, or the token in memory that could not be stored. If the store cannot be read: the last token, while it is valid. */
  const current = Effect.gen(function*() {
    const look = yield* Stored.look(store, settings)
    if (look._tag === "foreign") yield* warnOnce
    const better = self.keptFor(look._tag === "found" ? look.token : undefined)
    if (better === undefined) {
      kept = undefined
      if (look._tag === "found") return last = look.token
      // what a person removed is not given later, when the store cannot be read
      last = undefined
      return yield* Refreshing.absence(command, look)
    }
    if ((yield* Life.monotonic) >= retryAt) {
      retryAt = (yield* Life.monotonic) + Life.pause
      yield* Refreshing.storeKept(self)
    }
    return last = better
  }).pipe(
    Effect.catchTag("StoreError", (error) =>
      Effect.flatMap(
        last === undefined ? Effect.succeed(0) : ages.leftOf(last),
        (left) => last !== undefined && left > 0 ? Effect.succeed(last) : Effect.fail(error)
      ))
  )

  /** Starts a refresh, or joins the refresh in flight. It goes on without its callers, in the scope of the layer. */
  const refresh = (stale: CachedToken) =>
    Effect.gen(function*() {
      if (flight === undefined || flight.fiber.pollUnsafe() !== undefined) {
        const of = Redacted.value(stale.accessToken)
        const before = logouts
        const fiber = yield* Effect.forkIn(
          Refreshing.run(self, of).pipe(
            Effect.tap((token) =>
              Effect.map(ages.leftOf(token), (life) => {
                if (logouts !== before) return
                received = { accessToken: Redacted.value(token.accessToken), life }
                last = token
              })
            ),
            Effect.tapError((error) =>
              Effect.andThen(
                Effect.map(Life.monotonic, (now) => void (retryAt = now + Life.pause)),
                Effect.logDebug(`The token was not refreshed. ${error.message}`)
              )
            )
          ),
          scope
        )
        flight = { of, fiber }
      }
      return flight.fiber
    }).pipe(Effect.uninterruptible)

  /** A refresh of this token. One of another token may end with this very token, or with an error of the other's: it is awaited first. */
  const joined = (stale: CachedToken): Effect.Effect<CachedToken, AccessToken.Error> =>
    Effect.suspend(() =>
      flight === undefined || flight.of === Redacted.value(stale.accessToken) || flight.fiber.pollUnsafe() !== undefined
        ? Effect.flatMap(refresh(stale), Fiber.join)
        : Effect.andThen(Fiber.await(flight.fiber), joined(stale))
    )

  // A caller whose demand no token of the service meets would send a refresh with each call.
  const isBeyond = (token: CachedToken, left: number, minLeft: number): boolean =>
    received?.accessToken === Redacted.value(token.accessToken) && minLeft > received.life && left >= received.life / 2

  const token = Effect.fnUntraced(function*(
    given: TokenOptions = {}
  ): Effect.fn.Return<AccessToken.ValidToken, AccessToken.Error> {
    const minLeft = Duration.toMillis(durationOf("minLeft", given.minLeft ?? 0, isNotNegative))
    const stored = yield* current
    const left = yield* ages.leftOf(stored)
    const isEnough = left > 0 && (left >= minLeft || isBeyond(stored, left, minLeft))
    if (isEnough && !Life.isDue(stored, left)) return validOf(stored)
    if (left > 0 && ((yield* Life.monotonic) < retryAt)) return validOf(stored)
    const detail = yield* Obstacle.obstacle(self, stored)
    if (detail !== undefined) {
      if (left > 0) return validOf(stored)
      return yield* new AccessToken.NotLoggedIn({ reason: "expired", command, detail })
    }
    if (options.refresh === "background" && isEnough && left >= Life.urgent) {
      yield* refresh(stored)
      return validOf(stored)
    }
    return yield* joined(stored).pipe(
      Effect.map(validOf),
      Effect.catch((error) =>
        Effect.flatMap(ages.leftOf(stored), (left) => left > 0 ? Effect.succeed(validOf(stored)) : Effect.fail(error))
      )
    )
  })

  const rejectedByPortal = (token: string) => {
    rejectedToken = token
    return new AccessToken.SessionEnded({ reason: "portal", command })
  }

  const next = Effect.fnUntraced(function*(
    rejected: Redacted.Redacted<string>
  ): Effect.fn.Return<AccessToken.ValidToken, AccessToken.Error> {
    const stored = yield* current
    const bad = Redacted.value(rejected)
    if (Redacted.value(stored.accessToken) !== bad) return yield* token()
    if (afterRejection === bad || (yield* Obstacle.obstacle(self, stored)) !== undefined) {
      return yield* rejectedByPortal(bad)
    }
    const brought = yield* joined(stored)
    if (Redacted.value(brought.accessToken) === bad) return yield* rejectedByPortal(bad)
    afterRejection = Redacted.value(brought.accessToken)
    return validOf(brought)
  })

  const portal = Option.getOrUndefined(yield* Effect.serviceOption(PortalLogout.PortalLogout))

  const logins: Login.Self = {
    store,
    settings,
    oidc,
    ages,
    clientName: options.clientName ?? "sso-oidc-effect",
    wait: self.wait,
    callback: Option.getOrUndefined(yield* Effect.serviceOption(Callback.Callback)),
    browser: Option.getOrUndefined(yield* Effect.serviceOption(LoginBrowser.LoginBrowser)),
    keptFor: self.keptFor,
    count: () => count,
    forgetRoles: Forgetting.forget(
      portal,
      { key: settings.key },
      "1 second",
      (sentence) => Effect.logWarning(`After the login: ${sentence}`)
    ),
    received: (token) => {
      count++
      kept = undefined
      last = token
      retryAt = -Infinity
    },
    keep: (token, instead) => {
      count++
      kept = { token, instead, isLogin: true }
      last = token
    }
  }

  const login: Service["login"] = (options = {}) => Effect.map(Login.login(logins, options, false), validOf)

  const ensure: Service["ensure"] = (options = {}) => {
    const needed = () => Effect.map(Login.login(logins, options, true), validOf)
    const found = Effect.catchTags(
      Effect.flatMap(
        token(options),
        (valid) =>
          Effect.map(
            Status.hasEnded(self),
            (isOver) => isOver || Redacted.value(valid.accessToken) === rejectedToken ? undefined : valid
          )
      ),
      { NotLoggedIn: needed, SessionEnded: needed, SessionPossiblyLost: needed }
    )
    // If the session has ended, the portal may not accept a token that reads as valid. Only a new one helps, so that the stored one is not taken.
    return Effect.flatMap(found, (valid) => valid === undefined ? login(options) : Effect.succeed(valid))
  }

  const logoutSelf: Logout.Self = {
    ...self,
    kept: () => kept?.token,
    portal,
    forget: () => {
      logouts++
      kept =
        last =
        received =
        afterRejection =
          undefined
      retryAt = -Infinity
    }
  }

  return {
    session: {
      settings,
      token,
      ensure,
      login,
      status: Status.status(self),
      logout: (options = {}) => Logout.logout(logoutSelf, options)
    },
    accessToken: { key: settings.key, get: Effect.suspend(() => token()), refreshed: next }
  }
})
