/**
 * `Logins` on each store that `pnpm pending` measures.
 */
import * as Sealer from "@sso-oidc/core/Sealer"
import type { SsoOidc } from "@sso-oidc/core/SsoOidc"
import * as Logins from "@sso-oidc/durable/Logins"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as DurableNode from "@sso-oidc/durable/node/DurableNode"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import type { Task } from "./figures.ts"

const sealing = Layer.orDie(
  Sealer.layer({ current: "one", keys: { one: Redacted.make(new Uint8Array(32).fill(7)) } })
)

// beyond the 30,000 of the package, logins would wait
const sharding = { maxResidentEntities: "unbounded" } as const

export const layer = ({ database, everyPoll, port, store }: Task): Layer.Layer<Logins.Logins, unknown, SsoOidc> => {
  const write = everyPoll ? "everyPoll" : "changes"
  switch (store) {
    case "memory":
      return Logins.layer({ write }).pipe(
        Layer.provide([WorkflowEngine.layerMemory, LoginStore.layerMemory, sealing])
      )
    case "file":
      return DurableNode.layerFile({ file: database, sealing, sharding, write })
    case "postgres":
      return DurableNode.layerPostgres({ url: Redacted.make(database), sealing, sharding, write, port })
  }
}
