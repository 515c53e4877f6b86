import { assert, describe, it } from "@effect/vitest"
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { inspect } from "node:util"
import { exceptions } from "./support/model.ts"

const classes: Record<string, SsoOidcError.ExceptionClass<Error & SsoOidcError.ExceptionDetail>> = {
  AccessDeniedException: SsoOidcError.AccessDeniedException,
  AuthorizationPendingException: SsoOidcError.AuthorizationPendingException,
  ExpiredTokenException: SsoOidcError.ExpiredTokenException,
  InternalServerException: SsoOidcError.InternalServerException,
  InvalidClientException: SsoOidcError.InvalidClientException,
  InvalidClientMetadataException: SsoOidcError.InvalidClientMetadataException,
  InvalidGrantException: SsoOidcError.InvalidGrantException,
  InvalidRedirectUriException: SsoOidcError.InvalidRedirectUriException,
  InvalidRequestException: SsoOidcError.InvalidRequestException,
  InvalidRequestRegionException: SsoOidcError.InvalidRequestRegionException,
  InvalidScopeException: SsoOidcError.InvalidScopeException,
  SlowDownException: SsoOidcError.SlowDownException,
  UnauthorizedClientException: SsoOidcError.UnauthorizedClientException,
  UnsupportedGrantTypeException: SsoOidcError.UnsupportedGrantTypeException
}

const classOf = (type: string) => classes[type] ?? assert.fail(`no class ${type}`)

describe("SsoOidcError: exceptions", () => {
  it("each exception of the model has a class, and there is no other class (C3)", () => {
    const exported = Object.keys(SsoOidcError).filter((name) => name.endsWith("Exception")).sort()
    assert.deepStrictEqual(exported, exceptions.map(({ type }) => type))
  })

  it.each(exceptions)("$type has the model's name as type and tag, its status and its OAuth code (C3)", (model) => {
    const Exception = classOf(model.type)
    assert.strictEqual(Exception.type, model.type)
    assert.strictEqual(Exception.status, model.status)
    assert.strictEqual(Exception.error, model.error)
    const error = new Exception({ error: model.error, status: model.status })
    assert.propertyVal(error, "_tag", model.type)
    assert.instanceOf(error, Error)
  })

  it.each(exceptions)("$type keeps the texts of the service, and the members of the model (C3)", (model) => {
    const detail = {
      error: model.error,
      errorDescription: "As the service said",
      status: model.status,
      requestId: "request-1",
      retryAfter: 3
    }
    const more = { reason: "KMS_NotFoundException", endpoint: "https://oidc.example/", region: "eu-west-2" }
    const error = new (classOf(model.type))({ ...detail, ...more })
    assert.deepInclude(error, detail)
    for (const member of ["reason", "endpoint", "region"] as const) {
      if (model.members.includes(member)) assert.strictEqual(error[member], more[member])
      else assert.notProperty(error, member)
    }
  })

  it.each(exceptions)("the message of $type is a sentence, with or without a description (C3)", (model) => {
    const Exception = classOf(model.type)
    for (const errorDescription of [undefined, "", "  ", "As the service said", "As the service said.", "Really?"]) {
      const { message } = new Exception({
        error: model.error,
        status: model.status,
        requestId: "request-1",
        ...(errorDescription === undefined ? {} : { errorDescription })
      })
      assert.notInclude(message, "UnknownError")
      assert.notInclude(message, "undefined")
      // It begins like a sentence, has a second one, and ends with the facts to quote to AWS support.
      assert.match(message, /^[A-Z].+[.?] .*\([A-Za-z]+Exception, HTTP \d+, request request-1\)$/)
      assert.notMatch(message, / {2}|\.\./)
      assert.include(message, `(${model.type}, HTTP ${model.status}, request request-1)`)
      if (errorDescription !== undefined) assert.include(message, errorDescription.trim())
    }
  })

  it.each(exceptions)("the message of $type without a request id does not mention one (C3)", (model) => {
    const { message } = new (classOf(model.type))({ error: model.error, status: model.status })
    assert.isTrue(message.endsWith(`(${model.type}, HTTP ${model.status})`))
  })

  it.each(exceptions.filter(({ members }) => members.includes("reason")))(
    "the message of $type names the reason (C3)",
    (model) => {
      const error = new (classOf(model.type))({
        error: model.error,
        status: model.status,
        reason: "KMS_DisabledException"
      })
      assert.include(error.message, "Reason: KMS_DisabledException.")
    }
  )

  it("InvalidRequestRegionException names the region to use, and no endpoint to call (C3)", () => {
    const error = new SsoOidcError.InvalidRequestRegionException({
      error: "invalid_request",
      status: 400,
      region: "eu-west-2",
      endpoint: "https://oidc.eu-west-2.amazonaws.com"
    })
    assert.include(error.message, "use eu-west-2")
    assert.notInclude(error.message, "https://")
  })

  it.effect("an exception is encoded and decoded as a value of its class (C3)", () =>
    Effect.gen(function*() {
      const error = new SsoOidcError.InvalidGrantException({ error: "invalid_grant", status: 400, retryAfter: 2 })
      const encoded = yield* Schema.encodeEffect(SsoOidcError.InvalidGrantException)(error)
      const back = yield* Schema.decodeUnknownEffect(SsoOidcError.InvalidGrantException)(
        JSON.parse(JSON.stringify(encoded))
      )
      assert.instanceOf(back, SsoOidcError.InvalidGrantException)
      assert.strictEqual(back.message, error.message)
    }))
})

