/**
 * docs/cli.md: its recipes run, with the command as one file, against the emulator.
 */
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3"
import { assert, describe, it } from "@effect/vitest"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import { run } from "@sso-oidc/test-kit/child"
import { script } from "@sso-oidc/test-kit/terminal"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import { createHash } from "node:crypto"
import * as Recipes from "../support/cliRecipes.ts"
import { awsCli, botocore } from "../support/machine.ts"
import * as PortalHome from "../support/portalHome.ts"
import * as S3 from "../support/s3.ts"

const emulator = (options: EmulatorServer.Options = {}) =>
  Layer.provide(EmulatorServer.layer(options), Layer.succeed(References.MinimumLogLevel, "Warn"))

const getRole = "GET /federation/credentials"

/** Runs lines in bash, in the home, with the command on the PATH. */
const bash = Effect.fnUntraced(function*(
  home: PortalHome.Home,
  { PATH }: { readonly PATH: string },
  lines: ReadonlyArray<string>
) {
  const child = yield* run("bash", { env: { ...home.variables, PATH }, input: lines.join("") })
  return yield* child.ended
})

/** The credentials in the only file of role credentials. */
const kept = (home: PortalHome.Home): Readonly<Record<string, string>> => {
  const [text = "", ...others] = Object.values(home.credentials())
  assert.deepStrictEqual(others, [])
  return JSON.parse(text).Credentials
}

const variablesOf = (home: PortalHome.Home): ReadonlyArray<string> => {
  const { AccessKeyId, SecretAccessKey, SessionToken } = kept(home)
  return [
    `AWS_ACCESS_KEY_ID=${AccessKeyId}`,
    `AWS_SECRET_ACCESS_KEY=${SecretAccessKey}`,
    `AWS_SESSION_TOKEN=${SessionToken}`
  ]
}

describe("docs/cli.md", () => {
  it.live(
    "gives credentials to Terraform, and to a container in both ways (K4, K5)",
    () =>
      Effect.gen(function*() {
        const role = `sso_account_id = ${PortalHome.role.accountId}\nsso_role_name = ${PortalHome.role.roleName}\n`
        const home = yield* PortalHome.make(PortalHome.config(`${role}region = eu-central-1\n`))
        yield* home.login
        const { code, stderr, stdout } = yield* bash(home, yield* Recipes.programs(), [
          Recipes.block("Terraform", "sh"),
          ...Recipes.blocks("Docker", "sh")
        ])
        assert.deepStrictEqual([code, stderr], [0, ""])
        const [id, secret, token] = variablesOf(home)
        const expiration = `AWS_CREDENTIAL_EXPIRATION=${kept(home)["Expiration"]}`
        assert.deepStrictEqual(stdout.split("\n"), [
          "terraform plan -input=false",
          id,
          expiration,
          "AWS_DEFAULT_REGION=eu-central-1",
          "AWS_REGION=eu-central-1",
          secret,
          token,
          "docker amazon/aws-cli sts get-caller-identity",
          id,
          "AWS_REGION=eu-central-1",
          secret,
          token,
          "docker amazon/aws-cli sts get-caller-identity",
          id,
          expiration,
          secret,
          token,
          ""
        ])
        assert.deepStrictEqual(home.sent(), [getRole])
      }).pipe(Effect.scoped, Effect.provide(emulator())),
    60_000
  )

  it.live(
    "logs in on a machine without a browser, and tells a job by the exit code what to do (K3, K4, K6)",
    () =>
      Effect.gen(function*() {
        const home = yield* PortalHome.make()
        const programs = yield* Recipes.programs()
        const job = [Recipes.block("CI without a browser", "sh", "if keys"), "env | grep ^AWS_ACCESS\n"]
        const before = yield* bash(home, programs, job)
        assert.deepStrictEqual([before.code, before.stdout], [1, ""])
        assert.match(before.stderr, /no token is stored.*\nLog in again: sso-oidc login --profile dev --device\n$/)
        const login = yield* bash(home, programs, [Recipes.block("CI without a browser", "sh", "--device\n")])
        assert.deepStrictEqual([login.code, login.stdout], [0, ""], login.stderr)
        const after = yield* bash(home, programs, job)
        assert.deepStrictEqual([after.code, after.stderr], [0, ""])
        assert.strictEqual(after.stdout, `AWS_ACCESS_KEY_ID=${kept(home)["AccessKeyId"]}\n`)
      }).pipe(Effect.scoped, Effect.provide(emulator({ autoApprove: 0 }))),
    60_000
  )

  it.live(
    "keeps two identities at one start URL apart (P6)",
    () =>
      Effect.gen(function*() {
        const home = yield* PortalHome.make(Recipes.block("Several identities", "ini"))
        for (const name of ["me", "me-as-admin"]) {
          yield* home.login
          const [text = ""] = Object.values(home.tokens())
          home.write(`.aws/sso/cache/${createHash("sha1").update(name).digest("hex")}.json`, text)
        }
        const { code, stderr, stdout } = yield* bash(home, yield* Recipes.programs(), [
          Recipes.block("Several identities", "sh")
        ])
        assert.deepStrictEqual([code, stderr], [0, ""])
        const keys = [...stdout.matchAll(/^AWS_ACCESS_KEY_ID=(ASIA\w+)$/gm)].map(([, key]) => key)
        assert.deepStrictEqual([keys.length, new Set(keys).size], [2, 2])
        assert.deepStrictEqual(home.sent(), [getRole, getRole])
      }).pipe(Effect.scoped, Effect.provide(emulator())),
    60_000
  )
})

