import { assert, describe, it } from "@effect/vitest"
import * as ContractServer from "@sso-oidc/testing/contract/ContractServer"
import * as ContractServerNode from "@sso-oidc/testing/contract/ContractServerNode"
import * as TransportContract from "@sso-oidc/testing/contract/TransportContract"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as SocketClient from "./support/socketClient.ts"

const doing = (effect: Effect.Effect<never>) => Layer.succeed(HttpClient.HttpClient, HttpClient.make(() => effect))

const patient = Effect.provideService(TransportContract.Timeout, "200 millis")

describe("TransportContract.run", () => {
  it.effect.each<[string, Layer.Layer<HttpClient.HttpClient, string>, string]>([
    ["dies", doing(Effect.die(new Error("a mistake"))), "a mistake"],
    ["interrupts", doing(Effect.interrupt), "interrupt"],
    ["has a layer that fails", Layer.effect(HttpClient.HttpClient, Effect.fail("no such file")), "no such file"]
  ])(
    "reports a violation of each case for a transport that %s",
    ([, transport, why]) =>
      Effect.gen(function*() {
        const outcomes = yield* TransportContract.run({ transport, concurrency: 12 })
        assert.strictEqual(outcomes.length, TransportContract.cases.length)
        const [first] = outcomes
        assert.strictEqual(first?.verdict, "broken")
        assert.strictEqual(first?.violation?.case, "carries bytes of every value")
        assert.match(first?.violation?.actual ?? "", new RegExp(`^the transport died: .*${why}`))
      }).pipe(patient, Effect.provide(ContractServerNode.layer))
  )

  it.effect("also runs the cases of other guarantees, with another verdict", () =>
    Effect.gen(function*() {
      const transport = SocketClient.layer({ keepAlive: false })
      const outcomes = yield* TransportContract.run({ transport, guarantees: ["bytes", "headers"], concurrency: 6 })
      const verdictOf = (name: string) =>
        outcomes.filter(({ guarantee }) => guarantee === name).map((one) => one.verdict)
      assert.deepStrictEqual(verdictOf("headers"), ["kept", "kept"])
      assert.deepStrictEqual(verdictOf("trust"), ["held"])
      assert.deepStrictEqual(verdictOf("connectionReuse"), ["missed", "missed"])
    }).pipe(Effect.provide(ContractServerNode.layer)))

  it.effect("says nothing about the transport if the server does not run", () =>
    Effect.gen(function*() {
      const server = yield* Effect.scoped(ContractServerNode.make)
      const broken = new ContractServer.ContractServerError({ detail: "gone" })
      const error = yield* TransportContract.run({ transport: SocketClient.layer() }).pipe(
        Effect.provideService(ContractServer.ContractServer, { ...server, report: () => Effect.fail(broken) }),
        patient,
        Effect.flip
      )
      assert.strictEqual(error._tag, "ContractServerError")
    }))

  it.live("ends if it is interrupted", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(TransportContract.run({ transport: SocketClient.layer() }))
      yield* Effect.sleep(200)
      const exit = yield* Fiber.interrupt(fiber).pipe(Effect.andThen(Fiber.await(fiber)), Effect.timeout("1 second"))
      assert.isTrue(Exit.hasInterrupts(exit))
    }).pipe(Effect.provide(ContractServerNode.layer)))
})
