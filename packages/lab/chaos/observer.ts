/**
 * A proxy between the runners and the emulator. It writes down each request, and delays the responses to polls.
 *
 * A header of each request says which runner sent it. All runners have the same URL, because the URL of the service is a part of a login. The
 * secrets stay in the memory of this process: what it writes down has hashes of them.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { createHash } from "node:crypto"
import * as Http from "node:http"
import type { Answer, Code, Poll, Secret } from "./events.ts"

/** A start of a login whose code the observer saw. */
export interface Start extends Omit<Code, "login"> {
  /** The hash of the user code, by which the caller knows its login. */
  readonly userCode: string
  /** The hash of the device code. */
  readonly deviceCode: string
}

/** A poll, by the hash of its device code. */
export interface RawPoll extends Omit<Poll, "login"> {
  readonly deviceCode: string
}

/** A secret that went through, and the hash of the device code that it belongs to. */
export interface RawSecret extends Omit<Secret, "login"> {
  readonly deviceCode?: string
}

export interface Observer {
  /** Where it listens, until the scope closes. */
  readonly url: string
  /** The time since the run began, in milliseconds. */
  readonly now: () => number
  readonly starts: ReadonlyArray<Start>
  readonly polls: ReadonlyArray<RawPoll>
  readonly secrets: ReadonlyArray<RawSecret>
  /** Waits for the next token that the emulator sends to a runner, or that a runner has got, and gives the name of the runner. */
  readonly token: (moment: "sent" | "given") => Effect.Effect<string>
}

/** A hash that shows nothing of a secret. */
export const hashOf = (secret: string): string => createHash("sha256").update(secret).digest("base64url").slice(0, 22)

type Json = Readonly<Record<string, unknown>>

const jsonOf = (bytes: Buffer): Json => {
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"))
    return typeof value === "object" && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

const textOf = (json: Json, name: string): string | undefined => {
  const value = json[name]
  return typeof value === "string" ? value : undefined
}

const numberOf = (json: Json, name: string): number => {
  const value = json[name]
  return typeof value === "number" ? value : Number.NaN
}

const answers: Readonly<Record<string, Answer>> = {
  authorization_pending: "pending",
  slow_down: "slow_down",
  access_denied: "denied",
  expired_token: "expired",
  invalid_grant: "invalid_grant"
}

const answerOf = (status: number, json: Json): Answer =>
  status === 200 && textOf(json, "accessToken") !== undefined
    ? "token"
    : status === 400
    ? answers[textOf(json, "error") ?? ""] ?? "broken"
    : "broken"

interface Relayed {
  readonly status: number
  readonly headers: Http.IncomingHttpHeaders
  readonly body: Buffer
}

const collect = async (message: Http.IncomingMessage): Promise<Buffer> => {
  const parts: Array<Buffer> = []
  for await (const part of message) parts.push(part)
  return Buffer.concat(parts)
}

/** These are about one connection, and not about the request. */
const ofConnection = new Set(["connection", "keep-alive", "transfer-encoding", "content-length"])

const passed = (headers: Http.IncomingHttpHeaders): Http.OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !ofConnection.has(name)))

/** The header with the name of the runner. The observer takes it out. */
export const runnerHeader = "x-chaos-runner"

const portOf = (server: Http.Server): number => {
  const address = server.address()
  return typeof address === "object" && address !== null ? address.port : 0
}

