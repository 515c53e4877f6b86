import type * as EmulatorError from "@sso-oidc/emulator/EmulatorError"
import { describe, expectTypeOf, it } from "vitest"

describe("the emulator's errors", () => {
  it("authorize lists only the errors that it can fail with (C3)", () => {
    expectTypeOf<EmulatorError.AuthorizeError["_tag"]>().toEqualTypeOf<
      | "AuthorizeErrorRedirect"
      | "InvalidClientException"
      | "InvalidRedirectUriException"
      | "InvalidRequestException"
      | "UnauthorizedClientException"
    >()
  })

  it("a decision's problem is each status that cannot be decided, or an unknown code (C3)", () => {
    expectTypeOf<EmulatorError.DecisionError["problem"]>().toEqualTypeOf<EmulatorError.DecisionProblem>()
    expectTypeOf<EmulatorError.DecisionProblem>().toEqualTypeOf<
      "approved" | "denied" | "expired" | "unknown" | "used"
    >()
  })
})
