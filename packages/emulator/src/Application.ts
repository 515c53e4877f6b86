/**
 * The applications and the access keys that the emulator accepts for CreateTokenWithIAM.
 *
 * An application of Identity Center says which grants, scopes and issuers it has. An access key signs the request. Both are options of the
 * emulator, so a snapshot has no tokens of applications.
 *
 * @since 0.1.0
 */
import * as Redacted from "effect/Redacted"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * An authorization code of an application. No browser gets it: it is an option, so that a test knows it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Code {
  /** The code. It is good for one use. */
  readonly code: Redacted.Redacted
  /** The redirect URI that the request has to name. */
  readonly redirectUri: string
  /** The code challenge of PKCE, by the method `S256`. Absent by default: then a code verifier is refused. */
  readonly codeChallenge?: string | undefined
  /** What the person did. `"approved"` by default. `"pending"`: nothing yet. `"expired"`: too late. */
  readonly status?: "approved" | "pending" | "expired" | undefined
}

/**
 * An application of Identity Center.
 *
 * @category models
 * @since 0.1.0
 */
export interface Application {
  /** The ARN of the application, which is the `clientId` of a request. */
  readonly applicationArn: string
  /** The region of the application. The emulator's own by default. In another one, each request gets InvalidRequestRegionException. */
  readonly region?: string | undefined
  /** The grant types of the application. All four by default. */
  readonly grantTypes?: ReadonlyArray<string> | undefined
  /** The scopes that a request may ask for. `openid`, `aws` and `sts:identity_context` by default. Without `scope`, a token has all of them. */
  readonly scopes?: ReadonlyArray<string> | undefined
  /** The `iss` of the JWTs that the application trusts. Any by default. */
  readonly issuers?: ReadonlyArray<string> | undefined
  /** The `aud` of which a JWT needs one. Any by default. */
  readonly audiences?: ReadonlyArray<string> | undefined
  /** Whether the user is assigned to the application. `true` by default. Otherwise each grant gets AccessDeniedException. */
  readonly isAssigned?: boolean | undefined
  /** The authorization codes of the application. None by default. */
  readonly codes?: ReadonlyArray<Code> | undefined
}

/**
 * An access key of AWS.
 *
 * @category models
 * @since 0.1.0
 */
export interface AccessKey {
  /** The id of the key. */
  readonly accessKeyId: string
  /** The secret of the key. */
  readonly secretAccessKey: Redacted.Redacted
  /** The session token that a request has to have. Absent by default: then a request must have none. */
  readonly sessionToken?: Redacted.Redacted | undefined
  /** When the key expires, in milliseconds since 1970. Never by default. */
  readonly expiresAt?: number | undefined
  /** Whether its policies allow the operation. `true` by default. */
  readonly isAllowed?: boolean | undefined
}

// -----------------------------------------------------------------------------
// values
// -----------------------------------------------------------------------------

/**
 * The applications of an emulator that is given no others: one, with everything by default.
 *
 * @category values
 * @since 0.1.0
 */
export const defaults: ReadonlyArray<Application> = [
  { applicationArn: "arn:aws:sso::111122223333:application/ssoins-1111111111111111/apl-1111111111111111" }
]

/**
 * The access keys of an emulator that is given no others: the key of AWS's own examples.
 *
 * @category values
 * @since 0.1.0
 */
export const accessKeys: ReadonlyArray<AccessKey> = [{
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: /* @__PURE__ */ Redacted.make("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", {
    label: "secretAccessKey"
  })
}]
