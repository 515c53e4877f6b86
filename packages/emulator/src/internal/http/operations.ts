/**
 * The routes of the operations, derived from `SsoOidc.operations` and `PortalClient.operations`. No path is in both lists.
 *
 * An operation of these lists without a handler gets the response to an unknown operation. You can still arm a fault for it.
 */
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as CreateTokenWithIAM from "@sso-oidc/iam/CreateTokenWithIAM"
import * as PortalClient from "@sso-oidc/portal/PortalClient"
import * as Effect from "effect/Effect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Emulator, type RequestContext, type Service } from "../../Emulator.ts"
import { whatIsWrong } from "../issues.ts"
import { exception, raise } from "../service/exceptions.ts"
import type * as ArmedFaults from "../service/faults.ts"
import * as IamService from "../service/iam.ts"
import * as Metadata from "../service/metadata.ts"
import * as Dialect from "./dialect.ts"
import * as Faults from "./faults.ts"
import * as Iam from "./iam.ts"
import * as Log from "./log.ts"
import * as Portal from "./portal.ts"
import * as Request from "./request.ts"

// -----------------------------------------------------------------------------
// handlers
// -----------------------------------------------------------------------------

type Handler = (
  request: HttpServerRequest.HttpServerRequest
) => Effect.Effect<HttpServerResponse.HttpServerResponse>

type Exception = SsoOidcError.ExceptionFields & { readonly _tag: string }

/** Reads the body, runs the operation, and makes the response or the exception. */
const handler = <Input, Output, E extends Exception>(
  { clock }: Service,
  operation: { readonly request: Schema.Codec<Input, unknown> },
  response: Schema.Codec<Output, object> & { readonly fields: object },
  run: (input: Input, context: RequestContext) => Effect.Effect<Output, E>,
  check: (body: Readonly<Record<string, unknown>>) => Result.Result<unknown, Exception> = Result.succeed,
  authenticate: (
    request: HttpServerRequest.HttpServerRequest,
    bytes: Uint8Array | undefined
  ) => Effect.Effect<unknown, Dialect.Exception> = () => Effect.void
): Handler => {
  const decode = Schema.decodeUnknownResult(operation.request)
  const encode = Schema.encodeEffect(response)
  const members = Object.keys(response.fields)
  const parse = (bytes: Uint8Array | undefined): Result.Result<Input, Exception> => {
    if (bytes === undefined) {
      return raise(SsoOidcError.InvalidRequestException, `The body has more than ${Request.maxBytes} bytes`)
    }
    const object = Wire.jsonObject(bytes)
    if (object === undefined) return raise(SsoOidcError.InvalidRequestException, "The body is not a JSON object")
    const body = Wire.present(object)
    return Result.flatMap(check(body), () =>
      Result.mapError(
        decode(body),
        (error) => exception(SsoOidcError.InvalidRequestException, whatIsWrong(error))
      ))
  }
  return (request) =>
    Request.body(request).pipe(
      Effect.tap((bytes): Effect.Effect<unknown, Dialect.Exception> => authenticate(request, bytes)),
      Effect.flatMap((bytes): Effect.Effect<Input, Dialect.Exception> => Effect.fromResult(parse(bytes))),
      Effect.flatMap((input): Effect.Effect<Output, Dialect.Exception> => run(input, Request.context(request))),
      Effect.flatMap((output) => Effect.orDie(encode(output))),
      Effect.matchEffect({
        onFailure: (exception) => Effect.map(clock.now, (now) => Dialect.failure(exception, now)),
        onSuccess: (output) => Effect.map(clock.now, (now) => Dialect.success(output, members, now))
      })
    )
}

// The schema of the request is a union. It could only say that no member of the union matches.
const knownGrantType = (grantTypes: ReadonlyArray<string>) => ({ grantType }: Readonly<Record<string, unknown>>) =>
  typeof grantType !== "string" || grantTypes.includes(grantType)
    ? Result.succeed(undefined)
    : raise(SsoOidcError.UnsupportedGrantTypeException, `grantType may be ${grantTypes.join(", ")}`)