describe("SsoOidcError: the client's own errors", () => {
  it("TransportError says whether the request was sent, what failed, and what to do (C3)", () => {
    const error = new ClientError.TransportError({
      operation: "CreateToken",
      sent: "no",
      code: "ECONNREFUSED",
      transient: true
    })
    assert.match(error.message, /^CreateToken could not be sent \(ECONNREFUSED\)\. .+\.$/)
    const located = new ClientError.TransportError({ ...error, host: "oidc.example:8443" })
    assert.match(located.message, /^CreateToken could not be sent to oidc\.example:8443 \(ECONNREFUSED\)\. .+\.$/)
    const local = new ClientError.TransportError({ ...error, host: "127.0.0.1:8484" })
    assert.include(local.message, "Nothing listens there: start the server")
    const maybe = new ClientError.TransportError({ ...error, sent: "maybe" })
    assert.include(maybe.message, "may have been sent")
    const answered = new ClientError.TransportError({ ...error, sent: "answered", status: 200, requestId: "r-1" })
    assert.include(answered.message, "but the response is incomplete")
    assert.include(answered.message, "(ECONNREFUSED, HTTP 200, request r-1)")
  })

  it("a permanent TransportError says that a retry does not help (C3)", () => {
    const error = new ClientError.TransportError({
      operation: "X",
      sent: "no",
      code: "CERT_UNTRUSTED",
      transient: false
    })
    assert.include(error.message, "A retry does not help: check the certificates and the proxy.")
  })

  it.each(["status", "redirect", "contentEncoding", "tooLarge", "malformed"] as const)(
    "UnexpectedResponse says what is wrong: %s (C3)",
    (problem) => {
      const error = new ClientError.UnexpectedResponse({
        operation: "CreateToken",
        problem,
        status: 502,
        code: "SomeException",
        requestId: "r-1",
        contentType: "text/html",
        detail: "More to say",
        body: Redacted.make("a secret text", { label: "body" })
      })
      assert.match(
        error.message,
        /^CreateToken got .+ \(HTTP 502, SomeException, text\/html, request r-1\)\. More to say\./
      )
      assert.notInclude(error.message, "a secret text")
      assert.notInclude(error.message, "undefined")
    }
  )

  it("RequestInvalid says that nothing was sent (C3)", () => {
    const error = new ClientError.RequestInvalid({ operation: "CreateToken", detail: "clientId is missing" })
    assert.strictEqual(
      error.message,
      "CreateToken was not sent, because the request is invalid: clientId is missing."
    )
  })

  it("EndpointError is a sentence (C3)", () => {
    const error = new ClientError.EndpointError({ problem: "region", detail: "no region is given" })
    assert.match(error.message, /^[A-Z].+: no region is given\.$/)
  })
})

