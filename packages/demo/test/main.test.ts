import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Program from "@sso-oidc/test-kit/program"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { once } from "node:events"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createServer, type Server, type ServerResponse } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Demo from "../src/Demo.ts"
import * as Outcome from "../src/Outcome.ts"

const main = join(import.meta.dirname, "../src/main.ts")

/** Runs the demo without a terminal. */
const run = async (
  args: ReadonlyArray<string>,
  options: { readonly env?: Readonly<Record<string, string>>; readonly interruptAt?: string } = {}
) => {
  const child = spawn(process.execPath, [Program.bundled(main), ...args], {
    env: {
      PATH: process.env["PATH"] ?? "",
      NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? "",
      ...options.env
    },
    stdio: ["ignore", "pipe", "pipe"]
  })
  const out = { text: "", errors: "" }
  child.stdout.on("data", (data: Buffer) => {
    out.text += data.toString()
    if (options.interruptAt !== undefined && out.text.includes(options.interruptAt)) child.kill("SIGINT")
  })
  child.stderr.on("data", (data: Buffer) => {
    out.errors += data.toString()
  })
  // the event "close" also waits for the end of the output, which may come after the end of the process
  const [code, signal] = await once(child, "close")
  return { code: signal === "SIGINT" ? 130 : code, ...out }
}

/** Runs the demo in this process. Gives the exit code that the main program ends with, and what it prints. */
const runHere = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) => {
  const out = { text: "", errors: "" }
  const console: Console.Console = {
    ...globalThis.console,
    log: (line: string) => void (out.text += `${line}\n`),
    error: (line: string) => void (out.errors += `${line}\n`)
  }
  return Demo.run(args).pipe(
    Effect.provideService(Console.Console, console),
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env })),
    Effect.exit,
    Effect.flatMap((exit) =>
      Effect.callback<number>((resume) => Runtime.defaultTeardown(exit, (code) => resume(Effect.succeed(code))))
    ),
    Effect.map((code) => ({ code, ...out }))
  )
}

// -----------------------------------------------------------------------------
// a service that ends each login in the way that its path names
// -----------------------------------------------------------------------------

const json = (response: ServerResponse, status: number, body: object, type?: string) =>
  response.writeHead(status, {
    "content-type": "application/json",
    ...(type === undefined ? {} : { "x-amzn-errortype": type })
  }).end(JSON.stringify(body))

const reject = (response: ServerResponse, type: string, error: string, status = 400) =>
  json(response, status, { error, error_description: `said ${error}` }, type)

const respond = (way: string, operation: string, response: ServerResponse): unknown => {
  switch (`${way} ${operation}`) {
    case "unexpectedResponse register":
      return response.writeHead(403, { "content-type": "text/html" }).end("<html>")
    case "serviceFailed register":
      return reject(response, "InternalServerException", "server_error", 500)
    case "clientRefused device_authorization":
      return reject(response, "InvalidClientException", "invalid_client", 401)
    case "requestInvalid device_authorization":
      return reject(response, "InvalidRequestException", "invalid_request")
    case "typographic token":
      return json(response, 400, { error: "access_denied", error_description: "It was cut…" }, "AccessDeniedException")
    case "approved token":
      return json(response, 200, { accessToken: "access-token", tokenType: "Bearer", expiresIn: 3600 })
    case "approved accounts":
      return json(response, 200, { accountList: [{ accountId: "123456789012", accountName: "Mine" }] })
    case "approved roles":
      return json(response, 200, { roleList: [{ accountId: "123456789012", roleName: "Reader" }] })
    case "denied token":
      return reject(response, "AccessDeniedException", "access_denied")
    case "grantInvalid token":
      return reject(response, "InvalidGrantException", "invalid_grant")
    case "unreachable token":
      return response.destroy()
    case "tokenPossiblyLost token":
      return json(response, 200, { nothing: "of use" })
  }
  switch (operation) {
    case "register":
      return json(response, 200, { clientId: "c", clientSecret: "client-secret", clientSecretExpiresAt: 4_000_000_000 })
    case "device_authorization":
      return json(response, 200, {
        deviceCode: "device-code",
        userCode: "BCDF-GHJK",
        verificationUri: "https://device.example/",
        expiresIn: way === "unreachable" ? 2.5 : way === "expired" ? 1.5 : 600,
        interval: 1
      })
    default:
      return reject(response, "AuthorizationPendingException", "authorization_pending")
  }
}

