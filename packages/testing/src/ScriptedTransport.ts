/**
 * A transport that answers from a script.
 *
 * A script is a list of steps, each for one call of one operation, typed by the operation's own value: {@link answer}
 * takes the operation's response, {@link refuse} only the exceptions that its model lists, {@link respond} any answer at
 * all, {@link fail} a transport's failure, and {@link silence} says nothing. The steps of an operation are used in their
 * order; between operations there is none, since what a client must know before it asks already orders its calls.
 *
 * The test fails, and says why:
 *
 * - when a call comes that the script has no step for, that its expectation does not fit, or that is no request of an
 *   operation: the call dies with a {@link ScriptError}. It is a defect and no `HttpClientError`, since a client polls on
 *   after a failure of its transport. Somebody who catches it gains nothing: the end of the layer dies with it again;
 * - when a step was not used by the end of the layer.
 *
 * Provide the layer to the whole of a test. Time is Effect's `Clock`. No text of an error holds a secret.
 *
 * @since 0.1.0
 */
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Answer from "./internal/answer.ts"
import * as Ledger from "./internal/ledger.ts"
import * as Script from "./internal/script.ts"
import * as Show from "./internal/show.ts"
import * as Wire from "./internal/wire.ts"
import type { AnyAnswer, ExceptionName, Failure, Moment, Options, RefusalOptions, Step } from "./Script.ts"

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
 * One call that was made. `request` is what the operation's schema reads of it, so that its secrets are `Redacted`; `at`
 * is the time of Effect's `Clock` in milliseconds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Call {
  readonly operation: string
  readonly request: unknown
  readonly at: number
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The calls and the script do not fit: a defect, whose message shows what was expected and what came.
 *
 * @category errors
 * @since 0.1.0
 */
export class ScriptError extends Data.TaggedError("ScriptError")<{ readonly message: string }> {}

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
 * A success. A response that the operation's schema does not take is a mistake in the test: a `ScriptError` is thrown.
 * For answers outside the model there is {@link respond}.
 *
 * @category steps
 * @since 0.1.0
 */
export const answer = <Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  response: NoInfer<Response>,
  options: Options<Request> = {}
): Step => {
  const body = JSON.stringify(encoded(operation, response))
  return step(
    operation,
    "answers",
    options,
    (request, moment) => Effect.succeed(Answer.text(request, { status: 200, headers: headersOf(moment) }, body))
  )
}

/**
 * An exception that the model lists for the operation, in the service's dialect: its name in `x-amzn-ErrorType`, its OAuth
 * code and description in the body, and the model's status.
 *
 * @category steps
 * @since 0.1.0
 */
export const refuse = <Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  name: ExceptionName<E>,
  options: RefusalOptions<Request> = {}
): Step => {
  const exception = operation.exceptions.find(({ type }) => type === name)
  if (exception === undefined) throw new ScriptError({ message: `${operation.name} lists no exception ${name}` })
  const { error = exception.error, errorDescription = null, reason, retryAfter, status = exception.status } = options
  const body = JSON.stringify({
    error,
    error_description: errorDescription,
    ...(reason === undefined ? {} : { reason })
  })
  return step(operation, `refuses with ${name}`, options, (request, moment) =>
    Effect.succeed(Answer.text(
      request,
      {
        status,
        headers: {
          ...headersOf(moment),
          "x-amzn-errortype": `${name}:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/`,
          ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) })
        }
      },
      body
    )))
}

/**
 * Any answer: another status, a page of a proxy, a body that is no JSON.
 *
 * @category steps
 * @since 0.1.0
 */
export const respond = <Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  { body = "", headers = {}, status }: AnyAnswer,
  options: Options<Request> = {}
): Step =>
  step(
    operation,
    `responds with HTTP ${status}`,
    options,
    (request) => Effect.succeed(Answer.text(request, { status, headers }, body))
  )

/**
 * A failure of the transport, as core's `TransportCause` tells it.
 *
 * @category steps
 * @since 0.1.0
 */
export const fail = <Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  cause: Failure,
  options: Options<Request> = {}
): Step =>
  step(operation, `fails with ${cause.code}`, options, (request) => Effect.fail(Answer.failure(request, cause)))

/**
 * No answer, ever: for time limits and interruption.
 *
 * @category steps
 * @since 0.1.0
 */
export const silence = <Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  options: Options<Request> = {}
): Step => step(operation, "stays silent", options, () => Effect.never)

const step = <Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  says: string,
  options: Options<Request>,
  reply: Step["reply"]
): Step => ({
  operation,
  says,
  differences: Script.differences(operation, options.expect),
  delay: Duration.fromInputUnsafe(options.delay ?? 0),
  reply
})

const encoded = <Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  response: Response
): unknown => {
  try {
    return Schema.encodeSync(operation.response)(response)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new ScriptError({ message: `${operation.name} cannot answer so: ${why}. Use respond for it.` })
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
 * A client that answers from the script until the end of the scope, and the calls that it has seen.
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
  const seen: Array<Call & { readonly members: Wire.Members }> = []
  const operations = [...steps.map((step) => step.operation), ...Wire.anonymous]
  const ledger = yield* Ledger.make<ScriptError>({
    leftOver: () =>
      queues.unused.length === 0
        ? undefined
        : new ScriptError({ message: `The script was not used up. Nobody called for\n${queues.leftOver}` }),
    together: ([first, ...rest]) =>
      rest.length === 0
        ? first
        : new ScriptError({ message: [first, ...rest].map(({ message }) => message).join("\n\n") })
  })
  const wrong = (what: string) => ledger.die(new ScriptError({ message: `${what}\nthe script:\n${queues.listing}` }))
  let count = 0

  const client = HttpClient.make(Effect.fnUntraced(function*(request, url) {
    const operation = Wire.find(operations, request.method, url)
    if (operation === undefined) {
      return yield* wrong(`A request came that is no operation: ${Wire.nameOf(request.method, url)}`)
    }
    const members = yield* Wire.membersOf(request)
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
        `${operation.name} was called ${
          Show.times(nth)
        }, which is more than the script has steps for it. The last call:\n${Show.members(decoded.success)}`
      )
    }
    const differences = yield* Effect.orDie(step.differences(members))
    if (differences.length > 0) {
      queues.mismatch(step)
      return yield* wrong(`${operation.name}, call ${nth}, is not the expected one:\n${differences.join("\n")}`)
    }
    yield* Effect.sleep(step.delay)
    return yield* step.reply(request, { call: ++count, now: yield* Clock.currentTimeMillis })
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
 * import { answer, layer, refuse } from "@sso-oidc/testing/ScriptedTransport"
 * import * as Layer from "effect/Layer"
 * import * as Redacted from "effect/Redacted"
 *
 * const TestLayer = SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provide(layer([
 *   refuse(CreateToken.operation, "AuthorizationPendingException"),
 *   answer(CreateToken.operation, { accessToken: Redacted.make("a token"), tokenType: "Bearer", expiresIn: 3600 })
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
