/**
 * The portal's accounts and access tokens in a snapshot.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Account from "@sso-oidc/emulator/Account"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as Snapshot from "@sso-oidc/emulator/Snapshot"
import { Effect, Redacted, Schema } from "effect"
import { loggedIn, registration, secret, tagOf } from "./support.ts"

const provide = (options?: Emulator.Options) => Effect.provide(Emulator.layer(options))

const [development, production] = Account.defaults
assert(development !== undefined && production !== undefined)

describe("the portal: snapshots", () => {
  const json = Schema.fromJsonString(Snapshot.Snapshot)

  it.effect("a restored emulator knows accounts and access tokens, and a logout there ends the session (E3, E7)", () =>
    Effect.gen(function*() {
      const { accessToken, emulator, refresh, token } = yield* loggedIn
      const newer = yield* refresh(secret(token))
      yield* emulator.accounts.remove(production.accountId)
      yield* emulator.accounts.assign(development.accountId, "Another")
      const text = yield* Schema.encodeEffect(json)(yield* emulator.state.snapshot)
      const fresh = yield* Emulator.make()
      yield* fresh.state.seed(yield* Schema.decodeEffect(json)(text))
      assert.deepStrictEqual(yield* fresh.accounts.list, yield* emulator.accounts.list)
      assert.deepStrictEqual(yield* fresh.state.snapshot, yield* emulator.state.snapshot)
      assert.isDefined(
        yield* fresh.getRoleCredentials({
          accessToken,
          accountId: development.accountId,
          roleName: "Another"
        })
      )
      yield* fresh.logout({ accessToken })
      assert.strictEqual(
        yield* tagOf(fresh.listAccounts({ accessToken: newer.accessToken })),
        "UnauthorizedException"
      )
      assert.deepStrictEqual((yield* fresh.state.snapshot).sessions, [])
      // And the first emulator has not changed
      assert.isDefined(yield* emulator.listAccounts({ accessToken }))
    }).pipe(provide()))

  it.effect("a snapshot from before the portal is accepted, and leaves the accounts as they are (E3, E7)", () =>
    Effect.gen(function*() {
      const { emulator, token } = yield* loggedIn
      const { accessTokens: _, accounts: __, sessions, ...older } = yield* emulator.state.snapshot
      const encoded = yield* Schema.encodeEffect(Snapshot.Snapshot)({ ...older, accessTokens: [], sessions })
      const { accessTokens: ___, ...whole } = encoded
      const given = { ...whole, sessions: whole.sessions?.map(({ id: _, ...session }) => session) }
      const fresh = yield* Emulator.make()
      yield* fresh.accounts.assign(production.accountId, "Another")
      yield* fresh.state.seed(yield* Schema.decodeUnknownEffect(Snapshot.Snapshot)(given))
      assert.deepInclude((yield* fresh.accounts.list)[1], { roles: ["Another", "ReadOnlyAccess"] })
      const [client] = (yield* fresh.state.snapshot).registrations
      assert(client !== undefined)
      const refreshed = yield* fresh.createToken({
        clientId: client.clientId,
        clientSecret: client.clientSecret,
        grantType: "refresh_token",
        refreshToken: secret(token)
      })
      yield* fresh.logout(refreshed)
      assert.deepStrictEqual((yield* fresh.state.snapshot).sessions, [])
    }).pipe(provide()))

  it.effect("a seeded token without a session is a session of its own, and its client must be known (E3, E7)", () =>
    Effect.gen(function*() {
      const { accessToken, emulator } = yield* loggedIn
      const { registrations } = yield* emulator.state.snapshot
      const [{ clientId } = { clientId: "" }] = registrations
      const seeded = { accessToken: Redacted.make("known"), clientId, scopes: registration.scopes, expiresAt: 5000 }
      yield* emulator.state.seed({ ...Snapshot.empty, accessTokens: [seeded] })
      assert.isDefined(yield* emulator.listAccounts(seeded))
      yield* emulator.logout(seeded)
      assert.isDefined(yield* emulator.listAccounts({ accessToken }))
      const full = yield* Effect.flip(
        Effect.flatMap(Emulator.make({ capacity: 1 }), (small) =>
          small.state.seed({
            ...Snapshot.empty,
            registrations,
            accessTokens: [seeded, { ...seeded, accessToken: Redacted.make("another") }]
          }))
      )
      assert.include(full.message, "the emulator keeps at most 1 of each kind")
      const stranger = { ...seeded, clientId: "stranger" }
      const error = yield* Effect.flip(emulator.state.seed({ ...Snapshot.empty, accessTokens: [stranger] }))
      assert.include(error.message, "the client stranger is neither in the snapshot nor in the emulator")
    }).pipe(provide()))

  it.effect("reset puts back the accounts of the options, and ends every token (E3, E7)", () =>
    Effect.gen(function*() {
      const { accessToken, emulator } = yield* loggedIn
      yield* emulator.accounts.put({ ...development, roles: [] })
      yield* emulator.accounts.remove("000000000007")
      yield* emulator.state.reset
      assert.deepStrictEqual(yield* emulator.accounts.list, [{ accountId: "000000000007", roles: ["a", "b"] }])
      assert.strictEqual(yield* tagOf(emulator.listAccounts({ accessToken })), "UnauthorizedException")
    }).pipe(provide({ accounts: [{ accountId: "000000000007", roles: ["b", "a"] }] })))
})
