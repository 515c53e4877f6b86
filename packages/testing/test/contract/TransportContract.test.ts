import { assert, describe, it } from "@effect/vitest"
import * as TransportContract from "@sso-oidc/testing/contract/TransportContract"
import * as TransportGuarantee from "@sso-oidc/testing/contract/TransportGuarantee"
import * as Effect from "effect/Effect"
import { broken, finds, isOfExchange, violated } from "./support/brokenTransports.ts"
import * as SocketClient from "./support/socketClient.ts"

describe("TransportContract", () => {
  it.effect("has guarantees that one client can keep together", () =>
    Effect.gen(function*() {
      const failures = yield* violated(SocketClient.layer())
      assert.deepStrictEqual(failures.map(({ violation }) => violation?.message), [])
    }))

  it("has a case for every guarantee, and a unique name for every case", () => {
    const { cases } = TransportContract
    assert.deepStrictEqual([...new Set(cases.map(({ guarantee }) => guarantee))], TransportGuarantee.names)
    assert.strictEqual(new Set(cases.map(({ name }) => name)).size, cases.length)
    for (const { name, guarantee } of cases) assert.isTrue(name.startsWith(`${guarantee}: `), name)
  })

  it("has a client below that breaks it, for every guarantee", () => {
    const tested = new Set(broken.flatMap(({ guarantees }) => guarantees.slice(0, 1)))
    assert.deepStrictEqual(TransportGuarantee.names.filter((name) => !tested.has(name)), [])
  })
})

finds(isOfExchange)
