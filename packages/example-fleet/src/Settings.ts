/**
 * The settings of one process. They come from the environment.
 */
import type * as Client from "@sso-oidc/core/aws/Client"
import * as Environment from "@sso-oidc/core/aws/Environment"
import * as Sealer from "@sso-oidc/core/Sealer"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import * as Config from "effect/Config"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

export interface Settings {
  readonly databaseUrl: Redacted.Redacted
  readonly sealer: Sealer.Service
  /** The options of the client of AWS: the region, and the endpoint if it is not AWS's own. */
  readonly client: Client.Options
  readonly startUrl: string
  /** Where the routes listen. */
  readonly http: Address
  /** Where the other processes of the fleet reach this one. */
  readonly cluster: Address
  /** How long the process stays after a signal, so that a load balancer can see that it is not ready. */
  readonly drain: Duration.Duration
  /** How often the process looks for logins whose own process has ended. */
  readonly sweep: Duration.Duration
  /** Where metrics and traces go. Absent if they stay here. */
  readonly telemetry: URL | undefined
}

export interface Address {
  readonly host: string
  readonly port: number
}

/** The settings that are missing or wrong, with a sentence for each. */
export class SettingsError extends Data.TaggedError("SettingsError")<{ readonly problems: ReadonlyArray<string> }> {
  override readonly message = `The fleet cannot start. ${this.problems.join(" ")}`
}

/** One setting. The sentence says what it must be, and repeats no value, because a value may be secret. */
const one = <A, E>(name: string, value: Effect.Effect<A, E>, must: string) =>
  Effect.mapError(value, () => `${name} must be ${must}. Set the variable.`)

const urlOf = (name: string, ...protocols: ReadonlyArray<string>) =>
  Effect.filterOrFail(Config.URL(name), ({ protocol }) => protocols.includes(protocol))

const database = Effect.filterOrFail(
  Config.Redacted("DATABASE_URL"),
  (url) => /^postgres(?:ql)?:$/.test(URL.parse(Redacted.value(url))?.protocol ?? "")
)

const sealer = Sealer.makeConfig({ current: Config.String("SEALER_CURRENT"), keys: Sealer.configKeys("SEALER_KEYS") })

const client = Environment.options(SsoOidcService.service, {
  region: Config.NonEmptyString("AWS_REGION"),
  requestTimeout: "10 seconds" // a process that stops waits this long for the polls in flight
})

const parts = {
  databaseUrl: one(
    "DATABASE_URL",
    database,
    "the URL of the database, such as postgres://user:password@host:5432/fleet"
  ),
  sealer: one(
    "SEALER_KEYS",
    sealer,
    "name=key for each key, with commas between them, and SEALER_CURRENT the name of one of them. A key is 32 bytes as base64url"
  ),
  client: one("AWS_REGION", client, "the region of the access portal, such as eu-west-1"),
  startUrl: one(
    "SSO_START_URL",
    Effect.map(urlOf("SSO_START_URL", "https:"), ({ href }) => href),
    "the URL of the access portal, such as https://my.awsapps.com/start"
  ),
  // loopback, because the routes have no authentication
  host: one("HOST", Config.NonEmptyString("HOST").pipe(Config.withDefault("127.0.0.1")), "an address of this machine"),
  port: one("PORT", Config.Port("PORT").pipe(Config.withDefault(8080)), "a port for the routes, from 0 to 65535"),
  clusterHost: one(
    "CLUSTER_HOST",
    Config.NonEmptyString("CLUSTER_HOST").pipe(Config.withDefault("localhost")),
    "the name or address by which the other processes reach this one"
  ),
  clusterPort: one(
    "CLUSTER_PORT",
    Config.Port("CLUSTER_PORT").pipe(Config.withDefault(34431)),
    "a port for the other processes of the fleet, from 1 to 65535"
  ),
  drain: one(
    "DRAIN",
    Config.Duration("DRAIN").pipe(Config.withDefault(Duration.zero)),
    "how long to stay after a signal, such as 5 seconds"
  ),
  sweep: one(
    "SWEEP",
    Effect.filterOrFail(
      Config.Duration("SWEEP").pipe(Config.withDefault(Duration.seconds(10))),
      (sweep) => Duration.toMillis(sweep) >= 1000
    ),
    "how often to look for logins whose process has ended, from 1 second, such as 10 seconds"
  ),
  telemetry: one(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    Effect.flatMap(
      Config.option(Config.String("OTEL_EXPORTER_OTLP_ENDPOINT")),
      (text) =>
        Option.getOrElse(text, () => "") === ""
          ? Effect.undefined
          : urlOf("OTEL_EXPORTER_OTLP_ENDPOINT", "http:", "https:")
    ),
    "the URL of a collector, such as http://localhost:4318, or absent"
  )
}

/** Reads all settings. If some are missing or wrong, then one error names them all. */
export const read: Effect.Effect<Settings, SettingsError> = Effect.gen(function*() {
  const results = yield* Effect.all(parts, { mode: "result" })
  const all = Result.all(results)
  if (Result.isFailure(all)) {
    const problems = Object.values(results).flatMap((result) => result._tag === "Failure" ? [result.failure] : [])
    return yield* new SettingsError({ problems })
  }
  const { clusterHost, clusterPort, host, port, ...rest } = all.success
  return { ...rest, http: { host, port }, cluster: { host: clusterHost, port: clusterPort } }
})
