/**
 * The portal over HTTP, in its own dialect.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import { Effect, Redacted } from "effect"
import { ask, type HttpResponse, issued, loggedIn, registration, type Sent } from "../../support.ts"

const provide = Effect.provide(EmulatorServer.layer())

const account = "account_id=111122223333"
const list = "/assignment/accounts"
const roles = `/assignment/roles?${account}`
const credentials = `/federation/credentials?${account}&role_name=ReadOnlyAccess`

const bearer = (accessToken: Redacted.Redacted) => ({ "x-amz-sso_bearer_token": Redacted.value(accessToken) })

/** Sends requests with the token of a new login. */
const portal = Effect.map(
  loggedIn,
  ({ accessToken, ...rest }) => ({
    ...rest,
    accessToken,
    send: (path: string, more: Omit<Sent, "path"> = {}) =>
      ask({ ...more, path, headers: { ...bearer(accessToken), ...more.headers } })
  })
)

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Checks the headers of every response of the portal. */
const proper = ({ headers }: HttpResponse): void => {
  assert.deepInclude(headers, {
    server: "AWS SSO",
    "cache-control": "no-cache",
    "access-control-expose-headers": "RequestId"
  })
  assert.match(String(headers["requestid"]), uuid)
  assert.isUndefined(headers["x-amzn-requestid"])
  assert.isUndefined(headers["x-amzn-errortype"])
}

const failed = (response: HttpResponse, status: number, type: string, message?: string): void => {
  proper(response)
  assert.strictEqual(response.headers["content-type"], "application/json")
  const body: { readonly message: string; readonly __type: string } = JSON.parse(response.text)
  assert.deepStrictEqual(Object.keys(body), ["message", "__type"])
  assert.deepStrictEqual([response.status, body.__type], [status, `com.amazonaws.switchboard.portal#${type}`])
  if (message !== undefined) assert.strictEqual(body.message, message)
}

