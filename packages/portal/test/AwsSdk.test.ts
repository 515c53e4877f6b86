import { assert, describe, it } from "@effect/vitest"
import * as AwsSdk from "@sso-oidc/portal/AwsSdk"
import * as Portal from "@sso-oidc/portal/Portal"
import * as RoleCredentials from "@sso-oidc/portal/RoleCredentials"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"

const role = { accountId: "111122223333", roleName: "Admin" }

/** A portal that counts its calls. */
const played = (calls: Array<readonly [RoleCredentials.Role | undefined, boolean | undefined]>): Portal.Service => ({
  accounts: Stream.empty,
  roles: () => Stream.empty,
  allRoles: Stream.empty,
  credentials: (given, options) =>
    Effect.suspend(() => {
      calls.push([given, options?.forceRefresh])
      return given?.roleName === ""
        ? Effect.fail(new RoleCredentials.RoleUnusable({ problem: "roleName" }))
        : Effect.succeed({
          ...role,
          ...given,
          accessKeyId: "ASIA1",
          secretAccessKey: Redacted.make("the-secret-key"),
          sessionToken: Redacted.make("the-session-token"),
          expiration: DateTime.makeUnsafe(1_800_000_000_000)
        })
    })
})

describe("credentials for the AWS SDK", () => {
  it("have the SDK's members, the expiration as a Date, and the account (P7)", async () => {
    const runtime = ManagedRuntime.make(Layer.succeed(Portal.Portal, played([])))
    assert.deepStrictEqual(await AwsSdk.credentials(runtime, role)(), {
      accessKeyId: "ASIA1",
      secretAccessKey: "the-secret-key",
      sessionToken: "the-session-token",
      expiration: new Date(1_800_000_000_000),
      accountId: "111122223333"
    })
    await runtime.dispose()
  })

  it("are for the role of the call, and are renewed if the SDK forces it (P7)", async () => {
    const calls: Array<readonly [RoleCredentials.Role | undefined, boolean | undefined]> = []
    const runtime = ManagedRuntime.make(Layer.succeed(Portal.Portal, played(calls)))
    await AwsSdk.credentials(runtime)()
    await AwsSdk.credentials(runtime, role)({})
    await AwsSdk.credentials(runtime, role)({ forceRefresh: true })
    // the SDK also calls it with the configuration of a client
    const options: object = { callerClientConfig: { region: async () => "us-east-1" } }
    await AwsSdk.credentials(runtime)(options)
    assert.deepStrictEqual(calls, [[undefined, false], [role, false], [role, true], [undefined, false]])
    await runtime.dispose()
  })

  it("that cannot be had reject with the error, whose message is a sentence (P7)", async () => {
    const runtime = ManagedRuntime.make(Layer.succeed(Portal.Portal, played([])))
    const error = await AwsSdk.credentials(runtime, { ...role, roleName: "" })().then(
      () => assert.fail("it must reject"),
      (error: unknown) => error
    )
    assert.instanceOf(error, RoleCredentials.RoleUnusable)
    assert.instanceOf(error, Error)
    assert.match(error.message, /^The name of the role is empty.*\.$/)
    await runtime.dispose()
  })

  it("reject with the error of the layer too (P7)", async () => {
    const runtime = ManagedRuntime.make(
      Layer.effect(Portal.Portal, Effect.fail(new RoleCredentials.RoleUnusable({ problem: "absent" })))
    )
    const error: unknown = await AwsSdk.credentials(runtime)().catch((error: unknown) => error)
    assert.instanceOf(error, RoleCredentials.RoleUnusable)
    await runtime.dispose()
  })
})
