/**
 * `sso-oidc accounts`: the accounts in which the person has a role.
 */
import * as Portal from "@sso-oidc/portal/Portal"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Access from "../Access.ts"
import * as Output from "../Output.ts"
import * as Shared from "../Shared.ts"
import * as Waiting from "../Waiting.ts"

/** Prints them, in the order of the portal. */
export const run = Effect.fnUntraced(function*(shared: Shared.Shared) {
  const wanted = yield* Shared.wantedOf(shared)
  const accounts = yield* Waiting.told(
    Effect.provide(Portal.Portal.use((portal) => Stream.runCollect(portal.accounts)), Access.layer(wanted))
  )
  if (accounts.length === 0) {
    yield* Output.tell("No account is assigned to you. Ask the administrator of your AWS organization.")
  }
  yield* Output.table(
    shared.json,
    accounts.map(({ accountId, accountName, emailAddress }) => ({
      accountId,
      accountName: accountName ?? null,
      emailAddress: emailAddress ?? null
    })),
    accounts.map(({ accountId, accountName, emailAddress }) => [accountId, accountName, emailAddress])
  )
})
