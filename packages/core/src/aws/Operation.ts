/**
 * An operation of a service as a value.
 *
 * An `Operation` has everything that the model says about an operation: its path, its request and response, and its exceptions.
 * It also says whether a request may be sent again. The client, the emulator, the relay and the transports for tests read these
 * values. A new operation is one new value.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as Schema from "effect/Schema"
import type * as ClientError from "./ClientError.ts"
import type * as Service from "./Service.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Whether a request may be sent again.
 *
 * - `"anytime"`: yes. A second request does no harm.
 * - `"paced"`: yes, but only the device grant sends it again, after its interval (RFC 8628 section 3.5).
 * - `"unsent"`: only if it is certain that the first request did not leave, because its code or token is good for one use.
 *
 * @category models
 * @since 0.1.0
 */
export type Resend = "anytime" | "paced" | "unsent"

/**
 * The scope of a signature.
 *
 * @category models
 * @since 0.1.0
 */
export interface SigningScope {
  /** The region of the endpoint. */
  readonly region: string
  /** The service's signing name. */
  readonly signingName: string
  /**
   * The secrets of the request, which are masked where a response repeats them. `authenticate` adds those that it signs with: some services repeat
   * the signed headers where a signature is wrong.
   */
  readonly secrets: Array<string>
}

/**
 * The place of a member of a request that does not go into the body.
 *
 * @category models
 * @since 0.1.0
 */
export interface Binding {
  /** The part of the HTTP request. */
  readonly in: "query" | "header"
  /** The name of the member in that part. */
  readonly name: string
  /** The type of the member in the request. The query and the headers hold texts only. */
  readonly as: "text" | "number" | "boolean"
}

/**
 * The members of a request, by the part of the HTTP request that they go into.
 *
 * @category models
 * @since 0.1.0
 */
export interface Placed {
  /** The members of the JSON body. */
  readonly body: unknown
  /** The parameters of the query, by their names. None by default. */
  readonly query?: Readonly<Record<string, string>>
  /** The same parameters as a URL has them: with the `?`, and a space as `%20`. None by default. */
  readonly search?: string
  /** The values of the headers, by their names. None by default. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * The places of the members that do not go into the body. {@link bindings} makes it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Bindings {
  /** The place of each member, by its name in the request. Any other member goes into the body. */
  readonly members: Readonly<Record<string, Binding>>
  /**
   * Puts the encoded members into their places. A parameter that has a value in `constant`, the constant query, is left out. Throws a `TypeError`
   * for a value that has no text.
   */
  readonly place: (members: unknown, constant?: Readonly<Record<string, string>>) => Placed
  /** The opposite of `place`, for a server: reads the members from a query and headers. */
  readonly read: (placed: Omit<Placed, "body" | "search">) => Readonly<Record<string, unknown>>
}

/**
 * The class of an exception as a value. The engine finds it by its `type`, or else by its `error`. It makes the exception from
 * the members that `Service.detail` reads.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExceptionClass<out E, in Detail = never> extends Service.ExceptionType {
  new(detail: Detail): E
}

/**
 * One operation of a service.
 *
 * `Request` and `Response` are plain objects whose members have the wire's names. `Error` is the union of the exceptions that the
 * model lists for the operation, and of the errors of `authenticate`. `R` holds the requirements of `authenticate`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Operation<Request, Response, Error, R = never, Name extends string = string> {
  /** The service of the operation. */
  readonly service: Service.Service
  /** The name of the operation in the model: `CreateToken`. */
  readonly name: Name
  /** The HTTP method. */
  readonly method: "GET" | "POST"
  /** The path below the endpoint: `/token`. */
  readonly path: `/${string}`
  /** The constant query: `{ aws_iam: "t" }`. Empty for most operations. */
  readonly query: Readonly<Record<string, string>>
  /** The places of members that do not go into the body. Absent if all members go into the body. */
  readonly bindings?: Bindings
  /** Whether the request has a JSON body. Without a body, a member without a binding is not sent. */
  readonly hasBody: boolean
  /** Whether a 200 without a body counts as a response with the body `{}`. */
  readonly allowsEmptyResponse: boolean
  /** The schema of the request. Its `Redacted` members are its secrets. */
  readonly request: Schema.Codec<Request, unknown>
  /** The schema of the response. */
  readonly response: Schema.Codec<Response, unknown>
  /** The exceptions that the model lists for the operation. */
  readonly exceptions: ReadonlyArray<Service.ExceptionType>
  /** Makes the exception of that type from a response. The result is `undefined` if the operation does not list the type. */
  readonly exception: (type: string, response: Service.ErrorResponse) => Error | undefined
  /** Whether this request may be sent again. */
  readonly resend: (request: Request) => Resend
  /**
   * Adds credentials, such as a signature, right before the request is sent. Absent if the operation is anonymous. The client's `requestTimeout`
   * begins after it, so it has to end by itself.
   */
  readonly authenticate?:
    | ((
      request: HttpClientRequest.HttpClientRequest,
      scope: SigningScope
    ) => Effect.Effect<HttpClientRequest.HttpClientRequest, Error, R>)
    | undefined
}

