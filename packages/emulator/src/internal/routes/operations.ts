/**
 * The routes of the three operations.
 */
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Effect from "effect/Effect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type Around, Emulator, type Service } from "../../Emulator.ts"
import * as Body from "../body.ts"
import * as Dialect from "../dialect.ts"
import * as Faulty from "../faulty.ts"
import * as From from "../from.ts"
import { whatIsWrong } from "../issue.ts"
import * as Log from "../log.ts"
import * as Metadata from "../metadata.ts"
import { query } from "../query.ts"
import { exception, refuse } from "../refuse.ts"
import * as Url from "../url.ts"

type Exception = SsoOidcError.ExceptionFields & { readonly _tag: string }

const handle = <Request, Response, E extends Exception>(
  emulator: Service,
  operation: Operation.Operation<Request, Response, E>,
  response: Schema.Codec<Response, object> & { readonly fields: object },
  run: (request: Request, around: Around) => Effect.Effect<Response, E>,
  check: (body: Readonly<Record<string, unknown>>) => Result.Result<unknown, Exception> = Result.succeed
) => {
  const decode = Schema.decodeUnknownResult(operation.request)
  const encode = Schema.encodeEffect(response)
  const members = Object.keys(response.fields)
  const parse = (bytes: Uint8Array | undefined): Result.Result<Request, Exception> =>
    Result.gen(function*() {
      if (bytes === undefined) {
        return yield* refuse(SsoOidcError.InvalidRequestException, `The body has more than ${Body.maxBytes} bytes`)
      }
      const body = Body.jsonObject(bytes)
      if (body === undefined) {
        return yield* refuse(SsoOidcError.InvalidRequestException, "The body is no JSON object")
      }
      yield* check(body)
      return yield* Result.mapError(
        decode(body),
        (error) => exception(SsoOidcError.InvalidRequestException, whatIsWrong(error))
      )
    })
  const carryOut = Effect.fnUntraced(function*(request: HttpServerRequest.HttpServerRequest) {
    const answer = Effect.fromResult(parse(yield* Body.read(request))).pipe(
      Effect.flatMap((input) => run(input, { origin: Url.originOf(request.originalUrl), from: From.of(request) })),
      Effect.flatMap((output) => Effect.orDie(encode(output)))
    )
    const result = yield* Effect.result(answer)
    const now = yield* emulator.now
    return Result.match(result, {
      onFailure: (exception) => Dialect.failure(exception, now),
      onSuccess: (output) => Dialect.success(output, members, now)
    })
  })

  return Effect.fnUntraced(function*(request: HttpServerRequest.HttpServerRequest) {
    // `/token?aws_iam=t` is CreateTokenWithIAM, on the same path
    if (request.method !== operation.method || query(request).has("aws_iam")) {
      return Dialect.unknownOperation(yield* emulator.now)
    }
    const fault = yield* emulator.take(operation.name)
    return yield* fault === undefined ? carryOut(request) : Faulty.answer(fault, {
      operation: operation.name,
      request,
      truth: carryOut(request),
      now: emulator.now
    })
  })
}

// The union of requests cannot say that a grant type is unknown, only that nothing fits.
const knownGrantType = ({ grantType }: Readonly<Record<string, unknown>>) =>
  typeof grantType !== "string" || Metadata.grantTypes.includes(grantType)
    ? Result.succeed(undefined)
    : refuse(SsoOidcError.UnsupportedGrantTypeException, `grantType may be ${Metadata.grantTypes.join(", ")}`)

// What a page of another origin needs to read beside the body (Fetch, section 3.2.2)
const exposedHeaders = ["x-amzn-errortype", "x-amzn-requestid", "retry-after", "date"]

/** The routes; pages of the origins in `cors` may call them too. */
export const layer = (cors: ReadonlyArray<string>) =>
  HttpRouter.use(Effect.fnUntraced(function*(router) {
    const emulator = yield* Emulator
    const shared = cors.length === 0
      ? <E, R>(answer: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) => answer
      : HttpMiddleware.cors({ allowedOrigins: cors, allowedMethods: ["POST"], exposedHeaders, maxAge: 600 })
    const add = <Request, Response, E extends Exception>(
      operation: Operation.Operation<Request, Response, E>,
      response: Schema.Codec<Response, object> & { readonly fields: object },
      run: (request: Request, around: Around) => Effect.Effect<Response, E>,
      check?: (body: Readonly<Record<string, unknown>>) => Result.Result<unknown, Exception>
    ) => {
      const answer = handle(emulator, operation, response, run, check)
      return router.add("*", operation.path, (request) => shared(answer(request)))
    }
    yield* add(RegisterClient.operation, RegisterClient.Response, emulator.registerClient)
    yield* add(StartDeviceAuthorization.operation, StartDeviceAuthorization.Response, (request, around) =>
      Effect.tap(
        emulator.startDeviceAuthorization(request, around),
        ({ verificationUri, verificationUriComplete = verificationUri }) =>
          Log.waiting(`open ${verificationUriComplete}`)
      ))
    yield* add(CreateToken.operation, CreateToken.Response, emulator.createToken, knownGrantType)
  }))
