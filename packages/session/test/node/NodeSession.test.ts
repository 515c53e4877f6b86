import { assert, describe, it } from "@effect/vitest"
import * as AccessToken from "@sso-oidc/core/AccessToken"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import * as NodeSession from "@sso-oidc/session/node/NodeSession"
import * as Session from "@sso-oidc/session/Session"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { createHash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { corp, inHome, write } from "../support/home.ts"
import * as OidcServer from "../support/oidcServer.ts"
import * as Service from "../support/service.ts"
import { plain } from "../support/sessions.ts"

const fileOf = (key: string): string => `.aws/sso/cache/${createHash("sha1").update(key).digest("hex")}.json`

const home = Config.String("HOME")

/** Stores a token with so much left, as the AWS CLI does. */
const put = (left: Duration.Input, key = "corp", change: Partial<CachedToken.CachedToken> = {}) =>
  Effect.gen(function*() {
    write(yield* home, { [fileOf(key)]: Redacted.value(Service.text(yield* Service.stored(left, change))) })
  })

/** The access token in the file of a key. */
const stored = (key = "corp") =>
  Effect.map(
    home,
    (path) => plain(Result.getOrThrow(CachedToken.decode(Redacted.make(readFileSync(join(path, fileOf(key)), "utf8")))))
  )

const token = <E = never>(options: NodeSession.Options<E>) =>
  Session.Session.use((session) => session.token()).pipe(Effect.provide(NodeSession.layer(options)))

/** Runs an effect in a new home, with a service that `AWS_ENDPOINT_URL_SSO_OIDC` names. */
const withService = <A, E, R>(
  use: (server: OidcServer.OidcServer) => Effect.Effect<A, E, R>,
  options: OidcServer.Options = {},
  env: Readonly<Record<string, string>> = {}
) =>
  Effect.gen(function*() {
    const server = yield* OidcServer.make(options)
    return yield* use(server).pipe(
      inHome({ ".aws/config": corp }, { AWS_ENDPOINT_URL_SSO_OIDC: server.url, ...env })
    )
  }).pipe(Effect.scoped)

const dev = { profile: "dev" } as const

const byHand = { startUrl: Service.startUrl, region: "eu-west-1" } as const

/** With another `ConfigProvider` around it than the layer's own. */
const elsewhere = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.provide(effect, ConfigProvider.layer(ConfigProvider.fromEnvRecord({})))

describe("NodeSession.layer", () => {
  it.live("gives the token of the AWS CLI's cache, and sends nothing while it is fresh (S7)", () =>
    withService(({ bodies }) =>
      Effect.gen(function*() {
        yield* put("1 hour")
        assert.strictEqual(plain(yield* token(dev)), "access-0")
        assert.strictEqual(plain(yield* token({ session: "corp" })), "access-0")
        assert.strictEqual(
          plain(yield* AccessToken.AccessToken.use(({ get }) => get).pipe(Effect.provide(NodeSession.layer(dev)))),
          "access-0"
        )
        assert.deepStrictEqual(bodies, [])
      })
    ))

  it.live("refreshes an expired token with the client that it was issued to, and stores it in that file (S9, S11)", () =>
    withService(({ agents, bodies }) =>
      Effect.gen(function*() {
        yield* put("-1 second")
        assert.strictEqual(plain(yield* token({ ...dev, userAgent: "my-tool/1" })), "access-1")
        assert.strictEqual(yield* stored(), "access-1")
        assert.deepStrictEqual(bodies.map((body) => JSON.parse(body)), [{
          clientId: "client",
          clientSecret: "client-secret",
          grantType: "refresh_token",
          refreshToken: "refresh-0"
        }])
        assert.deepStrictEqual(agents, ["my-tool/1"])
      })
    ))

  it.live("takes the profile of AWS_PROFILE if no option names one (S2)", () =>
    withService(
      () =>
        Effect.gen(function*() {
          yield* put("1 hour")
          assert.strictEqual(plain(yield* token({})), "access-0")
        }),
      {},
      { AWS_PROFILE: "dev" }
    ))

  it.live("gives a token with 10 minutes left at once, and waits for its refresh only with \"wait\" (S7)", () =>
    withService(({ bodies }) =>
      Effect.gen(function*() {
        yield* put("10 minutes")
        yield* Effect.gen(function*() {
          const session = yield* Session.Session
          assert.strictEqual(plain(yield* session.token()), "access-0")
          while ((yield* stored()) !== "access-1") yield* Effect.sleep("5 millis")
          assert.strictEqual(plain(yield* session.token()), "access-1")
        }).pipe(Effect.provide(NodeSession.layer(dev)))
        assert.strictEqual(bodies.length, 1)
        yield* put("10 minutes")
        assert.strictEqual(plain(yield* token({ ...dev, refresh: "wait" })), "access-1")
      })
    ))

  it.live("keeps the token in another store if one is given, and leaves the cache alone", () =>
    withService(({ bodies }) =>
      Effect.gen(function*() {
        yield* put("1 hour")
        const error = yield* Effect.flip(token({ ...dev, store: TokenStore.layerMemory }))
        assert.include(error, { _tag: "NotLoggedIn", reason: "absent", command: "aws sso login --profile dev" })
        const directory = join(yield* home, "tokens")
        yield* put("-1 second")
        write(yield* home, {
          [`tokens/${fileOf("corp").split("/").at(-1)}`]: readFileSync(join(yield* home, fileOf("corp")))
        })
        assert.strictEqual(plain(yield* token({ ...dev, store: TokenStore.layerAwsCache({ directory }) })), "access-1")
        assert.deepStrictEqual([yield* stored(), bodies.length], ["access-0", 1])
      })
    ))

  it.live("passes the error of another store on", () =>
    withService(() =>
      Effect.gen(function*() {
        const failed = new AccessToken.StoreError({ store: "s", operation: "read", reason: "unavailable", detail: "d" })
        const store = Layer.unwrap(Effect.as(Effect.fail(failed), TokenStore.layerMemory))
        assert.strictEqual(yield* Effect.flip(token({ ...dev, store })), failed)
      })
    ))

  it.live("takes the command of `loginCommand` into the errors", () =>
    withService(() =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(token({ ...dev, loginCommand: "my-tool login" }))
        assert.strictEqual(error.message, "This session is not logged in: no token is stored. Run: my-tool login")
      })
    ))

  it.live("gives the client its `requestTimeout` (S8)", () =>
    withService(() =>
      Effect.gen(function*() {
        yield* put("-1 second")
        const [took, error] = yield* Effect.timed(Effect.flip(token({ ...dev, requestTimeout: "200 millis" })))
        assert.include(error, { _tag: "TransportError", sent: "maybe" })
        assert.isBelow(Duration.toMillis(took), 5000)
      }), { isSilent: true }))

  it.live("gives the session its `requestTimeout` too, which must be finite there (S8)", () =>
    withService(() =>
      Effect.gen(function*() {
        const exit = yield* Effect.exit(token({ ...dev, requestTimeout: Duration.infinity }))
        const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
        assert.instanceOf(defect, RangeError)
        assert.include(String(defect), "Session: requestTimeout")
      })
    ))

  it.live("sends a refresh again if it did not leave, and never if it may have left (S9)", () =>
    Effect.gen(function*() {
      const retry = { times: 2, base: "1 milli" } as const
      const proxy = yield* OidcServer.make()
      yield* put("-1 second").pipe(
        Effect.andThen(Effect.flip(token({ ...dev, retry }))),
        inHome({ ".aws/config": corp }, { HTTPS_PROXY: proxy.url })
      )
      assert.strictEqual(proxy.tunnels.length, 3)
      yield* withService(({ bodies }) =>
        Effect.gen(function*() {
          yield* put("-1 second")
          assert.include(yield* Effect.flip(token({ ...dev, retry })), { _tag: "UnexpectedResponse", status: 503 })
          assert.strictEqual(bodies.length, 1)
        }), { busy: 9 })
    }).pipe(Effect.scoped))

  it.live("uses the proxy of the environment, unless the options give another (S8)", () =>
    Effect.gen(function*() {
      const proxy = yield* OidcServer.make()
      yield* Effect.gen(function*() {
        yield* put("-1 second")
        const once = { ...dev, retry: { times: 0 } }
        assert.include(yield* Effect.flip(token(once)), { _tag: "TransportError", sent: "no" })
        assert.deepStrictEqual(proxy.tunnels, ["oidc.eu-west-1.amazonaws.com:443"])
        const transport = { proxy: { https: "http://127.0.0.1:9" } }
        assert.include(yield* Effect.flip(token({ ...once, transport })), { _tag: "TransportError", sent: "no" })
        assert.strictEqual(proxy.tunnels.length, 1)
      }).pipe(inHome({ ".aws/config": corp }, { HTTPS_PROXY: proxy.url }))
    }).pipe(Effect.scoped))

  it.live("reads the variables of the layer's own ConfigProvider", () =>
    withService(() =>
      Effect.gen(function*() {
        yield* put("1 hour")
        const provider = yield* ConfigProvider.ConfigProvider
        const layer = NodeSession.layer(dev).pipe(Layer.provide(ConfigProvider.layer(provider)))
        const given = yield* Session.Session.use((session) => session.token()).pipe(Effect.provide(layer), elsewhere)
        assert.strictEqual(plain(given), "access-0")
      })
    ))
})

