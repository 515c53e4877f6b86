import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { gzipSync } from "node:zlib"
import { failed, type ServiceResponse, succeeded } from "../support/differential-clients.ts"
import { oneOf } from "../support/differential-model.ts"
import { portalResponses as differences } from "../support/differential-portal-differences.ts"
import {
  type Call,
  callOf,
  calls,
  official,
  officialException,
  ours,
  parts,
  present,
  revealed
} from "../support/differential-portal.ts"

const options = { region: "eu-west-1" }

const theirs = (call: Call, response: ServiceResponse) => official(call.request.official, options, response)
const mine = (call: Call, response: ServiceResponse) => ours(call.request.ours, options, response)

/** What each client reads: plain members, without absent ones. */
const both = (call: Call, response: ServiceResponse) =>
  Effect.gen(function*() {
    return {
      official: present(succeeded(yield* theirs(call, response))),
      ours: revealed(succeeded(yield* mine(call, response)))
    }
  })

/** Both clients decode the response to the same members. */
const same = (call: Call, response: ServiceResponse) =>
  Effect.gen(function*() {
    const read = yield* both(call, response)
    assert.deepStrictEqual(read.ours, read.official)
    return read.ours
  })

/** The official client accepts the response with these members. Ours refuses it, for this reason. */
const refuses = (
  call: Call,
  response: ServiceResponse,
  members: unknown,
  problem: string,
  detail = ""
) =>
  Effect.gen(function*() {
    assert.deepStrictEqual(present(succeeded(yield* theirs(call, response))), members)
    const error = failed(yield* mine(call, response))
    if (error._tag !== "UnexpectedResponse") return assert.fail(error._tag)
    assert.strictEqual(error.problem, problem)
    assert.strictEqual(error.status, response.status ?? 200)
    assert.include(error.detail ?? "", detail)
    // its body is redacted, so that no part of the credentials is to be read
    for (const part of [parts.secretAccessKey, parts.sessionToken]) {
      assert.notInclude(`${error.message} ${JSON.stringify(error)}`, part)
    }
    return error
  })

const credentials = callOf("GetRoleCredentials")
const accounts = callOf("ListAccounts")
const roles = callOf("ListAccountRoles")
const logout = callOf("Logout")

const printable = Arbitrary.map(
  Arbitrary.array(oneOf(["a", "Z", "0", "-", "/", "+", "=", ".", "@", "\"", "\\", "é", "日本", "\u{1f511}", "<b>"]), {
    minLength: 1,
    maxLength: 12
  }),
  (pieces) => pieces.join("")
)
const text = Arbitrary.schema(Schema.NonEmptyString)
const millis = Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 8.64e15 })))

/** A member that may be missing, or `null`. */
const maybe = <A>(some: Arbitrary.Arbitrary<A>): Arbitrary.Arbitrary<A | null | undefined> =>
  Arbitrary.flatMap(
    oneOf(["some", "null", "absent"]),
    (kind): Arbitrary.Arbitrary<A | null | undefined> =>
      kind === "some" ? some : Arbitrary.Constant(kind === "null" ? null : undefined)
  )

const list = <A>(entry: Arbitrary.Arbitrary<A>) => maybe(Arbitrary.array(entry, { maxLength: 5 }))

/** Members that no model has. */
const unknown = oneOf<Readonly<Record<string, unknown>>>([
  {},
  { future: { nested: [1, null] } },
  { message: "a text" },
  { "": "" },
  { __type: "a.b#c" },
  { error: "invalid_request" }
])

const bodies = {
  GetRoleCredentials: Arbitrary.all({
    roleCredentials: Arbitrary.all({
      accessKeyId: printable,
      secretAccessKey: text,
      sessionToken: Arbitrary.map(text, (token) => token.repeat(50)),
      expiration: millis,
      future: maybe(text)
    })
  }),
  ListAccounts: Arbitrary.all({
    nextToken: maybe(text),
    accountList: list(Arbitrary.all({ accountId: printable, accountName: maybe(text), emailAddress: maybe(text) }))
  }),
  ListAccountRoles: Arbitrary.all({
    nextToken: maybe(text),
    roleList: list(Arbitrary.all({ roleName: printable, accountId: maybe(text) }))
  }),
  Logout: Arbitrary.all({ nothing: maybe(text) })
} as const

