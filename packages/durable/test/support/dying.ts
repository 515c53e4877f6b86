/**
 * A program that steps a login of a SQLite file, and whose poll gets no response. It is killed meanwhile.
 *
 *     node dying.ts FILE
 */
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SqlLoginStore from "@sso-oidc/durable/SqlLoginStore"
import * as Step from "@sso-oidc/durable/Step"
import * as Service from "@sso-oidc/test-kit/scriptedService"
import * as Sqlite from "@sso-oidc/test-kit/sqlite"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { sealing } from "./sealing.ts"

const [, , file = ""] = process.argv

const store = SqlLoginStore.layer().pipe(Layer.provide(Sqlite.layer(file)))

const program = Effect.gen(function*() {
  const oidc = yield* SsoOidc.SsoOidc
  const createToken = () => Effect.andThen(Console.log("polling"), Effect.never)
  const result = yield* Effect.provideService(Step.step("login-1", { hold: "1 second" }), SsoOidc.SsoOidc, {
    ...oidc,
    createToken
  })
  yield* Console.log(`it ended: ${result._tag}`)
})

Effect.runFork(program.pipe(Effect.provide(Layer.mergeAll(Service.make({}).layer, store, sealing))))
setInterval(() => {}, 1000)
