import { assert, describe, it } from "@effect/vitest"
import * as Account from "@sso-oidc/emulator/Account"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import { Effect } from "effect"

const accountId = "000000000001"

describe("Account", () => {
  it.effect("the default accounts are two with three roles, and the emulator has them (E7)", () =>
    Effect.gen(function*() {
      assert.strictEqual(Account.defaults.flatMap(({ roles }) => roles).length, 3)
      assert.deepStrictEqual(yield* (yield* Emulator.make()).accounts.list, Account.defaults)
    }))

  it.effect.prop("an account that the schema accepts is kept as it is, with its roles in order (E7)", [
    Account.Account
  ], ([account]) =>
    Effect.gen(function*() {
      const emulator = yield* Emulator.make({ accounts: [] })
      yield* emulator.accounts.put(account)
      assert.deepStrictEqual<unknown>(yield* emulator.accounts.list, [
        { ...account, roles: account.roles.toSorted() }
      ])
    }))

  const refused: ReadonlyArray<readonly [what: string, given: unknown, words: string]> = [
    ["a number of 11 digits", { accountId: "11112222333", roles: [] }, "the number of an account has 12 digits"],
    ["digits of another script", { accountId: "١١١١٢٢٢٢٣٣٣٣", roles: [] }, "the number of an account has 12 digits"],
    ["a number and a line break", { accountId: `${accountId}\n`, roles: [] }, "has 12 digits"],
    ["an empty name", { accountId, accountName: "", roles: [] }, "accountName: the name of an account has 1 to 256"],
    ["a long email address", { accountId, emailAddress: "x".repeat(255), roles: [] }, "an email address has 1 to 254"],
    ["a role without a name", { accountId, roles: ["a", ""] }, "roles.1: the name of a role has 1 to 256 characters"],
    ["a long role", { accountId, roles: ["x".repeat(257)] }, "the name of a role has 1 to 256 characters"],
    ["a role twice", { accountId, roles: ["a", "b", "a"] }, "roles: a role is there twice"],
    [
      "1,001 roles",
      { accountId, roles: Array.from({ length: 1001 }, (_, n) => String(n)) },
      "an account has at most 1,000 roles"
    ],
    ["no roles", { accountId }, "roles: Missing key"],
    ["a misspelt member", { accountId, roles: [], accuontName: "x" }, "accuontName: no member has this name"],
    ["no account", null, ""]
  ]

  it.effect.each(refused)(
    "%s is refused by options, by put and by seed, with the same words (E7)",
    ([, given, words]) =>
      Effect.gen(function*() {
        const wrong: { readonly accounts: ReadonlyArray<Account.Account> } = JSON.parse(
          JSON.stringify({ accounts: [given] })
        )
        const emulator = yield* Emulator.make()
        for (
          const [problem, refused] of [
            ["options", Emulator.make(wrong)],
            ["account", Effect.forEach(wrong.accounts, emulator.accounts.put)],
            ["seed", Effect.flatMap(emulator.state.snapshot, (whole) => emulator.state.seed({ ...whole, ...wrong }))]
          ] as const
        ) {
          const error = yield* Effect.flip(refused)
          assert.strictEqual(error.problem, problem)
          assert.include(error.message, words)
        }
        assert.deepStrictEqual(yield* emulator.accounts.list, Account.defaults)
      })
  )

  it.effect("an account that is there twice is refused with its number (E7)", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        Emulator.make({ accounts: [...Account.defaults, { accountId, roles: [] }, { accountId, roles: [] }] })
      )
      assert.strictEqual(
        error.message,
        "The emulator cannot start: accounts must be a list of accounts, each with accountId and roles; " +
          "the account 000000000001 is there twice."
      )
    }))

  it.effect("accounts beyond 10,000, or beyond capacityBytes, are refused, and no account makes room (E6)", () =>
    Effect.gen(function*() {
      const many = Array.from({ length: 10_000 }, (_, n) => ({ accountId: String(n).padStart(12, "0"), roles: ["a"] }))
      const emulator = yield* Emulator.make({ accounts: many })
      const more = { accountId: "999999999999", roles: [] }
      assert.include((yield* Effect.flip(emulator.accounts.put(more))).message, "at most 10000 accounts")
      assert.include(
        (yield* Effect.flip(Emulator.make({ accounts: [...many, more] }))).message,
        "at most 10000 accounts"
      )
      const given = { ...(yield* emulator.state.snapshot), accounts: [...many, more] }
      assert.include((yield* Effect.flip(emulator.state.seed(given))).message, "at most 10000 accounts")
      // A change of an account needs no room for one more
      assert.deepStrictEqual((yield* emulator.accounts.assign("000000000000", "b")).roles, ["a", "b"])
      assert.lengthOf(yield* emulator.accounts.list, 10_000)

      const small = yield* Emulator.make({ capacityBytes: 131_072 })
      const large = { accountId, roles: Array.from({ length: 1000 }, (_, n) => `${n}`.padEnd(256, "x")) }
      assert.include((yield* Effect.flip(small.accounts.put(large))).message, "in 131072 bytes")
      assert.deepStrictEqual(yield* small.accounts.list, Account.defaults)
    }))
})
