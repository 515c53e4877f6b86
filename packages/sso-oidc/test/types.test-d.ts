import type * as Config from "effect/Config"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { EndpointError } from "sso-oidc/aws/ClientError"
import type * as Browser from "sso-oidc/browser"
import * as DeviceGrant from "sso-oidc/DeviceGrant"
import type * as Node from "sso-oidc/node"
import type * as SsoOidc from "sso-oidc/SsoOidc"
import type { TransportOptionsError } from "sso-oidc/TransportOptionsError"
import { describe, expectTypeOf, it } from "vitest"

describe("the types of sso-oidc", () => {
  it("each layer provides the client, needs nothing, and lists its errors (C3)", () => {
    expectTypeOf<ReturnType<typeof Node.layer>>().toEqualTypeOf<
      Layer.Layer<SsoOidc.SsoOidc, EndpointError | Config.ConfigError | TransportOptionsError>
    >()
    expectTypeOf<ReturnType<typeof Browser.layer>>().toEqualTypeOf<Layer.Layer<SsoOidc.SsoOidc, EndpointError>>()
  })

  it("a login needs only the client that the layers provide", () => {
    const login = DeviceGrant.login({ clientName: "n", startUrl: "https://my.awsapps.com/start" })
    expectTypeOf<Effect.Services<typeof login>>().toEqualTypeOf<SsoOidc.SsoOidc>()
  })

  it("the options with a relay have no option for the endpoint, since the relay's operator chooses it", () => {
    expectTypeOf<{ region: string; relay: string }>().toExtend<Browser.Options>()
    expectTypeOf<{ region: string; endpoint: string; userAgent: string }>().toExtend<Browser.Options>()
    expectTypeOf<{ region: string; relay: string; endpoint: string }>().not.toExtend<Browser.Options>()
    expectTypeOf<{ region: string; relay: string; useFipsEndpoint: boolean }>().not.toExtend<Browser.Options>()
  })
})
