import { assert, describe, it } from "@effect/vitest"
import * as NodeEnvironment from "@sso-oidc/transport-node/NodeEnvironment"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Redacted from "effect/Redacted"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inspect } from "node:util"
import * as Failure from "./support/Failure.ts"
import * as Proxy from "./support/Proxy.ts"
import * as Server from "./support/Server.ts"
import * as Authority from "./support/testOnlyAuthority.ts"

const read = (variables: Record<string, string>) =>
  NodeEnvironment.config.parse(ConfigProvider.fromEnvRecord(variables))

const plain = (variables: Record<string, string>) =>
  Effect.map(read(variables), ({ ca, proxy }) => ({
    ca,
    https: Redacted.isRedacted(proxy?.https) ? Redacted.value(proxy.https) : proxy?.https,
    http: Redacted.isRedacted(proxy?.http) ? Redacted.value(proxy.http) : proxy?.http,
    noProxy: proxy?.noProxy
  }))

const nothing = { ca: undefined, https: undefined, http: undefined, noProxy: undefined }

/** A file that exists as long as the test runs. */
const file = (text: string) =>
  Effect.acquireRelease(
    Effect.promise(() => mkdtemp(join(tmpdir(), "transport-node-"))),
    (folder) => Effect.promise(() => rm(folder, { recursive: true }))
  ).pipe(
    Effect.map((folder) => join(folder, "bundle.pem")),
    Effect.tap((path) => Effect.promise(() => writeFile(path, text)))
  )

const client = (variables: Record<string, string>, given?: NodeEnvironment.Overrides) =>
  Layer.build(NodeTransport.layerConfig(NodeEnvironment.options(given))).pipe(
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnvRecord(variables)),
    Effect.map((context) => Context.get(context, HttpClient.HttpClient))
  )

