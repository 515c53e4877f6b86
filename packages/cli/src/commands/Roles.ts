/**
 * `sso-oidc roles`: the roles of the person, in one account or in all of them.
 */
import * as Portal from "@sso-oidc/portal/Portal"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Access from "../Access.ts"
import * as Ended from "../Ended.ts"
import * as Output from "../Output.ts"
import * as RoleChoice from "../RoleChoice.ts"
import * as Shared from "../Shared.ts"
import * as Waiting from "../Waiting.ts"

/** An account whose roles are listed, or why they are not. */
interface Row {
  readonly accountId: string
  readonly accountName?: string | undefined
  readonly roleName?: string
  readonly error?: Portal.RequestError
}

const ofAccount = (accountId: string) =>
  Portal.Portal.use((portal) =>
    Stream.runCollect(Stream.map(portal.roles(accountId), ({ roleName }): Row => ({ accountId, roleName })))
  )

const ofAll = Portal.Portal.use((portal) =>
  Stream.runCollect(
    Stream.map(portal.allRoles, (each): Row =>
      each._tag === "AccountRole"
        ? { ...each.account, roleName: each.roleName }
        : { ...each.account, error: each.error })
  )
)

/** Prints them, in the order of the portal. An account whose roles cannot be listed is a row with its error. */
export const run = Effect.fnUntraced(
  function*({ account, ...shared }: Shared.Shared & { readonly account: Option.Option<string> }) {
    const wanted = yield* Shared.wantedOf(shared)
    if (Option.isSome(account) && !RoleChoice.isAccount(account.value)) {
      return yield* new Ended.UsageError({ message: RoleChoice.noAccount })
    }
    const rows = yield* Waiting.told(
      Effect.provide(Option.match(account, { onNone: () => ofAll, onSome: ofAccount }), Access.layer(wanted))
    )
    const failed = rows.flatMap(({ error }) => error ?? [])
    const [first] = failed
    // not one account could be listed
    if (first !== undefined && failed.length === rows.length) return yield* first
    if (rows.length === 0) {
      yield* Output.tell("No role is assigned to you. Ask the administrator of your AWS organization.")
    }
    for (const { accountId, error } of rows) {
      if (error !== undefined) yield* Output.tell(`Account ${accountId}: ${Ended.sentenceOf(error)}`)
    }
    yield* Output.table(
      shared.json,
      rows.map(({ accountId, error, roleName = "" }) =>
        error === undefined
          ? { accountId, roleName }
          : { accountId, error: { tag: Ended.tagOf(error), message: Ended.sentenceOf(error) } }
      ),
      rows.flatMap((row) => row.error === undefined ? [[row.accountId, row.roleName, row.accountName]] : [])
    )
  }
)
