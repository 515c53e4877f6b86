/**
 * The flags that every command takes, and what follows `--`.
 */
import type * as AwsConfig from "@sso-oidc/session/AwsConfig"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ended from "./Ended.ts"

/** The flags that every command takes. */
export interface Shared {
  /** The profile (`--profile`). */
  readonly profile: Option.Option<string>
  /** The name of an `sso-session` section (`--sso-session`). */
  readonly ssoSession: Option.Option<string>
  /** Whether standard output is one JSON value (`--json`). */
  readonly json: boolean
}

/** What the command line has beside the flags. */
export interface Invocation {
  /** What follows the first `--`. `undefined` if there is none. */
  readonly args: ReadonlyArray<string> | undefined
  /** Takes note of the shared flags, when they have been read. */
  readonly read: (shared: Shared) => void
}

/** The command line as a service. */
export class Trailing extends Context.Service<Trailing, Invocation>()("@sso-oidc/cli/Trailing") {}

/** Which session the flags name. Both flags together name none. */
export const wantedOf = (
  { profile, ssoSession }: Shared
): Effect.Effect<AwsConfig.Wanted, Ended.UsageError> => {
  if (Option.isNone(ssoSession)) return Effect.succeed({ profile: Option.getOrUndefined(profile) })
  if (Option.isNone(profile)) return Effect.succeed({ session: ssoSession.value })
  return Effect.fail(
    new Ended.UsageError({
      message:
        "--profile and --sso-session cannot stand together. Give one of them: a profile names its session itself."
    })
  )
}