let server: Server
let origin = ""

beforeAll(async () => {
  server = createServer((request, response) => {
    const [, way = "", ...path] = (request.url ?? "").replace(/\?.*/, "").split("/")
    respond(way, path.at(-1) ?? "", response)
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("no port")
  origin = `http://127.0.0.1:${address.port}`
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

// -----------------------------------------------------------------------------
// tests
// -----------------------------------------------------------------------------

const real = ["--start-url", "https://my.awsapps.com/start", "--region", "eu-west-1"]

/** Runs of the demo to its end. Several tests look at each. */
let plain: ReturnType<typeof run> | undefined
const plainRun = () => plain ??= run([])
let auto: ReturnType<typeof run> | undefined
const autoRun = () => auto ??= run(["--auto"], { env: { COLUMNS: "40", LANG: "C.UTF-8", TERM: "xterm-256color" } })

describe.concurrent("the demo", { timeout: 60_000 }, () => {
  it("without a terminal it approves on the page by itself, and exits with 0", async () => {
    const { code, errors, text } = await plainRun()
    assert.strictEqual(errors, "")
    assert.strictEqual(code, 0)
    const subjects = text.split("\n").map((line) => line.split(" ")[0]).filter((word) => word !== "")
    assert.deepStrictEqual([...new Set(subjects)], [
      "emulator",
      "registered",
      "open",
      "or",
      "code",
      "person",
      "waiting",
      "approved",
      "accounts",
      "next"
    ])
    assert.match(
      text,
      /^open +http:\S+\n +and go on only if the page shows the code below\nor +http:\S+ and enter the code$/m
    )
    assert.match(text, /^code +[A-Z]{4}-[A-Z]{4}$/m)
    assert.match(text, /^approved +Bearer token <redacted:accessToken>, good until \d{4}-/m)
  })

  it("its last lines say what the token is for, and where to read on", async () => {
    const { text } = await plainRun()
    const [use = "", where = ""] = text.trim().split("\n").slice(-2)
    assert.match(use, /^next +A program uses such a token to [^.]+\.$/)
    const [, heading = ""] = /^ +README\.md shows [^.]+ read on at "(.+)"\.$/.exec(where) ?? []
    const readme = readFileSync(join(import.meta.dirname, "../../../README.md"), "utf8")
    assert.include(readme, `\n## ${heading}\n`)
  })

  it("it lists the accounts and roles of the emulator after the login", async () => {
    const { text } = await plainRun()
    assert.match(
      text,
      /^accounts +111122223333 Development: AdministratorAccess, ReadOnlyAccess\n +444455556666 Production: ReadOnlyAccess\nnext /m
    )
  })

  it("it lists the accounts of AWS, and the last lines say that the token was not stored", async () => {
    const env = { AWS_ENDPOINT_URL_SSO_OIDC: `${origin}/approved`, AWS_ENDPOINT_URL_SSO: `${origin}/approved` }
    const { code, text } = await run(real, { env })
    assert.strictEqual(code, 0)
    assert.match(text, /^accounts +123456789012 Mine: Reader$/m)
    assert.match(text, /^open +https:\S+ and enter the code$/m)
    assert.match(text, /^next .+ the demo has not stored it\.\n +README\.md .+\n$/m)
  })

  // it runs the demo four times, one after the other
  it(
    "with --keep a second run needs no person, also after the token has expired (S14)",
    { timeout: 240_000 },
    async () => {
      const cache = mkdtempSync(join(tmpdir(), "sso-oidc-demo-"))
      const folder = join(cache, "sso-oidc-demo")
      const env = { XDG_CACHE_HOME: cache, HOME: cache }
      try {
        const first = await run(["--keep"], { env })
        assert.deepStrictEqual([first.code, first.errors], [0, ""])
        assert.match(first.text, /^login +Logging in with a code \(device grant\), as asked\.$/m)
        assert.match(first.text, /^approved +Bearer token <redacted:accessToken>/m)
        assert.match(first.text, /The next run with --keep needs no person\.\n/)
        const kept = /^kept +token <redacted:accessToken>, good until \d{4}-.+; no person was needed$/m
        const second = await run(["--keep"], { env })
        assert.match(second.text, kept)
        assert.notMatch(second.text, /^(?:login|open|code|person|approved) /m)

        const isToken = (file: string) => readFileSync(file, "utf8").includes("\"accessToken\"")
        const [token = ""] = readdirSync(folder).map((name) => join(folder, name)).filter(isToken)
        const expired = readFileSync(token, "utf8").replace(
          /"expiresAt": ?"[^"]*"/,
          "\"expiresAt\":\"2020-01-01T00:00:00Z\""
        )
        writeFileSync(token, expired)
        const third = await run(["--keep"], { env })
        assert.match(third.text, kept)
        assert.notInclude(third.text, "2020")

        // an emulator that does not know the session
        writeFileSync(join(folder, "emulator.json"), "no JSON")
        writeFileSync(token, expired)
        const fourth = await run(["--keep"], { env })
        assert.deepStrictEqual([fourth.code, fourth.errors], [0, ""])
        assert.match(fourth.text, /^approved /m)
        for (const { text } of [first, second, third, fourth]) assert.notMatch(text, /ao[ar][A-Za-z0-9]/)
        for (const name of readdirSync(folder)) {
          assert.strictEqual(statSync(join(folder, name)).mode & 0o777, 0o600, name)
        }
      } finally {
        rmSync(cache, { recursive: true })
      }
    }
  )

  it("with --keep a token of AWS is in the AWS CLI's cache, and a second run needs no service (S14)", async () => {
    const home = mkdtempSync(join(tmpdir(), "sso-oidc-demo-"))
    try {
      const first = await run([...real, "--keep"], {
        env: {
          HOME: home,
          AWS_ENDPOINT_URL_SSO_OIDC: `${origin}/approved`,
          AWS_ENDPOINT_URL_SSO: `${origin}/approved`
        }
      })
      assert.match(first.text, /^accounts +123456789012 Mine: Reader$/m)
      assert.deepStrictEqual([first.code, first.errors], [0, ""])
      assert.match(first.text, /^next .+ the demo has kept it in the AWS CLI's cache, .+\.$/m)
      const name = `${createHash("sha1").update("https://my.awsapps.com/start").digest("hex")}.json`
      const stored = JSON.parse(readFileSync(join(home, ".aws/sso/cache", name), "utf8"))
      assert.include(stored, { accessToken: "access-token", region: "eu-west-1" })
      const second = await run([...real, "--keep"], {
        env: { HOME: home, AWS_ENDPOINT_URL_SSO_OIDC: "http://127.0.0.1:1", AWS_ENDPOINT_URL_SSO: "http://127.0.0.1:1" }
      })
      // a list that fails is no error of the login
      assert.match(second.text, /^accounts +They cannot be listed: .+\.$/m)
      assert.deepStrictEqual([second.code, second.errors], [0, ""])
      assert.match(second.text, /^kept /m)
    } finally {
      rmSync(home, { recursive: true })
    }
  })

  it("with --keep and a cache that cannot be read it exits with the code of the store", async () => {
    const { code, errors } = await run(["--keep"], { env: { XDG_CACHE_HOME: "/dev/null" } })
    assert.strictEqual(code, Outcome.exitCodes.store)
    assert.match(errors, /^Token not kept: .+\.\n$/)
  })

  it("without a terminal it writes no control, and breaks no line at any width", async () => {
    const { text } = await autoRun()
    assert.notInclude(text, "\x1b")
    assert.match(text, /^next .{100,}$/m)
  })

  it.each([
    [{ FORCE_COLOR: "1" }, 2],
    [{ FORCE_COLOR: "1", NO_COLOR: "1" }, 1],
    [{ FORCE_COLOR: "1", TERM: "dumb" }, 1]
  ])("with %j only the code is in colours, or nothing is", async (env, parts) => {
    const { text } = await run([], { env })
    assert.strictEqual(text.split("\x1b[1m\x1b[7m").length, parts)
    assert.strictEqual(text.split("\x1b").length, parts === 2 ? 5 : 1)
  })

  it.each([[{}, "cut..."], [{ LANG: "C.UTF-8" }, "cut…"]])(
    "with %j an error has only characters that the output can show",
    async (env, expected) => {
      const { errors } = await run(real, { env: { AWS_ENDPOINT_URL_SSO_OIDC: `${origin}/typographic`, ...env } })
      assert.include(errors, expected)
    }
  )

  it("it prints no token (C6)", async () => {
    const { errors, text } = await autoRun()
    assert.notMatch(text + errors, /ao[ar][A-Za-z0-9]/)
  })

  it.each(["plays AWS", "waiting"])("Ctrl-C at '%s' ends the demo with 130", async (interruptAt) => {
    const { code, errors, text } = await run([], { interruptAt })
    assert.strictEqual(code, 130)
    assert.strictEqual(errors, "")
    assert.notMatch(text, /^approved/m)
  })

  it("Ctrl-C ends a login to AWS with 130", async () => {
    const { code } = await run(real, { env: { AWS_ENDPOINT_URL_SSO_OIDC: `${origin}/none` }, interruptAt: "waiting" })
    assert.strictEqual(code, 130)
  })

  it.each(
    [
      "denied",
      "expired",
      "unreachable",
      "clientRefused",
      "grantInvalid",
      "requestInvalid",
      "unexpectedResponse",
      "serviceFailed",
      "tokenPossiblyLost"
    ] as const
  )("a login that ends as '%s' gives its exit code and one sentence", async (way) => {
    const { code, errors, text } = await run(real, { env: { AWS_ENDPOINT_URL_SSO_OIDC: `${origin}/${way}` } })
    assert.strictEqual(code, Outcome.exitCodes[way])
    assert.strictEqual(errors.trim().split("\n").length, 1, errors)
    assert.match(errors, /^[A-Z][^:]+: .+[.)]$/m)
    for (const secret of ["client-secret", "device-code"]) {
      assert.notInclude(text + errors, secret)
    }
  })

  it("flags that cannot be used end its process with the exit code and one sentence", async () => {
    const { code, errors, text } = await run(["--bogus"])
    assert.deepStrictEqual({ code, text }, { code: Outcome.exitCodes.configuration, text: "" })
    assert.match(errors, /^Bad configuration: .+\n$/)
  })

  it.effect.each(
    [
      ["transport", { AWS_ENDPOINT_URL: "http://127.0.0.1:1" }],
      ["configuration", { AWS_ENDPOINT_URL: "http://example.com" }],
      ["configuration", { AWS_USE_FIPS_ENDPOINT: "perhaps" }],
      ["configuration", { AWS_CA_BUNDLE: "/nowhere/at.pem" }],
      ["configuration", { HTTPS_PROXY: "gopher://proxy.example" }],
      ["transport", { HTTPS_PROXY: "http://127.0.0.1:1" }],
      ["configuration", { AWS_ENDPOINT_URL: "https://localhost", AWS_USE_FIPS_ENDPOINT: "true" }]
    ] as const
  )(
    "a login ends as '%s' with the environment %j",
    ([way, env]) =>
      Effect.map(runHere(real, env), ({ code, errors }) => {
        assert.strictEqual(code, Outcome.exitCodes[way])
        assert.strictEqual(errors.trim().split("\n").length, 1, errors)
      })
  )

  it.effect.each(
    [
      [["--start-url", "https://my.awsapps.com/start"]],
      [["--region", "eu-west-1"]],
      [[...real, "--auto"]],
      [
        ["--start-url", "https://my.awsapps.com/start", "--region", "not a region"]
      ],
      [["--start-url", "my-portal", "--region", "eu-west-1"]],
      [["--bogus"]],
      [["word"]],
      [["--start-url"]]
    ] as const
  )(
    "flags that cannot be used are bad configuration: %j",
    ([args]) =>
      Effect.map(runHere(args), ({ code, errors }) => {
        assert.strictEqual(code, Outcome.exitCodes.configuration)
        assert.strictEqual(errors.trim().split("\n").length, 1, errors)
      })
  )

  it("it ends as SIGPIPE would if its reader goes away, and prints no error", async () => {
    // from its sources, as `pnpm demo` starts it
    const child = spawn(process.execPath, [main], { env: { PATH: "" }, stdio: ["ignore", "pipe", "pipe"] })
    let errors = ""
    child.stderr.on("data", (data: Buffer) => {
      errors += data.toString()
    })
    child.stdout.once("data", () => child.stdout.destroy())
    const [code] = await once(child, "exit")
    assert.deepStrictEqual({ code, errors }, { code: 141, errors: "" })
  })

  it("the exit codes are distinct and not 0, 1 or 130, and docs/errors.md lists them", () => {
    const codes = Object.values(Outcome.exitCodes)
    assert.strictEqual(new Set(codes).size, codes.length)
    for (const code of codes) assert.notInclude([0, 1, 130], code)
    const docs = readFileSync(join(import.meta.dirname, "../../../docs/errors.md"), "utf8")
    const listed = [...docs.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))
    assert.deepStrictEqual(listed, [...codes])
  })
})
