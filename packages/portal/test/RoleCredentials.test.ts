import { assert, describe, it } from "@effect/vitest"
import * as RoleCredentials from "@sso-oidc/portal/RoleCredentials"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

describe("a role", () => {
  it("has an account of 12 digits and a name that can be seen (P6)", () => {
    assert.isTrue(Result.isSuccess(RoleCredentials.role({ accountId: "000000000001", roleName: "Rôle/a:b" })))
  })

  it("of a program without types is refused with a sentence (P6)", () => {
    for (
      const text of [
        "{}",
        "{\"accountId\":111122223333,\"roleName\":\"A\"}",
        "{\"accountId\":\"111122223333\"}",
        "{\"accountId\":\"111122223333\",\"roleName\":[\"A\"]}"
      ]
    ) {
      const given: RoleCredentials.Role = JSON.parse(text)
      const result = RoleCredentials.role(given)
      assert.isTrue(Result.isFailure(result) && result.failure.message.endsWith("."))
    }
  })
})

describe("the credentials of a response", () => {
  const response = (expiration: number) => ({
    roleCredentials: {
      accessKeyId: "ASIA1",
      secretAccessKey: Redacted.make("s"),
      sessionToken: Redacted.make("t"),
      expiration
    }
  })

  it("count milliseconds, and are none if no date has so many (P2)", () => {
    const role = { accountId: "111122223333", roleName: "A" }
    assert.strictEqual(
      RoleCredentials.fromResponse(role, response(1_800_000_000_000))?.expiration.epochMilliseconds,
      1_800_000_000_000
    )
    assert.strictEqual(
      RoleCredentials.fromResponse(role, response(1_800_000_000_000.5))?.expiration.epochMilliseconds,
      1_800_000_000_000
    )
    assert.isUndefined(RoleCredentials.fromResponse(role, response(8.64e15 + 2)))
  })
})
