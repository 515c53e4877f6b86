/**
 * Credentials for a role, as a command gives them: from the files of the AWS CLI while they are fresh, else from the portal.
 */
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as Portal from "@sso-oidc/portal/Portal"
import type * as RoleCredentials from "@sso-oidc/portal/RoleCredentials"
import type * as AwsConfig from "@sso-oidc/session/AwsConfig"
import * as Session from "@sso-oidc/session/Session"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Access from "./Access.ts"
import * as Ended from "./Ended.ts"
import type * as Host from "./Host.ts"
import * as Output from "./Output.ts"
import * as RoleChoice from "./RoleChoice.ts"
import * as Times from "./Times.ts"
import * as Waiting from "./Waiting.ts"

/** Programs that keep credentials want new ones when less is left. */
const margin = 15 * 60_000

/** Credentials, and the region in which their user works. */
export interface Given {
  /** The credentials. They are valid. */
  readonly credentials: RoleCredentials.RoleCredentials
  /** `region` of the profile. `undefined` if the profile has none, or if no profile was asked for. */
  readonly region: string | undefined
}

/** A login, if there is no other way to a token. */
export type Login = (session: Session.Service) => Effect.Effect<unknown, Session.EnsureError, Host.Host>

/** Tells a person that the credentials do not last. What has expired by its whole seconds is of no use to any program. */
export const check = Effect.fnUntraced(function*({ expiration }: RoleCredentials.RoleCredentials) {
  const left = Date.parse(CacheFile.formatTime(expiration)) - (yield* Clock.currentTimeMillis)
  if (left <= 0) {
    return yield* new Ended.CommandError({
      tag: "CredentialsUnusable",
      code: Ended.codes.network,
      message: "The credentials of the portal have expired already. Set the clock of this machine, and try again."
    })
  }
  if (left < margin) {
    const minutes = Math.floor(left / 60_000)
    yield* Output.tell(
      `Warning: these credentials expire at ${Times.readable(DateTime.toUtc(expiration))}, in ${
        minutes === 0 ? "less than a minute" : minutes === 1 ? "1 minute" : `${minutes} minutes`
      }. The portal gives none that last longer now.`
    )
  }
})

/**
 * Gets credentials. All that it opened is closed when it ends. Without `login` it asks no person.
 *
 * `login` runs only after the session said that there is no token, or that the portal accepts none.
 */
export const get = Effect.fnUntraced(function*(wanted: AwsConfig.Wanted, flags: RoleChoice.Flags, login?: Login) {
  // a login shows by itself what it waits for
  const given: Given = yield* (login === undefined ? Waiting.told : identity)(Effect.provide(
    Effect.gen(function*() {
      const session = yield* Session.Session
      const portal = yield* Portal.Portal
      const role = yield* Effect.fromResult(RoleChoice.choose(flags, session.settings))
      const credentials = portal.credentials(role)
      return {
        credentials: yield* login === undefined
          ? credentials
          : Effect.catchTag(
            credentials,
            ["NotLoggedIn", "SessionEnded", "SessionPossiblyLost"],
            () => Effect.andThen(login(session), credentials)
          ),
        region: session.settings.workloadRegion
      }
    }),
    Access.layer(wanted)
  ))
  yield* check(given.credentials)
  return given
})
