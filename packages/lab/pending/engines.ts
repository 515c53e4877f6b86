/**
 * `Logins` on each store that `pnpm pending` measures.
 */
import * as NodeClusterSocket from "@effect/platform-node/NodeClusterSocket"
import * as NodeCrypto from "@effect/platform-node/NodeCrypto"
import * as PgClient from "@effect/sql-pg/PgClient"
import type { Sealer } from "@sso-oidc/core/Sealer"
import type { SsoOidc } from "@sso-oidc/core/SsoOidc"
import * as Logins from "@sso-oidc/durable/Logins"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as SqlLoginStore from "@sso-oidc/durable/SqlLoginStore"
import * as Sqlite from "@sso-oidc/test-kit/sqlite"
import * as ClusterWorkflowEngine from "effect/cluster/ClusterWorkflowEngine"
import * as RunnerAddress from "effect/cluster/RunnerAddress"
import * as SingleRunner from "effect/cluster/SingleRunner"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import type { Task } from "./figures.ts"

const sharding = {
  maxResidentEntities: "unbounded",
  shardLockExpiration: "15 seconds",
  refreshAssignmentsInterval: "1 second",
  entityMessagePollInterval: "5 seconds"
} as const

const kinds = {
  memory: () => Layer.merge(WorkflowEngine.layerMemory, LoginStore.layerMemory),
  sqlite: ({ database }: Task) =>
    Layer.merge(
      ClusterWorkflowEngine.layer.pipe(
        Layer.provide(SingleRunner.layer({ shardingConfig: sharding, runnerStorage: "memory" })),
        Layer.provide(NodeCrypto.layerDigest)
      ),
      SqlLoginStore.layer()
    ).pipe(Layer.provide(Sqlite.layer(database))),
  postgres: ({ database }: Task) =>
    Layer.merge(
      ClusterWorkflowEngine.layer.pipe(
        Layer.provide(NodeClusterSocket.layer({
          shardingConfig: {
            ...sharding,
            runnerAddress: Option.some(RunnerAddress.make("127.0.0.1", 34_500))
          }
        }))
      ),
      SqlLoginStore.layer()
    ).pipe(Layer.provide(PgClient.layer({ url: Redacted.make(database), maxConnections: 10 })))
}

export const layer = (task: Task, options: Logins.Options): Layer.Layer<Logins.Logins, unknown, Sealer | SsoOidc> =>
  Logins.layer(options).pipe(Layer.provide(kinds[task.store](task)))