describe("NodeEnvironment (the seam)", () => {
  it.effect.each([
    { variables: {}, told: {} },
    { variables: { HTTPS_PROXY: "", http_proxy: " ", NO_PROXY: "", AWS_CA_BUNDLE: "" }, told: {} },
    {
      variables: { HTTPS_PROXY: "http://a:1", HTTP_PROXY: "http://b:2" },
      told: { https: "http://a:1", http: "http://b:2" }
    },
    {
      variables: { https_proxy: "http://a:1", http_proxy: "b:2", no_proxy: "localhost" },
      told: { https: "http://a:1", http: "b:2", noProxy: ["localhost"] }
    },
    { variables: { HTTPS_PROXY: "http://large:1", https_proxy: "http://small:1" }, told: { https: "http://small:1" } },
    { variables: { HTTPS_PROXY: "http://large:1", https_proxy: "" }, told: { https: "http://large:1" } },
    { variables: { NO_PROXY: "large", no_proxy: "small" }, told: { noProxy: ["small"] } },
    {
      variables: { NO_PROXY: "localhost, .corp.example\t10.0.0.0/8,,192.168.*,http://x/,*:443,*" },
      told: { noProxy: ["localhost", ".corp.example", "10.0.0.0/8", "192.168.*", "*:443", "*"] }
    },
    { variables: { ALL_PROXY: "http://a:1", all_proxy: "http://a:1" }, told: {} },
    { variables: { REQUEST_METHOD: "GET", HTTP_PROXY: "http://a-stranger:1" }, told: {} },
    {
      variables: { REQUEST_METHOD: "GET", HTTP_PROXY: "http://a-stranger:1", http_proxy: "b:2", HTTPS_PROXY: "a:1" },
      told: { http: "b:2", https: "a:1" }
    }
  ])("reads the variables as other tools do: $variables", ({ told, variables }) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* plain(variables), { ...nothing, ...told })
    }))

  it.effect("warns with the position of each NO_PROXY entry that it cannot understand, and not with its text", () =>
    Effect.gen(function*() {
      const said: Array<string> = []
      const logger = Logger.make(({ logLevel, message }) => {
        said.push(`${logLevel}: ${String(message)}`)
      })
      const heard = (variables: Record<string, string>) =>
        Effect.provide(read({ HTTPS_PROXY: "http://a:1", ...variables }), Logger.layer([logger]))
      yield* heard({ NO_PROXY: "localhost,*:443,10.0.0.0/8" })
      assert.deepStrictEqual(said, [])
      yield* heard({ no_proxy: "localhost, http://me:s3cret@x/,*:443" })
      yield* heard({ NO_PROXY: "a.example:70000 *:443 192.168." })
      // without a proxy NO_PROXY has no effect
      yield* heard({ HTTPS_PROXY: "", NO_PROXY: "192.168." })
      assert.strictEqual(said.length, 2)
      assert.include(said[0], "Warn: Entry 2 of no_proxy cannot be understood")
      assert.include(said[1], "Warn: Entries 1, 3 of NO_PROXY cannot be understood")
      assert.notInclude(said.join(), "s3cret")
    }))

  it.effect("keeps a proxy as a secret, because it may hold a password (C6)", () =>
    Effect.gen(function*() {
      const environment = yield* read({ HTTPS_PROXY: "http://me:s3cret@a:1", HTTP_PROXY: "http://me:s3cret@a:1" })
      assert.notInclude(inspect(environment, { depth: 20, showHidden: true }), "s3cret")
    }))

  it.effect("reads the certificates of AWS_CA_BUNDLE from its file", () =>
    Effect.gen(function*() {
      const path = yield* file(Authority.root)
      assert.deepStrictEqual(yield* plain({ AWS_CA_BUNDLE: path }), { ...nothing, ca: Authority.root })
    }))

  it.effect.each([
    { name: "HTTPS_PROXY", value: "http://s3cret:x", says: "is not the URL of a proxy" },
    { name: "https_proxy", value: "socks5://s3cret:1", says: "is neither http:// nor https://" },
    { name: "HTTP_PROXY", value: "http://s3cret:1/proxy.pac", says: "has a path" },
    { name: "http_proxy", value: "http://me:s3cret%@a:1", says: "percent-encoded" },
    { name: "AWS_CA_BUNDLE", value: "/nowhere/bundle.pem", says: "names a file that cannot be read (ENOENT)" },
    { name: "AWS_CA_BUNDLE", value: tmpdir(), says: "names a file that cannot be read (EISDIR)" }
  ])(
    "fails with a ConfigError that names $name, and not with its value: $says",
    (wrong) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(client({ [wrong.name]: wrong.value }))
        assert.strictEqual(error._tag, "ConfigError")
        assert.include(error.message, `The transport cannot be built: the variable ${wrong.name} `)
        assert.include(error.message, wrong.says)
        assert.notInclude(inspect(error, { depth: 20, showHidden: true }), "s3cret")
      })
  )

  it.effect.each([
    { what: "nothing", text: "", says: "is empty" },
    { what: "no PEM", text: "s3cret", says: "no certificate in PEM form" },
    { what: "a key", text: Authority.client.key, says: "no certificate in PEM form" },
    { what: "half a certificate", text: Authority.root.slice(0, 200), says: "number 1 of 1" }
  ])(
    "fails with a ConfigError that names AWS_CA_BUNDLE if its file holds $what",
    ({ says, text }) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(client({ AWS_CA_BUNDLE: yield* file(text) }))
        assert.strictEqual(error._tag, "ConfigError")
        assert.include(error.message, "The transport cannot be built: the variable AWS_CA_BUNDLE names a file that ")
        assert.include(error.message, says)
        assert.notMatch(inspect(error, { depth: 20, showHidden: true }), /s3cret|MIGH/)
      })
  )

  it.effect("is the only module that reads the environment", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Authority.server, Server.always(Server.response("hello")))
      const refused = `http://127.0.0.1:${yield* Server.refusedPort}`
      const names = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "NODE_USE_ENV_PROXY"]
      const before = { ...process.env }
      yield* Effect.acquireRelease(
        Effect.sync(() => names.forEach((name) => process.env[name] = name === "NODE_USE_ENV_PROXY" ? "1" : refused)),
        () =>
          Effect.sync(() => {
            for (const name of names) {
              if (before[name] === undefined) delete process.env[name]
              else process.env[name] = before[name]
            }
          })
      )
      const transport = yield* NodeTransport.make({ ca: Authority.root, proxy: { loopback: true } })
      assert.strictEqual(yield* Effect.flatMap(transport.get(server.origin), (response) => response.text), "hello")
    }))
})

// the proxy's status for a name that it does not find, with a resolver and without one
const notFound = /^PROXY_REFUSED_(?:404|500)$/

