/**
 * A played portal, a played session, and the real `Portal` over both.
 */
import * as AccessToken from "@sso-oidc/core/AccessToken"
import * as Lifetime from "@sso-oidc/core/aws/Lifetime"
import * as CredentialsCache from "@sso-oidc/portal/CredentialsCache"
import * as Portal from "@sso-oidc/portal/Portal"
import * as PortalClient from "@sso-oidc/portal/PortalClient"
import * as PortalService from "@sso-oidc/portal/PortalService"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { TestClock } from "effect/testing"

/** An account of the played portal. */
export interface PlayedAccount {
  readonly accountId: string
  readonly accountName: string
  readonly roles: ReadonlyArray<string>
}

/** A number of 12 digits. */
export const number = (n: number): string => String(100_000_000_000 + n)

/** So many accounts, each with the same roles. */
export const accounts = (count: number, roles: ReadonlyArray<string> = ["Admin"]): ReadonlyArray<PlayedAccount> =>
  Array.from({ length: count }, (_, n) => ({ accountId: number(n), accountName: `Account ${n}`, roles }))

/** The error of the portal's dialect. */
export const exception = (
  type: string,
  status: number,
  message: string,
  headers: Record<string, string> = {}
): Response =>
  Wire.json({ message, __type: PortalService.errorType(type) }, {
    status,
    headers: { requestid: "7b5ee6f0-0000-4000-8000-000000000001", ...headers }
  })

export const unauthorized = (): Response =>
  exception("UnauthorizedException", 401, "Session token not found or invalid")

export const tooMany = (headers: Record<string, string> = {}): Response =>
  exception("TooManyRequestsException", 429, "HTTP 429 Unknown Code", headers)

export interface Options extends Portal.Options {
  readonly accounts?: ReadonlyArray<PlayedAccount>
  /** The response to a request, instead of the usual one. */
  readonly respond?: (
    url: URL,
    token: string
  ) => Effect.Effect<Response | undefined, HttpClientError.HttpClientError> | undefined
  /** How long role credentials are valid: an hour by default. */
  readonly life?: Duration.Input
  /** How long a request takes to arrive. Nothing by default. */
  readonly arrives?: () => Duration.Input
  /** How long a response takes. Nothing by default. */
  readonly takes?: Duration.Input
  /** The key of the session: `corp` by default. */
  readonly key?: string
  /** Changes the session. */
  readonly session?: (usual: AccessToken.Service) => Partial<AccessToken.Service>
  /** The cache: one of its own in memory by default. */
  readonly cache?: CredentialsCache.Service
  /** The layer of the portal, for example one with a shared limit. */
  readonly layer?: typeof Portal.layer
}

/** When each request arrived, in milliseconds, and how many are in flight. */
export interface Log {
  readonly at: Array<number>
  readonly paths: Array<string>
  readonly tokens: Array<string>
  inFlight: number
  mostInFlight: number
  rejected: number
}

