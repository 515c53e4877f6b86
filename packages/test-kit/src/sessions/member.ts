/**
 * A session of a herd: many processes and fibers that share one store and one token.
 *
 * The tests, the programs of `lab` and their child processes build the same session with it. It can end its own process at a point of a
 * refresh, as a kill would.
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import type * as AccessToken from "@sso-oidc/core/AccessToken"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Lock from "@sso-oidc/session/Lock"
import * as LoginBrowser from "@sso-oidc/session/LoginBrowser"
import * as KernelLock from "@sso-oidc/session/node/KernelLock"
import * as LoopbackCallback from "@sso-oidc/session/node/LoopbackCallback"
import * as Session from "@sso-oidc/session/Session"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import process from "node:process"
import * as Files from "../files.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/** The points of a refresh at which a process can end itself. Only the service knows when a request has arrived. */
export const points = ["room made", "response arrived", "written", "synced", "renamed"] as const

export type Point = (typeof points)[number]

/** What a session is made of, as JSON. */
export interface Task {
  readonly startUrl: string
  /** The name of the session. */
  readonly name: string
  /** The URL of the service. */
  readonly endpoint: string
  /** In milliseconds. */
  readonly requestTimeout: number
  /** The folder of the AWS cache, or the URL of Redis. */
  readonly place: string
  /** What the keys of Redis begin with. */
  readonly prefix?: string | undefined
  /** The lock of the AWS cache. `process` excludes no other process. `kernel` by default. */
  readonly lock?: "kernel" | "process" | undefined
  /** What the session is asked for. `ensure` logs in by the code grant, with a browser that follows redirects. `token` by default. */
  readonly ask?: "token" | "ensure" | undefined
  /** Where the process ends itself. It does not by default. */
  readonly dieAt?: Point | undefined
}

/** What a session said when it was asked for its token. */
export type Told =
  | { readonly _tag: "Token"; readonly token: string }
  | { readonly _tag: AccessToken.Error["_tag"] | Session.EnsureError["_tag"]; readonly message: string }

/** The parts that differ from runtime to runtime and from test to test. */
export interface Parts {
  readonly transport: Layer.Layer<HttpClient.HttpClient>
  readonly store: (task: Task) => Layer.Layer<TokenStore.TokenStore, unknown>
}

// -----------------------------------------------------------------------------
// the end of a process
// -----------------------------------------------------------------------------

/** The signal that no program can catch. The effect does not end before the process does. */
const die = Effect.andThen(Effect.sync(() => process.kill(process.pid, "SIGKILL")), Effect.never)

// NodeServices has a terminal too, which listens to stdin once for each session.
const services = Layer.merge(NodeFileSystem.layer, NodePath.layer)

/** Files that end the process after the call that makes a point true. */
const dying = (point: Point) =>
  Layer.effect(
    FileSystem.FileSystem,
    Effect.suspend(() => {
      let isWritten = false
      const isAt = (call: string): boolean => {
        // The room is filled and synced first. A response is cut to its length when it is written.
        if (call === "truncate") isWritten = true
        return point === "room made"
          ? call === "sync"
          : point === "written"
          ? call === "truncate"
          : point === "synced"
          ? call === "sync" && isWritten
          : point === "renamed" && call === "rename"
      }
      return Effect.service(FileSystem.FileSystem).pipe(
        Files.watched({ after: (call) => isAt(call) ? die : Effect.void })
      )
    })
  ).pipe(Layer.provide(services))

const dyingTransport = (transport: Parts["transport"]) =>
  Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, HttpClient.tap(() => die))).pipe(
    Layer.provide(transport)
  )

// -----------------------------------------------------------------------------
// the session
// -----------------------------------------------------------------------------

/** The store of the AWS cache. */
export const files: Parts["store"] = ({ dieAt, lock, place }) =>
  TokenStore.layerAwsCache({ directory: place }).pipe(
    Layer.provide(lock === "process" ? Lock.layerInProcess : KernelLock.layer),
    Layer.provide(dieAt === undefined ? Layer.empty : dying(dieAt)),
    Layer.provide(services)
  )

/** A browser whose person approves whatever it shows, by following redirects. */
const browser = Layer.succeed(LoginBrowser.LoginBrowser, {
  open: (url) => Effect.promise(async () => void await fetch(url)),
  elsewhere: Effect.undefined
})

/** Builds a session, and gives the effect that asks it for its token. The session ends with the scope. */
export const make = Effect.fnUntraced(function*(parts: Parts, task: Task) {
  const requestTimeout = Duration.millis(task.requestTimeout)
  const transport = task.dieAt === "response arrived" ? dyingTransport(parts.transport) : parts.transport
  const context = yield* Layer.build(
    Session.layer({ startUrl: task.startUrl, name: task.name, requestTimeout }).pipe(
      Layer.provide(
        SsoOidc.layer({ region: "eu-west-1", endpoint: task.endpoint, requestTimeout }).pipe(Layer.provide(transport))
      ),
      Layer.provide(parts.store(task)),
      Layer.provide([LoopbackCallback.layer, browser])
    )
  )
  const session = Context.get(context, Session.Session)
  const asked: Effect.Effect<AccessToken.ValidToken, AccessToken.Error | Session.EnsureError> = task.ask === "ensure"
    ? session.ensure()
    : session.token()
  return asked.pipe(
    Effect.match({
      onFailure: ({ _tag, message }): Told => ({ _tag, message }),
      onSuccess: ({ accessToken }): Told => ({ _tag: "Token", token: Redacted.value(accessToken) })
    })
  )
})
