import { assert, describe, it } from "@effect/vitest"
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import type * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as DeviceGrantError from "@sso-oidc/device-grant/DeviceGrantError"
import * as PollError from "@sso-oidc/device-grant/PollError"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

const exception = { error: "code", errorDescription: "why", status: 400, requestId: "r1", retryAfter: 2 }

const unexpected = new ClientError.UnexpectedResponse({
  operation: "CreateToken",
  problem: "malformed",
  status: 200,
  body: Redacted.make("the-secret-of-a-body", { label: "body" })
})

const invalidGrant = new SsoOidcError.InvalidGrantException(exception)

/** One error of each kind. A kind that is absent here does not compile. */
const errors: {
  readonly [Tag in DeviceGrant.PollError["_tag"]]: Extract<DeviceGrant.PollError, { readonly _tag: Tag }>
} = {
  AccessDeniedException: new SsoOidcError.AccessDeniedException({ ...exception, reason: "KMS_NotFoundException" }),
  InternalServerException: new SsoOidcError.InternalServerException(exception),
  InvalidClientException: new SsoOidcError.InvalidClientException(exception),
  InvalidGrantException: invalidGrant,
  InvalidRequestException: new SsoOidcError.InvalidRequestException(exception),
  InvalidScopeException: new SsoOidcError.InvalidScopeException(exception),
  UnauthorizedClientException: new SsoOidcError.UnauthorizedClientException(exception),
  UnsupportedGrantTypeException: new SsoOidcError.UnsupportedGrantTypeException(exception),
  RequestInvalid: new ClientError.RequestInvalid({ operation: "CreateToken", detail: "no" }),
  TransportError: new ClientError.TransportError({
    operation: "CreateToken",
    sent: "maybe",
    code: "CERT",
    transient: false,
    cause: { name: "Error", code: "CERT" }
  }),
  UnexpectedResponse: unexpected,
  DeviceCodeExpired: new DeviceGrantError.DeviceCodeExpired({
    detectedBy: "clock",
    responseLost: true,
    failures: 2,
    lastTrouble: { error: "TransportError", message: "no response", sent: "maybe" }
  }),
  TokenPossiblyLost: new DeviceGrantError.TokenPossiblyLost({ cause: invalidGrant })
}

const json = Schema.fromJsonString(PollError.PollError)

describe("PollError", () => {
  it.each(Object.values(errors))("$_tag comes back from its JSON as the same error (D5)", (error) => {
    const text = Schema.encodeSync(json)(error)
    const back = Schema.decodeSync(json)(text)
    assert.strictEqual(back.constructor, error.constructor)
    assert.strictEqual(back.message, error.message)
    assert.strictEqual(Schema.encodeSync(json)(back), text)
  })

  it("the body of a response is not in the JSON (C6)", () => {
    for (const error of [unexpected, new DeviceGrantError.TokenPossiblyLost({ cause: unexpected })]) {
      assert.notInclude(Schema.encodeSync(json)(error), "the-secret")
    }
  })

  it("another text is refused", () => {
    for (const text of ["", "{}", "null", JSON.stringify({ ...exception, _tag: "SlowDownException" })]) {
      assert.throws(() => Schema.decodeUnknownSync(json)(text))
    }
  })
})
