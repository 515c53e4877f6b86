import { assert, describe, it } from "@effect/vitest"
import * as Operation from "@sso-oidc/core/aws/Operation"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Schema from "effect/Schema"
import * as Portal from "../support/portal.ts"

describe("aws/Operation: bindings", () => {
  const bindings = Operation.bindings({
    account: Operation.query("account_id"),
    most: Operation.query("max", "number"),
    deep: Operation.query("deep", "boolean"),
    token: Operation.header("X-Token")
  })

  it("put each member into its place, and the others into the body", () => {
    assert.deepStrictEqual(bindings.place({ account: "1", most: 100, deep: false, token: "t", other: { a: 1 } }), {
      body: { other: { a: 1 } },
      query: { account_id: "1", max: "100", deep: "false" },
      search: "?account_id=1&max=100&deep=false",
      headers: { "x-token": "t" }
    })
  })

  it("leave out a member that is undefined", () => {
    assert.deepStrictEqual(bindings.place({ account: undefined, most: 1 }), {
      body: {},
      query: { max: "1" },
      search: "?max=1",
      headers: {}
    })
  })

  it("write the query as restJson1 does, and leave out what the constant query has (C7)", () => {
    const search = (account: string, constant?: Readonly<Record<string, string>>) => {
      const placed = bindings.place({ account, most: 1 }, constant)
      return placed.search
    }
    assert.strictEqual(search(" a+b&c=d/é%20"), "?account_id=%20a%2Bb%26c%3Dd%2F%C3%A9%2520&max=1")
    assert.strictEqual(search("a", { account_id: "b" }), "?max=1")
    assert.strictEqual(search("a", { account_id: "b", max: "2" }), "")
    assert.deepStrictEqual(bindings.place({ account: "a" }, { account_id: "b" }).query, {})
    assert.strictEqual(bindings.place({ token: "t" }).search, "")
  })

  it("put a member into the body even if every object inherits its name", () => {
    const given = JSON.parse(`{"constructor":1,"toString":"a","__proto__":{"b":2}}`)
    const { body, headers, query } = bindings.place(given)
    assert.deepStrictEqual(JSON.stringify(body), `{"constructor":1,"toString":"a","__proto__":{"b":2}}`)
    assert.deepStrictEqual({ headers, query }, { headers: {}, query: {} })
  })

  it("refuse a value that has no text (C2)", () => {
    for (const account of [{}, [], null, "a\ud800", Number.NaN, Number.POSITIVE_INFINITY, () => 1, Symbol("s")]) {
      assert.throws(() => bindings.place({ account }), TypeError)
    }
  })

  it("read back what they placed", () => {
    const given = { account: "1", most: 100, deep: true, token: "t" }
    assert.deepStrictEqual(bindings.read(bindings.place(given)), given)
    assert.deepStrictEqual(bindings.read({}), {})
    const other = { ...given, deep: false }
    assert.deepStrictEqual(bindings.read(bindings.place(other)), other)
    assert.deepStrictEqual(Operation.query("a"), { in: "query", name: "a", as: "text" })
    assert.deepStrictEqual(Operation.header("A"), { in: "header", name: "a", as: "text" })
  })

  it("refuse two members in one place", () => {
    assert.throws(() => Operation.bindings({ a: Operation.query("x"), b: Operation.query("x") }), RangeError, "query x")
    assert.throws(
      () => Operation.bindings({ a: Operation.header("X"), b: Operation.header("x") }),
      RangeError,
      "header x"
    )
    assert.doesNotThrow(() => Operation.bindings({ a: Operation.query("x"), b: Operation.header("x") }))
  })
})

describe("aws/Operation: make", () => {
  const made = (more: object) =>
    Operation.make({
      service: Portal.service,
      name: "Made",
      method: "GET",
      path: "/made",
      request: Schema.Struct({}),
      response: Schema.Struct({}),
      exceptions: [Portal.UnauthorizedException],
      resend: () => "anytime",
      ...more
    })
  const response = { common: { status: 401 }, text: () => undefined }

  it("gives a POST a body and a GET none, and refuses an empty response, unless its options say otherwise", () => {
    assert.deepInclude(made({}), { hasBody: false, allowsEmptyResponse: false, query: {} })
    assert.deepInclude(made({ method: "POST" }), { hasBody: true, allowsEmptyResponse: false })
    assert.deepInclude(made({ method: "POST", hasBody: false, allowsEmptyResponse: true }), {
      hasBody: false,
      allowsEmptyResponse: true
    })
    assert.isTrue(made({ hasBody: true }).hasBody)
  })

  it("makes only the exceptions that it lists (C3)", () => {
    const operation = made({})
    assert.deepInclude(operation.exception("UnauthorizedException", response), {
      _tag: "UnauthorizedException",
      status: 401
    })
    assert.isUndefined(operation.exception("ResourceNotFoundException", response))
  })
})

describe("aws/Operation: matches", () => {
  const at = (url: string) => new URL(url, "https://portal.example")

  it("finds a request by method, path, constant query and bound members", () => {
    const is = (operation: Operation.Any, method: string, url: string) => Operation.matches(operation, method, at(url))
    assert.isTrue(is(Portal.listAccounts, "GET", "/assignment/accounts"))
    assert.isTrue(is(Portal.listAccounts, "GET", "/base/assignment/accounts?max_result=1&next_token=a"))
    assert.isFalse(is(Portal.listAccounts, "POST", "/assignment/accounts"))
    assert.isFalse(is(Portal.listAccounts, "GET", "/assignment/roles"))
    assert.isFalse(is(Portal.listAccounts, "GET", "/assignment/accounts?other=1"))
    // A header is not a member of the query.
    assert.isFalse(is(Portal.listAccounts, "GET", "/assignment/accounts?x-amz-sso_bearer_token=1"))
    const [, , token] = SsoOidc.operations
    assert.isTrue(is(token, "POST", "/token"))
    assert.isFalse(is(token, "POST", "/token?aws_iam=t"))
    const iam = { ...token, query: { aws_iam: "t" } }
    assert.isTrue(is(iam, "POST", "/token?aws_iam=t"))
    assert.isFalse(is(iam, "POST", "/token?aws_iam=f"))
    assert.isFalse(is(iam, "POST", "/token"))
  })

  it("isBodyAlone is true for the operations of the OIDC service, and false for those of the portal", () => {
    for (const operation of SsoOidc.operations) assert.isTrue(Operation.isBodyAlone(operation), operation.name)
    for (const operation of [Portal.listAccounts, Portal.logout]) {
      assert.isFalse(Operation.isBodyAlone(operation), operation.name)
    }
    const [register] = SsoOidc.operations
    assert.isFalse(Operation.isBodyAlone({ ...register, query: { a: "b" } }))
    assert.isFalse(Operation.isBodyAlone({ ...register, hasBody: false }))
    assert.isFalse(Operation.isBodyAlone({ ...register, method: "GET" }))
    assert.isFalse(Operation.isBodyAlone({ ...register, bindings: Operation.bindings({}) }))
  })
})
