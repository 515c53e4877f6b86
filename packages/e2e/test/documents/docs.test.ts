import { assert, describe, it } from "@effect/vitest"
import * as AccessToken from "@sso-oidc/core/AccessToken"
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import { CredentialsLeft } from "@sso-oidc/core/PortalLogout"
import * as Sealer from "@sso-oidc/core/Sealer"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as DeviceGrantError from "@sso-oidc/device-grant/DeviceGrantError"
import * as IamError from "@sso-oidc/iam/IamError"
import * as PortalError from "@sso-oidc/portal/PortalError"
import { RoleUnusable } from "@sso-oidc/portal/RoleCredentials"
import * as AwsConfigError from "@sso-oidc/session/AwsConfigError"
import * as CacheUnreadable from "@sso-oidc/session/CacheUnreadable"
import { LockUnavailable } from "@sso-oidc/session/Lock"
import { published } from "@sso-oidc/test-kit/packed"
import { tsc } from "@sso-oidc/test-kit/tsc"
import * as Effect from "effect/Effect"
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Recipes from "../support/portalRecipes.ts"

const root = join(import.meta.dirname, "../../../..")
const read = (path: string) => readFileSync(join(root, path), "utf8")

const blocks = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code]) => code ?? "")

/** The examples in a module's comments. */
const examples = (source: string): ReadonlyArray<string> =>
  blocks(
    [...source.matchAll(/^ *\/\*\*[\s\S]*?\*\//gm)].map(([comment]) => comment.replace(/^ *\* ?/gm, "")).join("\n")
  )

describe("docs", () => {
  it("README has the example packages, word for word", () => {
    const code = [
      "example-login/src/main.ts",
      "example-service/src/Program.ts",
      "example-service/src/Session.ts",
      "example-swapped-transport/test/login.test.ts",
      "example-serverless/src/Live.ts",
      "example-serverless/src/Logins.ts",
      "example-service/src/Durable.ts"
    ].map((path) => read(`packages/${path}`))
    // portal.test.ts runs this one
    const sdk = Recipes.block("ts", "s3.send")
    assert.deepStrictEqual(blocks(read("README.md")), code.toSpliced(3, 0, sdk))
  })

  it("docs/durable.md has the test of a device that gets its token, word for word", () => {
    const recipe = read("packages/e2e/test/documents/durable.test.ts")
    assert.deepStrictEqual(blocks(read("docs/durable.md")).filter((code) => code.includes("@effect/vitest")), [recipe])
  })

  it("every example in the docs, the READMEs and the comments compiles", { timeout: 60_000 }, async () => {
    const folder = join(import.meta.dirname, "../../.snippets")
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    const sources = globSync(["docs/**/*.md", "*.md", "packages/*/README.md", "packages/*/src/**/*.ts"], {
      cwd: root
    })
    let count = 0
    for (const path of sources.sort()) {
      const found = path.endsWith(".md") ? blocks(read(path)) : examples(read(path))
      found.forEach((code, at) => {
        count++
        writeFileSync(join(folder, `${path.replaceAll(/[/.]/g, "_")}_${at}.ts`), code)
      })
    }
    assert.isAbove(count, 20)
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: "../../../tsconfig.base.json",
        compilerOptions: {
          composite: false,
          incremental: false,
          noEmit: true,
          noUnusedLocals: false,
          noUnusedParameters: false,
          allowImportingTsExtensions: true,
          types: ["node"]
        },
        include: ["*.ts"]
      })
    )
    const { code, stdout } = await Effect.runPromise(tsc(folder))
    assert.strictEqual(code, 0, stdout)
    rmSync(folder, { recursive: true })
  })

  // a tool that adds an import may place it inside an example, where it still compiles
  it("every line of a comment begins with its star", () => {
    for (const path of globSync("packages/*/src/**/*.ts", { cwd: root })) {
      for (const [comment] of read(path).matchAll(/^ *\/\*\*[\s\S]*?\*\//gm)) {
        for (const line of comment.split("\n").slice(1)) assert.match(line, /^ *\*/, path)
      }
    }
  })

  it("docs/errors.md lists every error class", () => {
    const docs = read("docs/errors.md")
    const { SealerUnavailable, Unsealable } = Sealer
    const sealer = { SealerUnavailable, Unsealable }
    const { NotLoggedIn, SessionEnded, SessionPossiblyLost, StoreBusy, StoreError } = AccessToken
    const session = { NotLoggedIn, SessionEnded, SessionPossiblyLost, StoreBusy, StoreError, LockUnavailable }
    const portal = { ...PortalError, CredentialsLeft, RoleUnusable }
    const modules = [
      SsoOidcError,
      ClientError,
      DeviceGrantError,
      AwsConfigError,
      CacheUnreadable,
      IamError,
      sealer,
      session,
      portal
    ]
    for (const name of modules.flatMap((module) => Object.keys(module))) {
      if (name !== "Problem" && name !== "Source") assert.include(docs, `\`${name}\``)
    }
    for (const problem of ClientError.Problem.literals) assert.include(docs, `\`${problem}\``)
  })

  const links = (path: string): ReadonlyArray<readonly [file: string, anchor: string]> =>
    [...read(path).replaceAll(/^```[\s\S]*?^```/gm, "").matchAll(/\]\((?![a-z]+:)([^)#]*)(?:#([^)]*))?\)/g)].map((
      [, file = "", anchor = ""]
    ) => [
      file === "" ? path : new URL(file, `file:///${path}`).pathname.slice(1),
      anchor
    ])

  /** The anchor of a heading, as GitHub and npm make it. */
  const anchorOf = (heading: string): string =>
    heading.replaceAll("`", "").toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").trim().replaceAll(" ", "-")

  it("links between the documents lead to a file, and to a heading in it", () => {
    const paths = globSync(["*.md", "docs/**/*.md", "packages/*/README.md", ".changeset/*.md", ".github/*.md"], {
      cwd: root
    })
    const all = paths.flatMap((path) => links(path).map(([file, anchor]) => ({ path, file, anchor })))
    assert.isAbove(all.length, 100)
    for (const { anchor, file, path } of all) {
      assert.isTrue(existsSync(join(root, file)), `${path} → ${file}`)
      if (anchor === "") continue
      const headings = [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchorOf(heading))
      assert.include(headings, anchor, `${path} → ${file}`)
    }
  })

  it.each(published)(
    "the README of %s links to nothing outside its package, so that each link works from the tarball",
    (of) => {
      const path = `packages/${of}/README.md`
      assert.deepStrictEqual(links(path).map(([file]) => file).filter((file) => file !== path), [])
    }
  )
})
