/**
 * docs/iam.md: its program runs against the emulator, and against STS in play with the real client of STS.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Application from "@sso-oidc/emulator/Application"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import { run } from "@sso-oidc/test-kit/child"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import * as Http from "node:http"
import { clientId, jwt, keys } from "../support/iamExceptions.ts"
import * as Recipes from "../support/portalRecipes.ts"

const emulator = Layer.provide(EmulatorServer.layer(), Layer.succeed(References.MinimumLogLevel, "Warn"))

const provider = "arn:aws:iam::aws:contextProvider/IdentityCenter"

const role = "arn:aws:iam::111122223333:role/data"

const assumed =
  `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>` +
  `<AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>` +
  `<Expiration>2026-11-27T12:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`

const denied =
  `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code>` +
  `<Message>The caller is not authorized to perform: sts:SetContext</Message></Error></ErrorResponse>`

/** STS on loopback. It gives a role only to a request with the context of a user, and only the role `data`. */
const sts = Effect.acquireRelease(
  Effect.callback<{ readonly url: string; readonly seen: Array<URLSearchParams>; readonly close: () => void }>(
    (resume) => {
      const seen: Array<URLSearchParams> = []
      const server = Http.createServer((request, response) => {
        const chunks: Array<Buffer> = []
        request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => {
          const form = new URLSearchParams(Buffer.concat(chunks).toString())
          seen.push(form)
          const isGiven = form.get("Action") === "AssumeRole" &&
            form.get("ProvidedContexts.member.1.ProviderArn") === provider &&
            (form.get("ProvidedContexts.member.1.ContextAssertion") ?? "") !== "" &&
            form.get("RoleArn") === role
          response.writeHead(isGiven ? 200 : 403, { "content-type": "text/xml" }).end(isGiven ? assumed : denied)
        })
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        resume(Effect.succeed({
          url: `http://127.0.0.1:${port}`,
          seen,
          close: () => {
            server.close()
            server.closeAllConnections()
          }
        }))
      })
    }
  ),
  ({ close }) => Effect.sync(close)
)

/** Runs the program of the page to its end. */
const ended = (env: Readonly<Record<string, string>>) =>
  Effect.gen(function*() {
    const { url } = yield* EmulatorServer.EmulatorServer
    const stub = yield* sts
    const child = yield* run(process.execPath, {
      args: [Recipes.program("AssumeRoleCommand", "iam")],
      env: {
        APPLICATION_ARN: clientId,
        ID_TOKEN: jwt(),
        ROLE_ARN: role,
        SSO_REGION: "eu-west-1",
        AWS_REGION: "eu-west-1",
        AWS_ACCESS_KEY_ID: keys.accessKeyId,
        AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
        AWS_ENDPOINT_URL_SSO_OIDC: url,
        AWS_ENDPOINT_URL_STS: stub.url,
        ...env
      }
    })
    return { ...yield* child.ended, seen: stub.seen }
  })

const inPlay = <A, E>(
  test: Effect.Effect<A, E, Emulator.Emulator | EmulatorServer.EmulatorServer>
) => Effect.provide(test, emulator)

describe("docs/iam.md", () => {
  it.live(
    "exchanges a JWT, and STS gets the context of the user (I1, I5)",
    () =>
      inPlay(Effect.scoped(Effect.gen(function*() {
        const { code, seen, stderr, stdout } = yield* ended({})
        assert.deepStrictEqual([code, stderr, stdout], [
          0,
          "",
          "ASIAEXAMPLE acts for the user until 2026-11-27T12:00:00.000Z\n"
        ])
        assert.strictEqual(seen.length, 1)
        // the emulator's form of a context
        assert.match(seen[0]?.get("ProvidedContexts.member.1.ContextAssertion") ?? "", /^IQoJb3JpZ2luX2Vj.{800}$/)
        assert.strictEqual(seen[0]?.get("RoleArn"), role)
      }))),
    60_000
  )

  it.live(
    "says what is wrong with the credentials and with the clock (I4)",
    () =>
      inPlay(Effect.scoped(Effect.gen(function*() {
        const says = (env: Readonly<Record<string, string>>) =>
          Effect.map(ended(env), ({ seen, stderr }) => {
            assert.strictEqual(seen.length, 0)
            return stderr
          })
        assert.include(yield* says({ AWS_ACCESS_KEY_ID: "" }), "AWS_ACCESS_KEY_ID is not set")
        yield* Effect.orDie(Emulator.Emulator.use(({ clock }) => clock.advance("10 minutes")))
        assert.include(yield* says({}), "The clock of this machine is 10 minutes behind the service's.")
      }))),
    60_000
  )

  it.live(
    "shows why STS refuses the role (I4)",
    () =>
      inPlay(Effect.scoped(Effect.gen(function*() {
        const { seen, stderr, stdout } = yield* ended({ ROLE_ARN: "arn:aws:iam::111122223333:role/other" })
        assert.strictEqual(stdout, "")
        assert.include(stderr, "AccessDenied: The caller is not authorized to perform: sts:SetContext")
        assert.notInclude(stderr, seen[0]?.get("ProvidedContexts.member.1.ContextAssertion") ?? assert.fail())
      }))),
    60_000
  )

  it("has the default application of the emulator", () => {
    assert.strictEqual(Application.defaults[0]?.applicationArn, clientId)
  })
})
