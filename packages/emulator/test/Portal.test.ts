/**
 * The portal in process: which tokens it accepts, what it lists, how often, and what a logout ends.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Account from "@sso-oidc/emulator/Account"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import { Effect, Redacted, Result, Schema } from "effect"
import { TestClock } from "effect/testing"
import { codeClient, codeMetadata, issued, loggedIn, redirectUri, registration, secret, tagOf } from "./support.ts"

const provide = (options?: Emulator.Options) => Effect.provide(Emulator.layer(options), { local: true })

const scopes = registration.scopes
const [development, production] = Account.defaults
assert(development !== undefined && production !== undefined)
const role = { accountId: development.accountId, roleName: "ReadOnlyAccess" }

/** All entries of a list, page by page. */
const all = <A, E>(
  page: (
    nextToken: string | undefined
  ) => Effect.Effect<{ readonly items: ReadonlyArray<A>; readonly next?: string | undefined }, E>
) =>
  Effect.gen(function*() {
    const pages: Array<ReadonlyArray<A>> = []
    let next: string | undefined
    do {
      const response = yield* page(next)
      pages.push(response.items)
      next = response.next
    } while (next !== undefined)
    return pages
  })

describe("the portal: tokens", () => {
  it.effect("accepts a token with the portal's scope, and a token without scopes (E7)", () =>
    Effect.gen(function*() {
      for (const given of [scopes, ["other", "sso:account:access"], undefined]) {
        const { emulator, token: { accessToken } } = yield* issued(given)
        assert.lengthOf((yield* emulator.listAccounts({ accessToken })).accountList ?? [], 2)
        assert.isDefined(yield* emulator.getRoleCredentials({ accessToken, ...role }))
      }
    }).pipe(provide()))

  it.effect("refuses a token of another scope with ForbiddenException (E7)", () =>
    Effect.gen(function*() {
      const { emulator, token: { accessToken } } = yield* issued(["codewhisperer:completions"])
      const error = yield* Effect.flip(emulator.listAccounts({ accessToken }))
      assert.deepInclude(error, { _tag: "ForbiddenException", status: 403, errorDescription: "No access" })
    }).pipe(provide()))

  it.effect("refuses an unknown, an empty and another kind of token with UnauthorizedException (E7)", () =>
    Effect.gen(function*() {
      const { emulator, token } = yield* loggedIn
      for (const text of ["", "unknown", `${Redacted.value(token.accessToken)} `, Redacted.value(secret(token))]) {
        const accessToken = Redacted.make(text)
        for (
          const call of [
            emulator.listAccounts({ accessToken }),
            emulator.listAccountRoles({ accessToken, accountId: "no account" }),
            emulator.getRoleCredentials({ accessToken, accountId: "no account", roleName: "" }),
            emulator.logout({ accessToken })
          ]
        ) {
          const error = yield* Effect.flip(call)
          assert.deepInclude(error, {
            _tag: "UnauthorizedException",
            status: 401,
            errorDescription: "Session token not found or invalid"
          })
        }
      }
    }).pipe(provide()))

  it.effect("accepts a token until it expires, and after a refresh the older token too (E7)", () =>
    Effect.gen(function*() {
      const { accessToken, emulator, refresh, token } = yield* loggedIn
      yield* TestClock.adjust("30 minutes")
      const newer = yield* refresh(secret(token))
      yield* TestClock.adjust("1799 seconds")
      assert.isDefined(yield* emulator.listAccounts({ accessToken }))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* tagOf(emulator.listAccounts({ accessToken })), "UnauthorizedException")
      assert.isDefined(yield* emulator.listAccounts({ accessToken: newer.accessToken }))
      yield* emulator.clock.advance("30 minutes")
      assert.strictEqual(
        yield* tagOf(emulator.listAccounts({ accessToken: newer.accessToken })),
        "UnauthorizedException"
      )
    }).pipe(provide()))

  it.effect("a token without scopes is valid for the whole session, and no longer (E7)", () =>
    Effect.gen(function*() {
      const { emulator, token: { accessToken } } = yield* issued()
      yield* TestClock.adjust("28799 seconds")
      assert.isDefined(yield* emulator.listAccounts({ accessToken }))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* tagOf(emulator.listAccounts({ accessToken })), "UnauthorizedException")
    }).pipe(provide()))

  it.effect("a second use of an authorization code ends the session with its access tokens (E3, E7)", () =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const client = yield* codeClient()
      // The example of RFC 7636, appendix B
      const { id } = yield* emulator.authorize({
        clientId: client.clientId,
        redirectUri,
        responseType: "code",
        codeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        codeChallengeMethod: "S256",
        scopes: codeMetadata.scopes
      })
      const decided = yield* emulator.authorizations.approve(id)
      assert(decided._tag === "CodeAuthorization" && decided.location !== undefined)
      const code = new URL(Redacted.value(decided.location)).searchParams.get("code") ?? ""
      const redeem = emulator.createToken({
        ...client,
        grantType: "authorization_code",
        code: Redacted.make(code),
        redirectUri,
        codeVerifier: Redacted.make("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
      })
      const first = yield* redeem
      const second = yield* emulator.createToken({
        ...client,
        grantType: "refresh_token",
        refreshToken: secret(first)
      })
      // So a second use ends its access tokens also if there was no room for the session
      assert.deepStrictEqual((yield* emulator.state.snapshot).sessions.map((session) => session.id), [id])
      const other = yield* loggedIn
      for (const { accessToken } of [first, second]) assert.isDefined(yield* emulator.listAccounts({ accessToken }))
      assert.strictEqual(yield* tagOf(redeem), "InvalidGrantException")
      for (const { accessToken } of [first, second]) {
        assert.strictEqual(yield* tagOf(emulator.listAccounts({ accessToken })), "UnauthorizedException")
      }
      assert.isDefined(yield* emulator.listAccounts(other))
    }).pipe(provide()))

  it.effect("drops the least recently used token when there is no room, and no other (E6, E7)", () =>
    Effect.gen(function*() {
      const { accessToken, emulator, refresh, token } = yield* loggedIn
      let last = token
      const tokens = [accessToken]
      for (let n = 0; n < 2; n++) {
        last = yield* refresh(secret(last))
        tokens.push(last.accessToken)
      }
      yield* emulator.listAccounts({ accessToken })
      yield* refresh(secret(last))
      const tags = yield* Effect.forEach(
        tokens,
        (accessToken) => Effect.map(Effect.result(emulator.listAccounts({ accessToken })), Result.isSuccess)
      )
      assert.deepStrictEqual(tags, [true, false, true])
    }).pipe(provide({ capacity: 3 })))
})