/** An observer before the emulator on this port of 127.0.0.1. */
export const make = (
  port: number,
  delays: ReadonlyArray<number>
): Effect.Effect<Observer, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<{ readonly observer: Observer; readonly close: () => void }>((resume) => {
      const began = performance.now()
      const now = () => performance.now() - began
      const agent = new Http.Agent({ keepAlive: true, maxSockets: 64 })
      const starts: Array<Start> = []
      const polls: Array<RawPoll> = []
      const secrets: Array<RawSecret> = []
      const waiting = { sent: new Set<(runner: string) => void>(), given: new Set<(runner: string) => void>() }
      let arrived = 0

      const relay = (request: Http.IncomingMessage, body: Buffer): Promise<Relayed> =>
        new Promise((resolve, reject) => {
          const inner = Http.request({
            agent,
            host: "127.0.0.1",
            port,
            method: request.method,
            path: request.url,
            headers: { ...passed(request.headers), [runnerHeader]: [], "content-length": body.length }
          }, (response) => {
            collect(response).then(
              (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
              reject
            )
          })
          inner.on("error", reject)
          inner.end(body)
        })

      const keep = (what: string, text: string | undefined, deviceCode?: string): void => {
        if (text !== undefined) secrets.push({ what, text, ...(deviceCode === undefined ? {} : { deviceCode }) })
      }

      /** Sends the response, and gives when it was sent, and whether the connection took all of it. */
      const send = (response: Http.ServerResponse, { body, headers, status }: Relayed) =>
        new Promise<{ readonly at: number; readonly isGiven: boolean }>((resolve) => {
          // read before the first byte can leave
          const at = now()
          if (response.destroyed) return resolve({ at, isGiven: false })
          response.once("finish", () => resolve({ at, isGiven: true }))
          response.once("close", () => resolve({ at, isGiven: false }))
          response.writeHead(status, { ...passed(headers), "content-length": body.length })
          response.end(body)
        })

      const tell = (moment: "sent" | "given", runner: string): void => {
        for (const one of [...waiting[moment]].slice(0, 1)) {
          waiting[moment].delete(one)
          one(runner)
        }
      }

      const token = (moment: "sent" | "given"): Effect.Effect<string> =>
        Effect.callback<string>((resume) => {
          const one = (runner: string) => resume(Effect.succeed(runner))
          waiting[moment].add(one)
          return Effect.sync(() => void waiting[moment].delete(one))
        })

      const pollThrough = async (
        runner: string,
        arrivedAt: number,
        code: string,
        relayed: Promise<Relayed>,
        response: Http.ServerResponse
      ): Promise<void> => {
        const deviceCode = hashOf(code)
        const delay = delays[arrived++ % delays.length] ?? 0
        let closedAt: number | undefined
        response.once("close", () => closedAt ??= now())
        let answer: Answer = "broken"
        let token: string | undefined
        let sent = { at: arrivedAt, isGiven: false }
        try {
          const from = await relayed
          const json = jsonOf(from.body)
          answer = answerOf(from.status, json)
          token = answer === "token" ? textOf(json, "accessToken") : undefined
          keep("access token", token, deviceCode)
          keep("refresh token", textOf(json, "refreshToken"), deviceCode)
          if (token !== undefined) tell("sent", runner)
          await new Promise((resolve) => setTimeout(resolve, delay))
          sent = await send(response, from)
          if (token !== undefined && sent.isGiven) tell("given", runner)
        } catch {
          response.destroy()
          sent = { at: now(), isGiven: false }
        }
        polls.push({
          runner,
          deviceCode,
          arrivedAt,
          endedAt: sent.isGiven ? sent.at : Math.min(sent.at, closedAt ?? sent.at),
          answer,
          isGiven: sent.isGiven,
          ...(token === undefined ? {} : { token: hashOf(token) })
        })
      }

      const handle = async (
        runner: string,
        request: Http.IncomingMessage,
        response: Http.ServerResponse
      ): Promise<void> => {
        const arrivedAt = now()
        const body = await collect(request)
        const asked = jsonOf(body)
        const code = textOf(asked, "deviceCode")
        const relayed = relay(request, body)
        if (request.url === "/token" && code !== undefined) {
          return pollThrough(runner, arrivedAt, code, relayed, response)
        }
        const from = await relayed
        const json = jsonOf(from.body)
        const deviceCode = textOf(json, "deviceCode")
        const userCode = textOf(json, "userCode")
        keep("client secret", textOf(json, "clientSecret"))
        const { at } = await send(response, from)
        if (deviceCode === undefined || userCode === undefined) return
        const hash = hashOf(deviceCode)
        keep("device code", deviceCode, hash)
        keep("user code", userCode, hash)
        starts.push({
          at,
          deviceCode: hash,
          userCode: hashOf(userCode),
          interval: numberOf(json, "interval") * 1000,
          life: numberOf(json, "expiresIn") * 1000
        })
      }

      const nameOf = ({ headers }: Http.IncomingMessage): string => {
        const name = headers[runnerHeader]
        return typeof name === "string" ? name : "?"
      }

      // a connection without a request stays open: a client may send a request in the moment in which it closes
      const server = Http.createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
        handle(nameOf(request), request, response).catch(() => response.destroy())
      })
      const close = (): void => {
        server.close()
        server.closeAllConnections()
        agent.destroy()
      }
      server.listen(0, "127.0.0.1", () => {
        const url = `http://127.0.0.1:${portOf(server)}`
        resume(Effect.succeed({ observer: { url, now, starts, polls, secrets, token }, close }))
      })
    }),
    ({ close }) => Effect.sync(close)
  ).pipe(Effect.map(({ observer }) => observer))