describe("internal/http/portal", () => {
  it.effect("sends every member of the model, with null for an absent one (E2, E7)", () =>
    Effect.gen(function*() {
      const { emulator, send } = yield* portal
      yield* emulator.accounts.put({ accountId: "000000000001", roles: ["é/&?"] })
      const listed = yield* send(`${list}?max_result=1`)
      proper(listed)
      const { accountList, nextToken } = JSON.parse(listed.text)
      assert.deepStrictEqual(accountList, [{ accountId: "000000000001", accountName: null, emailAddress: null }])
      const rest = JSON.parse((yield* send(`${list}?next_token=${nextToken}`)).text)
      assert.deepStrictEqual(Object.keys(rest), ["nextToken", "accountList"])
      assert.isNull(rest.nextToken)
      assert.deepInclude(rest.accountList[0], { accountName: "Development", emailAddress: "development@example.com" })
      const ofAccount = yield* send("/assignment/roles?account_id=000000000001")
      proper(ofAccount)
      assert.deepStrictEqual(JSON.parse(ofAccount.text), {
        nextToken: null,
        roleList: [{ roleName: "é/&?", accountId: "000000000001" }]
      })
      const given = yield* send(
        `/federation/credentials?account_id=000000000001&role_name=${encodeURIComponent("é/&?")}`
      )
      proper(given)
      const { roleCredentials } = JSON.parse(given.text)
      assert.deepStrictEqual(Object.keys(roleCredentials), [
        "accessKeyId",
        "secretAccessKey",
        "sessionToken",
        "expiration"
      ])
      // Milliseconds, by the test's clock
      assert.strictEqual(roleCredentials.expiration, 3_600_000)
    }).pipe(provide))

  it.effect("Logout gives 200 without a body, whatever the body of the request is (E2, E7)", () =>
    Effect.gen(function*() {
      for (const body of [undefined, "", "{}", "x".repeat(1_000_000)]) {
        const { send } = yield* portal
        const response = yield* send("/logout", { method: "POST", ...(body === undefined ? {} : { body }) })
        proper(response)
        assert.deepStrictEqual([response.status, response.text, response.headers["content-type"]], [200, "", undefined])
        failed(yield* send("/logout", { method: "POST" }), 401, "UnauthorizedException")
      }
    }).pipe(provide))

  it.effect("a request without a token, or with an empty or a wrong one, is unauthorized, whatever its members are (E7)", () =>
    Effect.gen(function*() {
      const { accessToken } = yield* loggedIn
      const [token] = Object.values(bearer(accessToken))
      for (
        const headers of [
          {},
          { "x-amz-sso_bearer_token": "" },
          { "x-amz-sso_bearer_token": "x" },
          { "x-amz-sso_bearer_token": `${token}, ${token}` },
          { authorization: `Bearer ${token}` }
        ]
      ) {
        for (const path of [list, `${list}?max_result=0`, roles, "/assignment/roles", "/federation/credentials"]) {
          failed(
            yield* ask({ path, headers }),
            401,
            "UnauthorizedException",
            "Session token not found or invalid"
          )
        }
        failed(yield* ask({ path: "/logout", method: "POST", headers }), 401, "UnauthorizedException")
      }
    }).pipe(provide))

  it.effect("a missing, malformed or repeated member is an invalid request (E7)", () =>
    Effect.gen(function*() {
      const { send } = yield* portal
      const size = "ResultSize parameter must be within the valid limits of: 1-100"
      for (
        const [path, message] of [
          [`${list}?max_result=101`, size],
          [`${list}?max_result=0`, size],
          [`${list}?max_result=`, size],
          [`${list}?max_result=ten`, size],
          [`${list}?max_result=1.5`, size],
          [`${roles}&max_result=-1`, size],
          [`${list}?next_token=`, "next_token is no token of this list"],
          [`${list}?next_token=%00`, "next_token is no token of this list"],
          [`${list}?max_result=1&max_result=2`, "max_result is there twice"],
          ["/assignment/roles", "account_id must have 12 digits"],
          ["/assignment/roles?account_id=11112222333", "account_id must have 12 digits"],
          [`${roles}&${account}`, "account_id is there twice"],
          [`/federation/credentials?${account}`, "role_name is missing"],
          [`/federation/credentials?${account}&role_name=`, "role_name is missing"],
          ["/federation/credentials?role_name=a", "account_id must have 12 digits"]
        ] as const
      ) failed(yield* send(path), 400, "InvalidRequestException", message)
    }).pipe(Effect.provide(EmulatorServer.layer({ portalRequestsPerSecond: 100 }))))

  it.effect("another method on a path is not allowed, and an unknown path is an unknown operation (E2, E7)", () =>
    Effect.gen(function*() {
      const { emulator, send } = yield* portal
      for (const path of [list, roles, credentials]) {
        for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
          failed(yield* send(path, { method }), 405, "MethodNotAllowedException")
        }
      }
      failed(yield* send("/logout"), 405, "MethodNotAllowedException")
      const unknown = yield* send("/assignment")
      assert.strictEqual(unknown.status, 404)
      // None of them counted, or logged out
      assert.lengthOf((yield* emulator.state.snapshot).accessTokens, 1)
    }).pipe(provide))

  it.effect("a token of another scope is forbidden, and one account too many requests is throttled without Retry-After (E7)", () =>
    Effect.gen(function*() {
      const { token } = yield* issued(["another:scope"])
      failed(yield* ask({ path: list, headers: bearer(token.accessToken) }), 403, "ForbiddenException", "No access")
      const { send } = yield* portal
      for (let n = 0; n < 19; n++) assert.strictEqual((yield* send(list)).status, 200)
      const response = yield* send(credentials)
      failed(response, 429, "TooManyRequestsException", "HTTP 429 Unknown Code")
      assert.isUndefined(response.headers["retry-after"])
    }).pipe(provide))

  it.effect("armed faults come in the portal's dialect, and only to the operation that they name (E3, E7)", () =>
    Effect.gen(function*() {
      const { emulator, send } = yield* portal
      yield* emulator.faults.arm({
        _tag: "Exception",
        operation: "GetRoleCredentials",
        exception: "ResourceNotFoundException",
        errorDescription: "as armed",
        retryAfter: 7
      })
      assert.strictEqual((yield* send(list)).status, 200)
      const response = yield* send(credentials)
      failed(response, 404, "ResourceNotFoundException", "as armed")
      assert.strictEqual(response.headers["retry-after"], "7")
      assert.strictEqual((yield* send(credentials)).status, 200)
      // The exceptions of one service are not those of the other
      yield* emulator.faults.arm({ _tag: "Exception", exception: "TooManyRequestsException" })
      const register = yield* ask({ path: "/client/register", body: JSON.stringify(registration) })
      assert.strictEqual(register.status, 200)
      failed(yield* send(list), 429, "TooManyRequestsException")
      const wrong = yield* Effect.flip(
        emulator.faults.arm({ _tag: "Exception", operation: "Logout", exception: "SlowDownException" })
      )
      assert.include(wrong.message, "the model does not list SlowDownException for Logout")
      yield* emulator.faults.arm({ _tag: "RawResponse", operation: "Logout", status: 502, body: "bad gateway" })
      const raw = yield* send("/logout", { method: "POST" })
      proper(raw)
      assert.deepStrictEqual([raw.status, raw.text], [502, "bad gateway"])
      // A reset connection after the logout took effect
      yield* emulator.faults.arm({ _tag: "ConnectionReset", operation: "Logout", carriedOut: true })
      yield* Effect.flip(send("/logout", { method: "POST" }))
      failed(yield* send(list), 401, "UnauthorizedException")
    }).pipe(provide))

  it.effect("reads the token of the person's login in any case of its header, and from no other place (E7)", () =>
    Effect.gen(function*() {
      const { accessToken } = yield* loggedIn
      const token = Redacted.value(accessToken)
      assert.strictEqual((yield* ask({ path: list, headers: { "X-Amz-Sso_Bearer_Token": token } })).status, 200)
      const path = `${list}?accessToken=${encodeURIComponent(token)}&x-amz-sso_bearer_token=${
        encodeURIComponent(token)
      }`
      failed(yield* ask({ path }), 401, "UnauthorizedException")
      assert.strictEqual((yield* Emulator.Emulator.use((emulator) => emulator.state.snapshot)).accessTokens.length, 1)
    }).pipe(provide))
})
