/**
 * The parts that the cases of the contract are made of.
 */
import * as TransportCause from "@sso-oidc/core/aws/TransportCause"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { ContractServer, type ContractServerError, type Report } from "../ContractServer.ts"
import { ContractViolation, type GuaranteeName } from "../TransportGuarantee.ts"

/** The time that a case waits for an event. */
export const Timeout = Context.Reference<Duration.Input>("@sso-oidc/testing/contract/TransportContract/Timeout", {
  defaultValue: () => "2 seconds"
})

export type Failure = ContractViolation | ContractServerError

/** One run of one case. */
export interface Probe {
  readonly server: ContractServer["Service"]
  /** A URL of the server that belongs to this run. */
  readonly url: (behaviour: string, origin?: string) => string
  readonly report: Effect.Effect<Report, ContractServerError>
  readonly broken: (expected: string, actual: string) => Effect.Effect<never, ContractViolation>
  readonly check: (so: boolean, expected: string, actual: () => string) => Effect.Effect<void, ContractViolation>
  /** Reads the report again and again, until it is as expected. */
  readonly until: (
    expected: string,
    so: (report: Report) => boolean,
    actual: (report: Report) => string
  ) => Effect.Effect<Report, Failure>
  /** Fails if the effect does not end in time. */
  readonly inTime: <A, E, R>(
    expected: string,
    effect: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | ContractViolation, R>
  /** The response. A failure breaks the guarantee. */
  readonly response: <A, R>(
    effect: Effect.Effect<A, HttpClientError.HttpClientError, R>
  ) => Effect.Effect<A, ContractViolation, R>
  /** The failure. A response breaks the guarantee. */
  readonly failure: (
    effect: Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>
  ) => Effect.Effect<Told, ContractViolation>
}

/** What a failure says, as core reads it. */
export interface Told {
  readonly sent: "no" | "maybe"
  readonly transient: boolean
  readonly code: string
}

const told = ({ reason }: HttpClientError.HttpClientError): Told => {
  const cause = "cause" in reason ? reason.cause : undefined
  return reason._tag === "TransportError" && TransportCause.isTransportCause(cause)
    ? cause
    : { sent: "maybe", transient: true, code: `${reason._tag} without a TransportCause` }
}

// differs from every other id of this server, also if several processes use it
const fresh = (): string => Array.from({ length: 4 }, () => Math.random().toString(36).slice(2, 8)).join("")

const make = Effect.fnUntraced(function*(guarantee: GuaranteeName, name: string) {
  const server = yield* ContractServer
  const timeout = Duration.fromInputUnsafe(yield* Timeout)
  const id = yield* Effect.sync(fresh)
  const report = server.report(id)
  const broken: Probe["broken"] = (expected, actual) =>
    Effect.fail(new ContractViolation({ guarantee, case: name, expected, actual }))
  const probe: Probe = {
    server,
    url: (behaviour, origin = server.addresses.http) => {
      const [path = "", query] = behaviour.split("?")
      return `${origin}/${path}/${id}${query === undefined ? "" : `?${query}`}`
    },
    report,
    broken,
    check: (so, expected, actual) => Effect.suspend(() => so ? Effect.void : broken(expected, actual())),
    until: Effect.fnUntraced(function*(expected, so, actual) {
      const end = (yield* Clock.currentTimeMillis) + Duration.toMillis(timeout)
      while (true) {
        const seen = yield* report
        if (so(seen)) return seen
        if ((yield* Clock.currentTimeMillis) >= end) return yield* broken(expected, actual(seen))
        yield* Effect.sleep(20)
      }
    }),
    inTime: (expected, effect) =>
      Effect.timeoutOrElse(effect, {
        duration: timeout,
        orElse: () => broken(expected, `nothing happened in ${Duration.format(timeout)}`)
      }),
    response: (effect) =>
      Effect.catch(
        effect,
        (error) => broken("a response", `the request failed: ${told(error).code} (${error.reason._tag})`)
      ),
    failure: (effect) =>
      Effect.matchEffect(effect, {
        onFailure: (error) => Effect.succeed(told(error)),
        onSuccess: ({ status }) => broken("a failure", `a response with status ${status} came`)
      })
  }
  return probe
})

/** A case, before its name has the name of its guarantee. */
export interface Draft {
  readonly name: string
  readonly guarantee: GuaranteeName
  readonly run: <E, R>(
    transport: Layer.Layer<HttpClient.HttpClient, E, R>
  ) => Effect.Effect<void, Failure | E, ContractServer | R>
}

/**
 * A case that builds the transport itself.
 *
 * Sockets run in real time, so a case uses the real clock, also under a test's clock. It turns Effect's own spans off, as core
 * does.
 */
export const layered = (
  guarantee: GuaranteeName,
  name: string,
  body: <E, R>(
    probe: Probe,
    transport: Layer.Layer<HttpClient.HttpClient, E, R>
  ) => Effect.Effect<void, Failure | E, R>
): Draft => ({
  name,
  guarantee,
  run: (transport) =>
    Effect.gen(function*() {
      const probe = yield* make(guarantee, name)
      const timeout = Duration.fromInputUnsafe(yield* Timeout)
      yield* Effect.timeoutOrElse(body(probe, Layer.fresh(transport)), {
        duration: Duration.times(timeout, 4),
        orElse: () => probe.broken("the case to end", "it hangs")
      })
    }).pipe(
      Effect.provideService(HttpClient.TracerDisabledWhen, () => true),
      Effect.provideService(Clock.Clock, Clock.Clock.defaultValue())
    )
})

/** A case that uses a client which is built only for it. */
export const over = (
  guarantee: GuaranteeName,
  name: string,
  body: (probe: Probe, client: HttpClient.HttpClient) => Effect.Effect<void, Failure>
): Draft =>
  layered(
    guarantee,
    name,
    (probe, transport) => Effect.provide(HttpClient.HttpClient.use((client) => body(probe, client)), transport)
  )

/**
 * Sends a request and reads the body as core does: through its stream, in a scope that closes with the body. Effect fails with
 * `EmptyBodyError` for a body that does not exist.
 */
export const read = (client: HttpClient.HttpClient, request: HttpClientRequest.HttpClientRequest) =>
  HttpClient.withScope(client).execute(request).pipe(
    Effect.flatMap((response) =>
      Stream.mkUint8Array(response.stream).pipe(
        Effect.catch((error) =>
          error.reason._tag === "EmptyBodyError" ? Effect.succeed(new Uint8Array(0)) : Effect.fail(error)
        ),
        Effect.map((bytes) => ({
          status: response.status,
          headers: response.headers,
          bytes,
          // few cases read a text, and a body may have 4 MiB
          get text() {
            return new TextDecoder().decode(bytes)
          }
        }))
      )
    ),
    Effect.scoped
  )

/** Reads more than `size` bytes, and then stops. */
export const readSome = (client: HttpClient.HttpClient, request: HttpClientRequest.HttpClientRequest, size: number) =>
  HttpClient.withScope(client).execute(request).pipe(
    Effect.flatMap((response) => Wire.readBody(response.stream, size)),
    Effect.scoped
  )

export const closed = (report: Report): boolean =>
  report.requests.length > 0 && report.connections.every(({ open }) => !open)

export const stillOpen = ({ connections, requests }: Report): string =>
  requests.length === 0
    ? "the server received no request"
    : `${connections.filter(({ open }) => open).length} of ${connections.length} connections are open`

export const times = (count: number): string => count === 1 ? "once" : `${count} times`
