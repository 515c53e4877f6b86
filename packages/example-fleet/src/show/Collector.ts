/**
 * A collector of OTLP that keeps what arrives, and adds it up. In production it is a collector of OpenTelemetry, or a vendor's.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { createServer } from "node:http"

export interface Received {
  readonly path: string
  readonly body: string
}

export class Collector extends Context.Service<Collector, {
  readonly url: string
  readonly received: ReadonlyArray<Received>
}>()("example-fleet/Collector") {}

export const layer: Layer.Layer<Collector> = Layer.effect(
  Collector,
  Effect.gen(function*() {
    const received: Array<Received> = []
    const route = HttpRouter.use((router) =>
      router.add("POST", "/v1/:signal", (request) =>
        Effect.map(request.text, (body) => {
          received.push({ path: request.url, body })
          return HttpServerResponse.jsonUnsafe({})
        }))
    )
    const server = yield* Layer.build(
      HttpRouter.serve(route, { disableLogger: true, disableListenLog: true }).pipe(
        Layer.provideMerge(NodeHttpServer.layer(() => createServer(), { host: "127.0.0.1", port: 0 }))
      )
    )
    const { address } = Context.get(server, HttpServer.HttpServer)
    return Collector.of({ url: HttpServer.formatAddress(address), received })
  })
).pipe(Layer.orDie)

// -----------------------------------------------------------------------------
// sums
// -----------------------------------------------------------------------------

const Point = Schema.Struct({
  startTimeUnixNano: Schema.String,
  asDouble: Schema.optionalKey(Schema.Number),
  sum: Schema.optionalKey(Schema.Number),
  count: Schema.optionalKey(Schema.Number)
})
const Points = Schema.Struct({ dataPoints: Schema.Array(Point) })
const Metric = Schema.Struct({
  name: Schema.String,
  sum: Schema.optionalKey(Points),
  gauge: Schema.optionalKey(Points),
  histogram: Schema.optionalKey(Points)
})
const Metrics = Schema.fromJsonString(Schema.Struct({
  resourceMetrics: Schema.Array(Schema.Struct({
    scopeMetrics: Schema.Array(Schema.Struct({ metrics: Schema.Array(Metric) }))
  }))
}))
const Traces = Schema.fromJsonString(Schema.Struct({
  resourceSpans: Schema.Array(Schema.Struct({
    scopeSpans: Schema.Array(Schema.Struct({ spans: Schema.Array(Schema.Struct({ name: Schema.String })) }))
  }))
}))

const metricsIn = Schema.decodeUnknownSync(Metrics)
const tracesIn = Schema.decodeUnknownSync(Traces)

const bodiesOf = (received: ReadonlyArray<Received>, path: string) =>
  received.filter((one) => one.path === path).map(({ body }) => body)

/** How many spans arrived, by their name. */
export const spansOf = (received: ReadonlyArray<Received>): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const body of bodiesOf(received, "/v1/traces")) {
    for (
      const { name } of tracesIn(body).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans).flatMap(({ spans }) =>
        spans
      )
    ) {
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
  }
  return counts
}

/** A metric over all processes: a process that starts again counts from zero, so the last values of all starts are added up. */
export interface Total {
  readonly value: number
  readonly count: number
}

/** The metrics that arrived, by their name. */
export const totalsOf = (received: ReadonlyArray<Received>): ReadonlyMap<string, Total> => {
  const last = new Map<string, Map<string, Total>>()
  for (const body of bodiesOf(received, "/v1/metrics")) {
    for (
      const { gauge, histogram, name, sum } of metricsIn(body).resourceMetrics
        .flatMap(({ scopeMetrics }) => scopeMetrics).flatMap(({ metrics }) => metrics)
    ) {
      const series = last.get(name) ?? new Map<string, Total>()
      last.set(name, series)
      for (const point of [gauge, histogram, sum].flatMap((points) => points?.dataPoints ?? [])) {
        series.set(point.startTimeUnixNano, { value: point.asDouble ?? point.sum ?? 0, count: point.count ?? 0 })
      }
    }
  }
  const add = (totals: ReadonlyArray<Total>): Total => ({
    value: totals.reduce((all, { value }) => all + value, 0),
    count: totals.reduce((all, { count }) => all + count, 0)
  })
  return new Map([...last].map(([name, series]) => [name, add([...series.values()])]))
}
