/**
 * An operation of a service as a value.
 *
 * One `Operation` says everything about an operation: where it goes, what it takes and gives, which exceptions the model
 * lists for it, and whether a request may be sent again. The client, the emulator, the relay and the transports for tests
 * read these values. A new operation is one new value.
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
 * - `"anytime"`: yes; a second one does no harm.
 * - `"paced"`: yes, and it must be, but only at the pace of its grant (RFC 8628 section 3.5).
 * - `"unsent"`: only when it is certain that the first did not leave, since its code or token is good for one use.
 *
 * @category models
 * @since 0.1.0
 */
export type Resend = "anytime" | "paced" | "unsent"

/**
 * Where a signature is valid.
 *
 * @category models
 * @since 0.1.0
 */
export interface SigningScope {
  /** The region of the endpoint. */
  readonly region: string
  /** The service's signing name. */
  readonly signingName: string
}

/**
 * Where a member of a request goes, when it does not go into the body.
 *
 * @category models
 * @since 0.1.0
 */
export interface Binding {
  /** The part of the request. */
  readonly in: "query" | "header"
  /** The name that the member has there. */
  readonly name: string
  /** What the member is in a request, since all there are texts. */
  readonly as: "text" | "number" | "boolean"
}

/**
 * The members of a request by the part of the HTTP request that each goes into.
 *
 * @category models
 * @since 0.1.0
 */
export interface Placed {
  /** The members of the JSON body. */
  readonly body: unknown
  /** The texts of the query, by their names. None by default. */
  readonly query?: Readonly<Record<string, string>>
  /** The values of the headers, by their names. None by default. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Where the members of a request go that do not go into the body. {@link bindings} makes it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Bindings {
  /** Where each member goes, by its name in the request. Any other member goes into the body. */
  readonly members: Readonly<Record<string, Binding>>
  /** Places the encoded members. Throws a `TypeError` for a value that has no text. */
  readonly place: (members: unknown) => Placed
  /** The opposite: the members that a query and headers hold, for what plays the service. */
  readonly read: (placed: Omit<Placed, "body">) => Readonly<Record<string, unknown>>
}

/**
 * An exception's class as a value. The engine finds it by `type`, or else by `error`, and makes it of what the service reads
 * from the response.
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
 * `Request` and `Response` are plain objects whose members have the wire's names. `Error` is the union of the exceptions that
 * the model lists for it, with what `authenticate` can fail with. `R` is what `authenticate` needs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Operation<Request, Response, Error, R = never, Name extends string = string> {
  /** The service that it belongs to. */
  readonly service: Service.Service
  /** The model's name: `CreateToken`. */
  readonly name: Name
  /** The HTTP method. */
  readonly method: "GET" | "POST"
  /** The path below the endpoint: `/token`. */
  readonly path: `/${string}`
  /** The constant query: `{ aws_iam: "t" }`. Empty for most. */
  readonly query: Readonly<Record<string, string>>
  /** Where members of the request go that do not go into the body. Absent: all go into the body. */
  readonly bindings?: Bindings
  /** Whether the request has a JSON body. Without one, a member that has no binding makes the request invalid. */
  readonly hasBody: boolean
  /** Whether a 200 without a body is a response, as if it were `{}`. */
  readonly allowsEmptyResponse: boolean
  /** Reads and writes a request. Its `Redacted` members are its secrets. */
  readonly request: Schema.Codec<Request, unknown>
  /** Reads and writes a response. */
  readonly response: Schema.Codec<Response, unknown>
  /** The exceptions that the model lists for the operation. */
  readonly exceptions: ReadonlyArray<Service.ExceptionType>
  /** Makes the listed exception of that type from a response; `undefined` where the operation lists no such type. */
  readonly exception: (type: string, response: Service.ErrorResponse) => Error | undefined
  /** Whether this request may be sent again. */
  readonly resend: (request: Request) => Resend
  /** Adds the proof of who sends, such as a signature, right before the request is sent. Absent: the operation is anonymous. */
  readonly authenticate?:
    | ((
      request: HttpClientRequest.HttpClientRequest,
      scope: SigningScope
    ) => Effect.Effect<HttpClientRequest.HttpClientRequest, Error, R>)
    | undefined
}

/**
 * An operation, whatever its types are: for lists of operations. Every `Operation` is one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Any
  extends Omit<Operation<unknown, unknown, unknown>, "authenticate" | "exception" | "request" | "resend" | "response">
{
  /** Reads and writes a request. Its `Redacted` members are its secrets. */
  readonly request: Schema.Codec<unknown, unknown>
  /** Reads and writes a response. */
  readonly response: Schema.Codec<unknown, unknown>
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