/** The operations of the OIDC service that the emulator has, by name. */
const handlers = (
  emulator: Service
): { readonly [Name in SsoOidc.OperationName | "CreateTokenWithIAM"]?: Handler } => ({
  RegisterClient: handler(emulator, RegisterClient.operation, RegisterClient.Response, emulator.registerClient),
  StartDeviceAuthorization: handler(
    emulator,
    StartDeviceAuthorization.operation,
    StartDeviceAuthorization.Response,
    (request, context) =>
      Effect.tap(
        emulator.startDeviceAuthorization(request, context),
        ({ verificationUri, verificationUriComplete = verificationUri }) =>
          Log.waiting(`open ${verificationUriComplete}`)
      )
  ),
  CreateToken: handler(
    emulator,
    CreateToken.operation,
    CreateToken.Response,
    emulator.createToken,
    knownGrantType(Metadata.grantTypes)
  ),
  CreateTokenWithIAM: handler(
    emulator,
    CreateTokenWithIAM.operation,
    CreateTokenWithIAM.Response,
    emulator.createTokenWithIAM,
    knownGrantType(IamService.grantTypes),
    (request, bytes) => Iam.authenticate(emulator, request, bytes)
  )
})

// -----------------------------------------------------------------------------
// routes
// -----------------------------------------------------------------------------

/** The part of an operation that the routes read. */
interface Routed extends ArmedFaults.Faultable, Pick<Operation.Any, "method" | "path" | "query"> {}

const operations: ReadonlyArray<Routed> = [
  ...SsoOidc.operations,
  CreateTokenWithIAM.operation,
  ...PortalClient.operations
]

// A parameter of the query that selects one of several operations of a path. `/token?aws_iam=t` is CreateTokenWithIAM, which has the path of
// CreateToken.
const selectors = operations.flatMap(({ query }) => Object.keys(query))

const isFor = (request: HttpServerRequest.HttpServerRequest) => {
  const query = Request.query(request)
  return (operation: Routed): boolean =>
    operation.method === request.method &&
    Object.entries(operation.query).every(([name, value]) => query.get(name) === value) &&
    selectors.every((name) => Object.hasOwn(operation.query, name) || !query.has(name))
}

// The headers that a page of another origin needs to read (Fetch, section 3.2.2)
const exposedHeaders = ["x-amzn-errortype", "x-amzn-requestid", "requestid", "retry-after", "date"]

/** The routes. Pages of the origins in `cors` may call them too. */
export const layer = (cors: ReadonlyArray<string>) =>
  HttpRouter.use(Effect.fnUntraced(function*(router) {
    const emulator = yield* Emulator
    const { clock, faults } = emulator
    const played = new Map<string, Handler>(Object.entries({ ...handlers(emulator), ...Portal.handlers(emulator) }))
    const unknown: Handler = () => Effect.map(clock.now, Dialect.unknownOperation)

    /** Finds the operation of the request among the operations of one path, and gives its response. */
    const respond = (candidates: ReadonlyArray<Routed>): Handler => (request) => {
      const operation = candidates.find(isFor(request))
      if (operation === undefined) {
        return candidates.some(({ method, service }) => Dialect.isPortal(service) && method !== request.method)
          ? Effect.map(clock.now, Dialect.methodNotAllowed)
          : unknown(request)
      }
      const truth = (played.get(operation.name) ?? unknown)(request)
      return Effect.flatMap(faults.take(operation.name), (fault) =>
        fault === undefined ? truth : Faults.respond(fault, { operation, request, truth, now: clock.now }))
    }

    /** Lets the pages of `cors` call the operations of one path. */
    const sharing = (candidates: ReadonlyArray<Routed>) =>
      cors.length === 0
        ? <E, R>(response: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
          response
        : HttpMiddleware.cors({
          allowedOrigins: cors,
          allowedMethods: [...new Set(candidates.map(({ method }) => method))],
          exposedHeaders,
          maxAge: 600
        })
    for (const path of new Set(operations.map(({ path }) => path))) {
      const candidates = operations.filter((operation) => operation.path === path)
      const [handle, shared] = [respond(candidates), sharing(candidates)]
      yield* router.add("*", path, (request) => shared(handle(request)))
    }
  }))
