import { assert, describe, it } from "@effect/vitest"
import * as Client from "@sso-oidc/core/aws/Client"
import * as Operation from "@sso-oidc/core/aws/Operation"
import * as Retry from "@sso-oidc/core/aws/Retry"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import { registerRequest } from "@sso-oidc/test-kit/fixtures"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { TestClock } from "effect/testing"
import { inspect } from "node:util"
import * as Portal from "../support/portal.ts"

const token = "aoaAAAAA-a-portal-token-of-the-test"
const accessToken = Redacted.make(token, { label: "accessToken" })

const clientOf = (wire: Wire.Wire, options?: Partial<Client.Options>) =>
  Client.make(Portal.service, { region: "eu-west-1", ...options }).pipe(
    Effect.provideService(HttpClient.HttpClient, wire.client)
  )

interface Wrapped extends Retry.Executor<Wrapped> {}

const wrapped = (execute: Client.Execute): Wrapped => ({ execute, withExecute: wrapped })

/** Runs an operation against this response. Gives the result, and the requests that were sent. */
const call = <Request, Response, E>(
  operation: Operation.Operation<Request, Response, E>,
  request: Request,
  respond: () => globalThis.Response
) =>
  Effect.gen(function*() {
    const wire = Wire.responding(respond)
    const client = yield* clientOf(wire)
    const result = yield* Effect.result(client.execute(operation, request))
    return { result, sent: wire.sent }
  })

const successOf = <Request, Response, E>(
  operation: Operation.Operation<Request, Response, E>,
  request: Request,
  respond: () => globalThis.Response
) =>
  Effect.flatMap(
    call(operation, request, respond),
    ({ result, sent }) => Effect.map(Effect.fromResult(result), (response) => ({ response, sent }))
  )

const portalException = (status: number, type: string, message: string) => () =>
  Wire.json({ __type: `com.amazonaws.switchboard.portal#${type}`, message }, { status, headers: { requestid: "r-1" } })