// -----------------------------------------------------------------------------
// constructors
// -----------------------------------------------------------------------------

/**
 * The exception that a class makes.
 *
 * @category utility types
 * @since 0.1.0
 */
export type ExceptionOf<Class> = Class extends { new(detail: never): infer E } ? E : never

/**
 * What an operation is made of. See {@link Operation} for the members that are not told here.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<Request, Response, Class, Detail, AuthError, R, Name extends string> {
  /** The service that it belongs to. It says what its exceptions are made of. */
  readonly service: Service.Service<Detail>
  /** The model's name. */
  readonly name: Name
  /** The HTTP method. */
  readonly method: "GET" | "POST"
  /** The path below the endpoint. */
  readonly path: `/${string}`
  /** The constant query. None by default. */
  readonly query?: Readonly<Record<string, string>>
  /** Where members of the request go that do not go into the body. None by default. */
  readonly bindings?: Bindings
  /** Whether the request has a JSON body. By default a POST has one and a GET has none. */
  readonly hasBody?: boolean
  /** Whether a 200 without a body is a response. `false` by default. */
  readonly allowsEmptyResponse?: boolean
  /** Reads and writes a request. */
  readonly request: Schema.Codec<Request, unknown>
  /** Reads and writes a response. */
  readonly response: Schema.Codec<Response, unknown>
  /** The classes of the exceptions that the model lists for the operation. */
  readonly exceptions: ReadonlyArray<Class & ExceptionClass<ExceptionOf<Class>, Detail>>
  /** Whether a request may be sent again. */
  readonly resend: (request: Request) => Resend
  /** Adds the proof of who sends. None by default. */
  readonly authenticate?:
    | ((
      request: HttpClientRequest.HttpClientRequest,
      scope: SigningScope
    ) => Effect.Effect<HttpClientRequest.HttpClientRequest, AuthError, R>)
    | undefined
}

/**
 * An operation from what the model says about it.
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
 * Where members of a request go that do not go into the body.
 *
 * A text, a finite number or a boolean can be placed. Any other value makes the request invalid. Two members for one place are a
 * mistake in the program: a `RangeError` is thrown.
 *
 * @category constructors
 * @since 0.1.0
 */
export const bindings = (members: Readonly<Record<string, Binding>>): Bindings => {
  const places = Object.values(members).map((binding) => `${binding.in} ${binding.name}`)
  const twice = places.find((place, at) => places.indexOf(place) !== at)
  if (twice !== undefined) throw new RangeError(`Operation: two members are bound to the ${twice}`)
  return {
    members,
    place: (given) => {
      const parts = {
        body: new Map<string, unknown>(),
        query: new Map<string, string>(),
        header: new Map<string, string>()
      }
      for (const [member, value] of Object.entries(Object(given))) {
        // a body may have a member that is named like one of every object
        const binding = Object.hasOwn(members, member) ? members[member] : undefined
        if (binding === undefined) parts.body.set(member, value)
        else if (value !== undefined) parts[binding.in].set(binding.name, textOf(value))
      }
      return {
        body: Object.fromEntries(parts.body),
        query: Object.fromEntries(parts.query),
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
  if (typeof value === "string") return value
  if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) return String(value)
  throw new TypeError("a member of the query or of a header must be a text, a finite number or a boolean")
}

const valueOf = (text: string, as: Binding["as"]): unknown =>
  as === "number" ? Number(text) : as === "boolean" ? text === "true" : text

/**
 * The member goes into the query, under that name. `as` says what it is in the request: a text by default.
 *
 * @category constructors
 * @since 0.1.0
 */
export const query = (name: string, as: Binding["as"] = "text"): Binding => ({ in: "query", name, as })

/**
 * The member goes into a header of that name. A member that is a bearer token is bound so.
 *
 * @category constructors
 * @since 0.1.0
 */
export const header = (name: string): Binding => ({ in: "header", name: name.toLowerCase(), as: "text" })

// -----------------------------------------------------------------------------
// predicates
// -----------------------------------------------------------------------------

/**
 * Whether a request of this method and URL is the operation's. An endpoint may have a path of its own before the operation's. The
 * query has the operation's constant one, and beside it nothing but its bound members.
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
 * Whether all that a request says stands in its body and its path, so that the body can be passed on alone, as the relay does.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isBodyAlone = ({ bindings, hasBody, method, query }: Any): boolean =>
  method === "POST" && hasBody && bindings === undefined && Object.keys(query).length === 0
