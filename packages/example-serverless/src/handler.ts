/**
 * The routes as a Lambda function, behind an HTTP API of API Gateway (payload format 2.0) or with a function URL.
 */
import type { Sealer } from "@sso-oidc/core/Sealer"
import type { SsoOidc } from "@sso-oidc/core/SsoOidc"
import type { LoginStore } from "@sso-oidc/durable/LoginStore"
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda"
import * as Cause from "effect/Cause"
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
  body: Schema.optionalKey(Schema.String),
  isBase64Encoded: Schema.Boolean
})

const eventOf = Schema.decodeUnknownOption(Event)

/** The bytes of base64 as a text. `undefined` if it is no base64 of UTF-8. */
const textOf = (base64: string): string | undefined => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)))
  } catch {
    return undefined
  }
}

/** The request of an event, or the response to an event that has none. */
export const requestOf = (event: unknown): Routes.Request | Routes.Response => {
  const known = eventOf(event)
  if (Option.isNone(known)) {
    return Routes.malformed("This is no event of an HTTP API with payload format 2.0, or of a function URL.")
  }
  const { body = "", isBase64Encoded, rawPath, requestContext: { http, stage } } = known.value
  const text = isBase64Encoded ? textOf(body) : body
  if (text === undefined) return Routes.malformed("The body is no base64 of a text.")
  // a stage with a name stands in front of the path
  const path = rawPath.startsWith(`/${stage}/`) ? rawPath.slice(stage.length + 1) : rawPath
  return { method: http.method, path, body: text }
}

/** A Lambda function over a layer, which it builds at the first invocation of an instance. */
export const make = <E>(layer: Layer.Layer<LoginStore | Sealer | SsoOidc, E>) => {
  let runtime = ManagedRuntime.make(layer)

  /** Gives up what is built. The next invocation builds it again. */
  const dispose = (): Promise<void> => {
    const old = runtime
    runtime = ManagedRuntime.make(layer)
    return old.dispose()
  }

  const run = async (request: Routes.Request): Promise<Routes.Response> => {
    const exit = await runtime.runPromiseExit(Routes.respond(request))
    if (Exit.isSuccess(exit)) return exit.value
    // A runtime keeps the failure of its layer, and the instance would fail for ever
    console.error(Cause.pretty(exit.cause))
    await dispose()
    return Routes.notReady
  }

  const handler = async (event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> => {
    const request = requestOf(event)
    const { body, headers, status } = "status" in request ? request : await run(request)
    return { statusCode: status, headers, body }
  }

  return { handler, dispose }
}

export const { dispose, handler } = make(Live.layer)
