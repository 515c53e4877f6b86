/**
 * What `/authorize` says to a browser that a client sent: the checks of RFC 6749 section 4.1.1 and RFC 7636 section 4.3.
 *
 * What is wrong with the client or its redirect URI is told where the browser is, as the service does: to redirect would
 * serve whoever made the link up. All else goes back to the client in its own redirect.
 */
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as Result from "effect/Result"
import type { AuthorizeException } from "../Emulator.ts"
import * as Metadata from "./metadata.ts"
import type { Settings } from "./options.ts"
import * as Pkce from "./pkce.ts"
import { refuse } from "./refuse.ts"
import * as Size from "./size.ts"
import type * as State from "./state.ts"
import * as Texts from "./texts.ts"
import * as Url from "./url.ts"

export interface Request {
  readonly clientId?: string | undefined
  readonly redirectUri?: string | undefined
  readonly responseType?: string | undefined
  readonly state?: string | undefined
  readonly scopes?: ReadonlyArray<string> | undefined
  readonly codeChallenge?: string | undefined
  readonly codeChallengeMethod?: string | undefined
}

/** The browser goes back to the client at once, with an error. */
export interface Refused {
  readonly _tag: "Refused"
  readonly error: string
  readonly location: string
}

export const make = (settings: Settings, state: State.State) =>
(
  request: Request,
  from: State.From | undefined,
  now: number
): Result.Result<State.Consent | Refused, AuthorizeException> =>
  Result.gen(function*() {
    const { clientId, codeChallenge, codeChallengeMethod, redirectUri, responseType } = request
    yield* Texts.check({ redirect_uri: redirectUri, state: request.state, scopes: request.scopes })
    if (clientId === undefined || redirectUri === undefined) {
      return yield* refuse(SsoOidcError.InvalidRequestException, "client_id and redirect_uri are needed")
    }
    const client = state.registration(clientId, now)
    if (client === undefined) return yield* refuse(SsoOidcError.InvalidClientException, "Invalid client provided")
    if (!client.grantTypes.includes("authorization_code")) {
      return yield* refuse(
        SsoOidcError.UnauthorizedClientException,
        "The client is not registered for this grant type"
      )
    }
    if (!client.redirectUris.some((registered) => Url.matchesRedirectUri(registered, redirectUri))) {
      return yield* refuse(SsoOidcError.InvalidRedirectUriException, "The redirect URI is not a registered one")
    }
    const back = (error: string, error_description: string): Refused => ({
      _tag: "Refused",
      error,
      location: Url.withQuery(redirectUri, { error, error_description, state: request.state })
    })
    if (responseType !== "code") return back("unsupported_response_type", "response_type must be code")
    if (codeChallengeMethod !== "S256" || codeChallenge === undefined || !Pkce.isChallenge(codeChallenge)) {
      return back("invalid_request", "code_challenge_method must be S256, with a code_challenge of 43 characters")
    }
    const scopes = request.scopes ?? client.scopes
    if (Metadata.malformedScope(scopes) !== undefined || !scopes.every((scope) => client.scopes.includes(scope))) {
      return back("invalid_scope", "A scope is not one that the client registered")
    }
    const consent = state.addConsent({
      client,
      from,
      redirectUri: Size.copy(redirectUri),
      state: request.state === undefined ? undefined : Size.copy(request.state),
      codeChallenge: Size.copy(codeChallenge),
      scopes: scopes.map(Size.copy),
      issuedAt: now,
      expiresAt: now + settings.expiresIn * 1000
    })
    return consent ?? back("temporarily_unavailable", `The emulator is full: ${settings.capacity} sign-ins are in use`)
  })
