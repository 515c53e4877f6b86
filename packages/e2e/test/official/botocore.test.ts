import { assert, describe, it } from "@effect/vitest"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import { folder, run } from "@sso-oidc/test-kit/child"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as Effect from "effect/Effect"
import { botocoreWith } from "../support/botocore.ts"
import { raw } from "../support/exceptionDrivers.ts"
import { armed, type Driver, runArmed, type ServiceResponse, ways } from "../support/exceptions.ts"
import { botocore } from "../support/machine.ts"
import { recipe } from "../support/recipes.ts"

const python = botocore()
const path = python.found?.path ?? ""

const signedIn = /^open http:\/\/127\.0\.0\.1:\d+\/device\?user_code=[A-Z]{4}-[A-Z]{4}\nlogged in for 3600 s\n$/

describe.skipIf(isMissing(python))(`${python.title} (E1)`, () => {
  it.live.each([
    { by: "endpoint_url", change: (code: string) => code, env: () => ({}) },
    {
      by: "AWS_ENDPOINT_URL_SSO_OIDC",
      change: (code: string) => code.replace(/^ *endpoint_url=.*\n/m, ""),
      env: (url: string) => ({ AWS_ENDPOINT_URL_SSO_OIDC: url })
    }
  ])("logs in with the recipe of docs/emulator.md, by $by (E1)", ({ change, env }) =>
    Effect.gen(function*() {
      const { url } = yield* EmulatorServer.EmulatorServer
      const HOME = yield* folder
      const input = change(recipe("python", "botocore", url))
      const program = yield* run(path, { args: ["-"], env: { HOME, ...env(url) }, input })
      const { code, stderr, stdout } = yield* program.ended
      assert.strictEqual(code, 0, stderr)
      assert.match(stdout, signedIn)
    }).pipe(Effect.provide(EmulatorServer.layer({ autoApprove: "2 seconds" }))))

  it.effect(
    "gets every exception under its own class, with all that plain HTTP shows of it (E1, E3)",
    () =>
      Effect.gen(function*() {
        const official = yield* botocoreWith(path)
        const walks = [
          ...ways.map((way) => ({ ...way, name: way.words })),
          ...armed.map((entry) => ({
            ...entry,
            name: `armed ${entry.reason ?? ""}`,
            run: (driver: Driver) => runArmed(driver, entry, "as armed")
          }))
        ]
        for (const { exception, operation, run: walk, ...way } of walks) {
          const name = `${operation}, ${exception}: ${way.name}`
          const [theirs, plain] = yield* Effect.all(
            [Effect.flatMap(official, walk), Effect.flatMap(raw, walk)].map((walked) =>
              walked.pipe(Effect.scoped, Effect.provide(EmulatorServer.layer(), { local: true }))
            )
          )
          assert.strictEqual(theirs?._tag === "Exception" && theirs.exception, exception, name)
          assert.deepStrictEqual(withoutId(theirs), withoutId(plain), name)
        }
      }),
    60_000
  )
})

/** Two requests never have the same id, so only its presence is compared. */
const withoutId = (response: ServiceResponse | undefined) =>
  response?._tag === "Exception" ? { ...response, requestId: typeof response.requestId } : response
