/**
 * `sso-oidc exec -- PROGRAM`: runs a program with the credentials of a role.
 */
import * as Effect from "effect/Effect"
import * as Child from "../Child.ts"
import * as ChildEnvironment from "../ChildEnvironment.ts"
import * as CredentialText from "../CredentialText.ts"
import * as Ended from "../Ended.ts"
import * as Host from "../Host.ts"
import * as RoleAccess from "../RoleAccess.ts"
import type * as RoleChoice from "../RoleChoice.ts"
import * as Shared from "../Shared.ts"

/** The flags of the command. */
export interface Flags extends Shared.Shared, RoleChoice.Flags {}

/**
 * Runs the program, and ends with its exit code. The session and the portal are closed before it starts, so that nothing is held while it runs.
 */
export const run = Effect.fnUntraced(function*(flags: Flags) {
  const wanted = yield* Shared.wantedOf(flags)
  const { args: [program, ...args] = [] } = yield* Shared.Trailing
  if (program === undefined) {
    return yield* new Ended.UsageError({
      message: "exec needs a program. Write it after --, such as: sso-oidc exec -- terraform plan"
    })
  }
  const { credentials, region } = yield* RoleAccess.get(wanted, flags)
  const { environment } = yield* Host.Host
  const code = yield* Child.run({
    program,
    args,
    environment: ChildEnvironment.make({
      inherited: environment,
      credentials: yield* Effect.fromResult(CredentialText.variables(credentials)),
      region,
      hasCapitals: process.platform !== "win32"
    })
  })
  return yield* new Ended.Exited({ code })
})
