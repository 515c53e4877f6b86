import { assert, describe, it } from "@effect/vitest"
import { build, type Platform } from "esbuild"

/** The files that a minified bundle of a program has bytes of, its imports, and its text. */
const bundle = async (program: string, platform: Platform) => {
  const { metafile, outputFiles } = await build({
    stdin: { contents: program, resolveDir: import.meta.dirname, loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    platform,
    write: false,
    metafile: true,
    logLevel: "error"
  })
  const [output] = Object.values(metafile.outputs)
  const [file] = outputFiles
  if (output === undefined || file === undefined) throw new Error("no bundle")
  return {
    text: file.text,
    imports: output.imports.map(({ path }) => path),
    files: Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path)
  }
}

/** The three anonymous operations of core, and a device login. */
const anonymous = `
  import * as SsoOidc from "@sso-oidc/core/SsoOidc"
  import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
  import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
  import * as Effect from "effect/Effect"
  import * as Layer from "effect/Layer"
  const layer = Layer.provide(SsoOidc.layer({ region: "eu-west-1" }), FetchTransport.layer())
  globalThis.all = [layer, DeviceGrant.login, SsoOidc.operations]
`

/** The same through the front door. */
const frontDoor = `
  import * as Browser from "sso-oidc/browser"
  import * as DeviceGrant from "sso-oidc/DeviceGrant"
  import * as SsoOidc from "sso-oidc/SsoOidc"
  globalThis.all = [Browser.layer, DeviceGrant.login, SsoOidc.operations]
`

/** The same through the barrels of the packages. */
const barrels = `
  import { SsoOidc } from "@sso-oidc/core"
  import { DeviceGrant } from "@sso-oidc/device-grant"
  globalThis.all = [SsoOidc.layer, DeviceGrant.login, SsoOidc.operations]
`

const signed = `
  import * as CreateTokenWithIAM from "@sso-oidc/iam/CreateTokenWithIAM"
  import * as Credentials from "@sso-oidc/iam/Credentials"
  globalThis.all = [CreateTokenWithIAM.createToken, Credentials.layerEnvironment]
`

const isSigner = (path: string): boolean => /aws4fetch|packages\/iam\//.test(path)

describe("a bundle of the anonymous operations", () => {
  it("has no byte of the signing library, nor of iam (C5)", async () => {
    // each program once, because a bundle takes a second
    for (const [program, platform] of [[anonymous, "neutral"], [frontDoor, "browser"], [barrels, "node"]] as const) {
      const { files, text } = await bundle(program, platform)
      assert.deepStrictEqual(files.filter(isSigner), [])
      assert.notInclude(text, "AWS4-HMAC-SHA256")
      assert.isTrue(files.some((path) => path.endsWith("core/src/CreateToken.ts")))
    }
  })
})

describe("a bundle of the signed operation", () => {
  it("has the signing library, and no module of Node, so that it runs at the edge (I1)", async () => {
    const { files, imports, text } = await bundle(signed, "neutral")
    assert.isTrue(files.some((path) => path.includes("aws4fetch")))
    assert.include(text, "AWS4-HMAC-SHA256")
    assert.deepStrictEqual(imports, [])
    assert.notMatch(text, /(?:from|import|require)\s*\(?["'`]node:/)
  })
})