describe("docs/cli.md: SSH", () => {
  it.live.skipIf(isMissing(script))(
    "logs in with the browser of another machine, whose last URL is pasted (K6, S16)",
    () =>
      Effect.gen(function*() {
        const home = yield* PortalHome.make()
        const { PATH } = yield* Recipes.programs()
        const terminal = yield* run("script", {
          args: ["-qec", `stty cols 200; ${Recipes.block("SSH", "sh", "--paste").trim()}`, "/dev/null"],
          env: { ...home.variables, PATH, SHELL: "/bin/sh", TERM: "xterm", LANG: "C.UTF-8", NO_COLOR: "1" }
        })
        const url = yield* terminal.printed(/(http:\S+\/authorize\S+)/)
        yield* terminal.printed(/URL: /)
        // the page leads to a listener that the other machine does not have
        const { headers } = yield* Effect.promise(() => fetch(url, { redirect: "manual" }))
        yield* terminal.write(`${headers.get("location")}\r`)
        const { code, stdout } = yield* terminal.ended
        assert.strictEqual(code, 0, stdout)
        assert.include(stdout, "Logged in.")
        assert.include(Object.values(home.tokens()).join("\n"), "\"accessToken\"")
      }).pipe(Effect.scoped, Effect.provide(emulator({ autoApprove: 0 }))),
    30_000
  )
})

describe("docs/cli.md: credential_process", () => {
  /** A home whose profile `tools` runs the command. */
  const withTools = <A, E, R>(
    use: (home: PortalHome.Home, programs: { readonly PATH: string }) => Effect.Effect<A, E, R>,
    more?: Readonly<Record<string, string>>
  ) =>
    Effect.gen(function*() {
      const programs = yield* Recipes.programs(more)
      const profile = Recipes.block("credential_process", "ini")
        .replace("/usr/bin/node /opt/bin/sso-oidc", `${process.execPath} ${programs.command}`)
      const home = yield* PortalHome.make(`${PortalHome.config()}\n${profile}`)
      return yield* use(home, programs)
    }).pipe(Effect.scoped, Effect.provide(emulator()))

  it.live(
    "the AWS SDK for JavaScript takes the credentials, by the profile alone (K4)",
    () =>
      withTools((home) =>
        Effect.gen(function*() {
          const s3 = yield* S3.make
          yield* home.login
          const client = new S3Client({ region: "eu-central-1", endpoint: s3.url, forcePathStyle: true })
          yield* PortalHome.inEnvironment(
            { ...home.variables, AWS_PROFILE: "tools" },
            Effect.promise(() => client.send(new ListBucketsCommand()))
          )
          client.destroy()
          const { AccessKeyId, SessionToken } = kept(home)
          assert.deepStrictEqual(s3.seen.map(({ accessKeyId, token }) => [accessKeyId, token]), [[
            AccessKeyId,
            SessionToken
          ]])
          assert.deepStrictEqual(home.sent(), [getRole])
        })
      ),
    60_000
  )

  const aws = awsCli()

  it.live.skipIf(isMissing(aws))(
    `${aws.title} takes the credentials, and prints them as we do (K4)`,
    () =>
      withTools(
        (home, programs) =>
          Effect.gen(function*() {
            yield* home.login
            const { code, stderr, stdout } = yield* bash(home, programs, [Recipes.block("credential_process", "sh")])
            assert.deepStrictEqual([code, stderr], [0, ""])
            // as our form of the same name
            const expiration = `AWS_CREDENTIAL_EXPIRATION=${kept(home)["Expiration"]}`
            const ours = [...variablesOf(home), expiration].map((line) => `export ${line}\n`).join("")
            assert.strictEqual(stdout.replace("+00:00", "Z"), ours)
            assert.deepStrictEqual(home.sent(), [getRole])
          }),
        { aws: `#!/bin/sh\nexec "${aws.found?.path}" "$@"\n` }
      ),
    60_000
  )

  const python = botocore()

  const code = `#!${python.found?.path ?? "/bin/false"}
import botocore.session
print(botocore.session.Session().get_credentials().get_frozen_credentials().access_key)
`

  it.live.skipIf(isMissing(python))(
    `${python.title} takes the credentials in a program that an IDE starts (K4)`,
    () =>
      withTools((home, programs) =>
        Effect.gen(function*() {
          yield* home.login
          const { code, stderr, stdout } = yield* bash(home, programs, [Recipes.block("An IDE", "sh")])
          assert.strictEqual(code, 0, stderr)
          assert.strictEqual(stdout, `${kept(home)["AccessKeyId"]}\n`)
        }), { code }),
    60_000
  )
})
