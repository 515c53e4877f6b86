/**
 * CreateTokenWithIAM as transitions of the state, at a given time.
 *
 * They check in this order: the application, its region, its grants, the scopes, whether the user is assigned, and then the code, token or assertion.
 * The signature of a JWT is not checked, because the emulator knows no keys of an issuer.
 */
import * as Endpoint from "@sso-oidc/core/aws/Endpoint"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import * as CreateTokenWithIAM from "@sso-oidc/iam/CreateTokenWithIAM"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Application from "../../Application.ts"
import { raise } from "./exceptions.ts"
import * as Metadata from "./metadata.ts"
import type { Settings } from "./options.ts"
import * as Random from "./random.ts"
import * as Sessions from "./sessions.ts"
import type * as State from "./state.ts"

type Answer = Result.Result<CreateTokenWithIAM.Response, CreateTokenWithIAM.Exception>

/** The grant types of the operation, from the schema of its request. */
export const grantTypes: ReadonlyArray<string> = CreateTokenWithIAM.Request.members.map(({ fields }) =>
  fields.grantType.literal
)

const identityScope = "sts:identity_context"

const defaultScopes: ReadonlyArray<string> = ["openid", "aws", identityScope]

const invalidGrant = raise(SsoOidcError.InvalidGrantException, "Invalid grant provided")

const otherRegion = (region: string) => {
  const endpoint = Result.getOrUndefined(Endpoint.resolve(SsoOidcService.service, { region }))
  return Result.fail(
    new SsoOidcError.InvalidRequestRegionException({
      error: SsoOidcError.InvalidRequestRegionException.error,
      status: SsoOidcError.InvalidRequestRegionException.status,
      errorDescription: "The application is in another region",
      region,
      ...(endpoint !== undefined && { endpoint })
    })
  )
}

/** The JSON object in a part of a JWT. `undefined` if there is none. */
const partOf = (text: string | undefined): Readonly<Record<string, unknown>> | undefined => {
  if (text === undefined || !/^[\w-]+$/.test(text)) return undefined
  try {
    return Wire.jsonObject(
      Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0))
    )
  } catch {
    return undefined
  }
}

/** The claims of a JWT in its compact form (RFC 7519 section 3). `undefined` for any other text. */
const claimsOf = (jwt: string): Readonly<Record<string, unknown>> | undefined => {
  const [header, claims, signature, ...more] = jwt.split(".")
  const isSigned = typeof partOf(header)?.["alg"] === "string" && partOf(header)?.["alg"] !== "none"
  return isSigned && signature !== undefined && /^[\w-]+$/.test(signature) && more.length === 0
    ? partOf(claims)
    : undefined
}

