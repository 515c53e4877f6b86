import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Http from "node:http"
import * as Node from "sso-oidc/node"
import * as SsoOidc from "sso-oidc/SsoOidc"

/** A server that responds 503 to its first requests, and then registers clients. It records the target of each request. */
const service = (busy = 0) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly server: Http.Server; readonly url: string; readonly targets: ReadonlyArray<string> }>(
      (resume) => {
        const targets: Array<string> = []
        const server = Http.createServer((request, response) => {
          targets.push(`${request.method} ${request.url}`)
          request.resume()
          response.setHeader("content-type", "application/json")
          response.statusCode = targets.length > busy ? 200 : 503
          response.end(JSON.stringify({ clientId: "id", clientSecret: "secret", clientSecretExpiresAt: 0 }))
        })
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          const port = typeof address === "object" && address !== null ? address.port : 0
          resume(Effect.succeed({ server, url: `http://127.0.0.1:${port}`, targets }))
        })
      }
    ),
    ({ server }) =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
  )

const register = SsoOidc.SsoOidc.use((oidc) => oidc.registerClient({ clientName: "n", clientType: "public" }))

const environment = (variables: Readonly<Record<string, string>>) =>
  ConfigProvider.layer(ConfigProvider.fromEnvRecord(variables))

const over = (options: Node.Options, variables: Readonly<Record<string, string>> = {}) =>
  Node.layer(options).pipe(Layer.provide(environment(variables)))

describe("the layer of sso-oidc/node", () => {
  it.live("calls the endpoint that AWS's environment variables name", () =>
    Effect.gen(function*() {
      const { targets, url } = yield* service()
      const { clientSecret } = yield* Effect.provide(
        register,
        over({ region: "eu-west-1" }, { AWS_ENDPOINT_URL_SSO_OIDC: url })
      )
      assert.strictEqual(Redacted.value(clientSecret), "secret")
      assert.deepStrictEqual(targets, ["POST /client/register"])
    }))

  it.live("prefers an option to its environment variable", () =>
    Effect.gen(function*() {
      const { targets, url } = yield* service()
      const variables = { AWS_ENDPOINT_URL_SSO_OIDC: "http://127.0.0.1:9" }
      yield* Effect.provide(register, over({ region: "eu-west-1", endpoint: url }, variables))
      assert.strictEqual(targets.length, 1)
    }))

  it.effect("reads the region from a Config, and does not read AWS_REGION (C7)", () =>
    Effect.gen(function*() {
      const variables = { SSO_REGION: "CN-north-1", AWS_REGION: "us-east-1" }
      const { endpoint, region } = yield* Effect.provide(
        SsoOidc.SsoOidc.use(Effect.succeed),
        over({ region: Config.String("SSO_REGION") }, variables)
      )
      assert.deepStrictEqual([region, endpoint], ["cn-north-1", "https://oidc.cn-north-1.amazonaws.com.cn"])
    }))

  it.live("uses the proxies that the environment names", () =>
    Effect.gen(function*() {
      const { server, url } = yield* service()
      const tunnels: Array<string | undefined> = []
      server.on("connect", (request, socket) => {
        tunnels.push(request.url)
        socket.end("HTTP/1.1 403 Forbidden\r\n\r\n")
      })
      const failing = (options: Partial<Node.Options>, variables: Readonly<Record<string, string>>) =>
        Effect.flip(Effect.provide(register, over({ region: "eu-west-1", retry: { times: 0 }, ...options }, variables)))
      assert.include(yield* failing({}, { HTTPS_PROXY: url }), { _tag: "TransportError", sent: "no" })
      assert.deepStrictEqual(tunnels, ["oidc.eu-west-1.amazonaws.com:443"])
      const endpoint = "https://127.0.0.1:9"
      yield* failing({ endpoint, transport: { proxy: {} } }, { HTTPS_PROXY: url })
      yield* failing({ endpoint, transport: { proxy: { https: url, loopback: true } } }, {
        HTTPS_PROXY: "http://127.0.0.1:9"
      })
      assert.deepStrictEqual(tunnels.slice(1), ["127.0.0.1:9"])
    }))

  it.live("retries a request that may be sent again, unless times is 0 (C8)", () =>
    Effect.gen(function*() {
      const first = yield* service(2)
      yield* Effect.provide(register, over({ region: "eu-west-1", endpoint: first.url, retry: { base: "1 milli" } }))
      assert.strictEqual(first.targets.length, 3)
      const second = yield* service(2)
      const error = yield* register.pipe(
        Effect.provide(over({ region: "eu-west-1", endpoint: second.url, retry: { times: 0 } })),
        Effect.flip
      )
      assert.include(error, { _tag: "UnexpectedResponse", status: 503 })
      assert.strictEqual(second.targets.length, 1)
    }))

  it.effect.each<[string, Node.Options, Readonly<Record<string, string>>, Node.Error["_tag"], RegExp]>([
    ["a region", { region: "eu west 1" }, {}, "EndpointError", /not a region name/],
    ["a variable's URL", { region: "eu-west-1" }, { AWS_ENDPOINT_URL: "x" }, "EndpointError", /AWS_ENDPOINT_URL/],
    [
      "a variable's proxy",
      { region: "eu-west-1" },
      { HTTPS_PROXY: "ftp://proxy" },
      "ConfigError",
      /the variable HTTPS_PROXY is neither/
    ],
    ["a flag", { region: "eu-west-1" }, { AWS_USE_FIPS_ENDPOINT: "yes" }, "ConfigError", /true or false/],
    ["a missing variable", { region: Config.String("SSO_REGION") }, {}, "ConfigError", /SSO_REGION/],
    ["a time limit", { region: "eu-west-1", requestTimeout: 0 }, {}, "ConfigError", /requestTimeout/],
    [
      "a time of the transport",
      { region: "eu-west-1", transport: { idleTimeout: -1 } },
      {},
      "ConfigError",
      /idleTimeout/
    ],
    ["a certificate", { region: "eu-west-1", transport: { cert: "x" } }, {}, "TransportOptionsError", /cert/]
  ])(
    "fails with a typed error whose message says that %s cannot be used (C3)",
    ([, options, variables, tag, sentence]) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Layer.build(over(options, variables)))
        assert.strictEqual(error._tag, tag)
        assert.match(error.message, sentence)
      }).pipe(Effect.scoped)
  )

  it.effect("dies with a RangeError if the options of retry cannot be used", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Layer.build(over({ region: "eu-west-1", retry: { times: -1 } })))
      assert.instanceOf(Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined, RangeError)
    }).pipe(Effect.scoped))
})