describe("responses of the portal: the same for both clients", () => {
  for (const call of calls) {
    const body: Arbitrary.Arbitrary<Readonly<Record<string, unknown>>> = bodies[call.name]
    it.effect.prop(
      `${call.name}: reads any response alike, with null, absent and unknown members (P1)`,
      { body, unknown },
      ({ body, unknown }) => same(call, { body: { ...unknown, ...body } }),
      { arbitrary: { runs: 60 } }
    )

    it.effect(`${call.name}: reads a full response alike, with any headers and in odd JSON (P1)`, () =>
      Effect.gen(function*() {
        const text = JSON.stringify(call.response)
        for (
          const body of [
            text,
            ` \r\n\t${text}\n`,
            text.replace("{", "{\"__proto__\":{\"polluted\":1}").replace("}\"", "},\""),
            text.replaceAll("a", "\\u0061"),
            JSON.stringify(call.response, null, 2)
          ]
        ) assert.deepStrictEqual(yield* same(call, { body }), call.response)
        for (
          const headers of [
            { "content-type": "application/json" },
            { "content-type": "text/html; charset=utf-8" },
            { "x-amzn-errortype": "TooManyRequestsException" },
            { requestid: "r-1", server: "AWS SSO", "cache-control": "no-cache", "content-encoding": "identity" }
          ]
        ) assert.deepStrictEqual(yield* same(call, { body: call.response, headers }), call.response)
      }))
  }

  it.effect("an empty list, an absent list and a list that is null are read alike (P1)", () =>
    Effect.gen(function*() {
      for (const [call, name] of [[accounts, "accountList"], [roles, "roleList"]] as const) {
        assert.deepStrictEqual(yield* same(call, { body: { [name]: [] } }), { [name]: [] })
        for (const body of [{}, { [name]: null }, { [name]: null, nextToken: null }]) {
          assert.deepStrictEqual(yield* same(call, { body }), {})
        }
      }
    }))

  it.effect("Logout accepts an empty 200 and an object, and its response has no member (P1)", () =>
    Effect.gen(function*() {
      for (const body of ["", "{}", "{\"message\":\"bye\"}"]) {
        assert.deepStrictEqual(yield* same(logout, { body }), {})
      }
    }))
})

/** The credentials of a response with other parts. */
const given = (more: Readonly<Record<string, unknown>>) => ({ roleCredentials: { ...parts, ...more } })

