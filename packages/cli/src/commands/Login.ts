/**
 * `sso-oidc login`: logs a person in, with a browser on this machine or with a code.
 */
import * as LoginView from "@sso-oidc/session/LoginView"
import * as Session from "@sso-oidc/session/Session"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Access from "../Access.ts"
import * as Shared from "../Shared.ts"

/** The flags of the command. */
export interface Flags extends Shared.Shared {
  readonly noBrowser: boolean
  readonly device: boolean
  readonly code: boolean
  readonly paste: boolean
  readonly port: Option.Option<number>
}

/** Logs in. */
export const run = Effect.fnUntraced(function*(flags: Flags) {
  const wanted = yield* Shared.wantedOf(flags)
  yield* Effect.provide(
    Session.Session.use((session) => session.login({ onEvent: LoginView.terminal })),
    Access.layer(wanted)
  )
})
