/**
 * `sso-oidc logout`: tells the portal, and removes the token and the role credentials from this machine.
 */
import * as Session from "@sso-oidc/session/Session"
import * as Effect from "effect/Effect"
import * as Access from "../Access.ts"
import * as Ended from "../Ended.ts"
import * as Output from "../Output.ts"
import * as Shared from "../Shared.ts"

/** The tokens name their regions themselves, so that a logout of all needs no profile. */
const anywhere = Access.layerByHand({
  startUrl: "https://all.awsapps.com/start",
  region: "us-east-1",
  name: "sso-oidc logout --all"
})

/** Logs out of one session, or of all sessions on this machine. */
export const run = Effect.fnUntraced(function*({ all, ...shared }: Shared.Shared & { readonly all: boolean }) {
  const wanted = yield* Shared.wantedOf(shared)
  const end = Session.Session.use((session) => session.logout({ all }))
  const { left, removed, untold } = yield* Effect.provide(end, Access.layer(wanted)).pipe(
    Effect.catchTag(
      ["ProfileNotFound", "AwsConfigError"],
      (error) => all ? Effect.provide(end, anywhere) : Effect.fail(error)
    )
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
