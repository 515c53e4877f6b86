/**
 * An operation of the service as a value.
 *
 * Everything that is to know about an operation stands in one `Operation`: where it goes, what it takes and gives, which
 * exceptions the model lists for it, and whether a request may be sent again. The client, the emulator and the tests
 * read these values and nothing internal; a new operation is one new value.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as Schema from "effect/Schema"
import type * as ClientError from "../aws/ClientError.ts"
import type * as SsoOidcError from "../SsoOidcError.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Whether a request may be sent again.
 *
 * - `"anytime"`: yes; a second one does no harm.
 * - `"paced"`: yes, and it must be, but only at the pace of its grant (RFC 8628 section 3.5).
 * - `"unsent"`: only when it is certain that the first did not leave, since its code or token is good for one use.
 *
 * @category models
 * @since 0.1.0
 */
export type Resend = "anytime" | "paced" | "unsent"

/**
 * Where a signed operation's signature is valid.
 *
 * @category models
 * @since 0.1.0
 */
export interface SigningScope {
  readonly region: string
  readonly signingName: string
}

/**
 * One operation of the service.
 *
 * `Request` and `Response` are plain objects whose members have the wire's names, `Error` is the union of the exceptions
 * that the model lists for it, and `R` is what its signature needs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Operation<Request, Response, Error, R = never> {
  /** The model's name: `CreateToken`. */
  readonly name: string
  readonly method: "GET" | "POST"
  /** The path below the endpoint: `/token`. */
  readonly path: `/${string}`
  /** The constant query: `{ aws_iam: "t" }`, or empty. */
  readonly query: Readonly<Record<string, string>>
  readonly request: Schema.Codec<Request, unknown>
  readonly response: Schema.Codec<Response, unknown>
  /** The exceptions that the model lists for the operation. */
  readonly exceptions: ReadonlyArray<SsoOidcError.ExceptionClass<Error>>
  /** Whether this request may be sent again. */
  readonly resend: (request: Request) => Resend
  /** Signs the encoded request, right before it is sent. Absent: the operation is anonymous. */
  readonly sign?:
    | ((
      request: HttpClientRequest.HttpClientRequest,
      scope: SigningScope
    ) => Effect.Effect<HttpClientRequest.HttpClientRequest, Error, R>)
    | undefined
}

/**
 * Types read from an operation.
 *
 * @since 0.1.0
 */
export declare namespace Operation {
  /**
   * All that a call of the operation can fail with: its exceptions and the client's own three.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Error<Op> = Op extends Operation<infer _Request, infer _Response, infer E, infer _R>
    ? E | ClientError.ClientError
    : never
}
