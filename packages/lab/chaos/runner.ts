/**
 * A runner: a process that drives logins on PostgreSQL, with the package's own settings. Its parent strikes it.
 *
 * It reads its task from the first line of stdin. It tells its parent on file descriptor 3 that it is ready, and what it counts.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Sealer from "@sso-oidc/core/Sealer"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as LoginMetrics from "@sso-oidc/durable/LoginMetrics"
import * as DurableNode from "@sso-oidc/durable/node/DurableNode"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import { once } from "node:events"
import { writeSync } from "node:fs"
import { createInterface } from "node:readline"
import type { Task, Told } from "./fleet.ts"
import { runnerHeader } from "./observer.ts"

const tell = (told: Told): void => {
  try {
    writeSync(3, `${JSON.stringify(told)}\n`)
  } catch {
    // The parent has ended, and its guard ends this process
  }
}

const counting = Effect.gen(function*() {
  const [polls, backOffs, lost] = yield* Effect.all([
    Metric.value(LoginMetrics.polls),
    Metric.value(LoginMetrics.backOffs),
    Metric.value(LoginMetrics.lost)
  ])
  tell({ polls: Number(polls.count), backOffs: Number(backOffs.count), lost: Number(lost.count) })
  yield* Effect.sleep("500 millis")
}).pipe(Effect.forever)

const [line] = await once(createInterface({ input: process.stdin }), "line")
const task: Task = JSON.parse(line)

const layer = DurableNode.layerPostgres({
  url: Redacted.make(task.database),
  sealing: Layer.orDie(
    Sealer.layer({ current: "chaos", keys: { chaos: Redacted.make(Buffer.from(task.key, "hex")) } })
  ),
  port: task.port,
  host: "127.0.0.1"
}).pipe(
  Layer.provide(SsoOidc.layer({ region: "eu-west-1", endpoint: task.endpoint })),
  Layer.provide(Layer.effect(
    HttpClient.HttpClient,
    Effect.map(HttpClient.HttpClient, HttpClient.mapRequest(HttpClientRequest.setHeader(runnerHeader, task.name)))
  )),
  Layer.provide(NodeTransport.layer())
)

const main = Effect.andThen(Effect.sync(() => tell({ isReady: true })), counting)

NodeRuntime.runMain(Effect.provide(main, layer))
