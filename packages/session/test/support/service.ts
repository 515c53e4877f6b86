/**
 * The service that refreshes tokens, played over a scripted transport: strict by default, each refresh token good once.
 */
import { TransportCause } from "@sso-oidc/core/aws/TransportCause"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClientError from "effect/http/HttpClientError"
import * as Redacted from "effect/Redacted"

export const startUrl = "https://corp.awsapps.com/start"

/** How the service responds to one request: as its rotation says, or otherwise. */
export type Outcome =
  | "token"
  | "rejected"
  | "invalid_client"
  | "slow_down"
  | "busy"
  | "unsent"
  | "lost"
  /** It issues a token, and the response does not arrive. */
  | "issuedButLost"
  | "unusable"

export interface ServiceOptions {
  readonly rotation?: "strict" | "lenient"
  /** The life of a token. One hour by default. */
  readonly life?: Duration.Input
  /** How long a response takes. Nothing by default. */
  readonly takes?: Duration.Input
  /** The responses to the first requests. After them it responds as its rotation says. */
  readonly responses?: ReadonlyArray<Outcome>
  /** Runs when a request arrives, before its response. */
  readonly onRequest?: (count: number) => Effect.Effect<void>
  /** Whether a response leaves the refresh token out. */
  readonly isSilentOnRefreshToken?: boolean
}

export interface Service {
  readonly oidc: SsoOidc.Service
  /** The refresh tokens of all requests, in order. */
  readonly sent: ReadonlyArray<string>
  /** All bodies that were sent. */
  readonly bodies: ReadonlyArray<string>
}

const failure = (sent: "no" | "maybe") => (request: HttpClientError.TransportError["request"]) =>
  new HttpClientError.TransportError({
    request,
    cause: new TransportCause({ sent, code: "ECONNRESET", transient: true })
  })

/** A service whose first good refresh token is `refresh-0`. It issues `access-N` and `refresh-N`. */
export const make = (options: ServiceOptions = {}): Effect.Effect<Service> => {
  const responses = [...options.responses ?? []]
  const sent: Array<string> = []
  const bodies: Array<string> = []
  let issued = 0
  const good = new Set(["refresh-0"])

  const issue = (used: string) => {
    issued++
    if (options.isSilentOnRefreshToken === true) {
      return { accessToken: `access-${issued}`, tokenType: "Bearer", expiresIn: seconds }
    }
    if (options.rotation !== "lenient") good.delete(used)
    good.add(`refresh-${issued}`)
    return {
      accessToken: `access-${issued}`,
      refreshToken: `refresh-${issued}`,
      tokenType: "Bearer",
      expiresIn: seconds
    }
  }
  const seconds = Duration.toSeconds(Duration.fromInputUnsafe(options.life ?? "1 hour"))

  const wire = Wire.make((request, http) =>
    Effect.gen(function*() {
      const { refreshToken } = JSON.parse(request.body)
      sent.push(refreshToken)
      bodies.push(request.body)
      yield* options.onRequest?.(sent.length) ?? Effect.void
      yield* Effect.sleep(options.takes ?? 0)
      const fail = (sent: "no" | "maybe") => new HttpClientError.HttpClientError({ reason: failure(sent)(http) })
      switch (responses.shift()) {
        case "rejected":
          return Wire.exception("InvalidGrantException", { error: "invalid_grant" })
        case "invalid_client":
          return Wire.exception("InvalidClientException", { error: "invalid_client" }, { status: 401 })
        case "slow_down":
          return Wire.exception("SlowDownException", { error: "slow_down" })
        case "busy":
          return Wire.exception("InternalServerException", { error: "server_error" }, { status: 500 })
        case "unsent":
          return yield* fail("no")
        case "lost":
          return yield* fail("maybe")
        case "issuedButLost":
          if (good.has(refreshToken)) issue(refreshToken)
          return yield* fail("maybe")
        case "unusable":
          return Wire.json({ tokenType: "Bearer" })
        case "token":
        case undefined:
          return good.has(refreshToken)
            ? Wire.json(issue(refreshToken))
            : Wire.exception("InvalidGrantException", { error: "invalid_grant" })
      }
    })
  )
  return Effect.map(Wire.client(wire), (oidc) => ({ oidc, sent, bodies }))
}

/** A stored token with so much left, whose refresh token is `refresh-0`. */
export const stored = (
  left: Duration.Input,
  change: Partial<CachedToken.CachedToken> = {}
): Effect.Effect<CachedToken.CachedToken> =>
  Effect.map(DateTime.now, (now) => ({
    accessToken: Redacted.make("access-0"),
    expiresAt: DateTime.addDuration(now, left),
    startUrl,
    region: "eu-west-1",
    refreshToken: Redacted.make("refresh-0"),
    clientId: "client",
    clientSecret: Redacted.make("client-secret"),
    registrationExpiresAt: DateTime.addDuration(now, "80 days"),
    others: Redacted.make({ tool: "other" }),
    ...change
  }))

/** The text of a token as a store holds it. */
export const text = CachedToken.encode
