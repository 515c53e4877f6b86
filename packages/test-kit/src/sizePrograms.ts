/**
 * The programs whose sizes are compared: ours, and those of the official client.
 */

// -----------------------------------------------------------------------------
// transports
// -----------------------------------------------------------------------------

/** A line of a program that makes the transport of a page. */
export const fetching = `import { layer as transport } from "@sso-oidc/transport-browser/FetchTransport"`

/** A line of a program that makes the transport of Node without proxies. */
export const node = `import * as DirectTransport from "@sso-oidc/transport-node/DirectTransport"
  const transport = DirectTransport.layer()`

/** A line of a program that makes the transport of Node with proxies. */
export const nodeProxies = `import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
  const transport = NodeTransport.layer()`

// -----------------------------------------------------------------------------
// ours
// -----------------------------------------------------------------------------

/** The three operations over a transport. */
export const operations = (transport: string) => `
  import * as SsoOidc from "@sso-oidc/core/SsoOidc"
  import * as Effect from "effect/Effect"
  import * as Layer from "effect/Layer"
  ${transport}
  const program = SsoOidc.SsoOidc.use((oidc) => Effect.all([
    oidc.registerClient({ clientName: "n", clientType: "public" }),
    oidc.startDeviceAuthorization(globalThis.start),
    oidc.createToken(globalThis.token)
  ]))
  Effect.runPromise(Effect.provide(program, SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provide(transport))))
`

/** The device grant over a transport. */
export const login = (transport: string) => `
  import * as SsoOidc from "@sso-oidc/core/SsoOidc"
  import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
  import * as Effect from "effect/Effect"
  import * as Layer from "effect/Layer"
  ${transport}
  Effect.runPromise(Effect.provide(
    DeviceGrant.login({ clientName: "n", startUrl: "https://s" }),
    SsoOidc.layer({ region: "eu-west-1" }).pipe(Layer.provide(transport))
  ))
`

/** A small application in the style of Effect's own documents: a service over an HTTP API, with a key, a schema, retries and a log. */
export const application = `
  import * as Config from "effect/Config"
  import * as Context from "effect/Context"
  import * as Effect from "effect/Effect"
  import * as FetchHttpClient from "effect/http/FetchHttpClient"
  import * as HttpClient from "effect/http/HttpClient"
  import * as HttpClientRequest from "effect/http/HttpClientRequest"
  import * as HttpClientResponse from "effect/http/HttpClientResponse"
  import * as Layer from "effect/Layer"
  import * as Schedule from "effect/Schedule"
  import * as Schema from "effect/Schema"
  class User extends Schema.Class("User")({
    id: Schema.Int,
    name: Schema.NonEmptyString,
    tags: Schema.optionalKey(Schema.Array(Schema.String)),
    createdAt: Schema.DateTimeUtcFromString
  }) {}
  class UserNotFound extends Schema.TaggedError("UserNotFound")("UserNotFound", { id: Schema.Int }) {}
  class Users extends Context.Service()("Users") {}
  const users = Layer.effect(Users, Effect.gen(function*() {
    const key = yield* Config.Redacted("API_KEY")
    const client = HttpClient.filterStatusOk(HttpClient.mapRequest(yield* HttpClient.HttpClient, HttpClientRequest.bearerToken(key)))
    return {
      get: Effect.fn("Users.get")(function*(id) {
        yield* Effect.logDebug("user " + id)
        return yield* client.get("https://users/" + id).pipe(
          Effect.flatMap(HttpClientResponse.schemaBodyJson(User)),
          Effect.timeout("10 seconds"),
          Effect.retry({ schedule: Schedule.exponential("1 second"), times: 3 }),
          Effect.mapError(() => new UserNotFound({ id }))
        )
      })
    }
  }))
  const main = Effect.gen(function*() {
    const users = yield* Users
    const all = yield* Effect.forEach([1, 2, 3], (id) => users.get(id), { concurrency: 2 })
    yield* Effect.log(all.length + " users")
  }).pipe(Effect.catchTag("UserNotFound", (error) => Effect.logError(error)))
  Effect.runPromise(Effect.provide(main, users.pipe(Layer.provide(FetchHttpClient.layer))))
`

