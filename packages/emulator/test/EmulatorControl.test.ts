import { assert, describe, it } from "@effect/vitest"
import * as Account from "@sso-oidc/emulator/Account"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorControl from "@sso-oidc/emulator/EmulatorControl"
import * as EmulatorHttp from "@sso-oidc/emulator/EmulatorHttp"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import { Duration, Effect, Layer, Redacted } from "effect"
import { FetchHttpClient, HttpRouter } from "effect/http"
import { ask, post, registration, started, tagOf } from "./support.ts"

const controlled = (options?: EmulatorServer.Options) =>
  Layer.unwrap(Effect.map(
    EmulatorServer.EmulatorServer,
    ({ controlToken, url }) => EmulatorControl.layer({ url, token: controlToken ?? Redacted.make("none") })
  )).pipe(
    Layer.provideMerge(EmulatorServer.layer({ control: true, ...options })),
    Layer.provide(FetchHttpClient.layer)
  )

const provide = (options?: EmulatorServer.Options) => Effect.provide(controlled(options))

const control = EmulatorControl.ControlClient

const paths = [
  ["GET", "/control/authorizations"],
  ["POST", "/control/authorizations/BCDF-GHJK/approve"],
  ["POST", "/control/authorizations/BCDF-GHJK/deny"],
  ["POST", "/control/authorizations/BCDF-GHJK/expire"],
  ["GET", "/control/accounts"],
  ["PUT", "/control/accounts"],
  ["DELETE", "/control/accounts/111122223333"],
  ["POST", "/control/accounts/111122223333/assign"],
  ["POST", "/control/accounts/111122223333/unassign"],
  ["GET", "/control/faults"],
  ["POST", "/control/faults"],
  ["DELETE", "/control/faults"],
  ["GET", "/control/clock"],
  ["POST", "/control/clock"],
  ["GET", "/control/state"],
  ["POST", "/control/state"],
  ["DELETE", "/control/state"]
] as const

