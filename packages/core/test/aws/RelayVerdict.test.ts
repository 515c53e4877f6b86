import { assert, describe, it } from "@effect/vitest"
import * as RelayVerdict from "@sso-oidc/core/aws/RelayVerdict"

const verdicts: ReadonlyArray<[text: string, verdict: RelayVerdict.RelayVerdict]> = [
  ["sent=no; transient=yes; code=ECONNREFUSED", { sent: "no", transient: true, code: "ECONNREFUSED" }],
  ["sent=maybe; transient=no; code=CERT.v-1_2", { sent: "maybe", transient: false, code: "CERT.v-1_2" }],
  ["sent=answered; transient=yes; code=TIMEOUT; status=0", {
    sent: "answered",
    transient: true,
    code: "TIMEOUT",
    status: 0
  }],
  [
    "sent=answered; transient=no; code=REDIRECT; status=307",
    { sent: "answered", transient: false, code: "REDIRECT", status: 307 }
  ]
]

describe("aws/RelayVerdict", () => {
  it.each(verdicts)("reads the header that it wrote: %s", (text, verdict) => {
    assert.strictEqual(RelayVerdict.render(verdict), text)
    assert.deepStrictEqual(RelayVerdict.parse(text), verdict)
  })

  it.each(["", "a b", "a; status=200", "a\r\nx: y", "é", "a".repeat(65)])(
    "writes no code that has another meaning in a header: %j",
    (code) =>
      assert.strictEqual(
        RelayVerdict.render({ sent: "no", transient: true, code }),
        "sent=no; transient=yes; code=UNKNOWN"
      )
  )

  it.each([
    undefined,
    "",
    "sent=no",
    "sent=never; transient=yes; code=X",
    "sent=no; transient=maybe; code=X",
    "sent=no; transient=yes; code=",
    "sent=no; transient=yes; code=X Y",
    "sent=no; transient=yes; code=X; status=2000",
    " sent=no; transient=yes; code=X",
    "sent=no; transient=yes; code=X, sent=no; transient=yes; code=X"
  ])("reads no verdict from a header that a relay did not write: %j", (text) => {
    assert.isUndefined(RelayVerdict.parse(text))
  })
})
