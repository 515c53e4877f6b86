import { assert, describe, it } from "@effect/vitest"
import * as AccessToken from "@sso-oidc/core/AccessToken"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Played from "./support/portal.ts"

const { toTheEnd } = Played

describe("accounts and roles", () => {
  it.effect("are read in pages of 100, in the portal's order (P3)", () =>
    Effect.gen(function*() {
      const { log, portal, wire } = yield* Played.make({ accounts: Played.accounts(250) })
      const found = yield* toTheEnd(Stream.runCollect(portal.accounts))
      assert.deepStrictEqual(
        found.map(({ accountId }) => accountId),
        Array.from({ length: 250 }, (_, n) => Played.number(n))
      )
      assert.deepStrictEqual(log.paths, ["/assignment/accounts", "/assignment/accounts", "/assignment/accounts"])
      assert.deepStrictEqual(
        wire.sent.map(({ url }) => new URL(url).search),
        ["?max_result=100", "?next_token=100&max_result=100", "?next_token=200&max_result=100"]
      )
    }))

  it.effect("have names that a terminal can show (P3)", () =>
    Effect.gen(function*() {
      const accountName = "Prod\u001b]0;pwn\u0007\n"
      const { portal } = yield* Played.make({
        accounts: [{ accountId: Played.number(0), accountName, roles: ["Admin"] }]
      })
      const [account] = yield* Stream.runCollect(portal.accounts)
      assert.strictEqual(account?.accountName, "Prod ]0;pwn")
    }))

  it.effect("of one account have its number (P3)", () =>
    Effect.gen(function*() {
      const { portal } = yield* Played.make()
      assert.deepStrictEqual(yield* Stream.runCollect(portal.roles(Played.number(1))), [
        { accountId: Played.number(1), roleName: "Admin" },
        { accountId: Played.number(1), roleName: "ReadOnly" }
      ])
    }))

  it.effect("are read no further than they are asked for (P3)", () =>
    Effect.gen(function*() {
      const { log, portal } = yield* Played.make({ accounts: Played.accounts(1000) })
      assert.lengthOf(yield* Stream.runCollect(Stream.take(portal.accounts, 5)), 5)
      assert.lengthOf(log.at, 1)
    }))

  it.effect("can be listed again with the same stream (P3)", () =>
    Effect.gen(function*() {
      const { portal } = yield* Played.make({ accounts: Played.accounts(150) })
      assert.lengthOf(yield* toTheEnd(Stream.runCollect(portal.accounts)), 150)
      assert.lengthOf(yield* toTheEnd(Stream.runCollect(portal.accounts)), 150)
    }))

  it.effect("end with an error if a page names itself, or an earlier one, as the next (P3)", () =>
    Effect.gen(function*() {
      for (const next of [["a", "a"], ["a", "b", "a"]]) {
        let pages = 0
        const { portal } = yield* Played.make({
          respond: () =>
            Effect.sync(() => Wire.json({ nextToken: next[Math.min(pages++, next.length - 1)], accountList: [] }))
        })
        const error = yield* Effect.flip(toTheEnd(Stream.runCollect(portal.accounts)))
        assert.strictEqual(error._tag, "UnexpectedResponse")
        assert.include(error.message, "its next page was read before")
        assert.strictEqual(pages, next.length)
      }
    }))

  it.effect("of an absent list are none (P3)", () =>
    Effect.gen(function*() {
      const { portal } = yield* Played.make({
        respond: () => Effect.succeed(Wire.json({ accountList: null, nextToken: "" }))
      })
      assert.lengthOf(yield* Stream.runCollect(portal.accounts), 0)
    }))

  it.effect("of a number that is no account are refused, and nothing is sent (P3)", () =>
    Effect.gen(function*() {
      const { log, portal } = yield* Played.make()
      for (const accountId of ["", "12345", "12345678901a", " 123456789012", "1234567890123"]) {
        const error = yield* Effect.flip(Stream.runCollect(portal.roles(accountId)))
        assert.strictEqual(error._tag, "RoleUnusable")
      }
      assert.lengthOf(log.at, 0)
    }))
})