describe("the control API", () => {
  it.effect("is off by default (E4)", () =>
    Effect.gen(function*() {
      for (const [method, path] of [...paths, ["GET", "/control/openapi.json"] as const]) {
        assert.strictEqual((yield* ask({ method, path })).status, 404, path)
      }
      assert.isUndefined((yield* EmulatorServer.EmulatorServer).controlToken)
    }).pipe(Effect.provide(EmulatorServer.layer())))

  it.effect("does nothing without the token, and no response holds the token (E4)", () =>
    Effect.gen(function*() {
      const { controlToken } = yield* EmulatorServer.EmulatorServer
      assert(controlToken !== undefined)
      const token = Redacted.value(controlToken)
      const { emulator } = yield* started()
      const before = yield* emulator.state.snapshot
      for (const [method, path] of paths) {
        for (
          const authorization of [
            undefined,
            "Bearer ",
            `Bearer ${token}x`,
            `Bearer ${token.slice(1)}`,
            `Basic ${token}`
          ]
        ) {
          const headers = authorization === undefined ? {} : { authorization }
          const response = yield* ask({
            method,
            path,
            headers,
            ...(method === "POST" || method === "PUT" ? { body: "{}" } : {})
          })
          assert.strictEqual(response.status, 401, path)
          assert.notInclude(response.text + JSON.stringify(response.headers), token)
        }
      }
      assert.deepStrictEqual(yield* emulator.state.snapshot, before)
      assert.deepStrictEqual(yield* emulator.faults.list, [])
    }).pipe(Effect.provide(EmulatorServer.layer({ control: true }))))

  it.effect("checks the host before the token (E5)", () =>
    Effect.gen(function*() {
      const response = yield* ask({ path: "/control/state", headers: { host: "evil.example" } })
      assert.strictEqual(response.status, 403)
    }).pipe(Effect.provide(EmulatorServer.layer({ control: true }))))

  it.effect("lets a program play the person: approve, deny, expire, lookup and list (E4)", () =>
    Effect.gen(function*() {
      const { authorizations } = yield* control
      const { code, poll } = yield* started()
      const params = { key: code.userCode }
      assert.strictEqual((yield* authorizations.approve({ params })).status, "approved")
      assert.isDefined((yield* poll).accessToken)
      assert.strictEqual((yield* authorizations.lookup({ params })).status, "used")

      const other = { params: { key: (yield* started()).code.userCode.toLowerCase() } }
      assert.strictEqual((yield* authorizations.deny(other)).status, "denied")
      const conflict = yield* Effect.flip(authorizations.approve(other))
      assert(conflict._tag === "ControlConflict")
      assert.strictEqual(conflict.problem, "denied")

      const third = { params: { key: (yield* started()).code.userCode } }
      assert.strictEqual((yield* authorizations.expire(third)).status, "expired")
      assert.strictEqual(
        (yield* Effect.flip(authorizations.deny({ params: { key: "nobody" } })))._tag,
        "ControlConflict"
      )
      const list = yield* authorizations.list()
      assert.sameMembers(list.map(({ status }) => status), ["used", "denied", "expired"])
    }).pipe(provide()))

  it.effect("lists, puts, removes, assigns and unassigns as the service in process does (E4, E7)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const { accounts } = yield* control
      assert.deepStrictEqual(yield* accounts.list(), Account.defaults)
      const payload = { accountId: "000000000001", roles: ["b", "a"] }
      assert.deepStrictEqual(yield* accounts.put({ payload }), { ...payload, roles: ["a", "b"] })
      const params = { accountId: payload.accountId }
      const role = { params, payload: { roleName: "c/d é" } }
      assert.deepStrictEqual((yield* accounts.assign(role)).roles, ["a", "b", "c/d é"])
      assert.deepStrictEqual((yield* accounts.unassign({ params, payload: { roleName: "a" } })).roles, ["b", "c/d é"])
      assert.deepStrictEqual(yield* accounts.list(), yield* emulator.accounts.list)
      yield* accounts.remove({ params })
      yield* accounts.remove({ params })
      assert.deepStrictEqual(yield* emulator.accounts.list, Account.defaults)
      const unknown = yield* Effect.flip(accounts.unassign(role))
      assert.strictEqual(unknown.message, "The account cannot be changed: there is no account 000000000001.")
    }).pipe(provide()))

  it.effect("arms faults, moves the clock, and reads, seeds and resets the state (E3)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const { clock, faults, state } = yield* control
      yield* faults.arm({ payload: { _tag: "Exception", exception: "InternalServerException" } })
      assert.deepStrictEqual(yield* faults.list(), yield* emulator.faults.list)
      assert.strictEqual((yield* post("/client/register", registration)).status, 500)
      assert.strictEqual(
        (yield* Effect.flip(faults.arm({ payload: { _tag: "Exception", exception: "Nope" } })))._tag,
        "ControlBadRequest"
      )

      const { poll } = yield* started()
      assert.deepStrictEqual(yield* clock.advance({ payload: { seconds: 600 } }), { now: 600_000 })
      assert.deepStrictEqual(yield* clock.now(), { now: 600_000 })
      assert.strictEqual(yield* tagOf(poll), "ExpiredTokenException")

      const snapshot = yield* state.snapshot()
      assert.deepStrictEqual(snapshot, yield* emulator.state.snapshot)
      yield* state.reset()
      assert.deepStrictEqual(yield* clock.now(), { now: 0 })
      assert.lengthOf((yield* state.snapshot()).registrations, 0)
      yield* state.seed({ payload: snapshot })
      assert.deepStrictEqual(yield* emulator.state.snapshot, snapshot)
    }).pipe(provide()))

  it.effect("refuses a malformed request with the member and what is wrong with it, never its value (E4)", () =>
    Effect.gen(function*() {
      const { controlToken } = yield* EmulatorServer.EmulatorServer
      assert(controlToken !== undefined)
      const headers = { authorization: `Bearer ${Redacted.value(controlToken)}`, "content-type": "application/json" }
      for (
        const [path, body, words] of [
          ["/control/clock", `{"seconds":"s3cret"}`, "seconds"],
          ["/control/clock", `{"seconds":1e999}`, "seconds"],
          ["/control/faults", `{"_tag":"RawResponse","status":99}`, "status"],
          ["/control/faults", `{"_tag":"RawResponse","status":200,"contentType":"a\\r\\ns3cret: b"}`, "contentType"],
          ["/control/faults", `{"_tag":"Delay","durationMillis":-1}`, "durationMillis"],
          ["/control/state", `{"sessions":"s3cret"}`, "sessions"],
          ["/control/accounts/111122223333/assign", `{"roleName":""}`, "roleName: the name of a role has 1 to 256"],
          ["/control/accounts/111122223333/assign", `{"role":"s3cret"}`, "role: no member has this name"],
          ["/control/accounts/1/assign", `{"roleName":"s3cret"}`, "accountId: the number of an account has 12 digits"],
          ["/control/accounts/999988887777/assign", `{"roleName":"s3cret"}`, "there is no account 999988887777"],
          ["/control/state", `{"sessions":`, "malformed"],
          ["/control/faults", `{"_tag":"Delay"`, "its body is not JSON"],
          [
            "/control/faults",
            `{"_tag":"s3cret"}`,
            "_tag must be one of Exception, RawResponse, ConnectionReset and Delay"
          ],
          ["/control/faults", `{"exception":"s3cret"}`, "_tag must be one of"],
          ["/control/faults", `["s3cret"]`, "malformed"],
          ["/control/faults", `{"_tag":"ConnectionReset"}`, "carriedOut: Missing key"],
          ["/control/faults", `{"_tag":"Delay","durationMillis":1,"time":"s3cret"}`, "time: no member has this name"],
          ["/control/clock", `{"seconds":1,"minutes":"s3cret"}`, "minutes: no member has this name"],
          ["/control/state", `{"session":["s3cret"]}`, "session: no member has this name"],
          ["/control/state", `{"sessions":[{"token":"s3cret"}]}`, "sessions.0.token: no member has this name"]
        ] as const
      ) {
        const response = yield* ask({ method: "POST", path, headers, body })
        assert.strictEqual(response.status, 400, body)
        assert.include(JSON.parse(response.text).message, words)
        assert.notInclude(response.text, "s3cret")
      }
      const emulator = yield* Emulator.Emulator
      assert.deepStrictEqual(yield* emulator.faults.list, [])
      assert.strictEqual(yield* emulator.clock.now, 0)
    }).pipe(Effect.provide(EmulatorServer.layer({ control: true }))))

  it.effect("refuses a wrong token, and names both places where the right token is (E4)", () =>
    Effect.gen(function*() {
      const response = yield* ask({ path: "/control/clock", headers: { authorization: "Bearer another" } })
      assert.strictEqual(response.status, 401)
      assert.strictEqual(
        JSON.parse(response.text).message,
        "The control API needs a bearer token. The emulator printed it at its start, or you set it in " +
          "SSO_OIDC_EMULATOR_CONTROL_TOKEN."
      )
    }).pipe(Effect.provide(EmulatorServer.layer({ control: true }))))

  it.effect.each(
    [
      [
        { cors: "http://localhost:5173" },
        "cors must be a list of origins, such as [\"http://localhost:5173\"], not \"http://localhost:5173\""
      ],
      [{ cors: null }, "cors must be a list of origins, such as [\"http://localhost:5173\"], not this object"],
      [{ cors: [1] }, "a CORS origin must be a scheme, a host and possibly a port, such as http://localhost:5173"],
      [
        { control: "a-token-for-my-tests" },
        "control must be true, false or a token in Redacted.make, not the bare token"
      ],
      [
        { accounts: "111122223333" },
        "accounts must be a list of accounts, each with accountId and roles; it is no list"
      ],
      [{ port: "8484" }, "port must be a whole number from 0 to 65535, not \"8484\""]
    ] as const
  )(
    "refuses an option of a wrong type, from a program without types, with a sentence: %j (E3)",
    ([given, detail]) =>
      Effect.gen(function*() {
        const options: object = given
        const error = yield* Effect.flip(Effect.scoped(Layer.build(EmulatorServer.layer(options))))
        assert.deepStrictEqual([error._tag, error.problem, error.detail], ["EmulatorError", "options", detail])
      })
  )

  it.effect("describes each route, its purpose and the token in OpenAPI (E4)", () =>
    Effect.gen(function*() {
      const description = JSON.parse((yield* ask({ path: "/control/openapi.json" })).text)
      const routes = Object.entries<Record<string, { security: unknown; summary: unknown }>>(description.paths).flatMap(
        (
          [path, methods]
        ) =>
          Object.entries(methods).map(([method, { security, summary }]) => {
            assert.deepStrictEqual(security, [{ token: [] }])
            assert.match(String(summary), /^[A-Z][^.]+$/, path)
            return `${method.toUpperCase()} ${
              path.replace("{key}", "BCDF-GHJK").replace("{accountId}", "111122223333")
            }`
          })
      )
      assert.includeMembers(routes, paths.map(([method, path]) => `${method} ${path}`))
    }).pipe(Effect.provide(EmulatorServer.layer({ control: true }))))

  it.effect("has the groups and names of the service in process (E4)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.make()
      const { take, ...faults } = emulator.faults
      assert.isFunction(take)
      const { accounts, authorizations, clock, state } = emulator
      const names = (group: object): ReadonlyArray<string> => Object.keys(group).toSorted()
      assert.deepStrictEqual(
        Object.fromEntries(
          Object.entries(EmulatorControl.EmulatorControl.groups).map((
            [name, { endpoints }]
          ) => [name, names(endpoints)])
        ),
        {
          authorizations: names(authorizations),
          accounts: names(accounts),
          faults: names(faults),
          clock: names(clock),
          state: names(state)
        }
      )
    }))

  it.effect("arms, lists and clears a delay (E4)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const { faults } = yield* control
      yield* faults.arm({ payload: { _tag: "Delay", duration: "2 seconds", operation: "CreateToken" } })
      const armed = [{ _tag: "Delay", duration: Duration.seconds(2), operation: "CreateToken" }]
      assert.deepStrictEqual<unknown>(yield* faults.list(), armed)
      assert.deepStrictEqual<unknown>(yield* emulator.faults.list, armed)
      yield* faults.clear()
      assert.deepStrictEqual(yield* faults.list(), [])
      assert.deepStrictEqual(yield* emulator.faults.list, [])
    }).pipe(provide()))

  it.effect("has a different token for each server (E4)", () =>
    Effect.gen(function*() {
      const made = Effect.map(EmulatorServer.EmulatorServer, ({ controlToken }) => controlToken).pipe(
        Effect.provide(EmulatorServer.layer({ control: true }), { local: true })
      )
      const [one, other] = [yield* made, yield* made]
      assert(one !== undefined && other !== undefined)
      assert.match(Redacted.value(one), /^[\w-]{43}$/)
      assert.notStrictEqual(Redacted.value(one), Redacted.value(other))
    }))

  it.effect("accepts a token of your own, unless it is too short or would break a header (E4)", () =>
    Effect.gen(function*() {
      const own = Redacted.make("a-token-of-the-keepers-own")
      const response = yield* ask({
        path: "/control/clock",
        headers: { authorization: `Bearer ${Redacted.value(own)}` }
      }).pipe(Effect.provide(EmulatorServer.layer({ control: own })))
      assert.strictEqual(response.status, 200)
      for (const bad of ["", "short", "with a space in its midst", "with\nanother line here"]) {
        const error = yield* Layer.build(EmulatorServer.layer({ control: Redacted.make(bad) })).pipe(
          Effect.scoped,
          Effect.flip
        )
        assert.strictEqual(error.problem, "options")
        if (bad !== "") assert.notInclude(error.message, bad)
      }
    }))
})

