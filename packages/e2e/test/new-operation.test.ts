/**
 * A new operation of the service needs only one value and one entry in core's list.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Operation from "@sso-oidc/core/aws/Operation"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorTransport from "@sso-oidc/emulator/EmulatorTransport"
import * as Fault from "@sso-oidc/emulator/Fault"
import { make as makeRelay, origin, relayUrl } from "@sso-oidc/test-kit/relay"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as FaultyTransport from "@sso-oidc/testing/FaultyTransport"
import * as RecordedTransport from "@sso-oidc/testing/RecordedTransport"
import * as ScriptedTransport from "@sso-oidc/testing/ScriptedTransport"
import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { vi } from "vitest"

// The entry. The packages read the list where it is, and see nothing else of a new operation.
vi.mock("@sso-oidc/core/SsoOidc", async (original) => {
  const actual = await original<typeof SsoOidc>()
  const Operation = await import("@sso-oidc/core/aws/Operation")
  const SsoOidcError = await import("@sso-oidc/core/SsoOidcError")
  const SsoOidcService = await import("@sso-oidc/core/SsoOidcService")
  const Schema = await import("effect/Schema")
  const revoke = Operation.make({
    service: SsoOidcService.service,
    name: "RevokeToken",
    method: "POST",
    path: "/revoke",
    request: Schema.Struct({ token: Schema.RedactedFromValue(Schema.String) }),
    response: Schema.Struct({ revoked: Schema.Boolean }),
    exceptions: [SsoOidcError.InvalidRequestException, SsoOidcError.SlowDownException],
    resend: () => "anytime"
  })
  const list = Operation.make({
    service: SsoOidcService.service,
    name: "ListTokens",
    method: "GET",
    path: "/tokens",
    request: Schema.Struct({
      token: Schema.RedactedFromValue(Schema.String),
      most: Schema.optionalKey(Schema.Number)
    }),
    bindings: Operation.bindings({ token: Operation.header("x-token"), most: Operation.query("most", "number") }),
    response: Schema.Struct({ tokens: Schema.Number }),
    exceptions: [SsoOidcError.SlowDownException],
    resend: () => "anytime"
  })
  return { ...actual, operations: [...actual.operations, revoke, list] }
})

/** The operation as a user of core writes it. The lists are different objects, so only their content counts. */
const revoke = Operation.make({
  service: SsoOidcService.service,
  name: "RevokeToken",
  method: "POST",
  path: "/revoke",
  request: Schema.Struct({ token: Schema.RedactedFromValue(Schema.String) }),
  response: Schema.Struct({ revoked: Schema.Boolean }),
  exceptions: [SsoOidcError.InvalidRequestException, SsoOidcError.SlowDownException],
  resend: () => "anytime"
})

/** An operation without a body: its members are in the query and in a header. */
const list = Operation.make({
  service: SsoOidcService.service,
  name: "ListTokens",
  method: "GET",
  path: "/tokens",
  request: Schema.Struct({
    token: Schema.RedactedFromValue(Schema.String),
    most: Schema.optionalKey(Schema.Number)
  }),
  bindings: Operation.bindings({ token: Operation.header("x-token"), most: Operation.query("most", "number") }),
  response: Schema.Struct({ tokens: Schema.Number }),
  exceptions: [SsoOidcError.SlowDownException],
  resend: () => "anytime"
})

const secret = "the-token-that-is-to-be-revoked"
const request = { token: Redacted.make(secret) }

const run = SsoOidc.SsoOidc.use((oidc) => oidc.execute(revoke, request))

const runList = SsoOidc.SsoOidc.use((oidc) => oidc.execute(list, { ...request, most: 3 }))

/** A client over a transport, without the other services of the context. */
const over = <A, E, R>(transport: Layer.Layer<HttpClient.HttpClient | A, E, R>) =>
  SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provideMerge(transport))