/** A bare application: one request over fetch, one schema. */
export const bareApplication = `
  import * as Context from "effect/Context"
  import * as Effect from "effect/Effect"
  import * as FetchHttpClient from "effect/http/FetchHttpClient"
  import * as HttpClient from "effect/http/HttpClient"
  import * as HttpClientRequest from "effect/http/HttpClientRequest"
  import * as HttpClientResponse from "effect/http/HttpClientResponse"
  import * as Layer from "effect/Layer"
  import * as Schema from "effect/Schema"
  const User = Schema.Struct({ id: Schema.Number, name: Schema.String, tags: Schema.optionalKey(Schema.Array(Schema.String)) })
  class Users extends Context.Service()("Users") {}
  const users = Layer.effect(Users, Effect.gen(function*() {
    const client = yield* HttpClient.HttpClient
    return {
      get: (id) => client.execute(HttpClientRequest.bodyJsonUnsafe(HttpClientRequest.post("https://users"), { id })).pipe(
        Effect.flatMap(HttpClientResponse.schemaBodyJson(User)),
        Effect.timeout("1 second"),
        Effect.withSpan("get")
      )
    }
  }))
  Effect.runPromise(Effect.provide(Users.use((users) => users.get(1)), users.pipe(Layer.provide(FetchHttpClient.layer))))
`

/** A line of a program that takes the transport which those applications have already. */
export const applicationTransport = `const transport = FetchHttpClient.layer`

/** The imports that a program has twice if it is added to the application. */
const twice = /import \* as (?:Effect|Layer) from .*/g

/** An application, with another program in it. */
export const withApplication = (program: string, to = application): string => to + program.replace(twice, "")

// -----------------------------------------------------------------------------
// the official client
// -----------------------------------------------------------------------------

/** The three operations with the official client. */
export const official = `
  import { CreateTokenCommand, RegisterClientCommand, SSOOIDCClient, StartDeviceAuthorizationCommand }
    from "@aws-sdk/client-sso-oidc"
  const client = new SSOOIDCClient({ region: "eu-west-1" })
  client.send(new RegisterClientCommand({ clientName: "n", clientType: "public" }))
  client.send(new StartDeviceAuthorizationCommand(globalThis.start))
  client.send(new CreateTokenCommand(globalThis.token))
`

/** The device grant with the official client, and the shortest loop that waits between polls and slows down when it is asked to. */
export const officialLogin = `
  import { AuthorizationPendingException, CreateTokenCommand, RegisterClientCommand, SlowDownException, SSOOIDCClient,
    StartDeviceAuthorizationCommand } from "@aws-sdk/client-sso-oidc"
  const login = async (clientName, startUrl) => {
    const client = new SSOOIDCClient({ region: "eu-west-1" })
    const { clientId, clientSecret } = await client.send(new RegisterClientCommand({ clientName, clientType: "public" }))
    const { deviceCode, expiresIn = 600, interval = 5 } =
      await client.send(new StartDeviceAuthorizationCommand({ clientId, clientSecret, startUrl }))
    const grantType = "urn:ietf:params:oauth:grant-type:device_code"
    let wait = interval
    for (const end = Date.now() + expiresIn * 1000; Date.now() < end;) {
      await new Promise((resolve) => setTimeout(resolve, wait * 1000))
      try {
        return await client.send(new CreateTokenCommand({ clientId, clientSecret, deviceCode, grantType }))
      } catch (error) {
        if (error instanceof SlowDownException) wait += 5
        else if (!(error instanceof AuthorizationPendingException)) throw error
      }
    }
    throw new Error("expired")
  }
  login("n", "https://s")
`
