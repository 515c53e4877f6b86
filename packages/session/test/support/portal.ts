/**
 * The access portal, played: it takes note of each logout, and responds as told.
 */
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as PortalLogout from "@sso-oidc/core/PortalLogout"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"

export interface Portal {
  /** Gives the portal to what makes a session. */
  readonly provide: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** The access token and the region of each logout, in order. */
  readonly told: ReadonlyArray<string>
  /** What role credentials were removed. */
  readonly forgotten: ReadonlyArray<PortalLogout.Forgotten>
}

/** No response comes. */
export const noResponse = new ClientError.TransportError({
  operation: "Logout",
  sent: "maybe",
  code: "TIMEOUT",
  transient: true,
  host: "portal.sso.eu-west-1.amazonaws.com"
})

export const make = (
  respond: (
    accessToken: string
  ) => Effect.Effect<PortalLogout.Response, ClientError.ClientError> = () => Effect.succeed("accepted"),
  change: Partial<PortalLogout.Service> = {}
): Portal => {
  const told: Array<string> = []
  const forgotten: Array<PortalLogout.Forgotten> = []
  const service: PortalLogout.Service = {
    logout: ({ accessToken, region }) =>
      Effect.suspend(() => {
        told.push(`${Redacted.value(accessToken)} ${region}`)
        return respond(Redacted.value(accessToken))
      }),
    forget: (what) => Effect.sync(() => void forgotten.push(what)),
    ...change
  }
  return { provide: Effect.provideService(PortalLogout.PortalLogout, service), told, forgotten }
}
