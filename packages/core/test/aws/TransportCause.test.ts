import { assert, describe, it } from "@effect/vitest"
import { isTransportCause, TransportCause } from "@sso-oidc/core/aws/TransportCause"
import { inspect } from "node:util"

describe("TransportCause", () => {
  it("says whether the request can have left, and why there is no answer", () => {
    const no = new TransportCause({ sent: "no", code: "ECONNREFUSED", transient: true, syscall: "connect" })
    assert.deepInclude(no, {
      _tag: "TransportCause",
      sent: "no",
      code: "ECONNREFUSED",
      transient: true,
      syscall: "connect"
    })
    assert.strictEqual(no.message, "the request did not leave: ECONNREFUSED")
    const maybe = new TransportCause({ sent: "maybe", code: "ECONNRESET", transient: true })
    assert.strictEqual(maybe.message, "the request may have left: ECONNRESET")
    assert.instanceOf(maybe, Error)
  })

  it("ends its message with the hint, where there is one (C3)", () => {
    const hint = "The server does not speak TLS. Correct the port."
    const cause = new TransportCause({ sent: "no", code: "X", transient: false, hint })
    assert.strictEqual(cause.message, `the request did not leave (X): ${hint}`)
  })

  it("is known by its mark, across copies of the module, and by nothing else", () => {
    const one = new TransportCause({ sent: "no", code: "X", transient: false })
    assert.isTrue(isTransportCause(one))
    assert.isTrue(isTransportCause({ "~@sso-oidc/core/TransportCause": "~@sso-oidc/core/TransportCause" }))
    for (const other of [undefined, null, "TransportCause", new Error("x"), { _tag: "TransportCause", sent: "no" }]) {
      assert.isFalse(isTransportCause(other))
    }
  })

  it("C6: it shows nothing but what it was given", () => {
    const shown = inspect(new TransportCause({ sent: "no", code: "X", transient: false }), { depth: null })
    assert.include(shown, "X")
    assert.notInclude(shown, "request:")
  })
})