/** A portal over a played service. The first token is `access-1`. */
export const make = Effect.fnUntraced(function*(options: Options = {}) {
  const all = options.accounts ?? accounts(3, ["Admin", "ReadOnly"])
  const log: Log = { at: [], paths: [], tokens: [], inFlight: 0, mostInFlight: 0, rejected: 0 }
  /** The tokens that the portal accepts. */
  const valid = new Set(["access-1"])
  let made = 0

  const page = <A>(
    url: URL,
    entries: ReadonlyArray<A>
  ): { readonly part: ReadonlyArray<A>; readonly next?: string } => {
    const from = Number(url.searchParams.get("next_token") ?? "0")
    const to = from + Number(url.searchParams.get("max_result") ?? "20")
    return { part: entries.slice(from, to), ...(to < entries.length ? { next: String(to) } : {}) }
  }

  const usual = (url: URL, now: number): Response => {
    const accountId = url.searchParams.get("account_id")
    switch (url.pathname) {
      case "/assignment/accounts": {
        const { next, part } = page(url, all)
        return Wire.json({
          nextToken: next ?? null,
          accountList: part.map(({ accountId, accountName }) => ({
            accountId,
            accountName,
            emailAddress: "a@example.com"
          }))
        })
      }
      case "/assignment/roles": {
        const account = all.find((one) => one.accountId === accountId)
        if (account === undefined) return exception("ResourceNotFoundException", 404, "Account not found")
        const { next, part } = page(url, account.roles)
        return Wire.json({ nextToken: next ?? null, roleList: part.map((roleName) => ({ roleName, accountId })) })
      }
      case "/federation/credentials": {
        const account = all.find((one) => one.accountId === accountId)
        if (!account?.roles.includes(url.searchParams.get("role_name") ?? "")) {
          return exception("ForbiddenException", 403, "No access")
        }
        made++
        return Wire.json({
          roleCredentials: {
            accessKeyId: `ASIA${made}`,
            secretAccessKey: `secret-access-key-${made}`,
            sessionToken: `session-token-${made}`,
            expiration: now + Duration.toMillis(Duration.fromInputUnsafe(options.life ?? "1 hour"))
          }
        })
      }
      case "/logout":
        return new Response(null, { status: 200 })
    }
    return new Response("not found", { status: 404 })
  }

  const wire = Wire.make((sent) =>
    Effect.gen(function*() {
      const url = new URL(sent.url)
      const token = sent.headers["x-amz-sso_bearer_token"] ?? ""
      yield* Effect.sleep(options.arrives?.() ?? 0)
      const now = yield* Clock.currentTimeMillis
      const at = Math.floor(yield* Lifetime.monotonic)
      log.at.push(at)
      log.paths.push(url.pathname)
      log.tokens.push(token)
      log.inFlight++
      log.mostInFlight = Math.max(log.mostInFlight, log.inFlight)
      yield* Effect.sleep(options.takes ?? 0)
      const other = yield* (options.respond?.(url, token) ?? Effect.succeed(undefined))
      if (other !== undefined) return other
      if (!valid.has(token)) return unauthorized()
      // the 20th request in a second
      if (log.at.filter((one) => one > at - 1000).length >= 20) {
        log.rejected++
        return tooMany()
      }
      return usual(url, now)
    }).pipe(Effect.ensuring(Effect.sync(() => void log.inFlight--)))
  )

  let current = 1
  const played: AccessToken.Service = {
    key: options.key ?? "corp",
    get: Effect.sync(() => ({
      accessToken: Redacted.make(`access-${current}`),
      expiresAt: DateTime.makeUnsafe(4_000_000_000_000)
    })),
    refreshed: (rejected) =>
      Effect.gen(function*() {
        if (Redacted.value(rejected) === `access-${current}`) {
          if (current === 2) return yield* new AccessToken.SessionEnded({ reason: "portal", command: "aws sso login" })
          current++
        }
        return yield* played.get
      })
  }
  const session: AccessToken.Service = { ...played, ...options.session?.(played) }
  const cache = options.cache ??
    Context.get(yield* Layer.build(CredentialsCache.layerMemory), CredentialsCache.CredentialsCache)

  const client = yield* PortalClient.make({ region: "eu-west-1" }).pipe(
    Effect.provideService(HttpClient.HttpClient, wire.client),
    Effect.orDie
  )
  const layer = (options.layer ?? Portal.layer)(options).pipe(
    Layer.provide([
      Layer.succeed(PortalClient.PortalClient, client),
      Layer.succeed(AccessToken.AccessToken, session),
      Layer.succeed(CredentialsCache.CredentialsCache, cache)
    ])
  )
  const portal = Context.get(yield* Layer.build(layer), Portal.Portal)
  return { portal, layer, log, valid, wire, cache, session, client, made: () => made }
})

/** The most requests in any second. */
export const mostInASecond = (at: ReadonlyArray<number>): number =>
  Math.max(...at.map((from) => at.filter((one) => one >= from && one < from + 1000).length))

/** Runs an effect to its end, however long that takes on the test's clock. */
export const toTheEnd = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  step: Duration.Input = "100 millis"
): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust(step)
    return yield* Fiber.join(fiber)
  })