describe("NodeTransport.layerConfig (the seam)", () => {
  it.effect("sends a request with the environment's proxy, password and authorities", () =>
    Effect.gen(function*() {
      const server = yield* Server.tls(Authority.server, Server.always(Server.response("hello")))
      const proxy = yield* Proxy.make({ user: "me:s3cret" })
      const variables = {
        HTTPS_PROXY: `http://me:s3cret@127.0.0.1:${proxy.port}`,
        AWS_CA_BUNDLE: yield* file(Authority.root)
      }
      // a proxy of the environment is not used for loopback, so the test needs a name that only the proxy would resolve
      const away = yield* Failure.causeOf(yield* client(variables), "https://does-not-exist.invalid/")
      assert.strictEqual(away.sent, "no")
      assert.match(away.code, notFound)
      assert.deepStrictEqual(proxy.asked.map(({ line }) => line), ["CONNECT does-not-exist.invalid:443"])
      const near = yield* client(variables)
      assert.strictEqual(yield* Effect.flatMap(near.get(server.origin), (response) => response.text), "hello")
      assert.strictEqual(proxy.asked.length, 1)
      const none = yield* client({ ...variables, NO_PROXY: ".invalid" })
      assert.include(yield* Failure.causeOf(none, "https://does-not-exist.invalid/"), { syscall: "getaddrinfo" })
      assert.strictEqual(proxy.asked.length, 1)
    }))

  it.effect("prefers the program's options to the environment", () =>
    Effect.gen(function*() {
      const proxy = yield* Proxy.make()
      const refused = `http://127.0.0.1:${yield* Server.refusedPort}`
      const given = { proxy: { https: proxy.url } }
      const cause = yield* Failure.causeOf(yield* client({ HTTPS_PROXY: refused }, given), "https://nowhere.invalid/")
      assert.match(cause.code, notFound)
      const none = yield* client({ HTTPS_PROXY: refused, AWS_CA_BUNDLE: yield* file(Authority.root) }, { proxy: {} })
      assert.include(yield* Failure.causeOf(none, "https://nowhere.invalid/"), { syscall: "getaddrinfo" })
    }))

  it.effect("does not read a variable that an option of the program replaces, so a wrong value does no harm", () =>
    Effect.gen(function*() {
      const variables = { HTTPS_PROXY: "socks5://127.0.0.1:1080", AWS_CA_BUNDLE: "/nowhere/ca.pem" }
      yield* client(variables, { proxy: {}, ca: Authority.root })
      yield* client(variables, { proxy: Config.succeed({}), ca: Config.succeed(Authority.root) })
      for (const given of [{ proxy: {} }, { ca: Authority.root }]) {
        assert.strictEqual((yield* Effect.flip(client(variables, given)))._tag, "ConfigError")
      }
    }))

  it.effect("reads each option from configuration too", () =>
    Effect.gen(function*() {
      const mutual = { ...Authority.server, ca: Authority.root, requestCert: true, rejectUnauthorized: true }
      const server = yield* Server.tls(mutual, Server.always(Server.response("hello")))
      const variables = {
        CLIENT_CERTIFICATE: Authority.client.cert,
        CLIENT_KEY: Authority.encrypted.key,
        CLIENT_PASSPHRASE: Authority.encrypted.passphrase,
        LIMIT: "2 seconds",
        CONNECTIONS: "1"
      }
      const transport = yield* client(variables, {
        connectTimeout: Config.Duration("LIMIT"),
        maxConnections: Config.Int("CONNECTIONS"),
        ca: Config.succeed(Authority.root),
        cert: Config.String("CLIENT_CERTIFICATE"),
        key: Config.Redacted("CLIENT_KEY"),
        passphrase: Config.Redacted("CLIENT_PASSPHRASE")
      })
      assert.strictEqual(yield* Effect.flatMap(transport.get(server.origin), (response) => response.text), "hello")
    }))

  it.effect("fails with a TransportOptionsError for a wrong option, and with a ConfigError for a wrong time or number", () =>
    Effect.gen(function*() {
      const ca = yield* Effect.flip(client({}, { ca: "none" }))
      assert.include(ca, { _tag: "TransportOptionsError", option: "ca" })
      for (const given of [{ connectTimeout: 0 }, { idleTimeout: -1 }, { maxConnections: 0 }]) {
        const error = yield* Effect.flip(client({}, given))
        assert.strictEqual(error._tag, "ConfigError")
        assert.include(error.message, String(Object.keys(given)[0]))
      }
    }))
})