describe("all roles of all accounts", () => {
  it.effect("come in the order of the accounts, with at most 4 requests in flight (P5)", () =>
    Effect.gen(function*() {
      const { log, portal } = yield* Played.make({
        accounts: Played.accounts(120, ["Admin", "Ops", "ReadOnly"]),
        takes: "700 millis"
      })
      const found = yield* toTheEnd(Stream.runCollect(portal.allRoles))
      assert.deepStrictEqual(
        found.map((one) => one._tag === "AccountRole" ? [one.account.accountId, one.roleName] : one),
        Array.from({ length: 360 }, (_, n) => [
          Played.number(Math.floor(n / 3)),
          ["Admin", "Ops", "ReadOnly"][n % 3] ?? ""
        ])
      )
      assert.strictEqual(log.mostInFlight, 4)
    }))

  it.effect("have an account that fails as an element, and go on (P5)", () =>
    Effect.gen(function*() {
      const { portal } = yield* Played.make({
        respond: (url) =>
          url.searchParams.get("account_id") === Played.number(1)
            ? Effect.succeed(Played.exception("ForbiddenException", 403, "No access"))
            : undefined
      })
      const found = yield* toTheEnd(Stream.runCollect(portal.allRoles))
      assert.deepStrictEqual(
        found.map((one) => [one.account.accountId, one._tag === "AccountRole" ? one.roleName : one.error._tag]),
        [
          [Played.number(0), "Admin"],
          [Played.number(0), "ReadOnly"],
          [Played.number(1), "ForbiddenException"],
          [Played.number(2), "Admin"],
          [Played.number(2), "ReadOnly"]
        ]
      )
    }))

  it.effect("have an account whose pages go in a circle as an element (P3, P5)", () =>
    Effect.gen(function*() {
      const { portal } = yield* Played.make({
        accounts: Played.accounts(2),
        respond: (url) =>
          url.searchParams.get("account_id") === Played.number(0)
            ? Effect.succeed(Wire.json({ nextToken: "again", roleList: [] }))
            : undefined
      })
      const found = yield* toTheEnd(Stream.runCollect(portal.allRoles))
      assert.deepStrictEqual(found.map(({ _tag }) => _tag), ["AccountFailure", "AccountRole"])
    }))

  it.effect("end with an error of the session, which every account would have (P5)", () =>
    Effect.gen(function*() {
      const { log, portal } = yield* Played.make({
        accounts: Played.accounts(50),
        respond: (url) => url.pathname === "/assignment/roles" ? Effect.succeed(Played.unauthorized()) : undefined
      })
      const error = yield* Effect.flip(toTheEnd(Stream.runCollect(portal.allRoles)))
      assert.instanceOf(error, AccessToken.SessionEnded)
      assert.isBelow(log.at.length, 12)
    }))

  it.effect("of 665 accounts end within four minutes if the portal fails, each with its error (P5)", () =>
    Effect.gen(function*() {
      for (
        const response of [
          () => new Response("<html>", { status: 503 }),
          () => Played.tooMany({ "retry-after": "19" })
        ]
      ) {
        const { log, portal } = yield* Played.make({
          accounts: Played.accounts(665),
          respond: (url) => url.pathname === "/assignment/roles" ? Effect.sync(response) : undefined
        })
        const from = yield* Clock.currentTimeMillis
        const found = yield* toTheEnd(Stream.runCollect(portal.allRoles))
        assert.lengthOf(found.filter(({ _tag }) => _tag === "AccountFailure"), 665)
        assert.isBelow((yield* Clock.currentTimeMillis) - from, 240_000)
        assert.isBelow(log.at.length, 100)
      }
    }))

  it.effect("go on after three accounts in a row that failed (P5)", () =>
    Effect.gen(function*() {
      const { portal } = yield* Played.make({
        accounts: Played.accounts(20),
        retry: { times: 0 },
        respond: (url) =>
          [3, 4, 5, 9, 10, 11].some((n) => url.searchParams.get("account_id") === Played.number(n))
            ? Effect.succeed(new Response("", { status: 500 }))
            : undefined
      })
      const found = yield* toTheEnd(Stream.runCollect(portal.allRoles))
      assert.lengthOf(found.filter(({ _tag }) => _tag === "AccountFailure"), 6)
      assert.lengthOf(found.filter(({ _tag }) => _tag === "AccountRole"), 14)
    }))

  it.effect("of 665 accounts with 3 roles each list to the end, within 1.5 s of 44.8 s, and without a 429 (P4)", () =>
    Effect.gen(function*() {
      const { log, portal } = yield* Played.make({ accounts: Played.accounts(665, ["Admin", "Ops", "ReadOnly"]) })
      const from = yield* Clock.currentTimeMillis
      const found = yield* toTheEnd(Stream.runCollect(portal.allRoles))
      assert.lengthOf(found.filter(({ _tag }) => _tag === "AccountRole"), 1995)
      assert.approximately(((yield* Clock.currentTimeMillis) - from) / 1000, 44.8, 1.5)
      assert.strictEqual(log.rejected, 0)
      assert.isBelow(Played.mostInASecond(log.at), 20)
    }))
})