describe("the portal: registrations", () => {
  it.effect("a request of the portal keeps its registration, and a token ends with its registration (E6, E7)", () =>
    Effect.gen(function*() {
      const [first, second] = [yield* loggedIn, yield* loggedIn]
      const { emulator } = first
      // Later, no login counts as in use
      yield* TestClock.adjust("3 minutes")
      yield* emulator.listAccounts({ accessToken: first.accessToken })
      yield* emulator.registerClient(registration)
      assert.isDefined(yield* emulator.listAccounts({ accessToken: first.accessToken }))
      assert.strictEqual(
        yield* tagOf(emulator.listAccounts({ accessToken: second.accessToken })),
        "UnauthorizedException"
      )
      assert.lengthOf((yield* emulator.state.snapshot).accessTokens, 1)
    }).pipe(provide({ capacity: 2 })))
})

describe("the portal: accounts, roles and credentials", () => {
  it.effect("lists the accounts in which the person has a role, by their numbers, as they are now (E7)", () =>
    Effect.gen(function*() {
      const { accessToken, emulator } = yield* loggedIn
      const { roles: _, ...shown } = production
      yield* emulator.accounts.put({ accountId: "000000000009", roles: [] })
      yield* emulator.accounts.put({ accountId: "000000000008", roles: ["b", "a"] })
      assert.deepStrictEqual(yield* emulator.listAccounts({ accessToken }), {
        accountList: [
          { accountId: "000000000008" },
          {
            accountId: development.accountId,
            accountName: "Development",
            emailAddress: "development@example.com"
          },
          shown
        ]
      })
      assert.deepStrictEqual(yield* emulator.listAccountRoles({ accessToken, accountId: "000000000008" }), {
        roleList: [{ roleName: "a", accountId: "000000000008" }, { roleName: "b", accountId: "000000000008" }]
      })
      yield* emulator.accounts.unassign(production.accountId, "ReadOnlyAccess")
      yield* emulator.accounts.remove("000000000008")
      assert.lengthOf((yield* emulator.listAccounts({ accessToken })).accountList ?? [], 1)
    }).pipe(provide()))

  it.effect("an account without a role is forbidden, and an account that is not there is not found (E7)", () =>
    Effect.gen(function*() {
      const { accessToken, emulator } = yield* loggedIn
      yield* emulator.accounts.put({ accountId: "000000000009", roles: [] })
      for (
        const [accountId, tag] of [
          ["000000000009", "ForbiddenException"],
          ["000000000001", "ResourceNotFoundException"],
          ["1", "InvalidRequestException"],
          ["", "InvalidRequestException"]
        ] as const
      ) {
        assert.strictEqual(yield* tagOf(emulator.listAccountRoles({ accessToken, accountId })), tag)
        assert.strictEqual(yield* tagOf(emulator.getRoleCredentials({ accessToken, accountId, roleName: "a" })), tag)
      }
      const { accountId } = production
      assert.strictEqual(
        yield* tagOf(emulator.getRoleCredentials({ accessToken, accountId, roleName: "AdministratorAccess" })),
        "ForbiddenException"
      )
      assert.strictEqual(
        yield* tagOf(emulator.getRoleCredentials({ accessToken, accountId, roleName: "" })),
        "InvalidRequestException"
      )
    }).pipe(provide()))

  it.effect("gives new credentials in the forms of AWS, which outlive the session (E7)", () =>
    Effect.gen(function*() {
      const { accessToken, emulator } = yield* loggedIn
      yield* TestClock.adjust("3599 seconds")
      const given = yield* Effect.all([
        emulator.getRoleCredentials({ accessToken, ...role }),
        emulator.getRoleCredentials({ accessToken, ...role })
      ])
      const seen = new Set<string>()
      for (const { roleCredentials } of given) {
        const { accessKeyId, expiration, secretAccessKey, sessionToken } = roleCredentials
        assert.match(accessKeyId, /^ASIA[A-Z2-7]{16}$/)
        assert.match(Redacted.value(secretAccessKey), /^[A-Za-z0-9+/]{40}$/)
        assert.match(Redacted.value(sessionToken), /^IQoJb3JpZ2luX2Vj[A-Za-z0-9+/]{800}$/)
        // In milliseconds
        assert.strictEqual(expiration, 3_599_000 + 7_200_000)
        for (const text of [accessKeyId, Redacted.value(secretAccessKey), Redacted.value(sessionToken)]) seen.add(text)
      }
      assert.strictEqual(seen.size, 6)
    }).pipe(provide({ roleSessionDuration: "2 hours", sessionDuration: "1 hour" })))

  const sizes = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100 }))
  const counts = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 230 }))

  it.effect.prop(
    "pages of any size have each account and each role once, in order (E7)",
    [counts, sizes],
    ([count, size]) =>
      Effect.gen(function*() {
        const { accessToken, emulator } = yield* loggedIn
        const numbers = Array.from({ length: count }, (_, n) => String(n * 7).padStart(12, "0"))
        for (const accountId of [...numbers].reverse()) yield* emulator.accounts.put({ accountId, roles: ["a"] })
        const accounts = yield* all((nextToken) =>
          Effect.map(emulator.listAccounts({ accessToken, maxResults: size, nextToken }), (page) => ({
            items: (page.accountList ?? []).map(({ accountId }) => accountId),
            next: page.nextToken
          }))
        )
        assert.deepStrictEqual(accounts.flat(), numbers)
        for (const page of accounts.slice(0, -1)) assert.lengthOf(page, size)
        const accountId = "999999999999"
        yield* emulator.accounts.put({ accountId, roles: ["x", ...numbers] })
        const roles = yield* all((nextToken) =>
          Effect.map(emulator.listAccountRoles({ accessToken, accountId, maxResults: size, nextToken }), (page) => ({
            items: (page.roleList ?? []).map(({ roleName }) => roleName),
            next: page.nextToken
          }))
        )
        assert.deepStrictEqual(roles.flat(), [...numbers, "x"])
      }).pipe(provide({ accounts: [], portalRequestsPerSecond: 1000 }))
  )

  it.effect("a page has 20 entries if none asks for another number, and survives the removal of its last account (E7)", () =>
    Effect.gen(function*() {
      const { accessToken, emulator } = yield* loggedIn
      const { accountList = [], nextToken } = yield* emulator.listAccounts({ accessToken })
      assert.lengthOf(accountList, 20)
      yield* emulator.accounts.remove(accountList[19]?.accountId ?? "")
      const rest = yield* emulator.listAccounts({ accessToken, nextToken })
      assert.deepStrictEqual(rest, { accountList: [{ accountId: "000000000020" }] })
    }).pipe(provide({
      accounts: Array.from({ length: 21 }, (_, n) => ({ accountId: String(n).padStart(12, "0"), roles: ["a"] }))
    })))

  it.effect("refuses a page size outside 1 to 100 and a foreign page token (E7)", () =>
    Effect.gen(function*() {
      const { accessToken, emulator } = yield* loggedIn
      const { accountId } = development
      for (const maxResults of [0, -1, 101, 1.5, Number.NaN, Infinity]) {
        for (
          const call of [
            emulator.listAccounts({ accessToken, maxResults }),
            emulator.listAccountRoles({ accessToken, accountId, maxResults })
          ]
        ) {
          assert.deepInclude(yield* Effect.flip(call), {
            _tag: "InvalidRequestException",
            errorDescription: "ResultSize parameter must be within the valid limits of: 1-100"
          })
        }
      }
      const roles = yield* emulator.listAccountRoles({ accessToken, accountId, maxResults: 1 })
      const accounts = yield* emulator.listAccounts({ accessToken, maxResults: 1 })
      const other = yield* Effect.provide(
        Effect.flatMap(loggedIn, ({ accessToken, emulator }) => emulator.listAccounts({ accessToken, maxResults: 1 })),
        Emulator.layer(),
        { local: true }
      )
      for (const nextToken of ["", "x", "bnVsbA", "{}", "\ud800", roles.nextToken, other.nextToken]) {
        assert.isDefined(nextToken)
        assert.strictEqual(
          yield* tagOf(emulator.listAccounts({ accessToken, nextToken })),
          "InvalidRequestException",
          nextToken
        )
      }
      const { nextToken } = accounts
      assert.strictEqual(
        yield* tagOf(emulator.listAccountRoles({ accessToken, accountId, nextToken })),
        "InvalidRequestException"
      )
    }).pipe(provide({ portalRequestsPerSecond: 100 })))
})

