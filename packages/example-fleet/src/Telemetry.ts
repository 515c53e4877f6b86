/**
 * Metrics and traces go out by OTLP, to the collector of `OTEL_EXPORTER_OTLP_ENDPOINT`.
 *
 * A metric has no id of a device. A span may have one, in the path of a request, because you look for the trace of one device. Neither has a
 * secret or a code.
 */
import * as ConfigProvider from "effect/ConfigProvider"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"
import * as OtlpMetrics from "effect/observability/OtlpMetrics"
import * as OtlpSerialization from "effect/observability/OtlpSerialization"
import * as OtlpTracer from "effect/observability/OtlpTracer"

/** With the endpoint alone, both go out. The other variables of OpenTelemetry work too, such as `OTEL_EXPORTER_OTLP_HEADERS`. */
const defaults = ConfigProvider.layerAdd(
  ConfigProvider.fromEnvRecord({ OTEL_METRICS_EXPORTER: "otlp", OTEL_TRACES_EXPORTER: "otlp" })
)

/** What sends metrics and traces away. It sends the last ones when its scope closes. */
export const layer = (endpoint: URL | undefined, name: string): Layer.Layer<never> => {
  if (endpoint === undefined) return Layer.empty
  const resource = { serviceName: "fleet", attributes: { "service.instance.id": name } }
  return Layer.mergeAll(OtlpMetrics.layerFromConfig({ resource }), OtlpTracer.layerFromConfig({ resource })).pipe(
    Layer.provide([OtlpSerialization.layerJson, FetchHttpClient.layer, defaults])
  )
}
