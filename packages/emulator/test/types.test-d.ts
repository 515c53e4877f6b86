import type * as Emulator from "@sso-oidc/emulator/Emulator"
import { describe, expectTypeOf, it } from "vitest"

describe("the emulator's errors", () => {
  it("authorize lists only what it can fail with (C3)", () => {
    expectTypeOf<Emulator.AuthorizeError["_tag"]>().toEqualTypeOf<
      | "AuthorizeRefused"
      | "InvalidClientException"
      | "InvalidRedirectUriException"
      | "InvalidRequestException"
      | "UnauthorizedClientException"
    >()
  })

  it("a decision's problem is each status that cannot be decided on, or an unknown code (C3)", () => {
    expectTypeOf<Emulator.DecisionError["problem"]>().toEqualTypeOf<Emulator.DecisionProblem>()
    expectTypeOf<Emulator.DecisionProblem>().toEqualTypeOf<"approved" | "denied" | "expired" | "unknown" | "used">()
  })
})
