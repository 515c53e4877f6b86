import { assert, describe, it } from "@effect/vitest"
import * as LoginMethod from "@sso-oidc/session/LoginMethod"

const free: LoginMethod.Facts = { isLegacy: false, hasListener: true }

// each row adds a fact that outranks those of the rows above it
const rows: ReadonlyArray<readonly [Partial<LoginMethod.Facts>, LoginMethod.Choice]> = [
  [{}, { grant: "code", reason: "default" }],
  [{ sign: "ssh" }, { grant: "device", reason: "elsewhere", sign: "ssh" }],
  [{ hasListener: false }, { grant: "device", reason: "noListener" }],
  [{ isLegacy: true }, { grant: "device", reason: "legacy" }],
  [{ useDeviceCode: true }, { grant: "device", reason: "setting" }],
  [{ grant: "code" }, { grant: "code", reason: "option" }]
]

describe("LoginMethod", () => {
  it("the first rule that applies decides (S15)", () => {
    let facts = free
    for (const [more, choice] of rows) {
      facts = { ...facts, ...more }
      assert.deepStrictEqual(LoginMethod.choose(facts), choice)
      // and alone
      assert.deepStrictEqual(LoginMethod.choose({ ...free, ...more }), choice)
    }
  })

  it("the option can ask for the device grant too, and `useDeviceCode: false` says nothing (S15)", () => {
    assert.deepStrictEqual(LoginMethod.choose({ ...free, grant: "device" }), { grant: "device", reason: "option" })
    assert.deepStrictEqual(LoginMethod.choose({ ...free, useDeviceCode: false }), { grant: "code", reason: "default" })
  })

  it("each choice is one sentence for a person (S15)", () => {
    const sentences = rows.map(([, choice]) => LoginMethod.sentence(choice))
    assert.deepStrictEqual(sentences, [
      "Logging in with a browser on this machine.",
      "Logging in with a code (device grant), because this is an SSH session.",
      "Logging in with a code (device grant), because this program cannot listen for a browser.",
      "Logging in with a code (device grant), because the profile has no sso_session.",
      "Logging in with a code (device grant), because sso_use_device_code is set.",
      "Logging in with a browser on this machine, as asked."
    ])
  })
})
