/** Handles one request of a page, from its origin to its response. */
import * as RelayVerdict from "@sso-oidc/core/aws/RelayVerdict"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import type * as Tracer from "effect/Tracer"
import * as Cors from "./cors.ts"
import * as Once from "./once.ts"
import * as Target from "./received.ts"
import * as Responses from "./responses.ts"
import type { Route, Settings } from "./settings.ts"
import * as Unread from "./unread.ts"
import * as Upstream from "./upstream.ts"

export const handler =
  (settings: Settings, client: HttpClient.HttpClient) =>
  (request: Request, connection?: unknown): Effect.Effect<Response> =>
    Effect.suspend(() => {
      const received = receivedOf(request, connection)
      const origin = request.headers.get("origin")
      const response = origin === null || !settings.isOrigin(origin, request, new URL(request.url))
        ? Effect.succeed(Responses.refused(403, unknownOrigin(origin)))
        : Effect.map(admitted(settings, client, received), (response) => Cors.shared(response, origin))
      return Effect.map(response, (response) => Unread.settle(request, Cors.varied(response), received.reading))
    })

const unknownOrigin = (origin: string | null): string =>
  origin === null
    ? "The relay serves only pages, and the request has no header Origin. Send it from a page whose origin is in the relay's option origins."
    : `The relay does not serve pages of ${
      Wire.printable(origin).slice(0, 256)
    }. Add this origin to the relay's option origins, if it is yours.`

/** A request, what its server knows of it, and how far its body was read. */
interface Received {
  readonly request: Request
  readonly path: string
  readonly remoteAddress: string | undefined
  readonly reading: Unread.Reading
}

/** An untyped program can pass anything beside a request, as workers pass their environment. */
const receivedOf = (request: Request, connection: unknown): Received => {
  const { remoteAddress, requestTarget }: { readonly remoteAddress?: unknown; readonly requestTarget?: unknown } =
    Predicate.isObject(connection) ? connection : {}
  return {
    request,
    path: Target.pathOf(request, requestTarget),
    remoteAddress: typeof remoteAddress === "string" ? remoteAddress : undefined,
    reading: { complete: false }
  }
}

/** Handles a request of a page of a chosen origin. */
const admitted = (
  settings: Settings,
  client: HttpClient.HttpClient,
  received: Received
): Effect.Effect<Response> => {
  const { path, request } = received
  const refuse = (status: number, description: string, headers?: Readonly<Record<string, string>>) =>
    Effect.succeed(Responses.refused(status, description, headers))
  // the path includes the query, which could name another operation (`/token?aws_iam=t`)
  const route = settings.routes.get(path)
  if (route === undefined) {
    return refuse(
      404,
      "The relay does not serve this path. Check the operation, and the region in the relay's option regions."
    )
  }
  if (request.method === "OPTIONS") return Effect.succeed(Cors.preflight(request))
  if (request.method !== "POST") {
    return refuse(405, "The relay passes on only POST requests. Send a POST.", { allow: "POST, OPTIONS" })
  }
  const type = request.headers.get("content-type") ?? ""
  if (!/^application\/json\s*(?:;|$)/i.test(type)) {
    return refuse(415, "The relay takes only application/json. Set the header content-type.")
  }
  const encoding = request.headers.get("content-encoding") ?? "identity"
  if (encoding.trim().toLowerCase() !== "identity") {
    return refuse(415, "The relay takes no encoded body. Send it without content-encoding.")
  }
  const id = Once.idOf(request)
  if (id === false) {
    return refuse(
      400,
      `The relay takes a header ${RelayVerdict.idHeader} only once, and with 32 hexadecimal digits in lower case. ` +
        "Send requests with layerRelay, or leave the header out."
    )
  }
  if (Number(request.headers.get("content-length") ?? 0) > settings.maxRequestBytes) return tooLarge
  return spanned(route, relayed(settings, client, received, route, id))
}

const tooLarge = Effect.sync(() =>
  Responses.refused(
    413,
    "The request is larger than the relay takes. Send less, or raise the relay's option maxRequestBytes."
  )
)

const spanned = (route: Route, run: Effect.Effect<Response>): Effect.Effect<Response> =>
  Wire.useSpan(
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
    (span) => Effect.tap(run, (response) => Effect.sync(() => attribute(span, response)))
  )

const attribute = (span: Tracer.Span, response: Response): void => {
  span.attribute("http.response.status_code", response.status)
  const code = verdictOf(response)?.code
  if (code !== undefined) span.attribute("error.type", code)
}

