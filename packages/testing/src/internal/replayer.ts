/**
 * Answers from a recording, and tells where a request is another than the recorded one.
 */
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as Answer from "./answer.ts"
import type * as Recording from "./recording.ts"
import * as Scrub from "./scrub.ts"
import * as Secrets from "./secrets.ts"
import * as Show from "./show.ts"
import type * as Wire from "./wire.ts"

/** Which secret of the replay stands for which placeholder of the recording. */
export class Bindings {
  readonly #issued = new Set<string>()
  readonly #actual = new Map<string, string>()
  readonly #placeholder = new Map<string, string>()

  /** The placeholders that an answer gives out: they come back as they are. */
  issue(known: Secrets.Known, members: unknown): void {
    if (Array.isArray(members)) return members.forEach((one: unknown) => this.issue(known, one))
    if (!Predicate.isObject(members)) return
    for (const [key, value] of Object.entries(members)) {
      if (known.secret.has(key) && typeof value === "string") this.#issued.add(value)
      else this.issue(known, value)
    }
  }

  /** A secret that the recording did not give out is the caller's own: any will do, but it stays the same. */
  fits(placeholder: string, actual: string): boolean {
    if (this.#issued.has(placeholder)) return actual === placeholder
    const [known, taken] = [this.#actual.get(placeholder), this.#placeholder.get(actual)]
    if (known !== undefined || taken !== undefined) return known === actual
    this.#actual.set(placeholder, actual)
    this.#placeholder.set(actual, placeholder)
    return true
  }
}

/** The members in which the request differs from the recorded one, each as a line. */
export const differences = (
  bindings: Bindings,
  operation: Wire.AnyOperation,
  recorded: Wire.Members,
  actual: Wire.Members
): ReadonlyArray<string> => {
  const known = Secrets.of(operation).request
  const compare = (key: string, recorded: unknown, actual: unknown): ReadonlyArray<string> => {
    if (known.secret.has(key) && typeof recorded === "string" && typeof actual === "string" && recorded !== "") {
      return bindings.fits(recorded, actual) ? [] : [`    ${key}: another secret than the recorded ${recorded}`]
    }
    if (Scrub.isGone(recorded) && typeof actual === "string") return []
    if (Predicate.isObject(recorded) && Predicate.isObject(actual) && !Array.isArray(recorded)) {
      return entries(recorded, actual).flatMap(([key, left, right]) => compare(key, left, right))
    }
    if (JSON.stringify(recorded) === JSON.stringify(actual)) return []
    const shown = known.secret.has(key) && actual !== undefined ? Redacted.make(actual, { label: key }) : actual
    return [Show.difference(key, recorded, shown)]
  }
  return entries(recorded, actual)
    .filter(([key]) => known.all.has(key))
    .flatMap(([key, left, right]) => compare(key, left, right))
}

const entries = (left: object, right: object): ReadonlyArray<readonly [string, unknown, unknown]> => {
  const [a, b] = [new Map<string, unknown>(Object.entries(left)), new Map<string, unknown>(Object.entries(right))]
  return [...new Set([...a.keys(), ...b.keys()])].sort().map((key) => [key, a.get(key), b.get(key)])
}

/** What was recorded happens again, at once. */
export const again = (
  bindings: Bindings,
  operation: Wire.AnyOperation,
  request: HttpClientRequest.HttpClientRequest,
  exchange: Recording.Exchange
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError> => {
  if ("unanswered" in exchange) return Effect.never
  if ("failure" in exchange) return Effect.fail(Answer.failure(request, exchange.failure))
  const { body, bytes = 0, cutOff, headers, stalled, status } = exchange.answer
  bindings.issue(Secrets.of(operation).response, body)
  // as long as the body was, and as little JSON
  const text = body === undefined ? "x".repeat(Math.min(bytes, 2 ** 24)) : JSON.stringify(body)
  const whole: Stream.Stream<Uint8Array, Answer.CutOff> = text === "" ? Stream.empty : Stream.make(Answer.bytesOf(text))
  return Effect.succeed(Answer.make(
    request,
    { status, headers },
    cutOff !== undefined
      ? Stream.concat(whole, Stream.fail({ name: "Error", code: cutOff }))
      : stalled === true
      ? Stream.concat(whole, Stream.never)
      : whole
  ))
}
