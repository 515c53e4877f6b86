import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { oneOf } from "../support/differential-model.ts"
import { application, caseOf, keys, official, ours, requests, times } from "../support/iamRequests.ts"

/** The places that a request may go to: partitions, endpoints with a port, a path, an escaped path. */
const places = oneOf([
  { region: "us-east-1" },
  { region: "cn-north-1" },
  { region: "us-gov-west-1", useFipsEndpoint: true },
  { region: "eu-central-1", useDualstackEndpoint: true },
  { region: "eu-west-1", endpoint: "http://127.0.0.1:8080" },
  { region: "eu-west-1", endpoint: "https://proxy.example/a/path" },
  { region: "eu-west-1", endpoint: "https://proxy.example/a%20path/(b)" }
])

describe("the signature of CreateTokenWithIAM", () => {
  it.effect.prop(
    "is that of the official client, byte for byte, for the same clock, keys and headers (I1)",
    [requests, keys, times, places],
    ([request, keys, millis, place]) =>
      Effect.gen(function*() {
        const theirs = yield* official(request.plain, { ...place, keys, millis, plain: true })
        const mine = yield* ours(request.ours, { ...place, keys, millis })
        assert.strictEqual(mine.method, theirs.method)
        assert.strictEqual(mine.url, theirs.url)
        assert.strictEqual(mine.body, theirs.body)
        const { "user-agent": agent, "content-length": _length, ...signed } = mine.headers
        assert.match(agent ?? "", /^sso-oidc-effect\//)
        const { host: _host, ...expected } = theirs.headers
        assert.deepStrictEqual(signed, expected)
        assert.isDefined(signed["authorization"])
        assert.strictEqual(signed["x-amz-security-token"], keys.sessionToken)
      }),
    { arbitrary: { runs: 150 } }
  )

  it.effect("names the region of the client, the signing name and the signed headers (I1)", () =>
    Effect.gen(function*() {
      const request = caseOf({ clientId: application, grantType: "refresh_token", refreshToken: "a-refresh-token" })
      const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "example", sessionToken: "a-session-token" }
      const { body, headers, url } = yield* ours(request.ours, {
        region: "US-West-2",
        keys,
        millis: Date.parse("2026-11-24T00:00:00.999Z")
      })
      assert.strictEqual(url, "https://oidc.us-west-2.amazonaws.com/token?aws_iam=t")
      assert.strictEqual(headers["x-amz-date"], "20261124T000000Z")
      assert.strictEqual(headers["content-type"], "application/json")
      assert.match(
        headers["authorization"] ?? "",
        new RegExp(
          "^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/us-west-2/sso-oauth/aws4_request, " +
            "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$"
        )
      )
      assert.deepStrictEqual(JSON.parse(body), request.plain)
    }))
})