/**
 * An operation of any type, for lists of operations. Every `Operation` is assignable to it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Any
  extends Omit<Operation<unknown, unknown, unknown>, "authenticate" | "exception" | "request" | "resend" | "response">
{
  /** The schema of the request. Its `Redacted` members are its secrets. */
  readonly request: Schema.Codec<unknown, unknown>
  /** The schema of the response. */
  readonly response: Schema.Codec<unknown, unknown>
}

/**
 * Types that belong to an operation.
 *
 * @since 0.1.0
 */
export declare namespace Operation {
  /**
   * Every error of a call of the operation: its exceptions and the client's own three errors.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Error<Op> = Op extends Operation<infer _Request, infer _Response, infer E, infer _R>
    ? E | ClientError.ClientError
    : never
}

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * The type of the exception that a class makes.
 *
 * @category utility types
 * @since 0.1.0
 */
export type ExceptionOf<Class> = Class extends { new(detail: never): infer E } ? E : never

/**
 * The options of {@link make}.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<Request, Response, Class, Detail, AuthError, R, Name extends string> {
  /** The service of the operation. Its `detail` reads the members of the exceptions. */
  readonly service: Service.Service<Detail>
  /** The name of the operation in the model. */
  readonly name: Name
  /** The HTTP method. */
  readonly method: "GET" | "POST"
  /** The path below the endpoint. */
  readonly path: `/${string}`
  /** The constant query. None by default. */
  readonly query?: Readonly<Record<string, string>>
  /** The places of members that do not go into the body. By default, all go into the body. */
  readonly bindings?: Bindings
  /** Whether the request has a JSON body. By default a POST has one and a GET has none. */
  readonly hasBody?: boolean
  /** Whether a 200 without a body counts as a response with the body `{}`. `false` by default. */
  readonly allowsEmptyResponse?: boolean
  /** The schema of the request. Its `Redacted` members are its secrets. */
  readonly request: Schema.Codec<Request, unknown>
  /** The schema of the response. */
  readonly response: Schema.Codec<Response, unknown>
  /** The classes of the exceptions that the model lists for the operation. */
  readonly exceptions: ReadonlyArray<Class & ExceptionClass<ExceptionOf<Class>, Detail>>
  /** Whether a request may be sent again. */
  readonly resend: (request: Request) => Resend
  /** Adds credentials, such as a signature, right before the request is sent. By default, the operation is anonymous. */
  readonly authenticate?:
    | ((
      request: HttpClientRequest.HttpClientRequest,
      scope: SigningScope
    ) => Effect.Effect<HttpClientRequest.HttpClientRequest, AuthError, R>)
    | undefined
}

