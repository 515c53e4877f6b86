import { GetRoleCredentialsCommand, ListAccountRolesCommand, ListAccountsCommand } from "@aws-sdk/client-sso"
import { assert, describe, it } from "@effect/vitest"
import type * as GetRoleCredentials from "@sso-oidc/portal/GetRoleCredentials"
import type * as ListAccountRoles from "@sso-oidc/portal/ListAccountRoles"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { failed, request } from "../support/differential-clients.ts"
import { portalRequests as differences } from "../support/differential-portal-differences.ts"
import {
  accessToken,
  accounts,
  callOf,
  calls,
  credentials,
  logout,
  odd,
  official,
  ours,
  type Request,
  requests,
  roles
} from "../support/differential-portal.ts"

const header = "x-amz-sso_bearer_token"

/** The query as a server decodes it that knows no forms: only `%` counts. */
const decoded = (search: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    search.slice(1).split("&").filter((pair) => pair !== "").map((pair) => {
      const [name = "", value = ""] = pair.split("=")
      return [decodeURIComponent(name), decodeURIComponent(value)]
    })
  )

/** Sends a request with both clients, and compares the two with each other and with the expected request. */
const same = (one: Request, { method, path }: { readonly method: string; readonly path: string }) =>
  Effect.gen(function*() {
    const theirs = yield* official(one.official)
    const [a, b] = [request(theirs), request(yield* ours(one.ours))]
    assert.strictEqual(b.method, a.method)
    assert.strictEqual(b.method, method)
    assert.strictEqual(b.url, a.url)
    assert.strictEqual(b.url, `https://portal.sso.eu-west-1.amazonaws.com${path}`)
    assert.deepStrictEqual(decoded(b.search), decoded(a.search))
    assert.deepStrictEqual(decoded(b.search), one.query)
    // a + would be a space for a server that reads forms, and a plus for another
    assert.notInclude(b.search, "+")
    for (const sent of [a, b]) {
      assert.strictEqual(sent.headers[header], one.accessToken)
      assert.isUndefined(sent.body)
      assert.isUndefined(sent.headers["content-type"])
      for (const name of Object.keys(sent.headers)) assert.notMatch(name, /^(authorization|x-amz-(date|security.*))$/)
    }
    assert.deepStrictEqual(Object.keys(b.headers).sort(), ["user-agent", header])
    assert.strictEqual(theirs.credentialsAsked, 0)
  })

describe("requests to the portal: the same for both clients", () => {
  for (const { arbitrary, operation } of requests) {
    it.effect.prop(
      `${operation.name}: both send the same request, with the token in its header alone (P1)`,
      [arbitrary],
      ([one]) => same(one, operation),
      { arbitrary: { runs: 60 } }
    )
  }

  it.effect.each([...odd])("%j arrives alike in every member of the query (P1)", (text) =>
    Effect.gen(function*() {
      const [first, second, third] = requests
      if (first === undefined || second === undefined || third === undefined) return assert.fail("four operations")
      yield* same(credentials({ accessToken, accountId: text, roleName: text }), first.operation)
      yield* same(accounts({ accessToken, nextToken: text, maxResults: 100 }), second.operation)
      yield* same(roles({ accessToken, accountId: text, nextToken: text, maxResults: 1 }), third.operation)
    }))

  it.effect("both leave out a member that is absent or undefined (P1)", () =>
    Effect.gen(function*() {
      const plain = { accessToken, nextToken: undefined, maxResults: undefined }
      const theirs = yield* official((client) => client.send(new ListAccountsCommand(plain)))
      const mine = yield* ours((portal) => portal.listAccounts({ ...plain, accessToken: Redacted.make(accessToken) }))
      for (const outcome of [theirs, mine]) assert.strictEqual(request(outcome).search, "")
    }))
})

/** Requests that a caller in JavaScript may pass. */
const wrong = <A>(request: object): A => request as A

/** Ours sends nothing, because the request is invalid. */
const refused = (one: Pick<Request, "ours">, detail: string) =>
  Effect.gen(function*() {
    const mine = yield* ours(one.ours)
    const error = failed(mine)
    assert.strictEqual(error._tag, "RequestInvalid")
    assert.include(error.message, detail)
    assert.strictEqual(mine.sent.length, 0)
    return error
  })

describe("requests to the portal: differences on purpose", () => {
  it.effect(differences.emptyToken.test, () =>
    Effect.gen(function*() {
      const one = logout({ accessToken: "" })
      assert.strictEqual(request(yield* official(one.official)).headers[header], "")
      yield* refused(one, "accessToken")
    }))

  it.effect(differences.header.test, () =>
    Effect.gen(function*() {
      for (
        const token of ["first-part\r\nx-evil: second-part", "first-part\nsecond-part", "first-part\u0000", "日本"]
      ) {
        const one = logout({ accessToken: token })
        const sent = request(yield* official(one.official)).headers[header] ?? ""
        assert.strictEqual(sent, token)
        // what the handler of the official client does with it
        assert.throws(() => new Headers({ [header]: sent }), TypeError)
        const error = yield* refused(one, `HTTP does not allow the characters of the header ${header}`)
        assert.notMatch(`${error.message} ${JSON.stringify(error)}`, /first-part|second-part|日本/)
      }
    }))

  it.effect(differences.missing.test, () =>
    Effect.gen(function*() {
      const plain = { accessToken, accountId: "111122223333" }
      const hidden = { ...plain, accessToken: Redacted.make(accessToken) }
      const theirs = yield* official((client) => client.send(new GetRoleCredentialsCommand(wrong(plain))))
      assert.deepStrictEqual(request(theirs).query, { account_id: "111122223333" })
      yield* refused(
        { ours: (portal) => portal.getRoleCredentials(wrong<GetRoleCredentials.Request>(hidden)) },
        "roleName"
      )
      const { accountId: _, ...rest } = plain
      const listed = yield* official((client) => client.send(new ListAccountRolesCommand(wrong(rest))))
      assert.deepStrictEqual(request(listed).query, {})
      yield* refused({
        ours: (portal) => portal.listAccountRoles(wrong<ListAccountRoles.Request>({ accessToken: hidden.accessToken }))
      }, "accountId")
      yield* refused({ ours: (portal) => portal.logout(wrong({})) }, "accessToken")
    }))

  it.effect(differences.notFinite.test, () =>
    Effect.gen(function*() {
      for (const maxResults of [NaN, Infinity, -Infinity]) {
        const one = accounts({ accessToken, maxResults })
        assert.strictEqual(request(yield* official(one.official)).query["max_result"], String(maxResults))
        yield* refused(one, "maxResults")
      }
    }))

  it.effect(differences.resend.test, () =>
    Effect.gen(function*() {
      const { request: one } = callOf("ListAccounts")
      const response = { status: 429, body: { __type: "TooManyRequestsException", message: "HTTP 429 Unknown Code" } }
      const region = "eu-west-1"
      const theirs = yield* official(one.official, { region, maxAttempts: 3 }, response)
      assert.strictEqual(theirs.sent.length, 3)
      const mine = yield* ours(one.ours, { region }, response)
      assert.strictEqual(mine.sent.length, 1)
      assert.strictEqual(failed(mine)._tag, "TooManyRequestsException")
    }))
})

describe("the calls of the portal", () => {
  it("are its four operations, each once (P1)", () => {
    assert.deepStrictEqual(calls.map(({ name }) => name), requests.map(({ operation }) => operation.name))
  })
})
