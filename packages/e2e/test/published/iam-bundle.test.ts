import { assert, describe, it } from "@effect/vitest"
import { bundle } from "../support/bundle.ts"

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
