/**
 * Removes the role credentials that a `PortalLogout` keeps. It may be a program's own, and may do anything.
 */
import * as UserFunction from "@sso-oidc/core/aws/UserFunction"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as PortalLogout from "@sso-oidc/core/PortalLogout"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { apart } from "./apart.ts"

const unknown = "Role credentials may stay, because PortalLogout did not remove them."

/**
 * Without a `PortalLogout` there is nothing to do. If it fails, or takes longer than `wait`, `otherwise` gets a sentence that says what may have
 * stayed.
 */
export const forget = (
  portal: PortalLogout.Service | undefined,
  what: PortalLogout.Forgotten,
  wait: Duration.Input,
  otherwise: (sentence: string) => Effect.Effect<void>
): Effect.Effect<void> => {
  if (portal === undefined) return Effect.void
  return Effect.suspend(() => UserFunction.effectOf("PortalLogout.forget", portal.forget(what))).pipe(
    apart,
    Effect.flatMap((exit) => {
      if (Exit.isSuccess(exit)) return Effect.void
      const error = Option.getOrUndefined(Exit.findErrorOption(exit))
      return otherwise(error instanceof PortalLogout.CredentialsLeft ? Wire.oneLine(error.message) : unknown)
    }),
    Effect.timeoutOrElse({ duration: wait, orElse: () => otherwise(unknown) })
  )
}