/**
 * Makes an operation.
 *
 * @example
 * ```ts
 * import * as Operation from "@sso-oidc/core/aws/Operation"
 * import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
 * import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
 * import * as Schema from "effect/Schema"
 *
 * const ping = Operation.make({
 *   service: SsoOidcService.service,
 *   name: "Ping",
 *   method: "GET",
 *   path: "/ping",
 *   request: Schema.Struct({ echo: Schema.String }),
 *   bindings: Operation.bindings({ echo: Operation.query("echo") }),
 *   response: Schema.Struct({ echo: Schema.String }),
 *   exceptions: [SsoOidcError.InternalServerException],
 *   resend: () => "anytime"
 * })
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <
  Request,
  Response,
  Detail,
  Class extends ExceptionClass<unknown, Detail>,
  const Name extends string,
  AuthError = never,
  R = never
>(
  options: Options<Request, Response, Class, Detail, AuthError, R, Name>
): Operation<Request, Response, ExceptionOf<Class> | AuthError, R, Name> => ({
  query: {},
  allowsEmptyResponse: false,
  ...options,
  hasBody: options.hasBody ?? options.method === "POST",
  exception: (type, response) => {
    const found: ExceptionClass<ExceptionOf<Class>, Detail> | undefined = options.exceptions.find((one) =>
      one.type === type
    )
    return found === undefined ? undefined : new found(options.service.detail(response, found))
  }
})

/**
 * Says where members go that do not go into the body.
 *
 * Such a member is a text without unpaired surrogates, a finite number or a boolean. Any other value makes the request invalid.
 * Two members in one place are a mistake in the program: `bindings` throws a `RangeError`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const bindings = (members: Readonly<Record<string, Binding>>): Bindings => {
  const places = Object.values(members).map((binding) => `${binding.in} ${binding.name}`)
  const twice = places.find((place, at) => places.indexOf(place) !== at)
  if (twice !== undefined) {
    throw new RangeError(`Operation: two members are bound to the ${twice}. Give each a name of its own`)
  }
  return {
    members,
    place: (given, constant = {}) => {
      const parts = {
        body: new Map<string, unknown>(),
        query: new Map<string, string>(),
        header: new Map<string, string>()
      }
      for (const [member, value] of Object.entries(Object(given))) {
        // A member may have the name of a member that every object inherits, such as `constructor`.
        const binding = Object.hasOwn(members, member) ? members[member] : undefined
        if (binding === undefined) parts.body.set(member, value)
        else if (value !== undefined) parts[binding.in].set(binding.name, textOf(value))
      }
      for (const name of Object.keys(constant)) parts.query.delete(name)
      const query = Object.fromEntries(parts.query)
      // `URLSearchParams` writes a space as `+`, which only HTML forms do. restJson1 writes `%20`.
      const search = new URLSearchParams(query).toString().replaceAll("+", "%20")
      return {
        body: Object.fromEntries(parts.body),
        query,
        search: search === "" ? "" : `?${search}`,
        headers: Object.fromEntries(parts.header)
      }
    },
    read: ({ headers = {}, query = {} }) =>
      Object.fromEntries(
        Object.entries(members).flatMap(([member, binding]) => {
          const text = (binding.in === "query" ? query : headers)[binding.name]
          return text === undefined ? [] : [[member, valueOf(text, binding.as)]]
        })
      )
  }
}

const textOf = (value: unknown): string => {
  // a query cannot hold half of a character, and U+FFFD in its place would be another text
  if (typeof value === "string" && value.isWellFormed()) return value
  if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) return String(value)
  throw new TypeError("a member of the query or of a header must be a whole text, a finite number or a boolean")
}

const valueOf = (text: string, as: Binding["as"]): unknown =>
  as === "number"
    ? (/^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN)
    : as === "boolean"
    ? text === "true"
    : text

/**
 * Puts a member into the query, under this name. `as` is the type of the member in the request: a text by default.
 *
 * @category constructors
 * @since 0.1.0
 */
export const query = (name: string, as: Binding["as"] = "text"): Binding => ({ in: "query", name, as })

/**
 * Puts a member into the header of this name, for example a bearer token.
 *
 * @category constructors
 * @since 0.1.0
 */
export const header = (name: string): Binding => ({ in: "header", name: name.toLowerCase(), as: "text" })

// -----------------------------------------------------------------------------
// predicates
// -----------------------------------------------------------------------------

/**
 * Whether a request of this method and URL is one of the operation. The endpoint may have a path before that of the operation.
 * The query must have the constant query of the operation, and beside it only bound members.
 *
 * @category predicates
 * @since 0.1.0
 */
export const matches = (operation: Any, method: string, url: URL): boolean => {
  const bound = Object.values(operation.bindings?.members ?? {}).filter((binding) => binding.in === "query")
  return operation.method === method && url.pathname.endsWith(operation.path) &&
    Object.entries(operation.query).every(([name, value]) => url.searchParams.get(name) === value) &&
    [...url.searchParams.keys()].every((name) =>
      Object.hasOwn(operation.query, name) || bound.some((binding) => binding.name === name)
    )
}

/**
 * Whether the path and the body hold all of a request. The relay passes on such a request by its body only.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isBodyAlone = ({ bindings, hasBody, method, query }: Any): boolean =>
  method === "POST" && hasBody && bindings === undefined && Object.keys(query).length === 0
