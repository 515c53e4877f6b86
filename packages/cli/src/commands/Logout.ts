/**
 * `sso-oidc logout`: tells the portal, and removes the token and the role credentials from this machine.
 */
import * as Session from "@sso-oidc/session/Session"
import * as Effect from "effect/Effect"
import * as Access from "../Access.ts"
import * as Ended from "../Ended.ts"
import * as Output from "../Output.ts"
import * as Shared from "../Shared.ts"

/** Logs out of one session, or of all sessions on this machine. */
export const run = Effect.fnUntraced(function*({ all, ...shared }: Shared.Shared & { readonly all: boolean }) {
  const wanted = yield* Shared.wantedOf(shared)
  const { left, removed, untold } = yield* Effect.provide(
    Session.Session.use((session) => session.logout({ all })),
    Access.layer(wanted)
  )
  yield* Output.tell(...untold, ...left)
  if (!shared.json) {
    yield* Output.tell(
      removed === 0
        ? "Nothing was stored. You are logged out."
        : removed === 1
        ? "Logged out. The token was removed from this machine."
        : `Logged out. ${removed} tokens were removed from this machine.`
    )
  }
  yield* Output.result(
    shared.json,
    { removed, untold: untold.map(Ended.oneLine), left: left.map(Ended.oneLine) },
    []
  )
})
