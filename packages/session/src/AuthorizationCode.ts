/**
 * The authorization code grant of AWS IAM Identity Center, with PKCE (RFC 6749 section 4.1, RFC 7636) and a loopback redirect (RFC 8252).
 *
 * {@link login} runs a whole login: it listens on this machine, gives the URL to the person, and exchanges the code. A program that
 * receives the callback itself calls {@link start}, shows the URL, and calls {@link finish} with the URL that the browser came back to. These
 * two need no Node.
 *
 * @since 0.1.0
 */
import * as TrustedUrl from "@sso-oidc/core/aws/TrustedUrl"
import * as Wire from "@sso-oidc/core/aws/Wire"
import type * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as Registration from "@sso-oidc/core/Registration"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Stored from "@sso-oidc/core/Stored"
import type * as Token from "@sso-oidc/core/Token"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import type {
  AuthorizationDenied,
  AuthorizationExpired,
  CallbackInvalid,
  ExchangePossiblyLost
} from "./AuthorizationCodeError.ts"
import * as Callback from "./Callback.ts"
import * as Exchange from "./internal/code/exchange.ts"
import * as Run from "./internal/code/run.ts"
import * as Starting from "./internal/code/starting.ts"
import * as Guests from "./internal/guests.ts"
import * as LoginBrowser from "./LoginBrowser.ts"
import type { LoginEvent } from "./LoginEvent.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * A started login that waits for its callback. It is a secret: {@link encode} gives the text to store.
 *
 * @category models
 * @since 0.1.0
 */
export interface PendingCode {
  /** The version of the stored form. */
  readonly version: 1
  /** The client that the code is for, with its region and endpoint. */
  readonly registration: Registration.Registration
  /** The redirect URI, with its port. */
  readonly redirectUri: string
  /** The state, which the callback must have: 256 random bits as base64url. */
  readonly state: Redacted.Redacted<string>
  /** The code verifier, whose SHA-256 is in the URL: 256 random bits as base64url. */
  readonly codeVerifier: Redacted.Redacted<string>
  /** The page for the person. Show it, but do not log it. */
  readonly url: string
  /** The deadline, on this machine's clock: 10 minutes after the start. */
  readonly expiresAt: DateTime.Utc
}

/**
 * The options of {@link start}.
 *
 * @category models
 * @since 0.1.0
 */
export interface StartOptions<E = never, R = never> {
  /** The name of your program. The service shows it to the person who approves. */
  readonly clientName: string
  /** The URL of the AWS access portal, such as `https://d-1234567890.awsapps.com/start`. */
  readonly startUrl: string
  /** Where the browser comes back to: a URL of https, or of http to loopback. Anything else fails with `RequestInvalid`. */
  readonly redirectUri: string
  /** The scopes of the token: `["sso:account:access"]` by default. The service refuses an empty list. */
  readonly scopes?: ReadonlyArray<string> | undefined
  /**
   * A registration for the code grant and this redirect URI that you kept: none by default. It is used if it has this client's region and
   * endpoint and the same scopes, and does not expire within 15 minutes. Otherwise the grant makes a new one.
   */
  readonly registration?: Registration.Registration | undefined
  /**
   * Called with each new registration as soon as it exists, so that you can keep it. By default nothing is called. If its effect fails,
   * the login fails with the same error.
   */
  readonly onRegistration?: ((registration: Registration.Registration) => Effect.Effect<unknown, E, R>) | undefined
}

/**
 * How a login by the code grant meets its person.
 *
 * @category models
 * @since 0.1.0
 */
export interface PersonOptions<E = never, R = never, E2 = never, R2 = never> {
  /**
   * Called with each event, one at a time. By default nothing is called. If its effect fails, the login fails with the same error.
   */
  readonly onEvent?: ((event: LoginEvent) => Effect.Effect<unknown, E, R>) | undefined
  /**
   * Waits for a text that the person pastes: the URL in the browser's address bar after the login, or its query. It counts as the callback
   * does. By default nothing is read. After a text that is not the callback it runs again, ten times at most.
   */
  readonly paste?: Effect.Effect<string, E2, R2> | undefined
  /** The port of the listener: 1 to 65535. Any free port by default. */
  readonly port?: number | undefined
  /** Whether to open the person's browser, if the program has a `LoginBrowser`. `true` by default. */
  readonly openBrowser?: boolean | undefined
}

/**
 * The options of {@link login}.
 *
 * @category models
 * @since 0.1.0
 */
export interface LoginOptions<E = never, R = never, E2 = never, R2 = never, E3 = never, R3 = never>
  extends Omit<StartOptions<E, R>, "redirectUri">, PersonOptions<E2, R2, E3, R3>
{}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * The errors of {@link start}.
 *
 * @category errors
 * @since 0.1.0
 */
export type StartError = RegisterClient.Error

/**
 * The errors of sending a code.
 *
 * - `ExchangePossiblyLost`: the request was sent, and the token did not arrive.
 * - `TransportError`: the request was certainly not sent.
 * - `RequestInvalid`: the request cannot be sent, or the pending login is from another region or endpoint.
 * - The exceptions of CreateToken.
 *
 * @category errors
 * @since 0.1.0
 */
export type ExchangeError = CreateToken.Error | ExchangePossiblyLost