describe("aws/Client: the operations of the portal are plain values", () => {
  it.effect("ListAccounts is a GET with members in the query and the token in a header", () =>
    Effect.gen(function*() {
      const { response, sent } = yield* successOf(
        Portal.listAccounts,
        { accessToken, maxResults: 100, nextToken: "a b+c/d" },
        () => Wire.json({ accountList: [{ accountId: "111122223333" }], nextToken: null })
      )
      assert.deepStrictEqual(response, { accountList: [{ accountId: "111122223333" }] })
      assert.strictEqual(sent.length, 1)
      const { body, headers, method, url } = sent[0] ?? assert.fail("nothing was sent")
      assert.strictEqual(method, "GET")
      const asked = new URL(url)
      assert.strictEqual(
        `${asked.origin}${asked.pathname}`,
        "https://portal.sso.eu-west-1.amazonaws.com/assignment/accounts"
      )
      // restJson1 writes a space as %20: a server that does not read forms takes a + for a plus
      assert.strictEqual(asked.search, "?next_token=a%20b%2Bc%2Fd&max_result=100")
      assert.strictEqual(headers["x-amz-sso_bearer_token"], token)
      assert.notProperty(headers, "content-type")
      assert.strictEqual(body, "")
    }))

  it.effect("a response from the called URL, with its query, is no redirect (C7)", () =>
    Effect.gen(function*() {
      const ask = (urlOf: (asked: string) => string) => {
        const wire = Wire.responding(({ url }) => {
          const response = Wire.json({ accountList: [] })
          Object.defineProperty(response, "url", { value: urlOf(url) })
          return response
        })
        return Effect.flatMap(
          clientOf(wire),
          (client) => Effect.result(client.execute(Portal.listAccounts, { accessToken, nextToken: "a b" }))
        )
      }
      assert.strictEqual((yield* ask((asked) => asked))._tag, "Success")
      const other = yield* ask((asked) => asked.replace("a", "b"))
      if (other._tag === "Success") return assert.fail("it succeeded")
      assert.deepInclude(other.failure, { _tag: "UnexpectedResponse", problem: "redirect" })
    }))

  it.effect("an absent member of the query is not sent", () =>
    Effect.gen(function*() {
      const { sent } = yield* successOf(Portal.listAccountRoles, { accessToken, accountId: "111122223333" }, () =>
        Wire.json({ roleList: [] }))
      assert.strictEqual(
        sent[0]?.url,
        "https://portal.sso.eu-west-1.amazonaws.com/assignment/roles?account_id=111122223333"
      )
    }))

  it.effect("GetRoleCredentials gives its secrets as Redacted (C6)", () =>
    Effect.gen(function*() {
      const { response } = yield* successOf(
        Portal.getRoleCredentials,
        { accessToken, roleName: "Admin", accountId: "111122223333" },
        () =>
          Wire.json({
            roleCredentials: {
              accessKeyId: "AKIA",
              secretAccessKey: "secret-access-key",
              sessionToken: "session-token",
              expiration: 1_790_000_000_000
            }
          })
      )
      assert.strictEqual(Redacted.value(response.roleCredentials.secretAccessKey), "secret-access-key")
      assert.notInclude(inspect(response, { depth: null }), "session-token")
    }))

  it.effect("Logout is a POST without a body, and accepts an empty 200 as its response (C4)", () =>
    Effect.gen(function*() {
      const { response, sent } = yield* successOf(
        Portal.logout,
        { accessToken },
        () => new Response(null, { status: 200 })
      )
      assert.deepStrictEqual(response, {})
      assert.deepInclude(sent[0], {
        method: "POST",
        url: "https://portal.sso.eu-west-1.amazonaws.com/logout",
        body: ""
      })
    }))

  it.effect("Logout refuses a 200 whose body is not a JSON object (C4)", () =>
    Effect.gen(function*() {
      for (const body of ["<html>", "[]", "null", "{"]) {
        const { result } = yield* call(Portal.logout, { accessToken }, () => new Response(body, { status: 200 }))
        if (result._tag === "Success") return assert.fail(`${body} is a response`)
        assert.deepInclude(result.failure, { _tag: "UnexpectedResponse", problem: "malformed" })
      }
    }))

  it.effect("every other operation refuses an empty 200 (C4)", () =>
    Effect.gen(function*() {
      const { result } = yield* call(Portal.listAccounts, { accessToken }, () => new Response(null, { status: 200 }))
      assert.deepInclude(result, { _tag: "Failure" })
      if (result._tag === "Failure") {
        assert.deepInclude(result.failure, { _tag: "UnexpectedResponse", problem: "malformed" })
      }
    }))

  it.effect.each(
    [
      ["InvalidRequestException", 400],
      ["UnauthorizedException", 401],
      ["ResourceNotFoundException", 404],
      ["TooManyRequestsException", 429]
    ] as const
  )("%s is made from `message` only (C3)", ([type, status]) =>
    Effect.gen(function*() {
      const { result } = yield* call(
        Portal.getRoleCredentials,
        { accessToken, roleName: "Admin", accountId: "1" },
        portalException(status, type, "As the portal said")
      )
      if (result._tag === "Success") return assert.fail("it succeeded")
      assert.deepInclude(result.failure, { _tag: type, message: "As the portal said", status, requestId: "r-1" })
    }))

  it.effect("an exception that the operation does not list is UnexpectedResponse (C4)", () =>
    Effect.gen(function*() {
      const { result } = yield* call(
        Portal.logout,
        { accessToken },
        portalException(404, "ResourceNotFoundException", "no")
      )
      if (result._tag === "Success") return assert.fail("it succeeded")
      assert.deepInclude(result.failure, { _tag: "UnexpectedResponse", code: "ResourceNotFoundException" })
    }))

  it.effect("a body without a type means no exception, because these exceptions have no OAuth code (C4)", () =>
    Effect.gen(function*() {
      for (const body of [{}, { message: "no" }, { error: "invalid_request" }]) {
        const { result } = yield* call(Portal.logout, { accessToken }, () => Wire.json(body, { status: 400 }))
        if (result._tag === "Success") return assert.fail("it succeeded")
        assert.deepInclude(result.failure, { _tag: "UnexpectedResponse", problem: "status" })
      }
    }))

  it.effect("a token that an exception repeats is masked (C6)", () =>
    Effect.gen(function*() {
      const { result } = yield* call(
        Portal.logout,
        { accessToken },
        portalException(401, "UnauthorizedException", `the token ${token} is unknown`)
      )
      if (result._tag === "Success") return assert.fail("it succeeded")
      assert.strictEqual(result.failure.message, "the token <redacted> is unknown")
    }))

  it.effect("the log shows the URL without its query, which may name an account (C6)", () =>
    Effect.gen(function*() {
      const recorder = Recorder.make()
      const request = { accessToken, accountId: "111122223333", nextToken: "the-next-page" }
      yield* recorder.record(successOf(Portal.listAccountRoles, request, () => Wire.json({ roleList: [] })))
      const lines = recorder.lines.join("\n")
      assert.include(lines, "ListAccountRoles is sent to https://portal.sso.eu-west-1.amazonaws.com/assignment/roles")
      assert.notMatch(lines, /111122223333|the-next-page|account_id/)
      assert.isFalse(recorder.spans.some((span) => /111122223333|the-next-page/.test(inspect(span.attributes))))
    }))

  it.effect("each call is a span of its own service (C9)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => Wire.json({ accountList: [] }))
      const client = yield* clientOf(wire)
      const { record, spans } = Recorder.make()
      yield* record(client.execute(Portal.listAccounts, { accessToken }))
      const [span] = spans
      assert.strictEqual(spans.length, 1)
      assert.strictEqual(span?.name, "SSO.ListAccounts")
      assert.strictEqual(span?.attributes.get("rpc.service"), "SSO")
      assert.strictEqual(span?.attributes.get("rpc.method"), "ListAccounts")
    }))

  it.effect("Retry sends a request again after a 429 too, if its operation allows that (C11)", () =>
    Effect.gen(function*() {
      const bodies = [portalException(429, "TooManyRequestsException", "slower"), () => Wire.json({ accountList: [] })]
      const wire = Wire.responding(() => (bodies.shift() ?? assert.fail("sent too often"))())
      const client = yield* clientOf(wire)
      const retried = Retry.make(wrapped(client.execute))
      const fiber = yield* Effect.forkChild(retried.execute(Portal.listAccounts, { accessToken }))
      yield* TestClock.adjust(Duration.seconds(1))
      assert.deepStrictEqual(yield* Fiber.join(fiber), { accountList: [] })
      assert.strictEqual(wire.sent.length, 2)
    }))
})

