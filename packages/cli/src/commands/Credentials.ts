/**
 * `sso-oidc credentials`: credentials for a role, in the form that another program reads.
 *
 * It never runs a `credential_process`, so that a profile may name this command as its own.
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as CredentialText from "../CredentialText.ts"
import * as Ended from "../Ended.ts"
import * as Host from "../Host.ts"
import * as RoleAccess from "../RoleAccess.ts"
import type * as RoleChoice from "../RoleChoice.ts"
import * as Shared from "../Shared.ts"

/** The flags of the command. */
export interface Flags extends Shared.Shared, RoleChoice.Flags {
  /** The form of the output (`--format`). */
  readonly format: Option.Option<CredentialText.Format>
  /** Whether a person may be asked to log in (`--login`). */
  readonly login: boolean
}

/** Logs in if the stored token cannot be used. Without a terminal it takes the device grant, whose code and URL are plain lines. */
const ensure: RoleAccess.Login = (session) =>
  Effect.gen(function*() {
    const { isInteractive } = yield* Host.Host
    // a login is rare, and most calls need no screen
    const LoginScreen = yield* Effect.promise(() => import("../LoginScreen.ts"))
    yield* Effect.scoped(Effect.flatMap(LoginScreen.make({ takesPaste: false }), (onEvent) =>
      session.ensure({ ...(isInteractive ? {} : { grant: "device" as const }), onEvent })))
  })

/** Prints credentials. Nothing is printed on standard output if it fails. */
export const run = Effect.fnUntraced(function*(flags: Flags) {
  const wanted = yield* Shared.wantedOf(flags)
  const format = Option.getOrElse(flags.format, () => "process" as const)
  if (flags.json && format !== "process") {
    return yield* new Ended.UsageError({
      message: `--json and --format ${format} cannot stand together. Give one of them: --json prints the form process.`
    })
  }
  const { credentials } = yield* RoleAccess.get(wanted, flags, flags.login ? ensure : undefined)
  yield* Console.log(yield* Effect.fromResult(CredentialText.encode(format, credentials)))
})
