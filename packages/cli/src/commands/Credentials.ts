/**
 * `sso-oidc credentials`: credentials for a role, in the form that another program reads.
 */
import * as Portal from "@sso-oidc/portal/Portal"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Access from "../Access.ts"
import * as Output from "../Output.ts"
import * as Shared from "../Shared.ts"

/** The forms. */
export const formats = ["process", "env", "env-no-export", "fish", "powershell", "windows-cmd"] as const

/** The flags of the command. */
export interface Flags extends Shared.Shared {
  readonly account: Option.Option<string>
  readonly role: Option.Option<string>
  readonly format: Option.Option<typeof formats[number]>
  readonly login: boolean
}

/** Prints credentials. */
export const run = Effect.fnUntraced(function*(flags: Flags) {
  const wanted = yield* Shared.wantedOf(flags)
  const { accessKeyId } = yield* Effect.provide(
    Portal.Portal.use((portal) => portal.credentials()),
    Access.layer(wanted)
  )
  yield* Output.result(flags.json, { accessKeyId }, [])
})