describe("SsoOidcError: the encoded form of an error", () => {
  const body = "{\"accessToken\":\"aoa:Gm4/kY8+sPd1=hXe6Vb\"}"
  const unexpected = new ClientError.UnexpectedResponse({
    operation: "CreateToken",
    problem: "malformed",
    status: 200,
    requestId: "request-1",
    body: Redacted.make(body)
  })

  const codecs = {
    "Schema.encode": Schema.encodeEffect(ClientError.UnexpectedResponse)(unexpected),
    "Schema.toCodecJson": Schema.encodeEffect(Schema.toCodecJson(ClientError.UnexpectedResponse))(unexpected),
    "Schema.toCodecJson of its Exit": Schema.encodeEffect(
      Schema.toCodecJson(Schema.Exit(Schema.Void, ClientError.UnexpectedResponse, Schema.Defect()))
    )(Exit.fail(unexpected)),
    "Schema.toCodecStringTree": Schema.encodeEffect(
      Schema.toCodecStringTree(ClientError.UnexpectedResponse)
    )(unexpected)
  }

  it.effect.each(Object.entries<Effect.Effect<unknown, Schema.SchemaError>>(codecs))(
    "%s has a marker in place of the body (C6)",
    ([, encode]) =>
      Effect.gen(function*() {
        const text = JSON.stringify(yield* encode)
        assert.notInclude(text, "Gm4")
        assert.notInclude(text, "accessToken")
        assert.include(text, "<redacted>")
        assert.include(text, "request-1")
      })
  )

  it.effect("can be decoded again, with the marker as the body (C6)", () =>
    Effect.gen(function*() {
      const codec = Schema.toCodecJson(ClientError.UnexpectedResponse)
      const back = yield* Schema.decodeEffect(codec)(yield* Schema.encodeEffect(codec)(unexpected))
      assert.instanceOf(back, ClientError.UnexpectedResponse)
      assert.deepInclude(back, { operation: "CreateToken", problem: "malformed", status: 200, requestId: "request-1" })
      assert.strictEqual(Redacted.value(back.body), "<redacted>")
      assert.strictEqual(back.message, unexpected.message)
    }))

  it.effect("does not decode a body in plain text (C6)", () =>
    Effect.gen(function*() {
      const written = { _tag: "UnexpectedResponse", operation: "CreateToken", problem: "malformed", status: 200, body }
      const decoded = yield* Schema.decodeUnknownEffect(ClientError.UnexpectedResponse)(written)
      assert.strictEqual(Redacted.value(decoded.body), "<redacted>")
    }))

  it("is the only JSON form: the decoded type has none (C6)", () => {
    const typeSide = Schema.toCodecJson(Schema.toType(ClientError.UnexpectedResponse))
    assert.throws(() => Schema.encodeSync(typeSide)(unexpected))
  })

  it("leaves the body readable for the program that got the response (C3)", () => {
    assert.strictEqual(Redacted.value(unexpected.body), body)
  })
})

describe("SsoOidcError: the sentence of an error", () => {
  const made = [
    new SsoOidcError.InvalidGrantException({ error: "invalid_grant", errorDescription: "Invalid grant", status: 400 }),
    new SsoOidcError.AuthorizationPendingException({ error: "authorization_pending", status: 400 }),
    new ClientError.TransportError({
      operation: "CreateToken",
      sent: "no",
      code: "ENOTFOUND",
      transient: true,
      host: "h"
    }),
    new ClientError.UnexpectedResponse({
      operation: "CreateToken",
      problem: "status",
      status: 502,
      body: Redacted.make("<html>")
    }),
    new ClientError.RequestInvalid({ operation: "CreateToken", detail: "clientId is missing" }),
    new ClientError.EndpointError({ problem: "region", detail: "no region is given" })
  ]

  it.effect.each(made)(
    "appears in console.error, in Effect's loggers and in JSON: $_tag (C3)",
    (error) =>
      Effect.gen(function*() {
        assert.isNotEmpty(error.message)
        const logged: Array<string> = []
        const push = (line: unknown): void => void logged.push(typeof line === "string" ? line : inspect(line))
        yield* Effect.logError(error).pipe(
          Effect.provide(Logger.layer([
            Logger.map(Logger.formatJson, push),
            Logger.map(Logger.formatLogFmt, push),
            Logger.map(Logger.formatSimple, push),
            Logger.map(Logger.formatStructured, push)
          ]))
        )
        assert.strictEqual(logged.length, 4)
        // `console.error` shows the result of `inspect`.
        for (const text of [inspect(error), JSON.stringify(error), String(error), error.stack ?? "", ...logged]) {
          assert.include(text.replaceAll("\\\"", "\""), error.message)
        }
      })
  )
})
