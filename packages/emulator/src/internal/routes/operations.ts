/**
 * The routes of the three operations.
 */
import * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as Operation from "@sso-oidc/core/Operation"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { Emulator } from "../../Emulator.ts"
import * as Body from "../body.ts"
import * as Dialect from "../dialect.ts"
import * as Metadata from "../metadata.ts"
import { query } from "../query.ts"
import { exception, refuse } from "../refuse.ts"
import * as Url from "../url.ts"

const issues = SchemaIssue.makeFormatterStandardSchemaV1()

// Names the member and what is wrong with it, never its value.
const reason = (error: Schema.SchemaError): string => {
  const issue = issues(error.issue).issues[0]
  const path = (issue?.path ?? []).map((key) => String(typeof key === "object" ? key.key : key)).join(".")
  return path === "" ? "The request is malformed" : `${path}: ${issue?.message.split("\n")[0] ?? "malformed"}`
}

type Exception = SsoOidcError.ExceptionFields & { readonly _tag: string }

const handle = <Request, Response, E extends Exception>(
  operation: Operation.Operation<Request, Response, E>,
  response: Schema.Codec<Response, object> & { readonly fields: object },
  run: (request: Request, origin: string) => Effect.Effect<Response, E>,
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
        (error) => exception(SsoOidcError.InvalidRequestException, reason(error))
      )
    })
  return Effect.fnUntraced(function*(request: HttpServerRequest.HttpServerRequest) {
    // `/token?aws_iam=t` is CreateTokenWithIAM, on the same path
    if (request.method !== operation.method || query(request).has("aws_iam")) return yield* Dialect.unknownOperation
    const answer = Effect.fromResult(parse(yield* Body.read(request))).pipe(
      Effect.flatMap((input) => run(input, Url.originOf(request.originalUrl) ?? "http://localhost")),
      Effect.flatMap((output) => Effect.orDie(encode(output)))
    )
    return yield* Effect.matchEffect(answer, {
      onFailure: Dialect.failure,
      onSuccess: (output) => Dialect.success(output, members)
    })
  })
}

// The union of requests cannot say that a grant type is unknown, only that nothing fits.
const knownGrantType = ({ grantType }: Readonly<Record<string, unknown>>) =>
  typeof grantType !== "string" || Metadata.grantTypes.includes(grantType)
    ? Result.succeed(undefined)
    : refuse(SsoOidcError.UnsupportedGrantTypeException, `grantType may be ${Metadata.grantTypes.join(", ")}`)

export const layer = HttpRouter.use(Effect.fnUntraced(function*(router) {
  const emulator = yield* Emulator
  yield* router.add(
    "*",
    RegisterClient.operation.path,
    handle(RegisterClient.operation, RegisterClient.Response, emulator.registerClient)
  )
  yield* router.add(
    "*",
    StartDeviceAuthorization.operation.path,
    handle(StartDeviceAuthorization.operation, StartDeviceAuthorization.Response, emulator.startDeviceAuthorization)
  )
  yield* router.add(
    "*",
    CreateToken.operation.path,
    handle(CreateToken.operation, CreateToken.Response, emulator.createToken, knownGrantType)
  )
}))
