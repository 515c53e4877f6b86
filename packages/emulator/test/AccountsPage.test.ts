/**
 * The page on which a person assigns and unassigns roles.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Account from "@sso-oidc/emulator/Account"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import { Effect } from "effect"
import { ask, loggedIn, started } from "./support.ts"

const provide = (options?: EmulatorServer.Options) => Effect.provide(EmulatorServer.layer(options))

const [development] = Account.defaults
assert(development !== undefined)
const { accountId } = development

/** Sends the form as the page itself does. */
const submit = Effect.fnUntraced(function*(fields: Record<string, string>, headers: Record<string, string> = {}) {
  const { url } = yield* EmulatorServer.EmulatorServer
  return yield* ask({
    path: "/accounts",
    body: new URLSearchParams(fields).toString(),
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      origin: url,
      "sec-fetch-site": "same-origin",
      ...headers
    }
  })
})

describe("the page of the accounts", () => {
  it.effect("shows accounts and roles, and the page after an approval leads to it (E4, E7)", () =>
    Effect.gen(function*() {
      const page = yield* ask({ path: "/accounts" })
      assert.strictEqual(page.status, 200)
      for (const part of ["Development", "111122223333", "development@example.com", "AdministratorAccess"]) {
        assert.include(page.text, part)
      }
      assert.notMatch(page.text, /<script|\son\w+=|style=/i)
      assert.include(page.headers["content-security-policy"], "default-src 'none'; style-src 'sha256-")
      const { code } = yield* started()
      const { url } = yield* EmulatorServer.EmulatorServer
      const allowed = yield* ask({
        path: "/device",
        body: `user_code=${code.userCode}&action=allow`,
        headers: { "content-type": "application/x-www-form-urlencoded", origin: url }
      })
      assert.include(allowed.text, "href=\"/accounts\"")
    }).pipe(provide()))

  it.effect("assigns and unassigns a role, leads back to its page, and the next request sees it (E4, E7)", () =>
    Effect.gen(function*() {
      const { accessToken, emulator } = yield* loggedIn
      const get = emulator.getRoleCredentials({ accessToken, accountId, roleName: "New role" })
      assert.strictEqual((yield* Effect.flip(get))._tag, "ForbiddenException")
      for (let n = 0; n < 2; n++) {
        const done = yield* submit({ account_id: accountId, role_name: " New role ", action: "assign", page: "3" })
        assert.deepStrictEqual([done.status, done.headers["location"]], [303, "/accounts?page=3"])
      }
      assert.isDefined(yield* get)
      const gone = yield* submit({ account_id: accountId, role_name: "New role", action: "unassign" })
      assert.deepStrictEqual([gone.status, gone.headers["location"]], [303, "/accounts"])
      assert.strictEqual((yield* Effect.flip(get))._tag, "ForbiddenException")
    }).pipe(provide()))

  const wrong: ReadonlyArray<readonly [fields: Record<string, string>, words: string]> = [
    [{}, "The form was not complete."],
    [{ account_id: accountId, role_name: "a" }, "The form was not complete."],
    [{ account_id: accountId, role_name: "a", action: "toString" }, "The form was not complete."],
    [
      { account_id: accountId, role_name: " ", action: "assign" },
      "The account cannot be changed: roles.2: the name of"
    ],
    [{ account_id: "1", role_name: "a", action: "assign" }, "the number of an account has 12 digits."],
    [{ account_id: "999999999999", role_name: "a", action: "unassign" }, "there is no account 999999999999."],
    [{ account_id: accountId, role_name: "x".repeat(70_000), action: "assign" }, "The form is too large."]
  ]

  it.effect.each(wrong)(
    "changes nothing with a form that cannot be used, and says why: %j (E4, E7)",
    ([fields, words]) =>
      Effect.gen(function*() {
        const response = yield* submit(fields)
        assert.strictEqual(response.status, 400)
        assert.include(response.text, "Nothing was changed")
        assert.include(response.text, words)
        const { emulator } = yield* started()
        assert.deepStrictEqual(yield* emulator.accounts.list, Account.defaults)
      }).pipe(provide())
  )

  it.effect("changes nothing for another site, and shows nothing to its scripts (E4, E6, E7)", () =>
    Effect.gen(function*() {
      const change = { account_id: accountId, role_name: "ReadOnlyAccess", action: "unassign" }
      for (
        const headers of [
          { origin: "https://evil.test", "sec-fetch-site": "cross-site" },
          { origin: "null", "sec-fetch-site": "cross-site" },
          { "sec-fetch-site": "same-site" }
        ]
      ) assert.strictEqual((yield* submit(change, headers)).status, 403)
      const peek = yield* ask({
        path: "/accounts",
        headers: { "sec-fetch-site": "cross-site", "sec-fetch-dest": "empty" }
      })
      assert.strictEqual(peek.status, 403)
      assert.notInclude(peek.text, "Development")
      const link = { "sec-fetch-site": "cross-site", "sec-fetch-dest": "document" }
      assert.strictEqual((yield* ask({ path: "/accounts", headers: link })).status, 200)
      const { emulator } = yield* started()
      assert.deepStrictEqual(yield* emulator.accounts.list, Account.defaults)
    }).pipe(provide()))
})
