/**
 * Reads the transport's options from the environment variables that other tools read too.
 *
 * - `HTTPS_PROXY`, `HTTP_PROXY`: the proxies of https targets and of http targets.
 * - `NO_PROXY`: targets that the transport reaches without a proxy, separated by commas or spaces.
 * - `AWS_CA_BUNDLE`: the path of a file of certificate authorities in PEM form. The transport trusts them in addition to the
 *   platform's authorities. (The AWS CLI trusts them instead of its own.) The file is read when the layer is built.
 *
 * A proxy's variable and `NO_PROXY` may be written in small letters (`https_proxy`). If both forms are set, the small letters
 * win. An empty variable counts as absent.
 *
 * `HTTP_PROXY` in capitals is not read where `REQUEST_METHOD` is set. A CGI program has that variable, and there the header
 * `Proxy` of any request sets `HTTP_PROXY` (https://httpoxy.org). `ALL_PROXY` is not read, because the AWS tools and Node do
 * not read it.
 *
 * No other module reads these variables. A program that does not use this module is not affected by them.
 *
 * @see https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-proxy.html
 * @since 0.1.0
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as NoProxy from "./internal/noProxy.ts"
import * as Proxy from "./internal/proxy.ts"
import * as Trust from "./internal/trust.ts"
import type * as NodeTransport from "./NodeTransport.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The options that the environment can set: `proxy` and `ca`.
 *
 * @category models
 * @since 0.1.0
 */
export type NodeEnvironment = Pick<NodeTransport.Options, "proxy" | "ca">

// -----------------------------------------------------------------------------
// configs
// -----------------------------------------------------------------------------

interface Variable {
  readonly name: string
  readonly value: string
}

/** The first of the variables that is set and not empty. */
const first = (...names: ReadonlyArray<string>): Config.Config<Variable | undefined> =>
  Config.all(
    names.map((name) => Config.map(Config.withDefault(Config.String(name), ""), (value): Variable => ({ name, value })))
  ).pipe(Config.map((variables) => variables.find(({ value }) => value.trim() !== "")))

const fail = ({ name }: Variable, detail: string) =>
  Effect.fail(
    new Config.ConfigError(
      new ConfigProvider.SourceError({ message: `The transport cannot be built: the variable ${name} ${detail}` })
    )
  )

const proxy = (variable: Variable | undefined): Effect.Effect<Redacted.Redacted | undefined, Config.ConfigError> => {
  if (variable === undefined) return Effect.undefined
  const url = Redacted.make(variable.value, { label: variable.name })
  const parsed = Proxy.parse(url)
  return Result.isFailure(parsed) ? fail(variable, parsed.failure) : Effect.succeed(url)
}

const file = (variable: Variable | undefined): Effect.Effect<string | undefined, Config.ConfigError> =>
  variable === undefined ? Effect.undefined : Effect.tryPromise({
    try: () => process.getBuiltinModule("node:fs").promises.readFile(variable.value, "utf8"),
    catch: (error) => Wire.nameIn(error, "code") ?? "UNKNOWN"
  }).pipe(
    Effect.catch((code) =>
      fail(variable, `names a file that cannot be read (${code}). Correct the path, or unset the variable.`)
    ),
    Effect.tap((text) => {
      const certificates = Trust.certificatesOf(text)
      return Result.isFailure(certificates)
        ? fail(variable, `names a file that ${certificates.failure}`)
        : Effect.void
    })
  )

interface List {
  readonly known: ReadonlyArray<string>
  readonly warning: string | undefined
}

/** Leaves out the entries that it does not understand. Other tools ignore them as well, so they must not end a login. */
const listOf = ({ name, value }: Variable): List => {
  const entries = value.split(/[\s,]+/).filter((entry) => entry !== "")
  const known = entries.filter((entry) => NoProxy.ruleOf(entry) !== undefined)
  const wrong = entries.flatMap((entry, at) => known.includes(entry) ? [] : [at + 1])
  const which = wrong.length === 1 ? `Entry ${wrong[0]}` : `Entries ${wrong.join(", ")}`
  return {
    known,
    warning: wrong.length === 0
      ? undefined
      : `${which} of ${name} cannot be understood, so the transport ignores it and uses the proxies for those hosts. ` +
        "Write a host, an address or a range, with or without a port: example.com, *.example.com:443, 10.0.0.0/8."
  }
}

