/**
 * A service under TestClock that responds by a script, and records each request with its time.
 */
import type * as Client from "@sso-oidc/core/aws/Client"
import * as TransportCause from "@sso-oidc/core/aws/TransportCause"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"

export const region = "eu-west-1"
export const endpoint = "https://oidc.eu-west-1.amazonaws.com"
export const startUrl = "https://my.awsapps.com/start"

/** One entry of the script: a response, a transport failure, or no response at all; after a delay. */
export interface ScriptedResponse {
  readonly status?: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: TransportCause.TransportCause
  readonly silent?: boolean
  readonly delay?: Duration.Input
  /** The URL of the response. By default it is the URL of the request. */
  readonly url?: string
}

export interface Sent {
  readonly path: string
  readonly at: number
  readonly body: Readonly<Record<string, unknown>>
}

export const registered = (more: object = {}): ScriptedResponse => ({
  body: {
    clientId: "client-1",
    clientSecret: "client-secret-1",
    clientIdIssuedAt: 0,
    clientSecretExpiresAt: 7_776_000,
    authorizationEndpoint: null,
    tokenEndpoint: null,
    ...more
  }
})

export const code = (more: object = {}): ScriptedResponse => ({
  body: {
    deviceCode: "device-code-1",
    userCode: "BRCJ-PDVT",
    verificationUri: "https://device.sso.eu-west-1.amazonaws.com/",
    verificationUriComplete: "https://device.sso.eu-west-1.amazonaws.com/?user_code=BRCJ-PDVT",
    expiresIn: 600,
    interval: 5,
    ...more
  }
})

export const token = (more: object = {}): ScriptedResponse => ({
  body: {
    accessToken: "access-token-1",
    tokenType: "Bearer",
    expiresIn: 3600,
    refreshToken: "refresh-token-1",
    idToken: null,
    ...more
  }
})

export const exception = (
  type: string,
  error: string,
  more: Omit<ScriptedResponse, "body"> & { body?: object } = {}
): ScriptedResponse => ({
  status: 400,
  ...more,
  headers: { "x-amzn-errortype": `${type}:http://internal.amazon.com/coral/`, ...more.headers },
  body: { error, error_description: `The service says ${error}`, ...more.body }
})

export const pending = exception("AuthorizationPendingException", "authorization_pending")
export const slowDown = (more: Omit<ScriptedResponse, "body"> = {}) => exception("SlowDownException", "slow_down", more)
export const invalidGrant = exception("InvalidGrantException", "invalid_grant")
export const expired = exception("ExpiredTokenException", "expired_token")

export const cut = (sent: "no" | "maybe", transient = true): ScriptedResponse => ({
  cause: new TransportCause.TransportCause({ sent, code: sent === "no" ? "ECONNREFUSED" : "ECONNRESET", transient })
})

export const gateway = (status: number, headers: Readonly<Record<string, string>> = {}): ScriptedResponse => ({
  status,
  headers,
  body: "<html>"
})

const textOf = (body: unknown) => typeof body === "string" ? body : JSON.stringify(body)

/**
 * Each operation has its own list of responses. The service gives them in order, and repeats the last one.
 */
export const make = (script: {
  readonly register?: ReadonlyArray<ScriptedResponse>
  readonly start?: ReadonlyArray<ScriptedResponse>
  readonly polls?: ReadonlyArray<ScriptedResponse>
  readonly options?: Partial<Client.Options>
}) => {
  const sent: Array<Sent> = []
  const count = { inFlight: 0, mostInFlight: 0, aborted: 0 }
  const queues: Record<string, Array<ScriptedResponse>> = {
    "/client/register": [...script.register ?? [registered()]],
    "/device_authorization": [...script.start ?? [code()]],
    "/token": [...script.polls ?? [token()]]
  }
  const client = HttpClient.make((request, url, signal) =>
    Effect.gen(function*() {
      const at = yield* Clock.currentTimeMillis
      const body = request.body._tag === "Uint8Array" ? new TextDecoder().decode(request.body.body) : "{}"
      sent.push({ path: url.pathname, at, body: JSON.parse(body) })
      signal.addEventListener("abort", () => count.aborted++)
      const queue = queues[url.pathname] ?? []
      const scripted = queue.length > 1 ? queue.shift() : queue[0]
      count.inFlight++
      count.mostInFlight = Math.max(count.mostInFlight, count.inFlight)
      if (scripted === undefined || scripted.silent === true) return yield* Effect.never
      if (scripted.delay !== undefined) yield* Effect.sleep(scripted.delay)
      if (scripted.cause !== undefined) {
        return yield* new HttpClientError.HttpClientError({
          reason: new HttpClientError.TransportError({ request, cause: scripted.cause })
        })
      }
      const response = new Response(textOf(scripted.body), {
        status: scripted.status ?? 200,
        headers: { "content-type": "application/json", "x-amzn-requestid": `r${sent.length}`, ...scripted.headers }
      })
      if (scripted.url !== undefined) Object.defineProperty(response, "url", { value: scripted.url })
      return HttpClientResponse.fromWeb(request, response)
    }).pipe(Effect.ensuring(Effect.sync(() => count.inFlight--)))
  )
  return {
    sent,
    count,
    /** When each poll was sent, in seconds. */
    polls: () => sent.filter(({ path }) => path === "/token").map(({ at }) => at / 1000),
    paths: () => sent.map(({ path }) => path),
    layer: SsoOidc.layer({ region, ...script.options }).pipe(
      Layer.provide(Layer.succeed(HttpClient.HttpClient, client)),
      Layer.orDie
    )
  }
}
