import * as CredentialsCache from "@sso-oidc/portal/CredentialsCache"
import type { Portal } from "@sso-oidc/portal/Portal"
import type * as Config from "effect/Config"
import type * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as Layer from "effect/Layer"
import type * as Path from "effect/Path"
import type * as AccessToken from "sso-oidc/AccessToken"
import type { EndpointError } from "sso-oidc/aws/ClientError"
import type * as AwsConfigError from "sso-oidc/AwsConfigError"
import type * as Browser from "sso-oidc/browser"
import * as DeviceGrant from "sso-oidc/DeviceGrant"
import * as Node from "sso-oidc/node"
import type * as Session from "sso-oidc/Session"
import type * as SsoOidc from "sso-oidc/SsoOidc"
import * as TokenStore from "sso-oidc/TokenStore"
import type { TransportOptionsError } from "sso-oidc/TransportOptionsError"
import { describe, expectTypeOf, it } from "vitest"

describe("the types of sso-oidc", () => {
  it("each layer provides the client, needs nothing, and lists its errors (C3)", () => {
    expectTypeOf<ReturnType<typeof Node.layer>>().toEqualTypeOf<
      Layer.Layer<SsoOidc.SsoOidc, EndpointError | Config.ConfigError | TransportOptionsError>
    >()
    expectTypeOf<ReturnType<typeof Browser.layer>>().toEqualTypeOf<Layer.Layer<SsoOidc.SsoOidc, EndpointError>>()
  })

  it("the session on Node needs nothing, and lists its errors and those of another store (C3)", () => {
    type Own =
      | AwsConfigError.AwsConfigError
      | AwsConfigError.ProfileNotFound
      | EndpointError
      | Config.ConfigError
      | TransportOptionsError
    const layer = Node.session({ profile: "dev" })
    expectTypeOf(layer).toEqualTypeOf<Layer.Layer<Session.Session | AccessToken.AccessToken, Own>>()
    const store: Layer.Layer<TokenStore.TokenStore, AccessToken.StoreError> = TokenStore.layerMemory
    expectTypeOf<Layer.Error<ReturnType<typeof Node.session<AccessToken.StoreError>>>>().toEqualTypeOf<
      Own | AccessToken.StoreError
    >()
    expectTypeOf({ store }).toExtend<Node.SessionOptions<AccessToken.StoreError>>()
    expectTypeOf<{ store: Layer.Layer<TokenStore.TokenStore, never, "more"> }>().not.toExtend<Node.SessionOptions>()
  })

  it("a session is that of a profile, that of a name, or one by hand, and no two of these", () => {
    expectTypeOf<Record<never, never>>().toExtend<Node.SessionOptions>()
    expectTypeOf<{ profile: string }>().toExtend<Node.SessionOptions>()
    expectTypeOf<{ session: string }>().toExtend<Node.SessionOptions>()
    expectTypeOf<{ startUrl: string; region: string }>().toExtend<Node.SessionOptions>()
    expectTypeOf<{ profile: string; session: string }>().not.toExtend<Node.SessionOptions>()
    expectTypeOf<{ profile: string; startUrl: string; region: string }>().not.toExtend<Node.SessionOptions>()
    expectTypeOf<{ session: string; startUrl: string; region: string }>().not.toExtend<Node.SessionOptions>()
    expectTypeOf<{ startUrl: string }>().not.toExtend<Node.SessionOptions>()
  })

  it("the portal on Node needs nothing, and lists the errors of another store and of another cache (C3)", () => {
    expectTypeOf(Node.portal({ profile: "dev" })).toEqualTypeOf<
      Layer.Layer<Session.Session | AccessToken.AccessToken | Portal, Node.SessionError>
    >()
    const cache: Layer.Layer<CredentialsCache.CredentialsCache, Config.ConfigError, FileSystem.FileSystem | Path.Path> =
      CredentialsCache.layerAwsCache()
    expectTypeOf({ credentialsCache: cache }).toExtend<Node.PortalOptions<never, Config.ConfigError>>()
    expectTypeOf<Layer.Error<ReturnType<typeof Node.portal<"of the store", "of the cache">>>>().toEqualTypeOf<
      Node.SessionError | "of the store" | "of the cache"
    >()
    expectTypeOf<{ profile: string; session: string }>().not.toExtend<Node.PortalOptions>()
  })

  it("the function for AWS SDKs gives what an SDK takes (P7)", () => {
    expectTypeOf<Node.Credentials>().toExtend<
      (options?: { readonly forceRefresh?: boolean }) => Promise<{
        readonly accessKeyId: string
        readonly secretAccessKey: string
        readonly sessionToken?: string
        readonly expiration?: Date
        readonly accountId?: string
      }>
    >()
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