describe("the portal: too many requests", () => {
  it.effect("the 20th request of a token in any second gets TooManyRequestsException, whatever it asks for (E7)", () =>
    Effect.gen(function*() {
      const { accessToken, emulator } = yield* loggedIn
      const calls = [
        emulator.listAccounts({ accessToken }),
        emulator.listAccountRoles({ accessToken, accountId: development.accountId }),
        emulator.getRoleCredentials({ accessToken, ...role })
      ]
      yield* TestClock.adjust(500)
      for (let n = 0; n < 19; n++) assert.isDefined(yield* calls[n % 3] ?? assert.fail("a call"))
      yield* TestClock.adjust(999)
      for (const call of [...calls, emulator.logout({ accessToken })]) {
        assert.deepInclude(yield* Effect.flip(call), {
          _tag: "TooManyRequestsException",
          status: 429,
          errorDescription: "HTTP 429 Unknown Code"
        })
      }
      // Another token has requests of its own
      assert.isDefined(yield* emulator.listAccounts(yield* loggedIn))
      // The first 19 are a second old, and those that were refused count too
      yield* TestClock.adjust(1)
      for (let n = 0; n < 15; n++) assert.isDefined(yield* emulator.listAccounts({ accessToken }))
      assert.strictEqual(yield* tagOf(emulator.listAccounts({ accessToken })), "TooManyRequestsException")
    }).pipe(provide()))

  const steps = Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 700 })))

  it.effect.prop(
    "exactly the requests that make a second have too many are refused, also after the clock went back (E7)",
    [steps],
    ([given]) =>
      Effect.gen(function*() {
        const { accessToken, emulator } = yield* loggedIn
        const times: Array<number> = []
        for (const [n, step] of given.entries()) {
          if (n % 5 === 4) {
            // The times of before are unknown then
            yield* emulator.clock.advance("-10 seconds")
            times.length = 0
          } else yield* TestClock.adjust(step)
          const now = yield* emulator.clock.now
          times.push(now)
          const isTooMany = times.filter((time) => time > now - 1000).length > 3
          const result = yield* Effect.result(emulator.listAccounts({ accessToken }))
          assert.strictEqual(Result.isFailure(result), isTooMany)
        }
      }).pipe(provide({ portalRequestsPerSecond: 3, accessTokenLifetime: "1 day", sessionDuration: "1 day" }))
  )

  it.effect.each(
    [
      [{ portalRequestsPerSecond: 0 }, "portalRequestsPerSecond must be a whole number from 1 to 1000, not 0"],
      [{ portalRequestsPerSecond: 1001 }, "portalRequestsPerSecond must be a whole number from 1 to 1000, not 1001"],
      [{ portalRequestsPerSecond: 1.5 }, "portalRequestsPerSecond must be a whole number from 1 to 1000, not 1.5"],
      [
        { roleSessionDuration: 3600 },
        "roleSessionDuration must be a whole number of seconds, from 1 second to 12 hours, not 3s 600ms. " +
        "A bare number counts milliseconds: write \"3600 seconds\""
      ],
      [
        { roleSessionDuration: "13 hours" as const },
        "roleSessionDuration must be a whole number of seconds, from 1 second to 12 hours, not 13h"
      ]
    ] as const
  )("refuses an option that it cannot use: %j (E3)", ([options, detail]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Emulator.make(options))
      assert.deepStrictEqual([error.problem, error.detail], ["options", detail])
    }))
})

