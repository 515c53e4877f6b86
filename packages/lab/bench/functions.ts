/**
 * A function: the size of its bundle, and the processor time from its cold start to a token.
 *
 * A process starts a login, waits one interval, sends one poll, and ends. The server is bare node:http in a process of its own.
 */
import * as Postgres from "@sso-oidc/test-kit/postgres"
import * as Effect from "effect/Effect"
import { join } from "node:path"
import { type Context, inTurn, type Measurement, type Samples } from "./bench.ts"
import * as Child from "./child.ts"
import * as Loopback from "./loopback.ts"

const rounds = 10

const none: Samples = { of: "", values: [] }

const official = "@aws-sdk/client-sso-oidc and plain writes"

export const measurement: Measurement = {
  title: "A function",
  measure: ({ bundle, work }: Context) =>
    Effect.runPromise(Effect.scoped(Effect.gen(function*() {
      const { path: serverPath } = yield* Effect.promise(() => bundle({ name: "loopback-server" }))
      const server = yield* Effect.acquireRelease(
        Effect.sync(() => Loopback.start(serverPath)),
        (server) => Effect.promise(server.end)
      )
      const port = yield* Effect.promise(server.line)
      const database = yield* Postgres.database
      const env = {
        SSO_REGION: "eu-west-1",
        SSO_START_URL: "https://example.awsapps.com/start",
        AWS_ENDPOINT_URL_SSO_OIDC: `http://127.0.0.1:${port}`,
        DATABASE_URL: database,
        SEALER_CURRENT: "a",
        SEALER_KEYS: `a=${Buffer.alloc(32, 7).toString("base64")}`
      }
      const programs = yield* Effect.promise(() =>
        Promise.all([
          bundle({ name: "function-ours" }),
          bundle({ name: "function-official" }),
          bundle({ name: "function-lambda" })
        ])
      )
      const [ours = none, byHand = none, lambda = none] = yield* Effect.promise(() =>
        inTurn(
          rounds,
          programs.map(({ path }, at) => ({
            of: at === 1 ? official : "ours",
            run: async () => {
              const { cpu, stdout } = await Child.run(path, { work, args: [port, join(work, `logins-${at}.db`)], env })
              if (stdout.trim() !== "700") throw new Error(`${path} got no token: ${stdout}`)
              return cpu
            }
          }))
        )
      )
      const [kBOurs = none, kBHand = none, kBLambda = none] = programs.map(({ gzipped }): Samples => ({
        of: "",
        values: [gzipped / 1000]
      }))
      const own = "Step over a store of its own"
      const whole = "Step as a Lambda function of two routes over PostgreSQL"
      return {
        rows: [
          {
            measure: `${own}, bundle`,
            unit: "kB",
            ours: { ...kBOurs, of: "ours" },
            peer: { ...kBHand, of: official }
          },
          {
            measure: `${own}, from a cold start to the token, processor time`,
            unit: "ms",
            ours,
            peer: byHand
          },
          {
            measure: `${whole}, bundle`,
            unit: "kB",
            ours: { ...kBLambda, of: "ours" },
            peer: { ...kBOurs, of: own }
          },
          {
            measure: `${whole}, from a cold start to the token, processor time`,
            unit: "ms",
            ours: lambda,
            peer: { ...ours, of: own }
          }
        ],
        plots: []
      }
    })))
}
