/**
 * The emulator over HTTP: the service's three operations in its own dialect, and the pages on which a person decides.
 *
 * It is a layer of routes for Effect's `HttpRouter` and knows no platform: `EmulatorServer` puts it on a socket of Node,
 * `HttpRouter.toWebHandler` into anything that speaks `Request` and `Response`.
 *
 * | route | what it does |
 * |---|---|
 * | `POST /client/register` | RegisterClient |
 * | `POST /device_authorization` | StartDeviceAuthorization |
 * | `POST /token` | CreateToken |
 * | `GET /device` | the form for the code; with `?user_code=`, the question |
 * | `POST /device` | the answer: `user_code` and `action` (`allow` or `deny`) |
 * | `GET /` | leads to `/device` |
 *
 * Every route answers only requests to a loopback host (`localhost`, 127.0.0.0/8, `[::1]`, any port): a page of another
 * site that points its own name at this machine gets 403.
 *
 * @since 0.1.0
 */
import * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as Operation from "@sso-oidc/core/Operation"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { Emulator } from "./Emulator.ts"
import * as Body from "./internal/body.ts"
import * as Dialect from "./internal/dialect.ts"
import * as Metadata from "./internal/metadata.ts"
import * as Page from "./internal/page.ts"
import { exception, refuse } from "./internal/refuse.ts"
import * as Style from "./internal/style.ts"
import * as Unseen from "./internal/unseen.ts"
import * as Url from "./internal/url.ts"

// -----------------------------------------------------------------------------
// operations
// -----------------------------------------------------------------------------

const issues = SchemaIssue.makeFormatterStandardSchemaV1()

// Names the member and what is wrong with it, never its value.
const reason = (error: Schema.SchemaError): string => {
  const issue = issues(error.issue).issues[0]
  const path = (issue?.path ?? []).map((key) => String(typeof key === "object" ? key.key : key)).join(".")
  return path === "" ? "The request is malformed" : `${path}: ${issue?.message.split("\n")[0] ?? "malformed"}`
}

const query = (request: HttpServerRequest.HttpServerRequest): URLSearchParams =>
  new URL(request.originalUrl).searchParams

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

const operations = HttpRouter.use(Effect.fnUntraced(function*(router) {
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

// -----------------------------------------------------------------------------
// pages
// -----------------------------------------------------------------------------

// A form of another site is told by either header. `Sec-Fetch-Site` is what the browser itself says; where it is absent
// (older browsers, tools) the origin decides, and a form always has one.
const isCrossSite = (request: HttpServerRequest.HttpServerRequest): boolean => {
  const site = request.headers["sec-fetch-site"]
  if (site !== undefined) return site !== "same-origin" && site !== "none"
  const origin = request.headers["origin"]
  return origin !== undefined && origin !== Url.originOf(request.originalUrl)
}

const pages = HttpRouter.use(Effect.fnUntraced(function*(router) {
  const emulator = yield* Emulator
  const style = yield* Effect.promise(Style.source)

  const headers = {
    "content-security-policy":
      `default-src 'none'; style-src ${style}; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
    "x-content-type-options": "nosniff",
    // Not `no-referrer`: under that a browser sends `Origin: null` with the page's own form, as a stranger's would have
    "referrer-policy": "same-origin",
    "cache-control": "no-store"
  }

  const show = (page: Page.Page): HttpServerResponse.HttpServerResponse =>
    Unseen.text(page.body, { status: page.status, contentType: "text/html; charset=utf-8", headers })

  const ask = (userCode: string): Effect.Effect<Page.Page> =>
    emulator.lookup(userCode).pipe(
      Effect.map((authorization) =>
        authorization.status === "pending" ? Page.confirm(authorization) : Page.over(authorization.status)
      ),
      Effect.catch(() => Effect.succeed(Page.enter(userCode)))
    )

  const decide = (form: URLSearchParams): Effect.Effect<Page.Page> => {
    const userCode = form.get("user_code") ?? ""
    const action = form.get("action")
    if (action !== "allow" && action !== "deny") return Effect.succeed(Page.unreadable)
    return (action === "allow" ? emulator.approve(userCode) : emulator.deny(userCode)).pipe(
      Effect.map(() => Page.decided(action === "allow" ? "approved" : "denied")),
      Effect.catch(({ problem }) => Effect.succeed(problem === "unknown" ? Page.enter(userCode) : Page.over(problem)))
    )
  }

  yield* router.add("GET", "/", HttpServerResponse.redirect("/device", { headers }))
  yield* router.add("GET", "/device", (request) => {
    const userCode = query(request).get("user_code") ?? ""
    return Effect.map(userCode.trim() === "" ? Effect.succeed(Page.enter()) : ask(userCode), show)
  })
  yield* router.add(
    "POST",
    "/device",
    Effect.fnUntraced(function*(request) {
      if (isCrossSite(request)) return show(Page.crossSite)
      const bytes = yield* Body.read(request)
      return show(bytes === undefined ? Page.unreadable : yield* decide(Body.form(bytes)))
    })
  )
}))

// -----------------------------------------------------------------------------
// guard
// -----------------------------------------------------------------------------

const notLoopback = HttpServerResponse.text("This emulator answers only to a loopback host, such as 127.0.0.1.\n", {
  status: 403,
  headers: { "cache-control": "no-store", "x-content-type-options": "nosniff" }
})

// One middleware, so that nothing comes before the check of the host, not even the answer to an unknown path.
const guard = HttpRouter.middleware(
  (effect) =>
    Effect.flatMap(
      HttpServerRequest.HttpServerRequest,
      (request) =>
        Url.loopbackOrigin(request.originalUrl) === undefined
          ? Effect.succeed(notLoopback)
          : Effect.catch(effect, (error) =>
            HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound"
              ? Dialect.unknownOperation
              : Effect.fail(error))
    ),
  { global: true }
)

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The routes of the emulator.
 *
 * @example
 * ```ts
 * import * as Emulator from "@sso-oidc/emulator/Emulator"
 * import * as EmulatorHttp from "@sso-oidc/emulator/EmulatorHttp"
 * import * as HttpRouter from "effect/http/HttpRouter"
 * import * as Layer from "effect/Layer"
 *
 * const { handler } = HttpRouter.toWebHandler(EmulatorHttp.layer.pipe(Layer.provide(Emulator.layer())))
 * const answer = handler(new Request("http://localhost/device"))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, HttpRouter.HttpRouter | Emulator> = Layer.mergeAll(
  guard,
  operations,
  pages
)
