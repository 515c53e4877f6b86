/**
 * `sso-oidc configure`: writes a session and profiles into AWS's config file.
 */
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Ended from "../Ended.ts"
import type * as Shared from "../Shared.ts"

/** The flags of the command. */
export interface Flags extends Shared.Shared {
  readonly startUrl: Option.Option<string>
  readonly region: Option.Option<string>
  readonly scopes: Option.Option<string>
  readonly account: Option.Option<string>
  readonly role: Option.Option<string>
}

/** Writes them. */
export const run = Effect.fnUntraced(function*(_flags: Flags) {
  return yield* new Ended.UsageError({ message: "not yet" })
})
