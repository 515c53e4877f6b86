import * as PgClient from "@effect/sql-pg/PgClient"
import * as Environment from "@sso-oidc/core/aws/Environment"
import * as Sealer from "@sso-oidc/core/Sealer"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import * as SqlLoginStore from "@sso-oidc/durable/SqlLoginStore"
import * as DirectTransport from "@sso-oidc/transport-node/DirectTransport"
import * as Config from "effect/Config"
import * as Layer from "effect/Layer"

// The client, the store of logins, and the keys that seal what is stored. To take another store, change one line.
export const layer = Layer.mergeAll(
  SsoOidc.layerConfig(
    Environment.options(SsoOidcService.service, { region: Config.String("SSO_REGION"), requestTimeout: "8 seconds" })
  ).pipe(Layer.provide(DirectTransport.layer())),
  SqlLoginStore.layer().pipe(Layer.provide(PgClient.layerConfig({ url: Config.Redacted("DATABASE_URL") }))),
  Sealer.layerConfig({ current: Config.String("SEALER_CURRENT"), keys: Sealer.configKeys("SEALER_KEYS") })
)
