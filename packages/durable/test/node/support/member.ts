/**
 * A process that drives logins of a database, or of a file. It prints `ready` when it does, and stops on SIGTERM.
 *
 *     node member.ts '{"name":"a","endpoint":"http://127.0.0.1:1","url":"postgres://…","port":2}'
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Logins from "@sso-oidc/durable/Logins"
import * as DurableNode from "@sso-oidc/durable/node/DurableNode"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { sealing } from "../../support/sealing.ts"

const [, , text = ""] = process.argv
const { endpoint, file, name, port, url }: Options = JSON.parse(text)

interface Options {
  readonly name: string
  readonly endpoint: string
  /** The file that it uses, or the database and its own port. */
  readonly file?: string
  readonly url?: string
  readonly port?: number
}

// the service sees which process sends a request
const transport = Layer.effect(
  HttpClient.HttpClient,
  Effect.map(HttpClient.HttpClient, HttpClient.mapRequest(HttpClientRequest.setHeader("x-member", name)))
).pipe(Layer.provide(NodeTransport.layer()))

const logins = file === undefined
  ? DurableNode.layerPostgres({ url: Redacted.make(url ?? ""), sealing, port: port ?? 0 })
  : DurableNode.layerFile({ file, sealing })

const program = Effect.andThen(Logins.Logins, Effect.andThen(Console.log("ready"), Effect.never)).pipe(
  Effect.provide(logins),
  Effect.provide(SsoOidc.layer({ region: "eu-west-1", endpoint })),
  Effect.provide(transport)
)

NodeRuntime.runMain(program)
