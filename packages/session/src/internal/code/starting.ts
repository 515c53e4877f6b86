/**
 * The steps before the person: a registration, new or kept, and the URL.
 */
import { sha256 } from "@noble/hashes/sha2.js"
import { utf8ToBytes } from "@noble/hashes/utils.js"
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as TrustedUrl from "@sso-oidc/core/aws/TrustedUrl"
import * as UserFunction from "@sso-oidc/core/aws/UserFunction"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as Registration from "@sso-oidc/core/Registration"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Stored from "@sso-oidc/core/Stored"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Redacted from "effect/Redacted"
import type { PendingCode, StartError, StartOptions } from "../../AuthorizationCode.ts"
import { defaultScopes } from "../../SessionSettings.ts"
import { lifetime } from "./exchange.ts"

const randomText = (label: string): Redacted.Redacted<string> =>
  Redacted.make(Base64Url.encode(crypto.getRandomValues(new Uint8Array(32))), { label })

/** The redirect URI to register. The port of a loopback redirect URI does not count (RFC 8252 section 7.3). */
const registeredUriOf = (redirectUri: string): string => {
  const url = new URL(redirectUri)
  if (!TrustedUrl.isLoopback(url.hostname) || url.protocol !== "http:") return redirectUri
  url.port = ""
  return url.href
}

const invalid = (detail: string) => new ClientError.RequestInvalid({ operation: RegisterClient.operation.name, detail })

const register = Effect.fnUntraced(function*<E, R>(
  { clientName, onRegistration, redirectUri, scopes = defaultScopes, startUrl }: StartOptions<E, R>
): Effect.fn.Return<Registration.Registration, StartError | E, SsoOidc.SsoOidc | R> {
  const oidc = yield* SsoOidc.SsoOidc
  // a registration with such a scope could be stored, but not decoded again
  if (!scopes.every(Wire.isPrintable)) {
    return yield* invalid(
      "an entry of scopes has characters that cannot be seen. Write each scope like sso:account:access"
    )
  }
  const client = yield* oidc.registerClient({
    clientName,
    clientType: "public",
    scopes,
    redirectUris: [registeredUriOf(redirectUri)],
    grantTypes: ["authorization_code", "refresh_token"],
    issuerUrl: startUrl
  })
  const registration = Registration.fromResponse(client, { scopes, region: oidc.region, endpoint: oidc.endpoint })
  if (onRegistration !== undefined) yield* UserFunction.call("onRegistration", onRegistration, registration)
  return registration
})

const urlOf = (
  { clientId, endpoint, scopes }: Registration.Registration,
  { codeVerifier, redirectUri, state }: Pick<PendingCode, "redirectUri" | "state" | "codeVerifier">
): string => {
  const challenge = Base64Url.encode(sha256(utf8ToBytes(Redacted.value(codeVerifier))))
  const query = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    state: Redacted.value(state),
    code_challenge_method: "S256",
    // the service's own name of this member; the RFC writes `scope`
    scopes: scopes.join(" "),
    code_challenge: challenge
  }
  return `${endpoint}/authorize?${
    Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&")
  }`
}

/** Registers a client if there is no usable registration, and makes the URL. */
export const start = Effect.fnUntraced(function*<E = never, R = never>(
  options: StartOptions<E, R>
): Effect.fn.Return<PendingCode, StartError | E, SsoOidc.SsoOidc | R> {
  const { endpoint, region } = yield* SsoOidc.SsoOidc
  const { registration: kept, scopes = defaultScopes } = options
  // as a parser writes it, so that the registered URI and the URI of the request agree
  const redirectUri = URL.canParse(options.redirectUri) ? new URL(options.redirectUri).href : options.redirectUri
  if (!TrustedUrl.isTrusted(redirectUri) || redirectUri.includes("#")) {
    return yield* invalid("redirectUri must be an https URL without user info and fragment, or http to loopback")
  }
  const registration =
    kept !== undefined && Registration.isUsable(kept, { region, endpoint, scopes, now: yield* DateTime.now })
      ? kept
      : yield* register({ ...options, redirectUri })
  const secrets = { redirectUri, state: randomText("state"), codeVerifier: randomText("codeVerifier") }
  return {
    version: 1,
    registration,
    ...secrets,
    url: urlOf(registration, secrets),
    expiresAt: Stored.after(yield* Clock.currentTimeMillis, lifetime)
  }
}, Wire.withSpan("AuthorizationCode.start"))
