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

describe("the front door's types", () => {
  it("each layer gives the client, needs nothing, and lists its errors", () => {
    expectTypeOf<ReturnType<typeof Node.layer>>().toEqualTypeOf<
      Layer.Layer<SsoOidc.SsoOidc, EndpointError | Config.ConfigError | TransportOptionsError>
    >()
    expectTypeOf<ReturnType<typeof Browser.layer>>().toEqualTypeOf<Layer.Layer<SsoOidc.SsoOidc, EndpointError>>()
  })

  it("a login needs what the layers give", () => {
    const login = DeviceGrant.login({ clientName: "n", startUrl: "https://my.awsapps.com/start" })
    expectTypeOf<Effect.Services<typeof login>>().toEqualTypeOf<SsoOidc.SsoOidc>()
  })

  it("a page's operator chooses the endpoint, so a relay takes no option for it", () => {
    expectTypeOf<{ region: string; relay: string }>().toExtend<Browser.Options>()
    expectTypeOf<{ region: string; endpoint: string; userAgent: string }>().toExtend<Browser.Options>()
    expectTypeOf<{ region: string; relay: string; endpoint: string }>().not.toExtend<Browser.Options>()
    expectTypeOf<{ region: string; relay: string; useFipsEndpoint: boolean }>().not.toExtend<Browser.Options>()
  })
})
