/**
 * CreateTokenWithIAM of botocore at the emulator: a third signer, which shares no code with the SDK for JavaScript, nor with ours.
 */
import { assert, describe, it } from "@effect/vitest"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import { folder, run } from "@sso-oidc/test-kit/child"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { clientId, jwt, keys } from "../support/iamExceptions.ts"
import { atLeast, botocore } from "../support/machine.ts"

const python = botocore()
const { path, version } = python.found ?? { path: "", version: "0" }

/** Older versions do not have the operation. */
const hasOperation = atLeast(version, "1.33.1")

const program = `
import botocore.session, json, os, sys
client = botocore.session.get_session().create_client("sso-oidc", region_name="eu-west-1", endpoint_url=sys.argv[1])
try:
    response = client.create_token_with_iam(
        clientId=sys.argv[2], grantType="urn:ietf:params:oauth:grant-type:jwt-bearer", assertion=sys.argv[3])
    print(json.dumps(sorted(name for name in response if name != "ResponseMetadata")))
except Exception as error:
    print(type(error).__name__, error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"])
`

const sessionToken = "a/session+token="

const emulator = Layer.fresh(EmulatorServer.layer({
  accessKeys: [{
    accessKeyId: keys.accessKeyId,
    secretAccessKey: Redacted.make(keys.secretAccessKey),
    sessionToken: Redacted.make(sessionToken)
  }]
}))

const printed = (env: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function*() {
    const { url } = yield* EmulatorServer.EmulatorServer
    const child = yield* run(path, {
      args: ["-c", program, url, clientId, jwt()],
      env: {
        HOME: yield* folder,
        AWS_ACCESS_KEY_ID: keys.accessKeyId,
        AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
        AWS_SESSION_TOKEN: sessionToken,
        ...env
      }
    })
    const { code, stderr, stdout } = yield* child.ended
    assert.strictEqual(code, 0, stderr)
    return stdout.trim()
  }).pipe(Effect.scoped, Effect.provide(emulator))

describe.skipIf(isMissing(python) || !hasOperation)(`${python.title} (E1)`, () => {
  it.live(
    "signs CreateTokenWithIAM so that the emulator accepts it, with a session token (E1, I5)",
    () =>
      Effect.gen(function*() {
        const members: unknown = JSON.parse(yield* printed())
        assert.includeMembers(members as Array<string>, ["accessToken", "awsAdditionalDetails", "idToken", "scope"])
        assert.strictEqual(
          yield* printed({ AWS_SECRET_ACCESS_KEY: "another" }),
          "ClientError InvalidSignatureException 403"
        )
      }),
    60_000
  )
})
