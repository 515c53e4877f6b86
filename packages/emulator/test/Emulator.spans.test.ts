import { assert, describe, it } from "@effect/vitest"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import { textsOf } from "@sso-oidc/test-kit/leaks"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Tracer from "effect/Tracer"

describe("Emulator: spans", () => {
  it.effect("has a span for each operation, without a secret in it (C6)", () =>
    Effect.gen(function*() {
      const { spans, tracer } = Recorder.tracing()
      const secrets = yield* Effect.gen(function*() {
        const emulator = yield* Emulator.make()
        const { clientId, clientSecret } = yield* emulator.registerClient({ clientName: "test", clientType: "public" })
        const code = yield* emulator.startDeviceAuthorization({
          clientId,
          clientSecret,
          startUrl: "https://my.awsapps.com/start"
        })
        const poll = emulator.createToken({
          clientId,
          clientSecret,
          grantType: CreateToken.deviceCodeGrantType,
          deviceCode: code.deviceCode
        })
        const pending = yield* Effect.flip(poll)
        assert.strictEqual(pending._tag, "AuthorizationPendingException")
        yield* emulator.authorizations.approve(code.userCode)
        const { accessToken } = yield* poll
        return [clientSecret, code.deviceCode, accessToken].map(Redacted.value)
      }).pipe(Effect.provideService(Tracer.Tracer, tracer))
      assert.deepStrictEqual(spans.map(({ name, status }) => [name, status._tag === "Ended" && status.exit._tag]), [
        ["Emulator.registerClient", "Success"],
        ["Emulator.startDeviceAuthorization", "Success"],
        ["Emulator.createToken", "Failure"],
        ["Emulator.approve", "Success"],
        ["Emulator.createToken", "Success"]
      ])
      for (const text of textsOf(spans)) for (const secret of secrets) assert.notInclude(text, secret)
    }))
})
