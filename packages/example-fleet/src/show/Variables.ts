/**
 * The variables of the processes of the show: they log in at the emulator, and send metrics and traces to the collector.
 */
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import { Collector } from "./Collector.ts"

/** The variables for a database. The key is new each time, and goes nowhere else. */
export const variables = Effect.fnUntraced(function*(databaseUrl: string) {
  const emulator = yield* EmulatorServer.EmulatorServer
  const collector = yield* Collector
  return {
    DATABASE_URL: databaseUrl,
    SEALER_CURRENT: "show",
    SEALER_KEYS: `show=${Base64Url.encode(crypto.getRandomValues(new Uint8Array(32)))}`,
    AWS_REGION: "eu-west-1",
    AWS_ENDPOINT_URL_SSO_OIDC: emulator.url,
    SSO_START_URL: "https://fleet.awsapps.com/start",
    SWEEP: "2 seconds",
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_METRIC_EXPORT_INTERVAL: "1000",
    OTEL_BSP_SCHEDULE_DELAY: "1000"
  }
})
