/**
 * The routes as a Lambda function, behind an HTTP API of API Gateway (payload format 2.0) or with a function URL.
 */
import type { Sealer } from "@sso-oidc/core/Sealer"
import type { SsoOidc } from "@sso-oidc/core/SsoOidc"
import type { LoginStore } from "@sso-oidc/durable/LoginStore"
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Live from "./Live.ts"
import * as Routes from "./Routes.ts"

/** What the function reads of an event. The other members are not its business. */
const Event = Schema.Struct({
  version: Schema.Literal("2.0"),
  rawPath: Schema.String,
  requestContext: Schema.Struct({
    http: Schema.Struct({ method: Schema.String }),
    stage: Schema.String
  }),
  body: Schema.optionalKey(Schema.NullOr(Schema.String)),
  isBase64Encoded: Schema.Boolean
})

const eventOf = Schema.decodeUnknownOption(Event)

/** A text as base64 of UTF-8. */
const decoded = (base64: string): Effect.Effect<string, Routes.Response> =>
  // a character has at most 3 bytes, and 3 bytes have 4 characters of base64
  base64.length > 4 * Routes.longest
    ? Effect.fail(Routes.tooLarge)
    : Effect.try({
      try: () =>
        new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))),
      catch: () => Routes.malformed("The body is no base64 of a text.")
    })

/** The request of an event, or the response to an event that has none. */
export const requestOf = (event: unknown): Routes.Request | Routes.Response => {
  const known = eventOf(event)
  if (Option.isNone(known)) {
    return Routes.malformed("This is no event of an HTTP API with payload format 2.0, or of a function URL.")
  }
  const { isBase64Encoded, rawPath, requestContext: { http, stage } } = known.value
  const text = known.value.body ?? ""
  // a stage with a name stands in front of the path
  const path = rawPath.startsWith(`/${stage}/`) ? rawPath.slice(stage.length + 1) : rawPath
  return { method: http.method, path, body: isBase64Encoded ? decoded(text) : Effect.succeed(text) }
}

/** A Lambda function over a layer, which it builds at the first invocation of an instance. */
export const make = <E>(layer: Layer.Layer<LoginStore | Sealer | SsoOidc, E>) => {
  let runtime = ManagedRuntime.make(layer)

  /** Gives up what is built. The next invocation builds it again. */
  const dispose = (used = runtime): Promise<void> => {
    // another invocation may have given up the same one before
    if (used === runtime) runtime = ManagedRuntime.make(layer)
    return used.dispose()
  }

  const run = async (request: Routes.Request): Promise<Routes.Response> => {
    const used = runtime
    const built = await Effect.runPromiseExit(used.contextEffect)
    if (Exit.isSuccess(built)) return used.runPromise(Routes.respond(request))
    // A runtime keeps the failure of its layer, and the instance would fail for ever
    console.error(Cause.pretty(built.cause))
    await dispose(used)
    return Routes.notReady
  }

  const handler = async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => {
    const request = requestOf(event)
    const { body, headers, status } = "status" in request ? request : await run(request)
    return { statusCode: status, headers, body }
  }

  return { handler, dispose: () => dispose() }
}

export const { dispose, handler } = make(Live.layer)
