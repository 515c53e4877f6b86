import { assert, describe, it } from "@effect/vitest"
import { isTransportCause, TransportCause } from "@sso-oidc/core/aws/TransportCause"
import { inspect } from "node:util"

describe("TransportCause", () => {
  it("says whether the request was sent, and why there is no response (C3)", () => {
    const no = new TransportCause({ sent: "no", code: "ECONNREFUSED", transient: true, syscall: "connect" })
    assert.deepInclude(no, {
      _tag: "TransportCause",
      sent: "no",
      code: "ECONNREFUSED",
      transient: true,
      syscall: "connect"
    })
    assert.strictEqual(no.message, "the request was not sent: ECONNREFUSED")
    const maybe = new TransportCause({ sent: "maybe", code: "ECONNRESET", transient: true })
    assert.strictEqual(maybe.message, "the request may have been sent: ECONNRESET")
    assert.instanceOf(maybe, Error)
  })

  it("ends its message with the hint, if it has one (C3)", () => {
    const hint = "The server does not speak TLS. Correct the port."
    const cause = new TransportCause({ sent: "no", code: "X", transient: false, hint })
    assert.strictEqual(cause.message, `the request was not sent (X): ${hint}`)
  })

  it("is known only by its mark, across copies of the module", () => {
    const one = new TransportCause({ sent: "no", code: "X", transient: false })
    assert.isTrue(isTransportCause(one))
    assert.isTrue(isTransportCause({ "~@sso-oidc/core/TransportCause": "~@sso-oidc/core/TransportCause" }))
    for (const other of [undefined, null, "TransportCause", new Error("x"), { _tag: "TransportCause", sent: "no" }]) {
      assert.isFalse(isTransportCause(other))
    }
  })

  it("shows nothing but its own members (C6)", () => {
    const shown = inspect(new TransportCause({ sent: "no", code: "X", transient: false }), { depth: null })
    assert.include(shown, "X")
    assert.notInclude(shown, "request:")
  })
})
