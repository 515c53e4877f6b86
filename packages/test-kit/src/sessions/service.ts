/**
 * The emulator on a socket, for a herd: it counts the requests of each session, takes its time, and says when it has issued a token.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as Registration from "@sso-oidc/core/Registration"
import * as Token from "@sso-oidc/core/Token"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorHttp from "@sso-oidc/emulator/EmulatorHttp"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import * as SessionSettings from "@sso-oidc/session/SessionSettings"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { createServer } from "node:http"

export type Rotation = "strict" | "lenient"

/** How the service treats the requests of one session. */
export interface Manner {
  /** How long a request waits before it takes effect, in milliseconds. */
  readonly before: number
  /** How long its response waits then, in milliseconds. */
  readonly after: number
  /** Runs when the first request of the session arrives. */
  readonly onArrival?: Effect.Effect<void> | undefined
  /** Runs when the first request of the session has taken effect. */
  readonly onIssued?: Effect.Effect<void> | undefined
}

/** A session that was logged in. */
export interface Login {
  readonly settings: SessionSettings.SessionSettings
  /** Its token, as a store keeps it. A member of another tool is in it. */
  readonly token: CachedToken.CachedToken
  /** How many CreateToken requests of this session arrived at the service. */
  readonly requests: () => number
}

export interface Service {
  readonly url: string
  /** Logs in a session of its own, whose token has so much left. */
  readonly login: (name: string, left: Duration.Input, manner?: Manner) => Effect.Effect<Login>
}

export const startUrl = "https://herd.awsapps.com/start"

const prompt: Manner = { before: 0, after: 0 }

const scopes = ["sso:account:access"]

/** A service that closes with the scope. */
export const make = (rotation: Rotation): Effect.Effect<Service, never, Scope.Scope> =>
  Effect.gen(function*() {
    const emulator = yield* Effect.orDie(Emulator.make({ rotation, autoApprove: 0 }))
    const manners = new Map<string, Manner>()
    const counts = new Map<string, number>()

    const createToken: Emulator.Service["createToken"] = (request) =>
      Effect.gen(function*() {
        const { clientId } = request
        const count = (counts.get(clientId) ?? 0) + 1
        counts.set(clientId, count)
        const manner = manners.get(clientId) ?? prompt
        const { after, before, onArrival = Effect.void, onIssued = Effect.void } = manner
        if (count === 1) yield* onArrival
        yield* Effect.sleep(before)
        const exit = yield* Effect.exit(emulator.createToken(request))
        if (count === 1) yield* onIssued
        yield* Effect.sleep(after)
        return yield* exit
      })

    const context = yield* Layer.build(
      HttpRouter.serve(EmulatorHttp.layer(), { disableLogger: true, disableListenLog: true }).pipe(
        Layer.provide(Layer.succeed(Emulator.Emulator, { ...emulator, createToken })),
        Layer.provideMerge(
          NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0, gracefulShutdownTimeout: "500 millis" })
        )
      )
    ).pipe(Effect.orDie)
    const url = HttpServer.formatAddress(Context.get(context, HttpServer.HttpServer).address)

    const login: Service["login"] = (name, left, manner = prompt) =>
      Effect.gen(function*() {
        const { clientId, clientSecret, clientSecretExpiresAt } = yield* emulator.registerClient({
          clientName: name,
          clientType: "public",
          scopes
        })
        manners.set(clientId, manner)
        const { deviceCode } = yield* emulator.startDeviceAuthorization({ clientId, clientSecret, startUrl })
        const response = yield* emulator.createToken({
          clientId,
          clientSecret,
          grantType: CreateToken.deviceCodeGrantType,
          deviceCode
        })
        const registration: Registration.Registration = {
          clientId,
          clientSecret,
          expiresAt: DateTime.makeUnsafe(clientSecretExpiresAt * 1000),
          scopes,
          region: "eu-west-1",
          endpoint: url
        }
        const settings = Result.getOrThrow(SessionSettings.make({ startUrl, region: "eu-west-1", name }))
        const now = DateTime.makeUnsafe(Date.now())
        const issued = CachedToken.fromToken(Token.fromResponse(response, registration, Date.now()), settings, now)
        return {
          settings,
          token: {
            ...issued,
            expiresAt: DateTime.addDuration(now, left),
            receivedAt: undefined,
            others: Redacted.make({ ofAnotherTool: [1, { two: "three" }] })
          },
          requests: () => counts.get(clientId) ?? 0
        }
      }).pipe(Effect.orDie)

    return { url, login }
  })
