/**
 * The package `sso-oidc` as its users get it: packed, and the only dependency of a program beside Effect.
 */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import { run } from "@sso-oidc/test-kit/child"
import { install, root } from "@sso-oidc/test-kit/packed"
import { compile } from "@sso-oidc/test-kit/tsc"
import * as Effect from "effect/Effect"
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const program = join(root, "packages/example-login/src/main.ts")

// a user's options, and not the workspace's
const config = {
  compilerOptions: {
    target: "ES2022",
    lib: ["ES2022", "DOM", "DOM.Iterable", "ESNext.Disposable"],
    module: "NodeNext",
    strict: true,
    exactOptionalPropertyTypes: true,
    declaration: true,
    skipLibCheck: true,
    rootDir: ".",
    outDir: "built",
    // as README says
    types: ["node"],
    typeRoots: [join(root, "node_modules/@types")]
  },
  include: ["*.ts"]
}

// exports of a program, whose types TypeScript has to name
const exported = `
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Browser from "sso-oidc/browser"
import * as CredentialsCache from "sso-oidc/CredentialsCache"
import * as DeviceGrant from "sso-oidc/DeviceGrant"
import * as FetchTransport from "sso-oidc/FetchTransport"
import * as Node from "sso-oidc/node"
import * as NodeTransport from "sso-oidc/NodeTransport"
import * as Portal from "sso-oidc/Portal"
import * as Relay from "sso-oidc/Relay"
import * as Session from "sso-oidc/Session"
import * as TokenStore from "sso-oidc/TokenStore"
import * as SsoOidc from "sso-oidc/SsoOidc"
export const login = DeviceGrant.login({ clientName: "n", startUrl: "https://s" })
export const provided = login.pipe(Effect.provide(Node.layer({ region: "eu-west-1" })))
export const layers = [Node.layer({ region: "eu-west-1" }), Browser.layer({ region: "eu-west-1" })]
export const transports = [NodeTransport.layer({ cert: "" }), FetchTransport.layerRelay({ url: "/" })]
export const relay = Relay.make({ origins: [], regions: [], startUrls: [] })
export const step = DeviceGrant.step
export const session = Node.session({ profile: "dev", store: TokenStore.layerMemory })
export const ensured = Session.Session.use((session) => session.ensure()).pipe(Effect.provide(session))
export const portal = Node.portal({ profile: "dev", credentialsCache: CredentialsCache.layerAwsCache() })
export const roles = Portal.Portal.use(({ allRoles }) => Stream.runCollect(allRoles)).pipe(Effect.provide(portal))
export const role = Portal.Portal.use((portal) => portal.credentials()).pipe(Effect.provide(portal))
export const credentials = Node.credentials({ profile: "dev" })
export const register = SsoOidc.SsoOidc.use((oidc) => oidc.registerClient({ clientName: "n", clientType: "public" }))
`

describe("the packed front door, installed without a network", () => {
  let folder = ""
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sso-oidc-front-door-"))
    await Effect.runPromise(install(folder, ["sso-oidc"]))
    cpSync(program, join(folder, "main.ts"))
    writeFileSync(join(folder, "exported.ts"), exported)
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
    await Effect.runPromise(compile(folder))
    return () => rmSync(folder, { recursive: true, force: true })
  }, 240_000)

  it("is the only package of ours that the program can import", () => {
    const installed = readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith("."))
    assert.deepStrictEqual(installed.sort(), ["effect", "sso-oidc"])
    assert.notInclude(readFileSync(join(folder, "main.ts"), "utf8"), "@sso-oidc/")
  })

  it("names its types by itself in the declarations of a program that exports something (C3)", () => {
    const declared = readFileSync(join(folder, "built/exported.d.ts"), "utf8")
    assert.include(declared, "import(\"sso-oidc/Token\").Token")
    assert.notMatch(declared, /@sso-oidc\/|\bany\b|\/internal\//)
  })

  it.live("logs a person in at the emulator, which AWS's variable names", () =>
    Effect.gen(function*() {
      const { url } = yield* EmulatorServer.EmulatorServer
      const { ended } = yield* run(process.execPath, {
        args: ["built/main.js"],
        cwd: folder,
        env: { AWS_ENDPOINT_URL_SSO_OIDC: url },
        input: ""
      })
      const { code, stderr, stdout } = yield* ended
      assert.strictEqual(code, 0, stderr)
      const [first = "", second = "", last, ...rest] = stdout.trim().split("\n")
      assert.match(
        first,
        /^Open http:\/\/127\.0\.0\.1:\d+\/device\?user_code=\S+ and go on only if the page shows the code /
      )
      assert.match(second, /^Or open http:\/\/127\.0\.0\.1:\d+\/device and enter the code /)
      assert.deepStrictEqual([last, rest], ["Logged in: <redacted:accessToken>", []])
    }).pipe(Effect.provide(EmulatorServer.layer({ autoApprove: 0 })), Effect.scoped), 60_000)

  it.live("ends the program with a sentence if the environment is not valid", () =>
    Effect.gen(function*() {
      const { ended } = yield* run(process.execPath, {
        args: ["built/main.js"],
        cwd: folder,
        env: { AWS_USE_FIPS_ENDPOINT: "yes" },
        input: ""
      })
      const { code, stderr } = yield* ended
      assert.strictEqual(code, 1)
      assert.include(stderr, "AWS_USE_FIPS_ENDPOINT must be true or false. Correct the variable, or unset it.")
    }).pipe(Effect.scoped), 60_000)
})
