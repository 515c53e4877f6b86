/**
 * One request of a page, from its origin to its answer.
 */
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Stream from "effect/Stream"
import type * as Tracer from "effect/Tracer"
import type * as RateLimit from "../../RateLimit.ts"
import * as Verdict from "../verdict.ts"
import * as Answers from "./answers.ts"
import * as Body from "./body.ts"
import * as Cors from "./cors.ts"
import type { Route, Settings } from "./settings.ts"
import * as Upstream from "./upstream.ts"

export const handler =
  (settings: Settings, client: HttpClient.HttpClient) => (request: Request): Effect.Effect<Response> =>
    Effect.suspend(() => {
      const url = new URL(request.url)
      const origin = request.headers.get("origin")
      if (origin === null || !settings.isOrigin(origin, request, url)) {
        return Effect.succeed(
          Answers.refused(403, "The relay answers pages of chosen origins alone, and this is none.")
        )
      }
      return Effect.map(admitted(settings, client, request, url), (response) => Cors.shared(response, origin))
    }).pipe(Effect.map(Cors.varied))

/** A request of a page that may ask. */
const admitted = (
  settings: Settings,
  client: HttpClient.HttpClient,
  request: Request,
  url: URL
): Effect.Effect<Response> => {
  const refuse = (status: number, description: string, headers?: Readonly<Record<string, string>>) =>
    Effect.succeed(Answers.refused(status, description, headers))
  const route = settings.routes.get(url.pathname)
  // a query would make another operation of it (`/token?aws_iam=t`)
  if (route === undefined || url.search !== "") {
    return refuse(404, "The relay passes on no such operation, or serves no such region.")
  }
  if (request.method === "OPTIONS") return Effect.succeed(Cors.preflight(request))
  if (request.method !== "POST") {
    return refuse(405, "The relay passes on POST requests alone.", { allow: "POST, OPTIONS" })
  }
  const type = request.headers.get("content-type") ?? ""
  if (!/^application\/json\s*(?:;|$)/i.test(type)) return refuse(415, "The relay takes application/json alone.")
  const encoding = request.headers.get("content-encoding") ?? "identity"
  if (encoding.trim().toLowerCase() !== "identity") return refuse(415, "The relay takes no encoded body.")
  if (Number(request.headers.get("content-length") ?? 0) > settings.maxRequestBytes) return tooLarge
  return spanned(route, relayed(settings, client, request, route))
}

const tooLarge = Effect.sync(() => Answers.refused(413, "The request is larger than the relay takes."))

/** A span that knows how it ended, and nothing of what was said: it is given a function, since it keeps its end. */
const spanned = (route: Route, run: Effect.Effect<Response>): Effect.Effect<Response> =>
  Effect.useSpan(
    `SSO OIDC relay.${route.operation}`,
    {
      kind: "server",
      attributes: {
        "rpc.system": "aws-api",
        "rpc.service": "SSO OIDC",
        "rpc.method": route.operation,
        "cloud.region": route.region
      }
    },
    (span) =>
      run.pipe(
        Effect.map((response) => {
          attribute(span, response)
          return () => response
        }),
        Effect.withParentSpan(span, { captureStackTrace: false })
      )
  ).pipe(Effect.map((answer) => answer()))

const attribute = (span: Tracer.Span, response: Response): void => {
  span.attribute("http.response.status_code", response.status)
  const code = verdictOf(response)?.code
  if (code !== undefined) span.attribute("error.type", code)
}

/** Within the time limit, while the page is there, and whatever happens. */
const relayed = (
  settings: Settings,
  client: HttpClient.HttpClient,
  request: Request,
  route: Route
): Effect.Effect<Response> =>
  Effect.suspend(() => {
    const progress: Upstream.Progress = { unsent: false }
    return passOn(settings, client, request, route, progress).pipe(
      Effect.timeoutOrElse({
        duration: settings.requestTimeout,
        orElse: () => Effect.sync(() => Upstream.ended(progress, { status: 504, code: "TIMEOUT", heals: true }))
      }),
      // A defect of a function that the operator gave, or of a transport. It may hold anything, and is told to nobody.
      Effect.catchCause(() =>
        Effect.sync(() => Upstream.ended(progress, { status: 500, code: "RELAY_DEFECT", heals: !progress.unsent }))
      ),
      Effect.raceFirst(gone(request.signal))
    )
  })

/** Answers, for nobody to read, once the page has gone away; the race then interrupts what still runs. */
const gone = (signal: AbortSignal): Effect.Effect<Response> =>
  Effect.callback((resume) => {
    const abort = () => resume(Effect.sync(() => new Response(null, { status: 499 })))
    if (signal.aborted) return abort()
    signal.addEventListener("abort", abort, { once: true })
    return Effect.sync(() => signal.removeEventListener("abort", abort))
  })

const passOn = Effect.fnUntraced(function*(
  settings: Settings,
  client: HttpClient.HttpClient,
  request: Request,
  route: Route,
  progress: Upstream.Progress
): Effect.fn.Return<Response> {
  const first = yield* settings.once(request)
  if (first === false) return Upstream.ended(progress, { status: 502, code: "SENT_BEFORE", heals: true })
  if (first === undefined) return Upstream.ended(progress, { status: 503, code: "RATE_LIMIT_STORE", heals: true })
  progress.unsent = true
  const taken = yield* take(settings, request)
  // without a count there is no limit, and without a limit this is an open door
  if (taken === undefined) return Upstream.ended(progress, { status: 503, code: "RATE_LIMIT_STORE", heals: true })
  if (!taken.allowed) return Answers.tooMany(taken.retryAfter)
  const bytes = yield* bodyOf(request, settings.maxRequestBytes)
  if (bytes === undefined) return yield* tooLarge
  const read = Body.jsonObject(bytes)
  if (read === undefined) return Answers.refused(400, "The body is no JSON object.")
  const members = yield* Effect.result(route.admit(read))
  if (members._tag === "Failure") {
    return Answers.refused(400, `The request is no ${route.operation}: ${members.failure.message.replace(/\s+/g, " ")}`)
  }
  if (!hasKnownUrls(settings, members.success)) {
    return Answers.refused(400, "The relay does not serve this start URL.")
  }
  return yield* Upstream.exchange(client, settings, route, members.success, progress)
})

const verdictOf = (response: Response): Verdict.Verdict | undefined =>
  Verdict.parse(response.headers.get(Verdict.header) ?? undefined)

const take = (settings: Settings, request: Request): Effect.Effect<RateLimit.Taken | undefined> =>
  settings.limit.limit === Infinity
    ? Effect.succeed({ allowed: true })
    : Effect.suspend(() => settings.store.take(settings.key(request).slice(0, 256), settings.limit)).pipe(
      Effect.catchCause(() => Effect.succeed(undefined))
    )

const bodyOf = (request: Request, maxBytes: number): Effect.Effect<Uint8Array | undefined> => {
  const { body } = request
  if (body === null) return Effect.succeed(new Uint8Array())
  return Body.read(Stream.fromReadableStream({ evaluate: () => body, onError: () => "cut off" as const }), maxBytes)
    .pipe(
      // the page that sent half a body is not there to read an answer
      Effect.catch(() => Effect.succeed(new Uint8Array()))
    )
}

/** The model's members that name a place where a person signs in. */
const hasKnownUrls = (settings: Settings, members: unknown): boolean =>
  ["startUrl", "issuerUrl"].every((name) => {
    const url: unknown = typeof members === "object" && members !== null ? Reflect.get(members, name) : undefined
    return url === undefined || (typeof url === "string" && settings.isStartUrl(url))
  })