const proxies: Config.Config<NodeTransport.ProxyOptions> = Config.all({
  https: Config.mapEffect(first("https_proxy", "HTTPS_PROXY"), proxy),
  http: first("REQUEST_METHOD").pipe(
    Config.flatMap((method) => method === undefined ? first("http_proxy", "HTTP_PROXY") : first("http_proxy")),
    Config.mapEffect(proxy)
  ),
  list: Config.map(first("no_proxy", "NO_PROXY"), (variable) => variable && listOf(variable))
}).pipe(
  Config.mapEffect(({ http, https, list }) => {
    const asked = http !== undefined || https !== undefined
    const warned = list?.warning !== undefined && asked ? Effect.logWarning(list.warning) : Effect.void
    return Effect.as(warned, { https, http, noProxy: list?.known })
  })
)

const authorities: Config.Config<string | undefined> = Config.mapEffect(first("AWS_CA_BUNDLE"), file)

/**
 * Reads the variables from the `ConfigProvider`, which is the process's environment by default.
 *
 * It fails with a `ConfigError` that names the variable if a proxy's URL cannot be used. It fails in the same way if the file
 * of `AWS_CA_BUNDLE` is missing or empty, or holds no PEM certificate.
 *
 * An entry of `NO_PROXY` that is not understood excludes no host. A warning tells its position. It is no error, because each
 * tool that reads this variable has its own dialect.
 *
 * @category configs
 * @since 0.1.0
 */
export const config: Config.Config<NodeEnvironment> = Config.all({ ca: authorities, proxy: proxies })

/**
 * Options of the transport that override the environment. Each is a value, or a `Config` that reads the value.
 *
 * @category models
 * @since 0.1.0
 */
export type Overrides = {
  readonly [K in keyof NodeTransport.Options]: NodeTransport.Options[K] | Config.Config<NodeTransport.Options[K]>
}

const isConfig = <A>(given: A | Config.Config<A>): given is Config.Config<A> => Config.isConfig(given)

const valueOf = <A>(given: A | Config.Config<A>): Config.Config<A> => isConfig(given) ? given : Config.succeed(given)

const orElse = <A>(
  given: A | Config.Config<A | undefined> | undefined,
  environment: Config.Config<A | undefined>
): Config.Config<A | undefined> =>
  Config.flatMap(valueOf<A | undefined>(given), (value) => value === undefined ? environment : Config.succeed(value))

/**
 * The transport's options for `NodeTransport.layerConfig`. `proxy` and `ca` come from the environment unless you give them.
 *
 * If you give `proxy` or `ca`, it replaces the environment's as a whole, and those variables are not read. So a wrong value
 * there does no harm. `proxy: {}` means no proxy.
 *
 * @example
 * ```ts
 * import * as NodeEnvironment from "@sso-oidc/transport-node/NodeEnvironment"
 * import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
 * import * as Config from "effect/Config"
 *
 * const transport = NodeTransport.layerConfig(NodeEnvironment.options({
 *   maxConnections: 4,
 *   cert: Config.String("CLIENT_CERTIFICATE"),
 *   key: Config.Redacted("CLIENT_KEY")
 * }))
 * ```
 *
 * @category configs
 * @since 0.1.0
 */
export const options = (given: Overrides = {}): Config.Config<NodeTransport.Options> =>
  Config.all({
    connectTimeout: valueOf(given.connectTimeout),
    idleTimeout: valueOf(given.idleTimeout),
    maxConnections: valueOf(given.maxConnections),
    proxy: orElse(given.proxy, proxies),
    ca: orElse(given.ca, authorities),
    cert: valueOf(given.cert),
    key: valueOf(given.key),
    passphrase: valueOf(given.passphrase)
  })
