/**
 * Removes the role credentials that a `PortalLogout` keeps. It may be a program's own, and may do anything.
 */
import * as UserFunction from "@sso-oidc/core/aws/UserFunction"
import type * as PortalLogout from "@sso-oidc/core/PortalLogout"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { apart } from "./apart.ts"

/** Without a `PortalLogout` there is nothing to do. If it fails, or takes longer than `wait`, `otherwise` runs. */
export const forget = (
  portal: PortalLogout.Service | undefined,
  what: PortalLogout.Forgotten,
  wait: Duration.Input,
  otherwise: Effect.Effect<void>
): Effect.Effect<void> => {
  if (portal === undefined) return Effect.void
  return Effect.suspend(() => UserFunction.effectOf("PortalLogout.forget", portal.forget(what))).pipe(
    apart,
    Effect.flatMap((exit) => Exit.isSuccess(exit) ? Effect.void : otherwise),
    Effect.timeoutOrElse({ duration: wait, orElse: () => otherwise })
  )
}
