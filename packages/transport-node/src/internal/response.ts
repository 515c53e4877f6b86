/**
 * Effect's response over the platform's.
 *
 * It is not `HttpClientResponse.fromWeb`. The global `Response` loads the built-in undici, and its reader loses the error code
 * of a body that was cut off.
 */
import type * as TransportCause from "@sso-oidc/core/aws/TransportCause"
import * as Wire from "@sso-oidc/core/aws/Wire"
import type * as Arr from "effect/Array"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Cookies from "effect/http/Cookies"
import * as Headers from "effect/http/Headers"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import * as UrlParams from "effect/http/UrlParams"
import * as Inspectable from "effect/Inspectable"
import * as Option from "effect/Option"
import { pipeArguments } from "effect/Pipeable"
import type * as Schema from "effect/Schema"
import type * as Socket from "effect/socket/Socket"
import * as Stream from "effect/Stream"
import type * as Http from "node:http"

export type Chunk = Arr.NonEmptyReadonlyArray<Uint8Array>

/** The source of a body's bytes. */
export interface Source {
  readonly pull: Effect.Effect<Chunk, TransportCause.TransportCause | Cause.Done>
  readonly abort: (code: string) => void
}

type Body<A> = Effect.Effect<A, HttpClientError.HttpClientError>

export class NodeResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly [HttpIncomingMessage.TypeId]: typeof HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly [HttpClientResponse.TypeId]: typeof HttpClientResponse.TypeId = HttpClientResponse.TypeId

  readonly url: string
  readonly status: number
  readonly headers: Headers.Headers
  readonly remoteAddress: Option.Option<string>
  readonly stream: Stream.Stream<Uint8Array, HttpClientError.HttpClientError>

  // private, so that code that walks properties does not find the request and its secrets
  readonly #request: HttpClientRequest.HttpClientRequest
  readonly #setCookie: ReadonlyArray<string>
  readonly #source: Source
  #bytes: Body<ArrayBuffer> | undefined

  constructor(request: HttpClientRequest.HttpClientRequest, url: URL, message: Http.IncomingMessage, source: Source) {
    super()
    // without the fragment, which is not sent
    this.url = url.href.replace(/#.*/s, "")
    this.status = message.statusCode ?? 0
    this.headers = Headers.fromInput(message.headers)
    this.remoteAddress = Option.fromUndefinedOr(message.socket.remoteAddress)
    this.#request = request
    this.#setCookie = message.headers["set-cookie"] ?? []
    this.stream = Stream.fromPull(Effect.succeed(Effect.mapError(source.pull, (error) =>
      error._tag === "TransportCause"
        ? this.#unreadable("the body was cut off", { name: "Error", code: error.code })
        : error)))
    this.#source = source
  }

  get request(): HttpClientRequest.HttpClientRequest {
    return this.#request
  }

  get cookies(): Cookies.Cookies {
    return Cookies.fromSetCookie(this.#setCookie)
  }

  get arrayBuffer(): Body<ArrayBuffer> {
    return this.#bytes ??= Effect.runSync(Effect.cached(this.#collect()))
  }

  get text(): Body<string> {
    return Effect.map(this.arrayBuffer, (bytes) => new TextDecoder().decode(bytes))
  }

  get json(): Body<Schema.Json> {
    return Effect.flatMap(this.text, (text) =>
      Effect.try({
        try: () => text === "" ? null : JSON.parse(text),
        // the parser's own error quotes the text
        catch: () => this.#unreadable("the body is no JSON", { name: "SyntaxError" })
      }))
  }

  get urlParamsBody(): Body<UrlParams.UrlParams> {
    return Effect.map(this.text, (text) => UrlParams.fromInput(new URLSearchParams(text)))
  }

  get formData(): Body<FormData> {
    return Effect.flatMap(this.arrayBuffer, (bytes) =>
      Effect.tryPromise({
        try: () => new Response(bytes, { headers: { ...this.headers } }).formData(),
        catch: () => this.#unreadable("the body is no form data", { name: "TypeError" })
      }))
  }

  get upgrade(): Body<Socket.Socket> {
    return Effect.suspend(() =>
      Effect.fail(
        new HttpClientError.HttpClientError({
          reason: new HttpClientError.StatusCodeError({
            request: this.#request,
            response: this,
            description: "this transport cannot upgrade"
          })
        })
      )
    )
  }

  override toJSON(): unknown {
    return HttpIncomingMessage.inspect(this, {
      _id: "HttpClientResponse",
      request: { method: this.#request.method, url: UrlParams.redactUrl(this.url) },
      status: this.status
    })
  }

  pipe() {
    return pipeArguments(this, arguments)
  }

  #collect(): Body<ArrayBuffer> {
    return Effect.withFiber((fiber) => {
      const limit = Number(fiber.getRef(HttpIncomingMessage.MaxBodySize) ?? Infinity)
      // `Stream.mapEffect` would bring 2 kB of Effect's queues and semaphores into a compressed bundle
      return Effect.flatMap(Wire.readBody(this.stream, limit), ({ bytes, tooLarge }) => {
        if (!tooLarge) return Effect.succeed(bytes.slice().buffer)
        this.#source.abort("BODY_TOO_LARGE")
        return Effect.fail(this.#unreadable("the body is larger than MaxBodySize", undefined))
      })
    })
  }

  #unreadable(description: string, cause: object | undefined): HttpClientError.HttpClientError {
    return new HttpClientError.HttpClientError({
      reason: new HttpClientError.DecodeError({
        request: this.#request,
        response: this,
        description,
        ...(cause === undefined ? {} : { cause })
      })
    })
  }
}
