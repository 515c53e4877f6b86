/**
 * A small client over `node:http` that keeps every guarantee, unless it is told to break one: the contract's own control.
 */
import * as TransportCause from "@sso-oidc/core/aws/TransportCause"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Http from "node:http"
import * as Https from "node:https"
import type { TLSSocket } from "node:tls"

export interface Ways {
  /** In ms; none where it is false. By default it is far below the contract's patience. */
  readonly connectLimit?: number | false
  readonly keepAlive?: boolean
  readonly closes?: boolean
  readonly aborts?: boolean | "before the response"
  readonly trusts?: boolean
  /** The family of the addresses that it connects to, where it does not try them all. */
  readonly family?: 4 | 6
  /** Whether it tells a failed handshake from a server that is not there. */
  readonly knowsTls?: boolean
  /** What is told of a failure. */
  readonly tells?: (truth: TransportCause.TransportCause) => TransportCause.TransportCause
}

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "UNKNOWN"

/** The body as it arrives, which fails where the message does. Cancelling it closes the connection. */
const bodyOf = (message: Http.IncomingMessage, aborts: boolean) => {
  let cancelled = false
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      message.on("data", (bytes: Uint8Array) => {
        if (cancelled) return
        controller.enqueue(bytes)
        if ((controller.desiredSize ?? 0) <= 0) message.pause()
      })
      // the platform gives the connection back one tick from now
      message.on("end", () => setTimeout(() => cancelled || controller.close(), 0))
      message.on("error", (error) => cancelled || controller.error(error))
    },
    pull: () => {
      message.resume()
    },
    cancel: () => {
      cancelled = true
      if (aborts) message.destroy()
    }
  })
}

export const layer = (ways: Ways = {}): Layer.Layer<HttpClient.HttpClient> =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.gen(function*() {
      const { aborts = true, closes = true, connectLimit = 1_000, family, keepAlive = true, knowsTls = true } = ways
      const { trusts = false } = ways
      const active = new Set<Http.ClientRequest>()
      const agents = {
        "http:": new Http.Agent({ keepAlive }),
        "https:": new Https.Agent({ keepAlive, rejectUnauthorized: !trusts })
      }
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          if (!closes) return
          for (const node of active) node.destroy()
          for (const agent of Object.values(agents)) agent.destroy()
        })
      )
      const open = (request: HttpClientRequest.HttpClientRequest, url: URL) => {
        const secure = url.protocol === "https:"
        const agent = agents[secure ? "https:" : "http:"]
        return (secure ? Https : Http).request(url, {
          method: request.method,
          headers: request.headers,
          agent,
          ...(family === undefined ? {} : { family })
        })
      }
      // two turns of the event loop, in which the ends that have arrived are read
      const look = Effect.callback<void>((resume) => {
        setImmediate(() =>
          setImmediate(() => {
            for (const agent of Object.values(agents)) {
              for (const socket of Object.values(agent.freeSockets).flatMap((sockets) => sockets ?? [])) {
                if (socket.writable && !socket.readableEnded) continue
                socket.destroy()
                socket.emit("agentRemove")
              }
            }
            resume(Effect.void)
          })
        )
      })
      return HttpClient.make((request, url, signal) =>
        Effect.andThen(
          look,
          Effect.callback<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError>((resume) => {
            const node = open(request, url)
            let opened = node.reusedSocket
            let untrusted = false
            let over = false
            const fail = (error: unknown) => {
              const truth = new TransportCause.TransportCause({
                sent: opened ? "maybe" : "no",
                code: codeOf(error),
                transient: opened || !(untrusted || (knowsTls && /^(?:EPROTO$|ERR_SSL_)/.test(codeOf(error))))
              })
              const cause = ways.tells?.(truth) ?? truth
              resume(Effect.fail(
                new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) })
              ))
            }
            const limit = connectLimit === false
              ? undefined
              : setTimeout(() => node.destroy(new Error("late")), connectLimit)
            active.add(node)
            node.on("socket", (socket) => {
              if (opened) return clearTimeout(limit)
              socket.once(url.protocol === "https:" ? "secureConnect" : "connect", () => {
                opened = true
                clearTimeout(limit)
              })
              const tls = socket as Partial<TLSSocket>
              node.once("error", () => {
                untrusted = tls.authorizationError !== undefined && tls.authorizationError !== null
              })
            })
            node.on("close", () => active.delete(node))
            node.on("error", (error) => setTimeout(() => fail(error), 0))
            node.on("response", (message) => {
              if (aborts === "before the response") over = true
              message.on("end", () => {
                over = true
              })
              const status = message.statusCode ?? 0
              const response = new Response(status === 204 ? null : bodyOf(message, aborts === true), { status })
              if (status === 204) message.resume()
              for (const [name, value] of Object.entries(message.headers)) {
                if (typeof value === "string") response.headers.set(name, value)
                else for (const one of value ?? []) response.headers.append(name, one)
              }
              resume(Effect.succeed(HttpClientResponse.fromWeb(request, response)))
            })
            const abort = () => {
              if (aborts !== false && !over) node.destroy()
            }
            signal.addEventListener("abort", abort, { once: true })
            const { body } = request
            node.end(body._tag === "Uint8Array" ? body.body : undefined)
            return Effect.sync(abort)
          })
        )
      )
    })
  )