export const make = (settings: Settings, state: State.State) => {
  const applications = new Map(settings.applications.map((one) => [one.applicationArn, one]))
  /** The codes that were used. The options have no more of them. */
  const usedCodes = new Set<Application.Code>()
  /** The assertions that were used, by the application and the hash of the whole JWT, and until when they are remembered. */
  const usedAssertions = new Map<string, number>()

  /** Uses up a code. `false` if it was used before. */
  const useCode = (code: Application.Code): boolean => usedCodes.size < usedCodes.add(code).size

  /** Uses up an assertion. `false` if it was used before. */
  const useAssertion = (key: string, until: number, now: number): boolean => {
    for (const [one, end] of usedAssertions) if (end <= now) usedAssertions.delete(one)
    if (usedAssertions.has(key)) return false
    const [oldest] = usedAssertions.keys()
    if (usedAssertions.size >= settings.capacity && oldest !== undefined) usedAssertions.delete(oldest)
    usedAssertions.set(key, until)
    return true
  }

  const issue = (
    application: Application.Application,
    scope: ReadonlyArray<string>,
    session: Omit<Sessions.Session, "clientId">,
    issuedTokenType: string,
    now: number
  ): CreateTokenWithIAM.Response => {
    const clientId = application.applicationArn
    const expiresIn = Math.min(settings.accessTokenLifetime, Math.floor((session.endsAt - now) / 1000))
    const accessToken = state.addAccessToken(
      { clientId, sessionId: session.id, scopes: scope, expiresAt: now + expiresIn * 1000 },
      now
    )
    const hasRefresh = (application.grantTypes ?? grantTypes).includes("refresh_token")
    return {
      accessToken: Redacted.make(accessToken, { label: "accessToken" }),
      tokenType: "Bearer",
      expiresIn,
      ...(hasRefresh && {
        refreshToken: Redacted.make(state.addSession({ ...session, clientId }, now), { label: "refreshToken" })
      }),
      ...(scope.includes("openid") && { idToken: Redacted.make(Random.clientSecret(), { label: "idToken" }) }),
      issuedTokenType,
      scope,
      ...(scope.includes(identityScope) && {
        awsAdditionalDetails: {
          identityContext: Redacted.make(Random.sessionToken(), { label: "identityContext" })
        }
      })
    }
  }

  const begun = (now: number): Omit<Sessions.Session, "clientId"> => ({
    id: Random.id(),
    codeAuthorizationId: undefined,
    endsAt: now + settings.sessionDuration * 1000,
    usedTokens: []
  })

  /** The session of a code, a token or an assertion. */
  const sessionOf = (
    application: Application.Application,
    request: CreateTokenWithIAM.Request,
    hash: string | undefined,
    now: number
  ): Result.Result<Omit<Sessions.Session, "clientId">, CreateTokenWithIAM.Exception> => {
    const { applicationArn } = application
    switch (request.grantType) {
      case "authorization_code": {
        const text = Redacted.value(request.code)
        const code = application.codes?.find((one) => Redacted.value(one.code) === text)
        if (code === undefined || request.redirectUri !== code.redirectUri || hash !== code.codeChallenge) {
          return invalidGrant
        }
        if (code.status === "pending") {
          return raise(SsoOidcError.AuthorizationPendingException, "Authorization is still pending")
        }
        if (code.status === "expired") return raise(SsoOidcError.ExpiredTokenException, "The code has expired")
        return useCode(code) ? Result.succeed(begun(now)) : invalidGrant
      }
      case "refresh_token": {
        const text = Redacted.value(request.refreshToken)
        const found = state.session(text, now)
        if (found === undefined || found.session.clientId !== applicationArn || found.session.endsAt - now < 1000) {
          return raise(SsoOidcError.InvalidGrantException, "Invalid refresh token provided")
        }
        const { latest, session } = found
        state.takeSession(latest)
        const usedTokens = settings.rotation === "lenient" ? Sessions.usedAfter(session.usedTokens, latest, text) : []
        return Result.succeed({ ...session, usedTokens })
      }
      case CreateTokenWithIAM.jwtBearerGrantType: {
        const jwt = Redacted.value(request.assertion)
        const claims = claimsOf(jwt)
        if (claims === undefined || typeof claims["iss"] !== "string" || typeof claims["exp"] !== "number") {
          return raise(SsoOidcError.InvalidRequestException, "assertion must be a signed JWT with iss and exp")
        }
        const { aud, exp, iss } = claims
        const audiences: ReadonlyArray<unknown> = Array.isArray(aud) ? aud : [aud]
        if (
          application.issuers?.includes(String(iss)) === false ||
          application.audiences?.some((one) => audiences.includes(one)) === false
        ) return raise(SsoOidcError.InvalidGrantException, "The application does not trust the issuer or audience")
        const until = Number(exp) * 1000
        if (until <= now) return raise(SsoOidcError.ExpiredTokenException, "The assertion has expired")
        return useAssertion(`${applicationArn} ${hash}`, until, now)
          ? Result.succeed(begun(now))
          : raise(SsoOidcError.InvalidGrantException, "The assertion was used before")
      }
      case CreateTokenWithIAM.tokenExchangeGrantType: {
        if (request.subjectTokenType !== CreateTokenWithIAM.accessTokenType) {
          return raise(
            SsoOidcError.InvalidRequestException,
            `subjectTokenType must be ${CreateTokenWithIAM.accessTokenType}`
          )
        }
        return state.accessToken(Redacted.value(request.subjectToken), now) === undefined
          ? raise(SsoOidcError.InvalidGrantException, "Invalid subject token provided")
          : Result.succeed(begun(now))
      }
    }
  }

  /** `hash` is that of the request's code verifier or of its assertion, if it has one. */
  const exchange = (request: CreateTokenWithIAM.Request, hash: string | undefined, now: number): Answer =>
    Result.gen(function*() {
      if (state.throttled("CreateTokenWithIAM", now)) {
        return yield* raise(
          SsoOidcError.SlowDownException,
          `More than ${settings.requestsPerSecond} requests of this operation in one second`
        )
      }
      const application = applications.get(request.clientId)
      if (application === undefined) return yield* raise(SsoOidcError.InvalidClientException, "Invalid client provided")
      if (application.region !== undefined && application.region !== settings.region) {
        return yield* otherRegion(application.region)
      }
      if (!(application.grantTypes ?? grantTypes).includes(request.grantType)) {
        return yield* raise(SsoOidcError.UnauthorizedClientException, "The application does not have this grant type")
      }
      const known = application.scopes ?? defaultScopes
      const scope = request.scope ?? known
      if (Metadata.malformedScope(scope) !== undefined || !scope.every((one) => known.includes(one))) {
        return yield* raise(SsoOidcError.InvalidScopeException, `scope may hold ${known.join(", ")}`)
      }
      const type = request.grantType === CreateTokenWithIAM.tokenExchangeGrantType
        ? request.requestedTokenType ?? CreateTokenWithIAM.accessTokenType
        : CreateTokenWithIAM.accessTokenType
      if (type !== CreateTokenWithIAM.accessTokenType && type !== CreateTokenWithIAM.refreshTokenType) {
        return yield* raise(SsoOidcError.InvalidRequestException, "requestedTokenType is unknown")
      }
      if (application.isAssigned === false) {
        return yield* raise(SsoOidcError.AccessDeniedException, "The user is not assigned to the application")
      }
      const session = yield* sessionOf(application, request, hash, now)
      return issue(application, scope, session, type, now)
    })

  return {
    exchange,
    /** Forgets the codes and assertions that were used. */
    clear: (): void => {
      usedCodes.clear()
      usedAssertions.clear()
    }
  }
}