describe("an operation that is one value and one entry in SsoOidc.operations", () => {
  it("is in the list", () => {
    assert.include(SsoOidc.operations.map(({ name }) => String(name)), "RevokeToken")
  })

  it.effect("runs by `execute`, with its own exceptions (C3)", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => Wire.json({ revoked: true }))
      const oidc = yield* SsoOidc.make({ region: "eu-west-1" }).pipe(
        Effect.provideService(HttpClient.HttpClient, wire.client)
      )
      assert.deepStrictEqual(yield* oidc.execute(revoke, request), { revoked: true })
      assert.deepInclude(wire.sent[0], { method: "POST", url: "https://oidc.eu-west-1.amazonaws.com/revoke" })
    }))

  it.effect("can be scripted", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* run, { revoked: true })
      const error = yield* Effect.flip(run)
      assert.strictEqual(error._tag, "SlowDownException")
    }).pipe(Effect.provide(over(ScriptedTransport.layer([
      ScriptedTransport.success(revoke, { revoked: true }),
      ScriptedTransport.exception(revoke, "SlowDownException")
    ])))))

  it.effect("meets a fault that a plan names it for", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(run)
      assert.deepInclude(error, { _tag: "TransportError", operation: "RevokeToken", code: "ECONNREFUSED" })
      assert.deepStrictEqual(yield* run, { revoked: true })
    }).pipe(Effect.provide(over(
      FaultyTransport.layer(FaultyTransport.perOperation<SsoOidc.OperationName | "RevokeToken">({
        RevokeToken: [FaultyTransport.connectionRefused]
      })).pipe(
        Layer.provide(ScriptedTransport.layer([ScriptedTransport.success(revoke, { revoked: true })]))
      )
    ))))

  it.effect("is recorded without its secret, and replayed (C6)", () =>
    Effect.gen(function*() {
      const store = RecordedTransport.makeMemoryStore()
      const recorded = over(
        RecordedTransport.layerRecordStore(store).pipe(
          Layer.provide(ScriptedTransport.layer([ScriptedTransport.success(revoke, { revoked: true })]))
        )
      )
      assert.deepStrictEqual(yield* Effect.provide(run, recorded), { revoked: true })
      const text = yield* store.read
      assert.include(text, "RevokeToken")
      assert.notInclude(text, secret)
      assert.deepStrictEqual(yield* Effect.provide(run, over(RecordedTransport.layerReplayStore(store))), {
        revoked: true
      })
    }))

  it.effect("is an unknown operation to the emulator, which cannot play it, but gives an armed fault (E3)", () =>
    Effect.gen(function*() {
      const unknown = yield* Effect.flip(run)
      assert.deepInclude(unknown, { _tag: "UnexpectedResponse", status: 404, code: "UnknownOperationException" })
      const fault = yield* Schema.decodeUnknownEffect(Fault.Fault)({
        _tag: "Exception",
        operation: "RevokeToken",
        exception: "SlowDownException"
      })
      yield* Emulator.Emulator.use(({ faults }) => faults.arm(fault))
      assert.strictEqual((yield* Effect.flip(run))._tag, "SlowDownException")
    }).pipe(Effect.provide(over(EmulatorTransport.layer()))))

  it.live("passes from a page through the relay", () =>
    Effect.gen(function*() {
      const wire = Wire.responding(() => Wire.json({ revoked: true }))
      const relay = yield* makeRelay(wire)
      const page = FetchTransport.layerRelay({ url: relayUrl }).pipe(Layer.provide(Layer.succeed(
        FetchHttpClient.Fetch,
        (input, init) => {
          const asked = new Request(input, init)
          asked.headers.set("origin", origin)
          return Effect.runPromise(relay(asked))
        }
      )))
      assert.deepStrictEqual(yield* Effect.provide(run, over(page)), { revoked: true })
      assert.deepInclude(wire.sent[0], { method: "POST", url: "https://oidc.eu-west-1.amazonaws.com/revoke" })
    }))

  it.effect("can also be scripted, faulted, recorded and replayed without a body", () =>
    Effect.gen(function*() {
      const store = RecordedTransport.makeMemoryStore()
      const scripted = ScriptedTransport.layer([
        ScriptedTransport.success(list, { tokens: 2 }, { expect: { most: 3 } })
      ])
      const faulty = FaultyTransport.layer(
        FaultyTransport.perOperation<SsoOidc.OperationName | "ListTokens">({
          ListTokens: [FaultyTransport.connectionRefused]
        })
      ).pipe(Layer.provide(scripted))
      const both = Effect.gen(function*() {
        const error = yield* Effect.flip(runList)
        return [error._tag, yield* runList] as const
      })
      const recorded = over(RecordedTransport.layerRecordStore(store).pipe(Layer.provide(faulty)))
      assert.deepStrictEqual(yield* Effect.provide(both, recorded), ["TransportError", { tokens: 2 }])
      assert.notInclude(yield* store.read, secret)
      const replayed = yield* Effect.provide(both, over(RecordedTransport.layerReplayStore(store)))
      assert.deepStrictEqual(replayed, ["TransportError", { tokens: 2 }])
    }))

  it.live("does not pass through the relay without a body: the page's transport says so, and sends nothing", () =>
    Effect.gen(function*() {
      const page = FetchTransport.layerRelay({ url: relayUrl }).pipe(Layer.provide(Layer.succeed(
        FetchHttpClient.Fetch,
        () => Promise.reject(new Error("it was sent"))
      )))
      const error = yield* Effect.flip(Effect.provide(runList, over(page)))
      assert.deepInclude(error, { _tag: "TransportError", sent: "no", code: "NOT_RELAYED" })
    }))
})
