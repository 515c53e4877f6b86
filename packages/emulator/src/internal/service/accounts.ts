/**
 * The accounts of the portal, and the roles that are assigned to the person.
 *
 * There is one person. The accounts are the emulator's own data, so it never drops one to make room for another.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Account } from "../../Account.ts"
import { whatIsWrong } from "../issues.ts"
import * as Size from "./size.ts"
import * as Store from "./store.ts"

/** The most accounts. */
export const mostAccounts = 10_000

const decode = Schema.decodeUnknownResult(Account, { onExcessProperty: "error" })
const decodeList = Schema.decodeUnknownResult(Schema.Array(Account), { onExcessProperty: "error" })

/** The account, with its roles in order. Its texts are copies, so that they keep no larger text in memory. */
const kept = ({ accountId, accountName, emailAddress, roles }: Account): Account => ({
  accountId: Size.copy(accountId),
  ...(accountName === undefined ? {} : { accountName: Size.copy(accountName) }),
  ...(emailAddress === undefined ? {} : { emailAddress: Size.copy(emailAddress) }),
  roles: roles.map(Size.copy).toSorted()
})

/** The list, if each account in it can be used, or else what is wrong with it. */
export const check = (given: unknown): Result.Result<ReadonlyArray<Account>, string> =>
  Result.flatMap(
    Result.mapError(decodeList(given), (error) => Array.isArray(given) ? whatIsWrong(error) : "it is no list"),
    (accounts) => {
      const ids = new Set<string>()
      for (const { accountId } of accounts) {
        if (ids.has(accountId)) return Result.fail(`the account ${accountId} is there twice`)
        ids.add(accountId)
      }
      return Result.succeed(accounts)
    }
  )

const full = (capacityBytes: number): string =>
  `the emulator keeps at most ${mostAccounts} accounts, in ${capacityBytes} bytes; give fewer, or raise capacityBytes`

const unknown = (accountId: string): string =>
  /^\d{12}$/.test(accountId)
    ? `there is no account ${accountId}`
    : "the number of an account has 12 digits"

const makeStore = (capacityBytes: number) =>
  Store.make<Account>({
    capacity: mostAccounts,
    capacityBytes,
    content: (account) => account,
    isOver: () => false
  })

export const make = (capacityBytes: number) => {
  const store = makeStore(capacityBytes)
  // A flood of requests must not sort thousands of accounts again and again
  let inOrder: ReadonlyArray<Account> | undefined

  /** Puts in an account that {@link check} has seen. */
  const set = (account: Account): Account => {
    const mine = kept(account)
    store.set(mine.accountId, mine)
    inOrder = undefined
    return mine
  }

  const put = (given: unknown): Result.Result<Account, string> =>
    Result.flatMap(
      Result.mapError(decode(given), whatIsWrong),
      (account) =>
        store.hasRoomFor([[account.accountId, kept(account)]])
          ? Result.succeed(set(account))
          : Result.fail(full(capacityBytes))
    )

  /** Puts in the account with other roles. */
  const withRoles = (
    accountId: string,
    change: (roles: ReadonlyArray<string>) => ReadonlyArray<string>
  ): Result.Result<Account, string> => {
    const account = store.get(accountId)
    return account === undefined ? Result.fail(unknown(accountId)) : put({ ...account, roles: change(account.roles) })
  }

  return {
    /** All accounts by their numbers. */
    list: (): ReadonlyArray<Account> =>
      inOrder ??= store.list().map(([, account]) => account).toSorted((a, b) => a.accountId < b.accountId ? -1 : 1),
    get: store.get,
    /** Adds an account, or replaces the account with this number, or says in a sentence why it cannot. */
    put,
    /** Removes an account. It does nothing if there is none with this number. */
    remove: (accountId: string): void => {
      store.drop(accountId)
      inOrder = undefined
    },
    assign: (accountId: string, roleName: string) =>
      withRoles(accountId, (roles) => roles.includes(roleName) ? roles : [...roles, roleName]),
    unassign: (accountId: string, roleName: string) =>
      withRoles(accountId, (roles) => roles.filter((name) => name !== roleName)),
    /** Whether there is room for these accounts, if there are no others. `check` has seen them. */
    roomProblem: (accounts: ReadonlyArray<Account>): string | undefined =>
      makeStore(capacityBytes).hasRoomFor(accounts.map((account) => [account.accountId, kept(account)]))
        ? undefined
        : full(capacityBytes),
    /** Puts these accounts in the place of all accounts. `check` and `roomProblem` have seen them. */
    replace: (accounts: ReadonlyArray<Account>): void => {
      store.clear()
      inOrder = undefined
      for (const account of accounts) set(account)
    }
  }
}

export type Accounts = ReturnType<typeof make>
