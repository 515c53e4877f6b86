/**
 * The checks of `/authorize`: RFC 6749 section 4.1.1 and RFC 7636 section 4.3.
 *
 * If the client or its redirect URI is wrong, the browser shows the error, as at the service. A redirect would help the
 * author of a forged link. Every other error goes back to the client in a redirect.
 */
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Requester } from "../../Authorization.ts"
import type { AuthorizeRequest } from "../../Emulator.ts"
import type { AuthorizeException } from "../../EmulatorError.ts"
import { raise } from "./exceptions.ts"
import * as Lengths from "./lengths.ts"
import * as Metadata from "./metadata.ts"
import type { Settings } from "./options.ts"
import * as Random from "./random.ts"
import * as RedirectUri from "./redirectUri.ts"
import * as Size from "./size.ts"
import type * as State from "./state.ts"

/** The browser goes back to the client at once, with an error. */
export interface ErrorRedirect {
  readonly _tag: "ErrorRedirect"
  readonly error: string
  readonly location: string
}

/** Whether it is a challenge of the method S256 (RFC 7636): a SHA-256 as 43 characters of base64url. */
const isChallenge = (text: string): boolean => /^[A-Za-z0-9_-]{43}$/.test(text)

/** The SHA-256 of a text in base64url. Of a verifier, it is the challenge by S256, the only method of the service. */
export const hashOf = (text: string): Effect.Effect<string> =>
  Effect.promise(async () =>
    Random.base64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))))
  )

export const make = (settings: Settings, state: State.State) =>
(
  request: AuthorizeRequest,
  requester: Requester | undefined,
  now: number
): Result.Result<State.CodeAuthorization | ErrorRedirect, AuthorizeException> =>
  Result.gen(function*() {
    const { clientId, codeChallenge, codeChallengeMethod, redirectUri, responseType } = request
    yield* Lengths.check({ redirect_uri: redirectUri, state: request.state, scopes: request.scopes })
    if (clientId === undefined || redirectUri === undefined) {
      return yield* raise(SsoOidcError.InvalidRequestException, "client_id and redirect_uri are required")
    }
    const client = state.registration(clientId, now)
    if (client === undefined) return yield* raise(SsoOidcError.InvalidClientException, "Invalid client provided")
    if (!client.grantTypes.includes("authorization_code")) {
      return yield* raise(
        SsoOidcError.UnauthorizedClientException,
        "The client is not registered for this grant type"
      )
    }
    if (!client.redirectUris.some((registered) => RedirectUri.isRegistered(registered, redirectUri))) {
      return yield* raise(SsoOidcError.InvalidRedirectUriException, "The client has not registered this redirect URI")
    }
    const back = (error: string, error_description: string): ErrorRedirect => ({
      _tag: "ErrorRedirect",
      error,
      location: RedirectUri.withQuery(redirectUri, { error, error_description, state: request.state })
    })
    if (responseType !== "code") return back("unsupported_response_type", "response_type must be code")
    if (codeChallengeMethod !== "S256" || codeChallenge === undefined || !isChallenge(codeChallenge)) {
      return back("invalid_request", "code_challenge_method must be S256, with a code_challenge of 43 characters")
    }
    const scopes = request.scopes ?? client.scopes
    if (Metadata.malformedScope(scopes) !== undefined || !scopes.every((scope) => client.scopes.includes(scope))) {
      return back("invalid_scope", "The client has not registered one of these scopes")
    }
    const authorization = state.addCodeAuthorization({
      client,
      requester,
      redirectUri: Size.copy(redirectUri),
      state: request.state === undefined ? undefined : Size.copy(request.state),
      codeChallenge: Size.copy(codeChallenge),
      scopes: scopes.map(Size.copy),
      issuedAt: now,
      expiresAt: now + settings.expiresIn * 1000
    })
    return authorization ??
      back("temporarily_unavailable", `The emulator is full: ${settings.capacity} logins are in use (option capacity)`)
  })
