/**
 * A response of Effect's `HttpClient` that has its bytes in memory.
 *
 * Effect itself makes a response only from a `Response` of the platform, which takes 15 microseconds or more. A client whose transport gives
 * it bytes, like the official one, does not pay for that.
 */
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
import * as Stream from "effect/Stream"

/** A response with a body in memory. */
export class BytesResponse extends Inspectable.Class implements HttpClientResponse.HttpClientResponse {
  readonly [HttpIncomingMessage.TypeId]: typeof HttpIncomingMessage.TypeId = HttpIncomingMessage.TypeId
  readonly [HttpClientResponse.TypeId]: typeof HttpClientResponse.TypeId = HttpClientResponse.TypeId
  readonly remoteAddress: Option.Option<string> = Option.none()
  readonly request: HttpClientRequest.HttpClientRequest
  readonly url: string
  readonly status: number
  readonly headers: Headers.Headers
  readonly #bytes: Uint8Array<ArrayBuffer>

  constructor(
    request: HttpClientRequest.HttpClientRequest,
    url: URL,
    status: number,
    headers: Headers.Input,
    bytes: Uint8Array<ArrayBuffer>
  ) {
    super()
    this.request = request
    this.url = url.href
    this.status = status
    this.headers = Headers.fromInput(headers)
    this.#bytes = bytes
  }

  get cookies(): Cookies.Cookies {
    return Cookies.empty
  }

  get stream(): Stream.Stream<Uint8Array> {
    return Stream.succeed(this.#bytes)
  }

  get arrayBuffer(): Effect.Effect<ArrayBuffer> {
    return Effect.sync(() => this.#bytes.slice().buffer)
  }

  get text(): Effect.Effect<string> {
    return Effect.sync(() => new TextDecoder().decode(this.#bytes))
  }

  get json() {
    return Effect.map(this.text, (text) => JSON.parse(text))
  }

  get urlParamsBody(): Effect.Effect<UrlParams.UrlParams> {
    return Effect.map(this.text, (text) => UrlParams.fromInput(new URLSearchParams(text)))
  }

  get formData(): Effect.Effect<never, HttpClientError.HttpClientError> {
    return this.#without("form data")
  }

  get upgrade(): Effect.Effect<never, HttpClientError.HttpClientError> {
    return this.#without("upgrade")
  }

  override toJSON(): unknown {
    return { _id: "HttpClientResponse", status: this.status }
  }

  pipe() {
    return pipeArguments(this, arguments)
  }

  #without(description: string): Effect.Effect<never, HttpClientError.HttpClientError> {
    return Effect.fail(
      new HttpClientError.HttpClientError({
        reason: new HttpClientError.DecodeError({ request: this.request, response: this, description })
      })
    )
  }
}