describe("NodeSession.layer, by hand", () => {
  it.live("reads no config file, and takes the endpoint from the environment", () =>
    withService(({ bodies }) =>
      Effect.gen(function*() {
        write(yield* home, { ".aws/config": new Uint8Array([0xff, 0xfe, 0]) })
        yield* put("-1 second", Service.startUrl)
        assert.strictEqual(plain(yield* token(byHand)), "access-1")
        yield* put("-1 second", "corp")
        assert.strictEqual(plain(yield* token({ ...byHand, name: "corp" })), "access-1")
        assert.strictEqual(bodies.length, 2)
      })
    ))

  it.live("prefers an option to its variable", () =>
    Effect.gen(function*() {
      const { bodies, url } = yield* OidcServer.make()
      yield* Effect.gen(function*() {
        yield* put("-1 second", Service.startUrl)
        assert.strictEqual(
          plain(yield* token({ ...byHand, endpoint: url, useFipsEndpoint: false, useDualstackEndpoint: false })),
          "access-1"
        )
        assert.strictEqual(bodies.length, 1)
      }).pipe(inHome({}, {
        AWS_ENDPOINT_URL_SSO_OIDC: "http://127.0.0.1:9",
        AWS_USE_FIPS_ENDPOINT: "true",
        AWS_USE_DUALSTACK_ENDPOINT: "true"
      }))
    }).pipe(Effect.scoped))

  it.live("has the endpoints of the environment in its settings, and where they come from", () =>
    Effect.gen(function*() {
      const { settings } = yield* Session.Session.use(Effect.succeed).pipe(Effect.provide(NodeSession.layer(byHand)))
      assert.deepInclude(settings, {
        key: Service.startUrl,
        endpoint: "https://oidc.example",
        endpointSource: "AWS_ENDPOINT_URL_SSO_OIDC",
        portalEndpoint: "https://all.example",
        portalEndpointSource: "AWS_ENDPOINT_URL"
      })
    }).pipe(inHome({}, {
      AWS_ENDPOINT_URL_SSO_OIDC: "https://oidc.example",
      AWS_ENDPOINT_URL: "https://all.example"
    })))
})