describe("CORS", () => {
  it.effect("dies with a sentence if cors is not a list, because each part of a text would count as an origin (E3)", () =>
    Effect.gen(function*() {
      const options: object = { cors: "http://localhost:5173" }
      const routes = EmulatorHttp.layer(options).pipe(Layer.provide([Emulator.layer(), HttpRouter.layer]))
      const exit = yield* Effect.exit(Effect.scoped(Layer.build(routes)))
      assert.include(String(exit), "The emulator cannot start: cors must be a list of origins")
    }))

  const origin = "http://localhost:5173"
  const preflight = {
    method: "OPTIONS",
    path: "/token",
    headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" }
  }

  it.effect("is off by default, so no response lets another origin read it (E5)", () =>
    Effect.gen(function*() {
      for (const sent of [preflight, { path: "/client/register", headers: { origin }, body: "{}" }]) {
        const response = yield* ask(sent)
        assert.notMatch(JSON.stringify(response.headers), /access-control/)
      }
    }).pipe(Effect.provide(EmulatorServer.layer())))

  it.effect("lets an origin in cors call the operations and read the headers that a client needs, and no other route (E5)", () =>
    Effect.gen(function*() {
      const flown = yield* ask(preflight)
      assert.strictEqual(flown.status, 204)
      assert.deepInclude(flown.headers, {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "content-type"
      })
      const response = yield* ask({ path: "/client/register", headers: { origin }, body: "{}" })
      assert.deepInclude(response.headers, {
        "access-control-allow-origin": origin,
        "access-control-expose-headers": "x-amzn-errortype,x-amzn-requestid,requestid,retry-after,date"
      })
      const listing = {
        method: "OPTIONS",
        path: "/assignment/accounts",
        headers: {
          origin,
          "access-control-request-method": "GET",
          "access-control-request-headers": "x-amz-sso_bearer_token"
        }
      }
      assert.deepInclude((yield* ask(listing)).headers, {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "GET",
        "access-control-allow-headers": "x-amz-sso_bearer_token"
      })
      const listed = yield* ask({ path: "/assignment/accounts", headers: { origin } })
      assert.strictEqual(listed.status, 401)
      assert.deepInclude(listed.headers, {
        "access-control-allow-origin": origin,
        "access-control-expose-headers": "x-amzn-errortype,x-amzn-requestid,requestid,retry-after,date"
      })
      for (const path of ["/device", "/accounts", "/control/clock", "/control/openapi.json", "/authorize"]) {
        assert.notMatch(JSON.stringify((yield* ask({ path, headers: { origin } })).headers), /access-control/, path)
      }
    }).pipe(Effect.provide(EmulatorServer.layer({ cors: [origin], control: true }))))

  it.effect("does not name an origin that is not in cors (E5)", () =>
    Effect.gen(function*() {
      for (const cors of [[origin], [origin, "https://app.example"]]) {
        const response = yield* ask({ ...preflight, headers: { ...preflight.headers, origin: "https://evil.example" } })
          .pipe(
            Effect.provide(EmulatorServer.layer({ cors }))
          )
        assert.notStrictEqual(response.headers["access-control-allow-origin"], "https://evil.example")
        assert.notStrictEqual(response.headers["access-control-allow-origin"], "*")
      }
    }))

  it.effect.each(["*", "localhost:5173", "http://localhost:5173/", "http://LOCALHOST", "ftp://localhost", "null", ""])(
    "refuses %s, which is not an origin (E5)",
    (cors) =>
      Effect.gen(function*() {
        const error = yield* Layer.build(EmulatorServer.layer({ cors: [cors] })).pipe(Effect.scoped, Effect.flip)
        assert.strictEqual(error.problem, "options")
      })
  )
})
