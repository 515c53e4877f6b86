/**
 * The relay's options, checked once, so that a request is only looked up in what is known to be good.
 */
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as Endpoint from "@sso-oidc/core/Endpoint"
import type * as Operation from "@sso-oidc/core/Operation"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import type { EndpointError } from "@sso-oidc/core/SsoOidcError"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as TrustedUrl from "@sso-oidc/core/TrustedUrl"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as RateLimit from "../../RateLimit.ts"
import type { Options } from "../../Relay.ts"
import { version } from "../version.ts"
import * as Once from "./once.ts"

/** What one path of the relay leads to. */
export interface Route {
  readonly operation: string
  readonly region: string
  /** Made of the options alone. */
  readonly url: string
  /** The members of the model, and no others; or what is wrong, without a value of the request. */
  readonly admit: (members: unknown) => Effect.Effect<unknown, Schema.SchemaError>
}

export interface Settings {
  /** By the whole path, so that nothing of a path is ever taken apart. */
  readonly routes: ReadonlyMap<string, Route>
  readonly isOrigin: (origin: string, request: Request, url: URL) => boolean
  readonly isStartUrl: (url: string) => boolean
  readonly maxRequestBytes: number
  readonly maxResponseBytes: number
  readonly requestTimeout: Duration.Duration
  readonly limit: RateLimit.Limit
  readonly key: (request: Request) => string
  readonly store: RateLimit.Store
  readonly once: Once.Once
  readonly userAgent: string
}

/** Throws a `RangeError` for what makes no sense; an endpoint that cannot be used is a failure. */
export const check = (options: Options): Result.Result<Settings, EndpointError> => {
  const rateLimit = options.rateLimit ?? {}
  const limit = rateLimit.limit ?? 1200
  if (limit !== Infinity && !(Number.isInteger(limit) && limit >= 1)) {
    throw new RangeError("Relay: rateLimit.limit must be a whole number of at least 1, or Infinity")
  }
  const requestTimeout = durationOf("requestTimeout", options.requestTimeout ?? "25 seconds")
  const settings = {
    isOrigin: originsOf(options.origins),
    isStartUrl: startUrlsOf(options.startUrls),
    maxRequestBytes: bytesOf("maxRequestBytes", options.maxRequestBytes ?? 64 * 1024),
    maxResponseBytes: bytesOf("maxResponseBytes", options.maxResponseBytes ?? 256 * 1024),
    requestTimeout,
    limit: { limit, window: durationOf("rateLimit.window", rateLimit.window ?? "1 minute") },
    key: rateLimit.key ?? (() => ""),
    store: rateLimit.store ?? RateLimit.memory(),
    once: Once.make(rateLimit.store?.isFirst?.bind(rateLimit.store), requestTimeout),
    userAgent: `sso-oidc-effect-relay/${version}`
  }
  return Result.map(routesOf(options), (routes) => ({ ...settings, routes }))
}

const routesOf = (options: Options): Result.Result<ReadonlyMap<string, Route>, EndpointError> => {
  const base = baseOf(options.base ?? "/sso-oidc")
  const routes = new Map<string, Route>()
  if (options.regions.length === 0) throw new RangeError("Relay: regions must name a region")
  for (const region of options.regions) {
    const { endpoint, useDualstackEndpoint, useFipsEndpoint } = options
    const resolved = Endpoint.resolve({ region, endpoint, useDualstackEndpoint, useFipsEndpoint })
    if (Result.isFailure(resolved)) return Result.fail(resolved.failure)
    const add = <Request, Response, E>(operation: Operation.Operation<Request, Response, E>) =>
      routes.set(`${base}/${region}${operation.path}`, {
        operation: operation.name,
        region,
        url: `${resolved.success}${operation.path}`,
        admit: (members) =>
          Effect.flatMap(
            Schema.decodeUnknownEffect(operation.request)(members),
            Schema.encodeEffect(operation.request)
          )
      })
    add(RegisterClient.operation)
    add(StartDeviceAuthorization.operation)
    add(CreateToken.operation)
  }
  return Result.succeed(routes)
}

const baseOf = (base: string): string => {
  const path = base === "/" ? "" : base
  // parsed below an authority, so that nothing in it can be taken for one
  const isPath = path === "" || (/^\/[^/]/.test(path) && !path.endsWith("/") && URL.canParse(`http://localhost${path}`))
  if (!isPath || (path !== "" && new URL(`http://localhost${path}`).pathname !== path)) {
    throw new RangeError(
      "Relay: base must be a path such as /sso-oidc, as a browser spells it, without a slash at its end"
    )
  }
  return path
}

const originsOf = (origins: Options["origins"]): Settings["isOrigin"] => {
  if (origins.length === 0) throw new RangeError("Relay: origins must name an origin")
  for (const origin of origins) {
    if (
      origin !== "same-origin" && !(TrustedUrl.isTrusted(origin) && new URL(origin).origin === origin) ||
      origin.includes("*")
    ) {
      throw new RangeError(
        "Relay: origins must be \"same-origin\", or origins such as https://app.example, of https or of loopback"
      )
    }
  }
  const same = origins.includes("same-origin")
  const known = new Set(origins.filter((origin) => origin !== "same-origin"))
  return (origin, request, url) => known.has(origin) || (same && origin === url.origin && isOwn(request, url))
}

// A server that makes the URL of a target such as `//evil.example/sso-oidc/…` takes its host from there. What the browser
// says itself, it says of where it really asked.
const isOwn = ({ headers }: Request, url: URL): boolean =>
  (headers.get("host") ?? url.host) === url.host && (headers.get("sec-fetch-site") ?? "same-origin") === "same-origin"

const startUrlsOf = (startUrls: Options["startUrls"]): Settings["isStartUrl"] => {
  // `true` alone: a promise, which an untyped look-up gives, would else let everything pass
  if (typeof startUrls === "function") return (url) => TrustedUrl.isTrusted(url) && startUrls(url) === true
  if (startUrls.length === 0 || !startUrls.every(TrustedUrl.isTrusted)) {
    throw new RangeError("Relay: startUrls must name URLs of https, or of http to loopback, without user info")
  }
  const known = new Set(startUrls)
  return (url) => known.has(url)
}

const bytesOf = (name: string, bytes: number): number => {
  if (!(bytes >= 1)) throw new RangeError(`Relay: ${name} must be a number of at least 1`)
  return bytes
}

const durationOf = (name: string, input: Duration.Input): Duration.Duration => {
  const duration = Option.getOrUndefined(Duration.fromInput(input))
  if (duration === undefined || !Duration.isGreaterThan(duration, Duration.zero) || !Duration.isFinite(duration)) {
    throw new RangeError(`Relay: ${name} must be a duration longer than zero, and finite`)
  }
  return duration
}
