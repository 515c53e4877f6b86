/**
 * Forgets credentials that the service refused.
 */
import * as UserFunction from "@sso-oidc/core/aws/UserFunction"
import * as Effect from "effect/Effect"
import * as Credentials from "../Credentials.ts"
import * as IamError from "../IamError.ts"

/** Whether another identity may help: the service knows that this one is of no use. */
const isRefused = (error: unknown): boolean =>
  error instanceof IamError.CredentialsError && error.status !== undefined &&
  (error.problem === "expired" || error.problem === "rejected")

/** Runs a call. If the service refuses the credentials that signed it, their service forgets them. */
export const forgetting = <A, E, R>(
  self: Effect.Effect<A, E, R | Credentials.Credentials>
): Effect.Effect<A, E, R | Credentials.Credentials> =>
  Effect.flatMap(Credentials.Credentials, (credentials) => {
    const { forget } = credentials
    if (forget === undefined) return self
    let given: Credentials.Identity | undefined
    const get = Effect.suspend(() => UserFunction.effectOf("Credentials.get", credentials.get)).pipe(
      Effect.tap((identity) => Effect.sync(() => void (given = identity)))
    )
    return self.pipe(
      Effect.tapError((error) =>
        given !== undefined && isRefused(error)
          ? UserFunction.call("Credentials.forget", forget, given)
          : Effect.void
      ),
      Effect.provideService(Credentials.Credentials, { get })
    )
  })
