/**
 * A transport that responds from a script.
 *
 * A script is a list of steps, each for one call of one operation, typed by the operation's own value:
 *
 * - {@link success} takes the operation's response;
 * - {@link exception} takes an exception that the operation's model lists;
 * - {@link rawResponse} takes any HTTP response;
 * - {@link transportFailure} fails as a transport does;
 * - {@link noResponse} never responds.
 *
 * The steps of an operation are used in their order. Between operations there is no order: what a client must know before a
 * call already orders its calls.
 *
 * The test fails, and says why:
 *
 * - when a call has no step left, is not the expected one, or is no request of an operation. The call dies with a
 *   {@link ScriptError}. It is a defect and not an `HttpClientError`, since a client polls on after a failure of its transport.
 *   Catching the defect does not help: it is raised again when the layer closes;
 * - when a step is left at the end of the layer.
 *
 * Provide the layer to the whole of a test. Time is Effect's `Clock`. No text of an error holds a secret.
 *
 * @since 0.1.0
 */
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Ledger from "./internal/ledger.ts"
import * as Request from "./internal/request.ts"
import * as HttpResponse from "./internal/response.ts"
import * as Script from "./internal/script.ts"
import * as Show from "./internal/show.ts"
import type {
  ExceptionName,
  ExceptionOptions,
  Moment,
  RawResponse,
  Step,
  StepOptions,
  TransportFailure
} from "./Script.ts"

// -----------------------------------------------------------------------------
// scripts
// -----------------------------------------------------------------------------

/**
 * What a script is made of.
 *
 * @since 0.1.0
 */
export * from "./Script.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * One call that was made.
 *
 * @category models
 * @since 0.1.0
 */
export interface Call {
  /** The name of its operation. */
  readonly operation: string
  /** The request as the operation's schema reads it, so that its secrets are `Redacted`. */
  readonly request: unknown
  /** The time of Effect's `Clock`, in milliseconds since 1970. */
  readonly at: number
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The calls and the script do not match: a defect.
 *
 * @category errors
 * @since 0.1.0
 */
export class ScriptError extends Data.TaggedError("ScriptError")<{
  /** What was expected, what came, and the steps of the script. */
  readonly message: string
}> {}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * The calls that the script has seen, unexpected ones too.
 *
 * @category services
 * @since 0.1.0
 */
export class Calls extends Context.Service<Calls, {
  /** All calls, in order. */
  readonly all: Effect.Effect<ReadonlyArray<Call>>
  /** The requests of one operation, in order, typed by it. */
  readonly of: <Request, Response, E, R>(
    operation: Operation.Operation<Request, Response, E, R>
  ) => Effect.Effect<ReadonlyArray<Request>>
}>()("@sso-oidc/testing/ScriptedTransport/Calls") {}

// -----------------------------------------------------------------------------
// steps
// -----------------------------------------------------------------------------

/**
 * A success. A response that the operation's schema does not accept is a mistake in the test: a `ScriptError` is thrown. For
 * responses outside the model there is {@link rawResponse}.
 *
 * @category steps
 * @since 0.1.0
 */
export const success = <Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  response: NoInfer<Response>,
  options: StepOptions<Request> = {}
): Step => {
  const body = JSON.stringify(encoded(operation, response))
  return step(
    operation,
    "succeeds",
    options,
    (request, moment) => Effect.succeed(HttpResponse.text(request, { status: 200, headers: headersOf(moment) }, body))
  )
}

/**
 * An exception that the model lists for the operation, in the service's dialect: its name in `x-amzn-ErrorType`, its OAuth
 * code and description in the body, and the model's status.
 *
 * @category steps
 * @since 0.1.0
 */
export const exception = <Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  name: ExceptionName<E>,
  options: ExceptionOptions<Request> = {}
): Step => {
  const listed = operation.exceptions.find(({ type }) => type === name)
  if (listed === undefined) {
    const names = operation.exceptions.map(({ type }) => type).join(", ")
    throw new ScriptError({ message: `${operation.name} lists no exception ${name}. It lists ${names}.` })
  }
  const { error = listed.error, errorDescription = null, reason, retryAfter, status = listed.status } = options
  const body = JSON.stringify({
    error,
    error_description: errorDescription,
    ...(reason === undefined ? {} : { reason })
  })
  return step(operation, `responds with ${name}`, options, (request, moment) =>
    Effect.succeed(HttpResponse.text(
      request,
      {
        status,
        headers: {
          ...headersOf(moment),
          "x-amzn-errortype": SsoOidcService.errorTypeHeader(name),
          ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) })
        }
      },
      body
    )))
}

/**
 * Any response: another status, a page of a proxy, a body that is not JSON.
 *
 * @category steps
 * @since 0.1.0
 */
export const rawResponse = <Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  { body = "", headers = {}, status }: RawResponse,
  options: StepOptions<Request> = {}
): Step =>
  step(
    operation,
    `responds with HTTP ${status}`,
    options,
    (request) => Effect.succeed(HttpResponse.text(request, { status, headers }, body))
  )

/**
 * A failure of the transport, with core's `TransportCause` as its cause.
 *
 * @category steps
 * @since 0.1.0
 */