describe("responses of the portal: differences on purpose", () => {
  it.effect(differences.logoutText.test, () =>
    Effect.gen(function*() {
      for (const body of ["<html>Log in</html>", "null", "[]", "\"bye\"", "7", " "]) {
        const error = yield* refuses(logout, { body, headers: { "content-type": "text/html" } }, {}, "malformed")
        assert.strictEqual(error.contentType, "text/html")
      }
    }))

  it.effect(differences.noContent.test, () =>
    Effect.gen(function*() {
      for (const status of [201, 202, 204]) yield* refuses(logout, { status, body: "" }, {}, "status")
    }))

  it.effect(differences.parts.test, () =>
    Effect.gen(function*() {
      for (const body of ["{}", "{\"roleCredentials\":null}"]) {
        yield* refuses(credentials, { body }, {}, "malformed", "roleCredentials")
      }
      yield* refuses(
        credentials,
        { body: { roleCredentials: {} } },
        { roleCredentials: {} },
        "malformed",
        "accessKeyId"
      )
      for (const part of Object.keys(parts)) {
        const { [part]: _, ...rest } = { ...parts } as Readonly<Record<string, unknown>>
        for (const value of [undefined, null]) {
          yield* refuses(credentials, { body: given({ [part]: value }) }, { roleCredentials: rest }, "malformed", part)
        }
        for (const value of ["", true, [], { x: 1 }, part === "expiration" ? "soon" : 7]) {
          const body = given({ [part]: value })
          yield* refuses(credentials, { body }, present(body), "malformed", part)
        }
      }
    }))

  it.effect(differences.expiration.test, () =>
    Effect.gen(function*() {
      for (const expiration of [8.64e15 + 2, 1e300, -1e300]) {
        yield* refuses(credentials, { body: given({ expiration }) }, given({ expiration }), "malformed", "expiration")
      }
      for (const expiration of [0, -1, 0.5, 8.64e15]) yield* same(credentials, { body: given({ expiration }) })
    }))

  it.effect(differences.digits.test, () =>
    Effect.gen(function*() {
      const body = given({ expiration: String(parts.expiration) })
      assert.deepStrictEqual(yield* both(credentials, { body }), { official: body, ours: given({}) })
    }))

  it.effect(differences.entry.test, () =>
    Effect.gen(function*() {
      for (
        const [call, name, key] of [[accounts, "accountList", "accountId"], [roles, "roleList", "roleName"]] as const
      ) {
        const good = { [key]: "1" }
        for (const entry of [null, {}, { [key]: null }, { [key]: "" }, { [key]: 7 }, { other: "1" }]) {
          const body = { [name]: [good, entry] }
          const known = entry !== null && "other" in entry ? {} : present(entry)
          yield* refuses(call, { body }, { [name]: [good, known] }, "malformed", "[1]")
        }
      }
    }))

  it.effect(differences.otherTypes.test, () =>
    Effect.gen(function*() {
      for (
        const [call, name, key, member] of [
          [accounts, "accountList", "accountId", "accountName"],
          [accounts, "accountList", "accountId", "emailAddress"],
          [roles, "roleList", "roleName", "accountId"]
        ] as const
      ) {
        for (const value of [7, true, ["x"], { x: 1 }, ""]) {
          const body = { [name]: [{ [key]: "1", [member]: value }] }
          assert.deepStrictEqual(yield* both(call, { body }), { official: body, ours: { [name]: [{ [key]: "1" }] } })
        }
      }
    }))

  it.effect(differences.nextToken.test, () =>
    Effect.gen(function*() {
      for (const call of [accounts, roles]) {
        for (const nextToken of [7, true, ["x"], { x: 1 }]) {
          yield* refuses(call, { body: { nextToken } }, { nextToken }, "malformed", "nextToken")
        }
        // an empty one means the same as null
        assert.deepStrictEqual(yield* both(call, { body: { nextToken: "" } }), {
          official: { nextToken: "" },
          ours: {}
        })
      }
    }))

  it.effect(differences.list.test, () =>
    Effect.gen(function*() {
      for (const [call, name] of [[accounts, "accountList"], [roles, "roleList"]] as const) {
        for (const value of [7, "x", true, { x: 1 }]) {
          yield* refuses(call, { body: { [name]: value } }, { [name]: value }, "malformed", name)
        }
      }
    }))

  it.effect(differences.control.test, () =>
    Effect.gen(function*() {
      for (const character of ["\u0007", "\u001b", "\n", "\u009b", "\u202e", "\u200b"]) {
        const bad = `a${character}b`
        const bodies = [
          [credentials, given({ accessKeyId: bad })],
          [accounts, { accountList: [{ accountId: bad }] }],
          [roles, { roleList: [{ roleName: bad }] }]
        ] as const
        for (const [call, body] of bodies) yield* refuses(call, { body }, body, "malformed", "invisible characters")
        yield* same(accounts, { body: { accountList: [{ accountId: "1", accountName: bad }] } })
      }
    }))

  it.effect("the differences of OIDC's responses hold for the portal too (P1)", () =>
    Effect.gen(function*() {
      for (const call of calls) {
        const problemOf = (response: ServiceResponse) =>
          Effect.map(mine(call, response), (outcome) => {
            const error = failed(outcome)
            return error._tag === "UnexpectedResponse" ? error.problem : error._tag
          })
        for (const status of [201, 206, 299]) {
          assert.strictEqual(yield* problemOf({ status, body: call.response }), "status")
        }
        for (const status of [301, 302, 307]) {
          const headers = { location: "https://elsewhere.example/", "x-amzn-errortype": "UnauthorizedException" }
          assert.strictEqual(yield* problemOf({ status, headers, body: {} }), "redirect")
        }
        for (const body of ["<html>", "null", "[]", "{\"a\":"]) {
          assert.strictEqual(yield* problemOf({ body }), "malformed")
        }
        assert.strictEqual(yield* problemOf({ body: { ...call.response, x: "x".repeat(256 * 1024) } }), "tooLarge")
        const gzip = { body: gzipSync(JSON.stringify(call.response)), headers: { "content-encoding": "gzip" } }
        assert.strictEqual(yield* problemOf(gzip), "contentEncoding")
        const bytes = new TextEncoder().encode(JSON.stringify({ ...call.response, x: "#" }))
        bytes[bytes.lastIndexOf("#".charCodeAt(0))] = 0xff
        assert.strictEqual(yield* problemOf({ body: bytes }), "malformed")
      }
      // for a body that is no JSON, the official client has an error without a class
      const outcome = yield* theirs(accounts, { body: "<html>" })
      assert.deepInclude(officialException(failed(outcome)), { type: "SyntaxError" })
    }))

  it.effect("the secrets of a response are Redacted (P2)", () =>
    Effect.gen(function*() {
      const { roleCredentials } = succeeded(
        yield* ours(
          (portal) => portal.getRoleCredentials({ accessToken: Redacted.make("t"), accountId: "1", roleName: "a" }),
          options,
          {
            body: given({})
          }
        )
      )
      assert.isTrue(Redacted.isRedacted(roleCredentials.secretAccessKey))
      assert.isTrue(Redacted.isRedacted(roleCredentials.sessionToken))
      for (const part of [parts.secretAccessKey, parts.sessionToken]) {
        assert.notInclude(JSON.stringify(roleCredentials), part)
      }
    }))
})
