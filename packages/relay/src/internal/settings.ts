/** The relay's options, checked once. A request is then only compared with checked values. */
import type { EndpointError } from "@sso-oidc/core/aws/ClientError"
import * as Endpoint from "@sso-oidc/core/aws/Endpoint"
import * as Operation from "@sso-oidc/core/aws/Operation"
import * as TrustedUrl from "@sso-oidc/core/aws/TrustedUrl"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { RelayOptions } from "../RelayOptions.ts"
import * as Limited from "./limited.ts"
import * as Once from "./once.ts"
import * as Typed from "./typed.ts"
import { version } from "./version.ts"

/** The target of one path of the relay. */
export interface Route {
  readonly operation: string
  readonly region: string
  /** The URL to call. It is made from the options alone. */
  readonly url: string
  /** Gives the members of the model, and no others; or says what is wrong, without a value of the request. */
  readonly admit: (members: unknown) => Effect.Effect<unknown, Schema.SchemaError>
}

export interface Settings {
  /** The routes by their whole path, so no path is ever taken apart. */
  readonly routes: ReadonlyMap<string, Route>
  readonly isOrigin: (origin: string, request: Request, url: URL) => boolean
  readonly isStartUrl: (url: string) => Effect.Effect<boolean>
  readonly maxRequestBytes: number
  readonly maxResponseBytes: number
  readonly requestTimeout: Duration.Duration
  readonly take: Limited.Take
  readonly once: Once.Once
  readonly userAgent: string
}

/**
 * Checks the options. It throws a `RangeError` for options that make no sense, and gives a failure for an endpoint that cannot
 * be used. `operations` are the operations that the relay serves.
 */
export const check = (
  options: RelayOptions,
  operations: ReadonlyArray<Operation.Any> = SsoOidc.operations
): Result.Result<Settings, EndpointError> => {
  const rateLimit = options.rateLimit ?? {}
  functionOf("rateLimit.key", rateLimit.key)
  if (rateLimit.store !== undefined) functionOf("rateLimit.store.take", rateLimit.store.take, true)
  functionOf("rateLimit.store.isFirst", rateLimit.store?.isFirst)
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
    take: Limited.make(rateLimit, {
      limit,
      window: durationOf("rateLimit.window", rateLimit.window ?? "1 minute")
    }),
    once: Once.make(rateLimit.store?.isFirst?.bind(rateLimit.store), requestTimeout),
    userAgent: `sso-oidc-effect-relay/${version}`
  }
  return Result.map(routesOf(options, operations), (routes) => ({ ...settings, routes }))
}

const routesOf = (
  options: RelayOptions,
  operations: ReadonlyArray<Operation.Any>
): Result.Result<ReadonlyMap<string, Route>, EndpointError> => {
  const base = baseOf(options.base ?? "/sso-oidc")
  const routes = new Map<string, Route>()
  if (!isTexts(options.regions)) {
    throw new RangeError("Relay: regions must be an array of at least one region, such as eu-west-1")
  }
  for (const named of options.regions) {
    const { endpoint, useDualstackEndpoint, useFipsEndpoint } = options
    const resolved = Endpoint.resolve(SsoOidcService.service, {
      region: named,
      endpoint,
      useDualstackEndpoint,
      useFipsEndpoint
    })
    if (Result.isFailure(resolved)) return Result.fail(resolved.failure)
    // a page's client writes the region in lower case
    const region = Endpoint.regionOf(named)
    for (const operation of operations.filter(Operation.isBodyAlone)) {
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
    }
  }
  return Result.succeed(routes)
}

const baseOf = (base: string): string => {
  if (typeof base !== "string") throw new RangeError("Relay: base must be a path such as /sso-oidc")
  const path = base === "/" ? "" : base
  // parsed after a host, so nothing in the path can be read as a host
  const isPath = path === "" || (/^\/[^/]/.test(path) && !path.endsWith("/") && URL.canParse(`http://localhost${path}`))
  if (!isPath || (path !== "" && new URL(`http://localhost${path}`).pathname !== path)) {
    throw new RangeError(
      "Relay: base must be a path such as /sso-oidc, as a browser writes it, without a slash at its end"
    )
  }
  return path
}

const originsOf = (origins: RelayOptions["origins"]): Settings["isOrigin"] => {
  if (!isTexts(origins)) {
    throw new RangeError("Relay: origins must be an array of at least one origin, such as https://app.example")
  }
  for (const origin of origins) {
    if (
      origin !== "same-origin" && !(TrustedUrl.isTrusted(origin) && new URL(origin).origin === origin) ||
      origin.includes("*")
    ) {
      throw new RangeError(
        "Relay: origins must be \"same-origin\", or origins such as https://app.example; http is for loopback alone"
      )
    }
  }
  const same = origins.includes("same-origin")
  const known = new Set(origins.filter((origin) => origin !== "same-origin"))
  return (origin, request, url) => known.has(origin) || (same && origin === url.origin && isOwn(request, url))
}

// A server that makes a URL of a target such as `//evil.example/sso-oidc/…` reads the host from the target. The headers of the
// browser say where it really sent the request.
const isOwn = ({ headers }: Request, url: URL): boolean =>
  (headers.get("host") ?? url.host) === url.host && (headers.get("sec-fetch-site") ?? "same-origin") === "same-origin"

const startUrlsOf = (startUrls: RelayOptions["startUrls"]): Settings["isStartUrl"] => {
  if (typeof startUrls === "function") {
    return (url) => TrustedUrl.isTrusted(url) ? askedOf(() => startUrls(url)) : Effect.succeed(false)
  }
  if (!isTexts(startUrls) || !startUrls.every(TrustedUrl.isTrusted)) {
    throw new RangeError(
      "Relay: startUrls must be a function, or an array of https URLs without user info; http is for loopback alone"
    )
  }
  const known = new Set(startUrls)
  return (url) => Effect.succeed(known.has(url))
}

const askedOf = (startUrls: () => unknown): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    const held = Typed.call(startUrls, Typed.isBoolean, "true or false")
    if (!("wrong" in held)) return Effect.succeed(held.value)
    const logged = Typed.log(
      "startUrls",
      held.wrong,
      "Read the start URLs before you make the relay, and give true or false at once."
    )
    return held.wrong === Typed.threw ? Effect.andThen(logged, Effect.die(held.wrong)) : Effect.as(logged, false)
  })

const isTexts = (texts: unknown): boolean =>
  Array.isArray(texts) && texts.length > 0 && texts.every((text) => typeof text === "string")

const functionOf = (name: string, given: unknown, isNeeded = false): void => {
  if (typeof given === "function" || (given === undefined && !isNeeded)) return
  throw new RangeError(`Relay: ${name} must be a function`)
}

const bytesOf = (name: string, bytes: number): number => {
  if (!(typeof bytes === "number" && bytes >= 1)) throw new RangeError(`Relay: ${name} must be a number of at least 1`)
  return bytes
}

const durationOf = (name: string, input: Duration.Input): Duration.Duration => {
  const duration = Option.getOrUndefined(Duration.fromInput(input))
  if (duration === undefined || !Duration.isGreaterThan(duration, Duration.zero) || !Duration.isFinite(duration)) {
    throw new RangeError(`Relay: ${name} must be a duration longer than zero, and finite, such as "25 seconds"`)
  }
  return duration
}