describe("the portal: logout", () => {
  it.effect("ends the session: no access token and no refresh token of it works any more (E7, P8)", () =>
    Effect.gen(function*() {
      const { accessToken, emulator, refresh, token } = yield* loggedIn
      const newer = yield* refresh(secret(token))
      const other = yield* loggedIn
      const credentials = yield* emulator.getRoleCredentials({ accessToken, ...role })
      assert.deepStrictEqual(yield* emulator.logout({ accessToken }), {})
      for (const accessToken of [token.accessToken, newer.accessToken]) {
        assert.strictEqual(yield* tagOf(emulator.listAccounts({ accessToken })), "UnauthorizedException")
        assert.strictEqual(yield* tagOf(emulator.logout({ accessToken })), "UnauthorizedException")
      }
      for (const each of [token, newer]) {
        assert.strictEqual(yield* tagOf(refresh(secret(each))), "InvalidGrantException")
      }
      // Another session of the person goes on, and the credentials of the role keep their duration
      assert.isDefined(yield* emulator.listAccounts({ accessToken: other.accessToken }))
      assert.isDefined(yield* other.refresh(secret(other.token)))
      assert.isAbove(credentials.roleCredentials.expiration, yield* emulator.clock.now)
    }).pipe(provide()))

  it.effect("ends a session with lenient rotation, for each of its used refresh tokens (E7, P8)", () =>
    Effect.gen(function*() {
      const { accessToken, emulator, refresh, token } = yield* loggedIn
      const newer = yield* refresh(secret(token))
      yield* refresh(secret(token))
      yield* emulator.logout({ accessToken })
      for (const each of [token, newer]) {
        assert.strictEqual(yield* tagOf(refresh(secret(each))), "InvalidGrantException")
      }
    }).pipe(provide({ rotation: "lenient" })))

  it.effect("ends a session without scopes, which has no refresh token (E7, P8)", () =>
    Effect.gen(function*() {
      const { emulator, token: { accessToken } } = yield* issued()
      yield* emulator.logout({ accessToken })
      assert.strictEqual(yield* tagOf(emulator.listAccounts({ accessToken })), "UnauthorizedException")
    }).pipe(provide()))
})