/**
 * The errors of {@link finish}.
 *
 * - `CallbackInvalid`: the text is not the callback of this login. Nothing was sent: the person can paste another text.
 * - `AuthorizationDenied`: the person denied, or the service ended the login.
 * - `AuthorizationExpired`: the deadline has passed. Nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export type FinishError = ExchangeError | CallbackInvalid | AuthorizationDenied | AuthorizationExpired

/**
 * The errors of {@link login}. `CallbackInvalid` ends it only if ten pasted texts in a row were not its callback, and nothing listens.
 *
 * @category errors
 * @since 0.1.0
 */
export type LoginError =
  | StartError
  | ExchangeError
  | AuthorizationDenied
  | AuthorizationExpired
  | CallbackInvalid
  | Callback.CallbackUnavailable

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

const TrustedText = Stored.Printable.check(
  Schema.makeFilter((text: string) =>
    TrustedUrl.isTrusted(text) ? undefined : "must be a URL of https, or of http to loopback"
  )
)

/**
 * The schema to store a pending login with. Its encoding is JSON text in a `Redacted`, since it is a secret.
 *
 * @category schemas
 * @since 0.1.0
 */
export const PendingCode: Schema.Codec<PendingCode, Redacted.Redacted<string>> = Stored.encodedAsSecret(
  "pendingCode",
  Schema.Struct({
    version: Schema.Literal(1),
    registration: Registration.Members,
    redirectUri: TrustedText,
    state: Stored.secret("state"),
    codeVerifier: Stored.secret("codeVerifier"),
    url: TrustedText,
    expiresAt: Schema.DateTimeUtcFromMillis
  })
)

/**
 * Encodes the pending login as a secret text.
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (pending: PendingCode): Effect.Effect<Redacted.Redacted<string>> =>
  Effect.orDie(Schema.encodeEffect(PendingCode)(pending))

/**
 * Decodes the pending login from a secret text. Any other text fails with a `SchemaError`, whose message does not repeat the text.
 *
 * @category encoding
 * @since 0.1.0
 */
export const decode = (text: Redacted.Redacted<string>): Effect.Effect<PendingCode, Schema.SchemaError> =>
  Schema.decodeEffect(PendingCode)(text)

// -----------------------------------------------------------------------------
// start
// -----------------------------------------------------------------------------

/**
 * Registers a client if it has no usable registration, and makes the URL for the person. It sends nothing else.
 *
 * @example
 * ```ts
 * import * as AuthorizationCode from "@sso-oidc/session/AuthorizationCode"
 * import * as Effect from "effect/Effect"
 *
 * const start = Effect.gen(function*() {
 *   const pending = yield* AuthorizationCode.start({
 *     clientName: "my-tool",
 *     startUrl: "https://my.awsapps.com/start",
 *     redirectUri: "http://127.0.0.1:8400/oauth/callback"
 *   })
 *   return { show: pending.url, store: yield* AuthorizationCode.encode(pending) }
 * })
 * ```
 *
 * @category grant
 * @since 0.1.0
 */
export const start: <E = never, R = never>(
  options: StartOptions<E, R>
) => Effect.Effect<PendingCode, StartError | E, SsoOidc.SsoOidc | R> = Starting.start

// -----------------------------------------------------------------------------
// finish
// -----------------------------------------------------------------------------

/**
 * Ends a started login with its callback: the URL that the browser came back to, or its query. It sends the code once.
 *
 * Call it once for each callback. A code is good for one request.
 *
 * @category grant
 * @since 0.1.0
 */
export const finish: (
  pending: PendingCode,
  callback: Redacted.Redacted<string>
) => Effect.Effect<Token.Token, FinishError, SsoOidc.SsoOidc> = Exchange.finish

// -----------------------------------------------------------------------------
// login
// -----------------------------------------------------------------------------

/**
 * Runs a whole login on this machine. It listens on 127.0.0.1, and gives the URL to `onEvent`. It opens the browser if the program has a
 * `LoginBrowser`. Then it waits for the callback or a pasted URL, and exchanges the code.
 *
 * The deadline is 10 minutes after the start. An interruption closes the listener. But once the code is sent, it waits for the token.
 *
 * @example
 * ```ts
 * import * as AuthorizationCode from "@sso-oidc/session/AuthorizationCode"
 * import * as Console from "effect/Console"
 * import * as Effect from "effect/Effect"
 *
 * const login = AuthorizationCode.login({
 *   clientName: "my-tool",
 *   startUrl: "https://my.awsapps.com/start",
 *   onEvent: (event) => event._tag === "UrlReady" ? Console.error(`Open ${event.url}`) : Effect.void
 * })
 * ```
 *
 * @category grant
 * @since 0.1.0
 */
export const login = <E = never, R = never, E2 = never, R2 = never, E3 = never, R3 = never>(
  options: LoginOptions<E, R, E2, R2, E3, R3>
): Effect.Effect<Token.Token, LoginError | E | E2 | E3, SsoOidc.SsoOidc | Callback.Callback | R | R2 | R3> =>
  Effect.scoped(Effect.gen(function*() {
    const scope = yield* Scope.fork(yield* Scope.Scope)
    const bound = yield* Effect.result(Guests.listen(yield* Callback.Callback, options.port, scope))
    if (Result.isFailure(bound) && options.paste === undefined) return yield* bound.failure
    const tell = Run.teller(options)
    const token = yield* Run.run(options, {
      listener: Result.getOrUndefined(bound),
      browser: Option.getOrUndefined(yield* Effect.serviceOption(LoginBrowser.LoginBrowser)),
      store: (token) => Effect.succeed(token),
      answered: Scope.close(scope, Exit.void)
    }, tell)
    yield* tell({ _tag: "Approved", token })
    return token
  })).pipe(Wire.withSpan("AuthorizationCode.login"))
