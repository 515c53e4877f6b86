/**
 * A transport that responds from a script.
 *
 * A script is a list of steps. Each step is for one call of one operation, and has the types of this operation:
 *
 * - {@link success} takes the operation's response.
 * - {@link exception} takes an exception that the operation's model lists.
 * - {@link rawResponse} takes any HTTP response.
 * - {@link transportFailure} fails as a transport does.
 * - {@link noResponse} never responds.
 *
 * The steps of one operation are used in their order. Steps of different operations have no order among each other, because a
 * client already orders these calls: it needs the response of one for the next.
 *
 * The test fails with a {@link ScriptError} in two cases:
 *
 * - A call has no step left, differs from the expected call, or is no known operation. The call dies with the error. The error
 *   is a defect and not an `HttpClientError`, because a client polls on after a failure of its transport. Catching the defect
 *   does not help: it is raised again when the layer closes.
 * - A step is unused when the layer closes.
 *
 * Provide the layer to the whole test. Time is Effect's `Clock`. No error text holds a secret.
 *
 * @since 0.1.0
 */
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import type * as Cause from "effect/Cause"
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
 * The steps of a script, and their options.
 *
 * @since 0.1.0
 */
export * from "./Script.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A call that the client made.
 *
 * @category models
 * @since 0.1.0
 */
export interface Call {
  /** The name of its operation. */
  readonly operation: string
  /** The request as the operation's schema decodes it, so its secrets are `Redacted`. */
  readonly request: unknown
  /** When the call arrived, by Effect's `Clock`, in milliseconds since 1970. */
  readonly at: number
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

interface ScriptErrorMembers {
  /** The tag of this error. */
  readonly _tag: "ScriptError"
  /** What was expected, what came, and the steps of the script. */
  readonly message: string
}

const ScriptErrorBase: new(members: Omit<ScriptErrorMembers, "_tag">) => Cause.YieldableError & ScriptErrorMembers =
  /* @__PURE__ */ Data.TaggedError("ScriptError")<Omit<ScriptErrorMembers, "_tag">>

/**
 * The calls and the script do not match. This is a defect.
 *
 * @category errors
 * @since 0.1.0
 */
export class ScriptError extends ScriptErrorBase {}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * The calls that the script has received, unexpected calls too.
 *
 * @category services
 * @since 0.1.0
 */
export class Calls extends Context.Service<Calls, {
  /** All calls, in order. */
  readonly all: Effect.Effect<ReadonlyArray<Call>>
  /** The requests of one operation, in order, with the operation's type. */
  readonly of: <Request, Response, E, R>(
    operation: Operation.Operation<Request, Response, E, R>
  ) => Effect.Effect<ReadonlyArray<Request>>
}>()("@sso-oidc/testing/ScriptedTransport/Calls") {}

// -----------------------------------------------------------------------------
// steps
// -----------------------------------------------------------------------------

/**
 * A success. It throws a `ScriptError` if the operation's schema does not accept the response. Use {@link rawResponse} for a
 * response outside the model.
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
 * An exception that the operation's model lists, in the service's dialect. The header `x-amzn-ErrorType` has its name, the body
 * has its OAuth code and description, and the status is the model's.
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
    throw new ScriptError({ message: `${operation.name} has no exception ${name} in its model. Use one of ${names}.` })
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
 * Any HTTP response, such as another status, a proxy's page, or a body that is not JSON.
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
 * No response, ever. Use it to test time limits and interruption.
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

// like the service's headers, and the same in every run
const headersOf = ({ call, now }: Moment): Readonly<Record<string, string>> => ({
  "content-type": "application/json",
  date: new Date(now).toUTCString(),
  "x-amzn-requestid": `00000000-0000-4000-8000-${String(call).padStart(12, "0")}`
})

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * A client that responds from the script until the scope closes, and the calls that it has received.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  steps: ReadonlyArray<Step>
): Effect.fn.Return<
  {
    /** The transport that responds from the script. */
    readonly client: HttpClient.HttpClient
    /** The calls that the script has received. */
    readonly calls: Calls["Service"]
  },
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
        : new ScriptError({
          message: `The test ended before it used every step of the script. No call came for\n${queues.leftOver}`
        }),
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
      return yield* wrong(
        `The script received a request that is no known operation: ${Request.nameOf(request.method, url)}`
      )
    }
    const members = yield* Request.membersOf(operation, request, url)
    if (members === undefined) return yield* wrong(`${operation.name} was called with a body that is not a JSON object`)
    const decoded = yield* Effect.result(Schema.decodeUnknownEffect(operation.request)(members))
    if (decoded._tag === "Failure") {
      return yield* wrong(
        `${operation.name} was called with a request that its schema refuses: ${decoded.failure.message}`
      )
    }
    const now = yield* Clock.currentTimeMillis
    seen.push({ operation: operation.name, request: decoded.success, at: now, members })
    const nth = seen.filter((call) => call.operation === operation.name).length
    const step = queues.take(operation)
    if (step === undefined) {
      return yield* wrong(
        `${operation.name} was called ${Show.times(nth)}, but the script has no step for the last call:\n${
          Show.members(decoded.success)
        }`
      )
    }
    const differences = yield* Effect.orDie(step.differences(members))
    if (differences.length > 0) {
      queues.mismatch(step)
      return yield* wrong(`${operation.name}, call ${nth}, differs from the expected call:\n${differences.join("\n")}`)
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
 * The scripted transport as a layer. Each build starts the script from its beginning.
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