/** Runs within the time limit and while the page is there, and turns every failure into a response. */
const relayed = (
  settings: Settings,
  client: HttpClient.HttpClient,
  received: Received,
  route: Route,
  id: string | undefined
): Effect.Effect<Response> =>
  Effect.suspend(() => {
    // with a shared store, another process may have passed the id on
    const progress: Upstream.Progress = { unsent: id === undefined || !settings.once.isShared }
    return passOn(settings, client, received, route, id, progress).pipe(
      Effect.timeoutOrElse({
        duration: settings.requestTimeout,
        orElse: () => Effect.sync(() => Upstream.ended(progress, { status: 504, code: "TIMEOUT", transient: true }))
      }),
      // A defect of a function of the operator, or of a transport. It may hold secrets, so it is never shown.
      Effect.catchCause(() =>
        Effect.sync(() => Upstream.ended(progress, { status: 500, code: "RELAY_DEFECT", transient: !progress.unsent }))
      ),
      // If this process has passed on the first request of this id, before or in the meantime, the response must speak of the
      // first one.
      Effect.flatMap((response) =>
        progress.taken === true || id === undefined
          ? Effect.succeed(response)
          : Effect.map(settings.once.isKnown(id), (isKnown) => isKnown ? sentBefore() : response)
      ),
      Effect.raceFirst(gone(received.request.signal))
    )
  })

const sentBefore = (): Response =>
  Upstream.ended({ unsent: false }, { status: 502, code: "SENT_BEFORE", transient: true })

/** Ends once the page has gone away, with a response that is never read. The race then interrupts the rest. */
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
  received: Received,
  route: Route,
  id: string | undefined,
  progress: Upstream.Progress
): Effect.fn.Return<Response> {
  if (id !== undefined && (yield* settings.once.isKnown(id))) return sentBefore()
  const taken = yield* settings.take(received.request, received.remoteAddress)
  if (taken === undefined) return Upstream.ended(progress, { status: 503, code: "RATE_LIMIT_STORE", transient: true })
  if (!taken.allowed) return Responses.tooMany(taken.retryAfter)
  const bytes = yield* bodyOf(received, settings.maxRequestBytes)
  if (bytes === undefined) return yield* tooLarge
  const read = Wire.jsonObject(bytes)
  if (read === undefined) {
    return Responses.refused(400, "The body is not a JSON object. Send the operation's members in one.")
  }
  const members = yield* Effect.result(route.admit(Wire.present(read)))
  if (members._tag === "Failure") {
    return Responses.refused(
      400,
      `The request is not a valid ${route.operation}: ${members.failure.message.replace(/\s+/g, " ")}`
    )
  }
  if (!(yield* hasKnownUrls(settings, members.success))) {
    return Responses.refused(
      400,
      "The relay does not serve this start URL. Add it to the relay's option startUrls, if it is yours."
    )
  }
  // the last step before the request is passed on, so a rejected request records no id
  switch (id === undefined ? "first" : yield* settings.once.take(id)) {
    case "again":
      return sentBefore()
    case "unknown":
      return Upstream.ended(progress, { status: 503, code: "RATE_LIMIT_STORE", transient: true })
    case "full":
      return Upstream.ended(progress, { status: 503, code: "RELAY_FULL", transient: true })
    case "first":
      progress.unsent = true
      progress.taken = true
  }
  return yield* Upstream.exchange(client, settings, route, members.success, progress)
})

const verdictOf = (response: Response): RelayVerdict.RelayVerdict | undefined =>
  RelayVerdict.parse(response.headers.get(RelayVerdict.header) ?? undefined)

const bodyOf = ({ reading, request: { body } }: Received, maxBytes: number): Effect.Effect<Uint8Array | undefined> => {
  if (body === null) return Effect.succeed(new Uint8Array())
  const stream = Stream.fromReadableStream({ evaluate: () => body, onError: () => "cut off" as const })
  return Wire.readBody(stream, maxBytes).pipe(
    Effect.map(({ bytes, tooLarge }) => {
      reading.complete = !tooLarge
      return tooLarge ? undefined : bytes
    }),
    // a page that sent half a body no longer reads a response
    Effect.catch(() => Effect.succeed(new Uint8Array()))
  )
}

/** Checks the model's members that name the place where a person signs in. */
const hasKnownUrls = (settings: Settings, members: unknown): Effect.Effect<boolean> =>
  Effect.gen(function*() {
    for (const name of ["startUrl", "issuerUrl"]) {
      const url: unknown = Predicate.hasProperty(members, name) ? members[name] : undefined
      if (url === undefined) continue
      if (typeof url !== "string" || !(yield* settings.isStartUrl(url))) return false
    }
    return true
  })