export const transportFailure = <Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  failure: TransportFailure,
  options: StepOptions<Request> = {}
): Step =>
  step(
    operation,
    `fails with ${failure.code}`,
    options,
    (request) => Effect.fail(HttpResponse.failure(request, failure))
  )

/**
 * No response, ever: for time limits and interruption.
 *
 * @category steps
 * @since 0.1.0
 */
export const noResponse = <Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  options: StepOptions<Request> = {}
): Step => step(operation, "never responds", options, () => Effect.never)

const step = <Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  description: string,
  options: StepOptions<Request>,
  respond: Step["respond"]
): Step => ({
  operation,
  description,
  differences: Script.differences(operation, options.expect),
  delay: Duration.fromInputUnsafe(options.delay ?? 0),
  respond
})

const encoded = <Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  response: Response
): unknown => {
  try {
    return Schema.encodeSync(operation.response)(response)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new ScriptError({
      message: `${operation.name} cannot have this response: ${why}. Use rawResponse for a response outside the model.`
    })
  }
}

// like the service's, and the same in every run
const headersOf = ({ call, now }: Moment): Readonly<Record<string, string>> => ({
  "content-type": "application/json",
  date: new Date(now).toUTCString(),
  "x-amzn-requestid": `00000000-0000-4000-8000-${String(call).padStart(12, "0")}`
})

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * A client that responds from the script until the end of the scope, and the calls that it has seen.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  steps: ReadonlyArray<Step>
): Effect.fn.Return<
  { readonly client: HttpClient.HttpClient; readonly calls: Calls["Service"] },
  never,
  Scope.Scope
> {
  const queues = new Script.Queues(steps)
  const seen: Array<Call & { readonly members: Request.Members }> = []
  const operations = [...steps.map((step) => step.operation), ...SsoOidc.operations]
  const ledger = yield* Ledger.make<ScriptError>({
    leftOver: () =>
      queues.unused.length === 0
        ? undefined
        : new ScriptError({ message: `Not every step of the script was used. No call came for\n${queues.leftOver}` }),
    together: ([first, ...rest]) =>
      rest.length === 0
        ? first
        : new ScriptError({ message: [first, ...rest].map(({ message }) => message).join("\n\n") })
  })
  const wrong = (what: string) => ledger.die(new ScriptError({ message: `${what}\nthe script:\n${queues.listing}` }))
  let count = 0

  const client = HttpClient.make(Effect.fnUntraced(function*(request, url) {
    const operation = Request.find(operations, request.method, url)
    if (operation === undefined) {
      return yield* wrong(`A request came that is no operation: ${Request.nameOf(request.method, url)}`)
    }
    const members = yield* Request.membersOf(operation, request, url)
    if (members === undefined) return yield* wrong(`${operation.name} came with a body that is no JSON object`)
    const decoded = yield* Effect.result(Schema.decodeUnknownEffect(operation.request)(members))
    if (decoded._tag === "Failure") {
      return yield* wrong(`${operation.name} came with a request that it does not take: ${decoded.failure.message}`)
    }
    const now = yield* Clock.currentTimeMillis
    seen.push({ operation: operation.name, request: decoded.success, at: now, members })
    const nth = seen.filter((call) => call.operation === operation.name).length
    const step = queues.take(operation)
    if (step === undefined) {
      return yield* wrong(
        `${operation.name} was called ${Show.times(nth)}, and the script has no step for the last call:\n${
          Show.members(decoded.success)
        }`
      )
    }
    const differences = yield* Effect.orDie(step.differences(members))
    if (differences.length > 0) {
      queues.mismatch(step)
      return yield* wrong(`${operation.name}, call ${nth}, is not the expected one:\n${differences.join("\n")}`)
    }
    yield* Effect.sleep(step.delay)
    return yield* step.respond(request, { call: ++count, now: yield* Clock.currentTimeMillis })
  }))

  return {
    client,
    calls: {
      all: Effect.sync(() => seen.map(({ at, operation, request }) => ({ operation, request, at }))),
      of: (operation) =>
        Effect.suspend(() =>
          Effect.forEach(
            seen.filter((call) => call.operation === operation.name),
            (call) => Schema.decodeUnknownEffect(operation.request)(call.members)
          )
        ).pipe(Effect.orDie)
    }
  }
})

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The scripted transport as a layer. Each build of it starts the script anew.
 *
 * @example
 * ```ts
 * import * as CreateToken from "@sso-oidc/core/CreateToken"
 * import * as SsoOidc from "@sso-oidc/core/SsoOidc"
 * import { exception, layer, success } from "@sso-oidc/testing/ScriptedTransport"
 * import * as Layer from "effect/Layer"
 * import * as Redacted from "effect/Redacted"
 *
 * const TestLayer = SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provide(layer([
 *   exception(CreateToken.operation, "AuthorizationPendingException"),
 *   success(CreateToken.operation, { accessToken: Redacted.make("a token"), tokenType: "Bearer", expiresIn: 3600 })
 * ])))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (steps: ReadonlyArray<Step>): Layer.Layer<HttpClient.HttpClient | Calls> =>
  Layer.effectContext(
    Effect.map(make(steps), ({ calls, client }) =>
      Context.make(HttpClient.HttpClient, client).pipe(Context.add(Calls, calls)))
  )
