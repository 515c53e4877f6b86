/**
 * The portal of AWS IAM Identity Center as values: a second service, with everything that OIDC does not have. It has a GET,
 * members in the query and in a header, a bearer token, exceptions that are made from `message` only, and an empty 200.
 */
import * as Operation from "@sso-oidc/core/aws/Operation"
import type * as Service from "@sso-oidc/core/aws/Service"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

interface Detail extends Service.CommonDetail {
  readonly message: string
}

export const service: Service.Service<Detail> = {
  name: "SSO",
  endpointPrefix: "portal.sso",
  signingName: "awsssoportal",
  detail: (response, { type }) => ({ ...response.common, message: response.text("message") ?? type })
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

const fields = {
  message: Schema.String,
  status: Schema.Int,
  requestId: Schema.optionalKey(Schema.String),
  retryAfter: Schema.optionalKey(Schema.Number)
}

export class InvalidRequestException
  extends Schema.TaggedError<InvalidRequestException>("test/portal/InvalidRequestException")(
    "InvalidRequestException",
    fields
  )
{
  static readonly type = "InvalidRequestException"
  static readonly status = 400
}

export class UnauthorizedException
  extends Schema.TaggedError<UnauthorizedException>("test/portal/UnauthorizedException")(
    "UnauthorizedException",
    fields
  )
{
  static readonly type = "UnauthorizedException"
  static readonly status = 401
}

export class TooManyRequestsException
  extends Schema.TaggedError<TooManyRequestsException>("test/portal/TooManyRequestsException")(
    "TooManyRequestsException",
    fields
  )
{
  static readonly type = "TooManyRequestsException"
  static readonly status = 429
}

export class ResourceNotFoundException
  extends Schema.TaggedError<ResourceNotFoundException>("test/portal/ResourceNotFoundException")(
    "ResourceNotFoundException",
    fields
  )
{
  static readonly type = "ResourceNotFoundException"
  static readonly status = 404
}

const exceptions = [
  InvalidRequestException,
  UnauthorizedException,
  TooManyRequestsException,
  ResourceNotFoundException
] as const

// -----------------------------------------------------------------------------
// operations
// -----------------------------------------------------------------------------

const secret = (label: string) =>
  Schema.String.pipe(
    Schema.decodeTo(
      Schema.Redacted(Schema.String),
      SchemaTransformation.transform({
        decode: (value: string) => Redacted.make(value, { label }),
        encode: Redacted.value
      })
    )
  )

const token = { accessToken: secret("accessToken") }
const bearer = { accessToken: Operation.header("x-amz-sso_bearer_token") }

const page = { nextToken: Schema.optionalKey(Schema.String), maxResults: Schema.optionalKey(Schema.Number) }
const pageBindings = { nextToken: Operation.query("next_token"), maxResults: Operation.query("max_result", "number") }

export const getRoleCredentials = Operation.make({
  service,
  name: "GetRoleCredentials",
  method: "GET",
  path: "/federation/credentials",
  request: Schema.Struct({ ...token, roleName: Schema.String, accountId: Schema.String }),
  bindings: Operation.bindings({
    ...bearer,
    roleName: Operation.query("role_name"),
    accountId: Operation.query("account_id")
  }),
  response: Schema.Struct({
    roleCredentials: Schema.Struct({
      accessKeyId: Schema.String,
      secretAccessKey: secret("secretAccessKey"),
      sessionToken: secret("sessionToken"),
      expiration: Schema.Number
    })
  }),
  exceptions,
  resend: () => "anytime"
})

export const listAccounts = Operation.make({
  service,
  name: "ListAccounts",
  method: "GET",
  path: "/assignment/accounts",
  request: Schema.Struct({ ...token, ...page }),
  bindings: Operation.bindings({ ...bearer, ...pageBindings }),
  response: Schema.Struct({
    nextToken: Schema.optionalKey(Schema.String),
    accountList: Schema.Array(Schema.Struct({ accountId: Schema.String }))
  }),
  exceptions,
  resend: () => "anytime"
})

export const listAccountRoles = Operation.make({
  service,
  name: "ListAccountRoles",
  method: "GET",
  path: "/assignment/roles",
  request: Schema.Struct({ ...token, ...page, accountId: Schema.String }),
  bindings: Operation.bindings({ ...bearer, ...pageBindings, accountId: Operation.query("account_id") }),
  response: Schema.Struct({
    nextToken: Schema.optionalKey(Schema.String),
    roleList: Schema.Array(Schema.Struct({ roleName: Schema.String, accountId: Schema.String }))
  }),
  exceptions,
  resend: () => "anytime"
})

export const logout = Operation.make({
  service,
  name: "Logout",
  method: "POST",
  path: "/logout",
  hasBody: false,
  allowsEmptyResponse: true,
  request: Schema.Struct(token),
  bindings: Operation.bindings(bearer),
  response: Schema.Struct({}),
  exceptions: [InvalidRequestException, UnauthorizedException, TooManyRequestsException],
  resend: () => "anytime"
})
