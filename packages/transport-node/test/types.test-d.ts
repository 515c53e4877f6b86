/** Laws that the compiler checks. Each `@ts-expect-error` fails the check if the line below it compiles. */
import * as NodeEnvironment from "@sso-oidc/transport-node/NodeEnvironment"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import type { TransportOptionsError } from "@sso-oidc/transport-node/TransportOptionsError"
import * as Config from "effect/Config"
import type * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { describe, expectTypeOf, it } from "vitest"

declare const secret: Redacted.Redacted
declare const options: NodeTransport.Options
declare const plain: NodeTransport.ConnectionOptions | undefined

describe("NodeTransport: the errors of its layer", () => {
  it("are none without options whose texts come from outside", () => {
    expectTypeOf(NodeTransport.layer()).toEqualTypeOf<Layer.Layer<HttpClient.HttpClient>>()
    expectTypeOf(NodeTransport.layer(plain)).toEqualTypeOf<Layer.Layer<HttpClient.HttpClient>>()
    expectTypeOf(NodeTransport.layer({ connectTimeout: "1 second", maxConnections: 2 })).toEqualTypeOf<
      Layer.Layer<HttpClient.HttpClient>
    >()
    expectTypeOf(NodeTransport.make({ idleTimeout: 0 })).toEqualTypeOf<
      Effect.Effect<HttpClient.HttpClient, never, Scope.Scope>
    >()
  })

  it("are TransportOptionsError with them", () => {
    type Fallible = Layer.Layer<HttpClient.HttpClient, TransportOptionsError>
    expectTypeOf(NodeTransport.layer({ ca: "" })).toEqualTypeOf<Fallible>()
    expectTypeOf(NodeTransport.layer({ proxy: {} })).toEqualTypeOf<Fallible>()
    expectTypeOf(NodeTransport.layer(options)).toEqualTypeOf<Fallible>()
    expectTypeOf(NodeTransport.make({ cert: "", key: secret })).toEqualTypeOf<
      Effect.Effect<HttpClient.HttpClient, TransportOptionsError, Scope.Scope>
    >()
  })

  it("include ConfigError if the options come from configuration", () => {
    type Configured = Layer.Layer<HttpClient.HttpClient, TransportOptionsError | Config.ConfigError>
    expectTypeOf(NodeTransport.layerConfig(NodeEnvironment.options())).toEqualTypeOf<Configured>()
    expectTypeOf(
      NodeTransport.layerConfig(NodeEnvironment.options({ key: Config.Redacted("KEY"), maxConnections: 2 }))
    ).toEqualTypeOf<Configured>()
  })
})

describe("NodeTransport: secret options are Redacted (C6)", () => {
  it("a bare string does not compile", () => {
    // @ts-expect-error a key is a secret
    NodeTransport.layer({ cert: "", key: "bare" })
    // @ts-expect-error a passphrase is a secret
    NodeTransport.layer({ passphrase: "bare" })
    // @ts-expect-error … also from configuration
    NodeEnvironment.options({ key: Config.String("KEY") })
  })
})