describe("aws/Client: requests that are not sent", () => {
  const fails = <Request, Response, E>(operation: Operation.Operation<Request, Response, E>, request: Request) =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => Wire.json({}))
      const client = yield* clientOf(wire)
      const error = yield* Effect.flip(client.execute(operation, request))
      assert.strictEqual(wire.sent.length, 0)
      return error
    })

  it.effect("an operation of another service is refused, because its secrets belong to another host (C7)", () =>
    Effect.gen(function*() {
      const error = yield* fails(RegisterClient.operation, registerRequest)
      assert.deepInclude(error, { _tag: "RequestInvalid", operation: "RegisterClient" })
      assert.include(String(error), "this client calls only SSO")
    }))

  it.effect("a token that HTTP does not allow in a header is refused, and not repeated (C7)", () =>
    Effect.gen(function*() {
      const error = yield* fails(Portal.logout, { accessToken: Redacted.make("one\r\nx-evil: two") })
      assert.deepInclude(error, { _tag: "RequestInvalid" })
      assert.notInclude(inspect(error), "evil")
      assert.include(error.message, "HTTP does not allow the characters of the header x-amz-sso_bearer_token")
    }))

  it.effect("a member of the query that is no whole Unicode text is refused (C2)", () =>
    Effect.gen(function*() {
      const error = yield* fails(Portal.listAccounts, { accessToken, nextToken: "\ud800" })
      assert.deepInclude(error, { _tag: "RequestInvalid", operation: "ListAccounts" })
    }))

  it.effect("a member never replaces the operation's constant query, nor the user agent (C7)", () =>
    Effect.gen(function*() {
      const odd = Operation.make({
        ...Portal.listAccounts,
        service: Portal.service,
        exceptions: [],
        query: { fixed: "t" },
        request: Schema.Struct({ fixed: Schema.String, agent: Schema.String }),
        bindings: Operation.bindings({ fixed: Operation.query("fixed"), agent: Operation.header("User-Agent") }),
        resend: () => "anytime"
      })
      const { sent } = yield* successOf(odd, { fixed: "evil", agent: "evil" }, () => Wire.json({ accountList: [] }))
      assert.strictEqual(new URL(sent[0]?.url ?? "").search, "?fixed=t")
      assert.match(sent[0]?.headers["user-agent"] ?? "", /^sso-oidc-effect/)
    }))

  it.effect("a secret of the request is masked at any depth (C6)", () =>
    Effect.gen(function*() {
      const nested = Operation.make({
        ...Portal.logout,
        service: Portal.service,
        exceptions: [Portal.InvalidRequestException],
        hasBody: true,
        request: Schema.Struct({
          proofs: Schema.Array(Schema.Struct({ proof: Schema.RedactedFromValue(Schema.String) }))
        }),
        resend: () => "anytime"
      })
      const { result } = yield* call(
        nested,
        { proofs: [{ proof: Redacted.make("a-proof-of-some-length") }] },
        portalException(400, "InvalidRequestException", "no to a-proof-of-some-length")
      )
      if (result._tag === "Success") return assert.fail("it succeeded")
      assert.strictEqual(result.failure.message, "no to <redacted>")
    }))

  it.effect("a member without a text cannot go into the query (C2)", () =>
    Effect.gen(function*() {
      const odd = Operation.make({
        ...Portal.listAccounts,
        service: Portal.service,
        exceptions: [],
        request: Schema.Struct({ filter: Schema.Struct({ name: Schema.String }) }),
        bindings: Operation.bindings({ filter: Operation.query("filter") }),
        resend: () => "anytime"
      })
      const error = yield* fails(odd, { filter: { name: "x" } })
      assert.deepInclude(error, { _tag: "RequestInvalid", operation: "ListAccounts" })
    }))
})

describe("aws/Client: make", () => {
  it.effect("an invalid limit is a defect that names the service and the option", () =>
    Effect.gen(function*() {
      for (const options of [{ requestTimeout: 0 }, { maxResponseBytes: 0 }, { maxResponseBytes: Number.NaN }]) {
        const exit = yield* Effect.exit(clientOf(Wire.silent(), options))
        assert.match(String(exit), /RangeError: SSO: (?:requestTimeout|maxResponseBytes) must be/)
      }
    }))

  it.effect("an invalid limit from configuration is a ConfigError", () =>
    Effect.gen(function*() {
      const error = yield* Client.makeConfig(Portal.service, {
        region: Config.String("PORTAL_REGION"),
        maxResponseBytes: Config.succeed(0)
      }).pipe(
        Effect.flip,
        Effect.provideService(HttpClient.HttpClient, Wire.silent().client),
        Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env: { PORTAL_REGION: "eu-west-1" } })))
      )
      assert.strictEqual(error._tag, "ConfigError")
      assert.include(String(error), "maxResponseBytes")
    }))
})
