/**
 * Where and how an error response may name its type. Both services speak the protocol restJson1.
 */
import * as Schema from "effect/Schema"

/** The headers and the members of the body that name the type. */
export type Dialect = readonly [
  name: string,
  headers: (type: string) => Readonly<Record<string, string>>,
  members: (type: string) => Readonly<Record<string, unknown>>
]

const namespace = "com.amazonaws.sso.oidc"
const uri = "http://internal.amazon.com/coral/com.amazonaws.sso.oidc/"

/** The header of the type. */
export const errorTypeHeader = (value: string): Readonly<Record<string, string>> => ({ "x-amzn-errortype": value })

const header = (name: string, value: (type: string) => string): Dialect => [
  name,
  (type) => errorTypeHeader(value(type)),
  () => ({})
]
const body = (name: string, members: Dialect[2]): Dialect => [name, () => ({}), members]

/** The error cases of Smithy's protocol tests for restJson1 under their names. */
export const smithy: ReadonlyArray<Dialect> = [
  header("RestJsonFooErrorUsingXAmznErrorType", (type) => type),
  header("RestJsonFooErrorUsingXAmznErrorTypeWithUri", (type) => `${type}:${uri}`),
  header("RestJsonFooErrorUsingXAmznErrorTypeWithUriAndNamespace", (type) => `${namespace}#${type}:${uri}`),
  body("RestJsonFooErrorUsingCode", (code) => ({ code })),
  body("RestJsonFooErrorUsingCodeAndNamespace", (type) => ({ code: `${namespace}#${type}` })),
  body("RestJsonFooErrorUsingCodeUriAndNamespace", (type) => ({ code: `${namespace}#${type}:${uri}` })),
  body("RestJsonFooErrorWithDunderType", (type) => ({ __type: type })),
  body("RestJsonFooErrorWithDunderTypeAndNamespace", (type) => ({ __type: `${namespace}#${type}` })),
  body("RestJsonFooErrorWithDunderTypeUriAndNamespace", (type) => ({ __type: `${namespace}#${type}:${uri}` })),
  body("RestJsonFooErrorWithNestedTypeProperty", (type) => ({
    __type: `${namespace}#${type}`,
    ErrorDetails: [{ __type: "com.amazon.internal#ErrorDetails", reason: "Some reason" }]
  }))
]

/** More cases: which place comes first, and which place must not count. */
export const dialects: ReadonlyArray<Dialect> = [
  ...smithy,
  header("a header with a namespace", (type) => `${namespace}#${type}`),
  header("a header that two hops joined", (type) => `${type}, ${type}`),
  header("a header that two hops joined, with URIs", (type) => `${type}:${uri},Foo:${uri}`),
  body("code with a URI", (type) => ({ code: `${type}:${uri}` })),
  body("__type with a URI", (type) => ({ __type: `${type}:${uri}` })),
  [
    "a header before code and __type",
    (type) => ({ "x-amzn-errortype": type }),
    () => ({ code: "FooError", __type: "BarError" })
  ],
  body("code before __type", (code) => ({ code, __type: "BarError" })),
  [
    "a header, and nested types that do not count",
    (type) => ({ "x-amzn-errortype": type }),
    () => ({ details: { __type: "FooError", code: "FooError" }, list: [{ code: "FooError" }] })
  ]
]

/** A static schema of the official client: name and members. */
const Shape = Schema.Tuple([
  Schema.Literal(-3),
  Schema.String,
  Schema.String,
  Schema.Struct({ error: Schema.String, httpError: Schema.Int }),
  Schema.Array(Schema.String),
  Schema.Array(Schema.Number)
])

/** The exceptions of an official client, without the class that they extend. */
export const shapesOf = (sdk: object, base: string): ReadonlyArray<typeof Shape.Type> =>
  Object.entries(sdk).flatMap(([name, value]) =>
    name.endsWith("Exception$") && name !== `${base}$` ? [Schema.decodeUnknownSync(Shape)(value)] : []
  )