describe("NodeSession.layer: what cannot be used", () => {
  it.live.each<
    [
      what: string,
      options: NodeSession.Options,
      files: Readonly<Record<string, string>>,
      env: Readonly<Record<string, string>>,
      tag: NodeSession.Error["_tag"],
      sentence: RegExp
    ]
  >([
    ["a profile", { profile: "prod" }, {}, {}, "ProfileNotFound", /has no profile "prod", which the program names/],
    ["a session", { session: "cor" }, {}, {}, "ProfileNotFound", /Did you mean "corp"\?/],
    [
      "a setting",
      dev,
      { ".aws/config": corp.replace("https", "http") },
      {},
      "AwsConfigError",
      /\[sso-session corp\].*sso_start_url must be an https URL/
    ],
    ["a flag", dev, {}, { AWS_USE_FIPS_ENDPOINT: "yes" }, "AwsConfigError", /AWS_USE_FIPS_ENDPOINT is neither/],
    ["a flag by hand", byHand, {}, { AWS_USE_FIPS_ENDPOINT: "yes" }, "ConfigError", /must be true or false/],
    ["a start URL", { ...byHand, startUrl: "" }, {}, {}, "AwsConfigError", /the settings of the session.*`startUrl`/],
    ["a region", { ...byHand, region: "eu west" }, {}, {}, "AwsConfigError", /`region` is not a region name/],
    [
      "an endpoint by hand",
      { ...byHand, endpoint: "http://e.example" },
      {},
      {},
      "AwsConfigError",
      /^Cannot use the settings of the session/
    ],
    [
      "an endpoint of the environment",
      byHand,
      {},
      { AWS_ENDPOINT_URL_SSO_OIDC: "http://e.example" },
      "AwsConfigError",
      /^Cannot use the environment.*AWS_ENDPOINT_URL_SSO_OIDC/
    ],
    [
      "FIPS of the environment beside an endpoint",
      { ...byHand, endpoint: "https://e.example" },
      {},
      { AWS_USE_FIPS_ENDPOINT: "true" },
      "AwsConfigError",
      /^Cannot use the environment/
    ],
    ["a proxy", dev, {}, { HTTPS_PROXY: "ftp://proxy" }, "ConfigError", /the variable HTTPS_PROXY/],
    ["a time", { ...dev, transport: { idleTimeout: -1 } }, {}, {}, "ConfigError", /idleTimeout/],
    ["a certificate", { ...dev, transport: { cert: "x" } }, {}, {}, "TransportOptionsError", /cert/],
    ["authorities of an option", { ...dev, transport: { ca: "x" } }, {}, {}, "TransportOptionsError", /`ca`/],
    [
      "a bundle of the environment",
      dev,
      {},
      { AWS_CA_BUNDLE: "/absent/ca.pem" },
      "ConfigError",
      /AWS_CA_BUNDLE.*ENOENT/
    ],
    [
      "an absent bundle of the profile",
      dev,
      { ".aws/config": corp.replace("sso_session", "ca_bundle = /absent/ca.pem\nsso_session") },
      {},
      "AwsConfigError",
      /\[profile dev\] \(ENOENT\): ca_bundle names a file that is not there\. Correct the path/
    ],
    [
      "a folder as the bundle of the profile",
      dev,
      { ".aws/config": corp.replace("sso_session", "ca_bundle = /\nsso_session") },
      {},
      "AwsConfigError",
      /\(EISDIR\): ca_bundle names a file that cannot be read\./
    ],
    [
      "a bundle of the profile without a certificate",
      dev,
      { ".aws/config": corp.replace("sso_session", `ca_bundle = ${import.meta.filename}\nsso_session`) },
      {},
      "AwsConfigError",
      /ca_bundle names a file that holds no certificate in PEM form/
    ]
  ])(
    "%s is a typed error, whose message has no path (S2, S21)",
    ([, options, files, env, tag, sentence]) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Layer.build(NodeSession.layer(options)))
        assert.strictEqual(error._tag, tag, error.message)
        assert.match(error.message, sentence)
        assert.notMatch(error.message, /\/absent|\.test\.ts/)
        assert.isFalse(existsSync(join(yield* home, ".aws/sso")))
      }).pipe(Effect.scoped, inHome({ ".aws/config": corp, ...files }, env))
  )

  it.live("lets AWS_CA_BUNDLE and the option win over the bundle of the profile, which is not read then", () =>
    Effect.gen(function*() {
      const build = (options: NodeSession.Options) => Effect.exit(Layer.build(NodeSession.layer(options)))
      assert.isTrue(Exit.isSuccess(yield* build({ ...dev, transport: { ca: [] } })))
      const error = yield* Effect.flip(Layer.build(NodeSession.layer(dev)))
      assert.strictEqual(error._tag, "ConfigError")
    }).pipe(
      Effect.scoped,
      inHome(
        { ".aws/config": corp.replace("sso_session", "ca_bundle = /absent/ca.pem\nsso_session") },
        { AWS_CA_BUNDLE: "/absent/other.pem" }
      )
    ))

  it.live.each<[string, NodeSession.Options]>([
    ["retry", { ...dev, retry: { times: -1 } }],
    ["requestTimeout", { ...dev, requestTimeout: 0 }],
    ["maxResponseBytes", { ...dev, maxResponseBytes: 0 }]
  ])("an option %s that makes no sense is a mistake in the program", ([, options]) =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Layer.build(NodeSession.layer(options)))
      assert.instanceOf(Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined, RangeError)
    }).pipe(Effect.scoped, inHome({ ".aws/config": corp })))
})
