/**
 * The emulator with a list of operations that is longer than its own.
 */
import { assert, describe, it } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorTransport from "@sso-oidc/emulator/EmulatorTransport"
import * as Fault from "@sso-oidc/emulator/Fault"
import { Effect, Layer, Schema } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { vi } from "vitest"
import { registration } from "../../support.ts"

// More operations than core has: with a new path, or with an existing path and a constant query
vi.mock("@sso-oidc/core/SsoOidc", async (original) => {
  const actual = await original<typeof SsoOidc>()
  // The imports at the top of this file are loaded later
  const Operation = await import("@sso-oidc/core/aws/Operation")
  const { SlowDownException } = await import("@sso-oidc/core/SsoOidcError")
  const { service } = await import("@sso-oidc/core/SsoOidcService")
  const Schema = await import("effect/Schema")
  const common = {
    service,
    request: Schema.Struct({}),
    response: Schema.Struct({}),
    exceptions: [SlowDownException],
    resend: () => "anytime" as const
  }
  return {
    ...actual,
    operations: [
      ...actual.operations,
      Operation.make({ ...common, name: "ListClients", method: "GET", path: "/clients" }),
      Operation.make({ ...common, name: "CountClients", method: "GET", path: "/clients", query: { count: "t" } })
    ]
  }
})

const provide = Effect.provide(
  SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provideMerge(EmulatorTransport.layer()))
)

const send = (method: "GET" | "POST", path: string) =>
  Effect.map(
    HttpClient.execute(HttpClientRequest.make(method)(`https://oidc.example${path}`)),
    ({ headers, status }) => ({ status, type: headers["x-amzn-errortype"]?.replace(/:.*/, "") })
  )

const arm = (fault: object) =>
  Effect.flatMap(
    Schema.decodeUnknownEffect(Fault.Fault)(fault),
    (fault) => Emulator.Emulator.use(({ faults }) => faults.arm(fault))
  )

const unknown = { status: 404, type: "UnknownOperationException" }
const unsigned = { status: 403, type: "MissingAuthenticationTokenException" }
const slowDown = { status: 400, type: "SlowDownException" }

describe("internal/http/operations", () => {
  it.effect("gives the response to an unknown operation for an operation of core that the emulator does not have (E2)", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* send("GET", "/clients"), unknown)
      assert.deepStrictEqual(yield* send("POST", "/clients"), unknown)
      assert.deepStrictEqual(yield* send("POST", "/token?aws_iam=t"), unsigned)
      assert.deepStrictEqual(yield* send("POST", "/token?aws_iam=f"), unknown)
      assert.deepStrictEqual(yield* send("POST", "/token"), { status: 400, type: "InvalidRequestException" })
      assert.isDefined((yield* SsoOidc.SsoOidc.use((oidc) => oidc.registerClient(registration))).clientId)
    }).pipe(provide))

  it.effect("arms a fault for an operation of core that the emulator does not have (E3)", () =>
    Effect.gen(function*() {
      for (const operation of ["ListClients", "CreateTokenWithIAM"]) {
        yield* arm({ _tag: "Exception", operation, exception: "SlowDownException" })
      }
      // A request with another method, query or operation takes no fault
      assert.deepStrictEqual(yield* send("POST", "/clients"), unknown)
      assert.deepStrictEqual(yield* send("POST", "/token"), { status: 400, type: "InvalidRequestException" })
      assert.deepStrictEqual(yield* send("GET", "/clients?count=t"), unknown)
      assert.deepStrictEqual(yield* send("GET", "/clients"), slowDown)
      assert.deepStrictEqual(yield* send("POST", "/token?aws_iam=t"), slowDown)
      assert.deepStrictEqual(yield* send("GET", "/clients"), unknown)
      assert.deepStrictEqual(yield* Emulator.Emulator.use(({ faults }) => faults.list), [])
    }).pipe(provide))

  it.effect("refuses a fault for a name that is not in core's list (E3)", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(arm({ _tag: "ConnectionReset", operation: "DeleteClient", carriedOut: false }))
      assert.strictEqual(error._tag, "SchemaError")
    }).pipe(provide))
})
