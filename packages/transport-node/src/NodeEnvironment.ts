/**
 * The transport that the environment's variables ask for, read as other tools read them.
 *
 * - `HTTPS_PROXY`, `HTTP_PROXY`: the proxies of https and of http targets.
 * - `NO_PROXY`: targets that are reached directly, with commas or spaces between them.
 * - `AWS_CA_BUNDLE`: the path of a file of certificate authorities in PEM form. They are trusted beside the platform's
 *   own, where the AWS CLI has them in the place of its own. The file is read when the layer is built.
 *
 * A proxy's variable may be written in small letters (`https_proxy`); where both are set, that one counts. An empty
 * variable counts as absent. `HTTP_PROXY` in capitals is not read where `REQUEST_METHOD` is set: there it is a header
 * that a stranger sent to a CGI program (https://httpoxy.org). `ALL_PROXY` is not read: it is not among the variables of
 * the AWS tools, nor of Node.
 *
 * No other module reads them, and a program that does not ask this one is not moved by them.
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
 * What the environment says of the transport.
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
    new Config.ConfigError(new ConfigProvider.SourceError({ message: `${name} cannot be used: it ${detail}` }))
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
    Effect.catch((code) => fail(variable, `names a file that cannot be read (${code})`)),
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

/** Without the entries that are not understood: other tools pass over them as well, and so they must not end a login. */
const listOf = ({ name, value }: Variable): List => {
  const entries = value.split(/[\s,]+/).filter((entry) => entry !== "")
  const known = entries.filter((entry) => NoProxy.ruleOf(entry) !== undefined)
  const wrong = entries.flatMap((entry, at) => known.includes(entry) ? [] : [at + 1])
  const which = wrong.length === 1 ? `Entry ${wrong[0]}` : `Entries ${wrong.join(", ")}`
  return {
    known,
    warning: wrong.length === 0
      ? undefined
      : `${which} of ${name} cannot be understood, so no host is excluded from the proxies by it. ` +
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
    const told = list?.warning !== undefined && asked ? Effect.logWarning(list.warning) : Effect.void
    return Effect.as(told, { https, http, noProxy: list?.known })
  })
)

const authorities: Config.Config<string | undefined> = Config.mapEffect(first("AWS_CA_BUNDLE"), file)

/**
 * Reads the variables from the `ConfigProvider`, by default the process's environment. Fails with a `ConfigError` that
 * names the variable where a proxy is none, or the file of `AWS_CA_BUNDLE` is missing, empty or no PEM. An entry of
 * `NO_PROXY` that is not understood excludes nothing, and is told as a warning with its position: each tool that reads the
 * variable has a dialect of its own.
 *
 * @category configs
 * @since 0.1.0
 */
export const config: Config.Config<NodeEnvironment> = Config.all({ ca: authorities, proxy: proxies })

/**
 * A transport's options, each of them given or to be read from configuration.
 *
 * @category models
 * @since 0.1.0
 */
export type Given = {
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
 * The transport's options with what they leave open taken from the environment, for `NodeTransport.layerConfig`. Where
 * `proxy` or `ca` is given, it goes before the environment's, as a whole, and the environment's is not read, so that
 * what is wrong there does no harm; `proxy: {}` is no proxy.
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
export const options = (given: Given = {}): Config.Config<NodeTransport.Options> =>
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
