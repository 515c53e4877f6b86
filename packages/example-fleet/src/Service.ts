/**
 * One process of the fleet: the routes, the logins on PostgreSQL, and the way out for metrics.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Sealer from "@sso-oidc/core/Sealer"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as DurableNode from "@sso-oidc/durable/node/DurableNode"
import * as NodeEnvironment from "@sso-oidc/transport-node/NodeEnvironment"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import { createServer } from "node:http"
import * as Devices from "./Devices.ts"
import * as Figures from "./Figures.ts"
import * as Fleet from "./Fleet.ts"
import * as Inventory from "./Inventory.ts"
import * as Routes from "./Routes.ts"
import type { Settings } from "./Settings.ts"
import * as Stopping from "./Stopping.ts"
import * as Telemetry from "./Telemetry.ts"

/** The process of these settings. Its parts end in the reverse order: the routes first, then the logins, and the metrics last. */
export const layer = ({ client, cluster, databaseUrl, http, sealer, startUrl, sweep, telemetry }: Settings) => {
  const name = `${cluster.host}:${cluster.port}`

  const logins = DurableNode.layerPostgres({
    url: databaseUrl,
    sealing: Layer.succeed(Sealer.Sealer, sealer),
    host: cluster.host,
    port: cluster.port,
    gap: true // the longer a code is not approved, the less often it is polled
  }).pipe(
    Layer.provide(SsoOidc.layer(client)),
    Layer.provide(NodeTransport.layerConfig(NodeEnvironment.options()))
  )

  const inventory = Inventory.layer.pipe(Layer.provide(PgClient.layer({ url: databaseUrl, maxConnections: 4 })))

  const fleet = Fleet.layer({ startUrl, sweep }).pipe(
    Layer.provide([logins, Devices.layerLog])
  )

  return HttpRouter.serve(Routes.layer(name), {
    routerConfig: Routes.routerConfig,
    disableLogger: true,
    disableListenLog: true
  }).pipe(
    Layer.provideMerge(NodeHttpServer.layer(() => createServer(), { ...http, gracefulShutdownTimeout: "5 seconds" })),
    Layer.provide([fleet, Figures.layer]),
    Layer.provide(inventory),
    Layer.provideMerge(Stopping.layer),
    Layer.provide(Telemetry.layer(telemetry, name))
  )
}
