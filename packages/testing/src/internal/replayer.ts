/**
 * Responds from a recording, and finds how a request differs from the recorded request.
 */
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as Effect from "effect/Effect"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import type * as Recording from "./recording.ts"
import type * as Request from "./request.ts"
import * as Response from "./response.ts"
import * as Scrub from "./scrub.ts"
import * as Secrets from "./secrets.ts"
import * as Show from "./show.ts"

/** Which secret of the replay stands for which placeholder of the recording. */
export class Bindings {
  readonly #issued = new Set<string>()
  readonly #actual = new Map<string, string>()
  readonly #placeholder = new Map<string, string>()

  /** Remembers the placeholders that a response has. The client sends them back as they are. */
  issue(shape: Secrets.Shape, members: unknown): void {
    if (Array.isArray(members)) {
      const { item } = shape
      if (item !== undefined) members.forEach((one: unknown) => this.issue(item, one))
    } else if (Predicate.isObject(members)) {
      for (const [key, value] of Object.entries(members)) {
        const member = shape.members.get(key)
        if (member !== undefined) this.issue(member, value)
      }
    } else if (shape.secret && typeof members === "string") this.#issued.add(members)
  }

  /** A secret that the recording did not give is the caller's own. It may have any value, but the value must stay the same. */
  fits(placeholder: string, actual: string): boolean {
    if (this.#issued.has(placeholder)) return actual === placeholder
    const [known, taken] = [this.#actual.get(placeholder), this.#placeholder.get(actual)]
    if (known !== undefined || taken !== undefined) return known === actual
    this.#actual.set(placeholder, actual)
    this.#placeholder.set(actual, placeholder)
    return true
  }
}

/** The members in which the request differs from the recorded request, as lines. */
export const differences = (
  bindings: Bindings,
  operation: Operation.Any,
  recorded: Request.Members,
  actual: Request.Members
): ReadonlyArray<string> => {
  const compare = (shape: Secrets.Shape, key: string, recorded: unknown, actual: unknown): ReadonlyArray<string> => {
    if (shape.secret && typeof recorded === "string" && typeof actual === "string" && recorded !== "") {
      return bindings.fits(recorded, actual) ? [] : [`    ${key}: another secret than the recorded ${recorded}`]
    }
    if (Scrub.isGone(recorded) && typeof actual === "string") return []
    const differs = () => [Show.difference(key, recorded, shown(shape, key, actual))]
    if (Array.isArray(recorded) && Array.isArray(actual)) {
      const { item } = shape
      if (item === undefined) return []
      if (recorded.length !== actual.length) return differs()
      return recorded.flatMap((one: unknown, at) => compare(item, `${key}[${at}]`, one, actual[at]))
    }
    if (isMembers(recorded) && isMembers(actual)) return members(shape, recorded, actual)
    return recorded === actual ? [] : differs()
  }
  const members = (shape: Secrets.Shape, recorded: object, actual: object): ReadonlyArray<string> => {
    const [a, b] = [
      new Map<string, unknown>(Object.entries(recorded)),
      new Map<string, unknown>(Object.entries(actual))
    ]
    return [...shape.members].sort(([a], [b]) => a < b ? -1 : 1)
      .flatMap(([key, member]) => compare(member, key, a.get(key), b.get(key)))
  }
  return members(Secrets.of(operation).request.shape, recorded, actual)
}

const isMembers = (u: unknown): u is object => Predicate.isObject(u) && !Array.isArray(u)

/** A member as an error may show it: only what the schema names at this place, with its secrets redacted. */
const shown = (shape: Secrets.Shape, key: string, member: unknown): unknown => {
  if (Array.isArray(member)) {
    const { item } = shape
    return item === undefined ? [] : member.map((one: unknown) => shown(item, key, one))
  }
  if (Predicate.isObject(member)) {
    return Object.fromEntries(
      Object.entries(member).flatMap(([key, value]) => {
        const known = shape.members.get(key)
        return known === undefined ? [] : [[key, shown(known, key, value)]]
      })
    )
  }
  return shape.secret && member !== undefined ? Redacted.make(member, { label: key }) : member
}

/** Repeats what was recorded, at once. A reader that wants more than the recording has gets `beyond`. */
export const again = (
  bindings: Bindings,
  operation: Operation.Any,
  request: HttpClientRequest.HttpClientRequest,
  exchange: Recording.Exchange,
  beyond: (bytes: number) => Effect.Effect<never>
): Effect.Effect<HttpClientResponse.HttpClientResponse, HttpClientError.HttpClientError> => {
  if ("noResponse" in exchange) return Effect.never
  if ("failure" in exchange) return Effect.fail(Response.failure(request, exchange.failure))
  const { body, bytes = 0, cutOff, headers, stalled, status, stopped } = exchange.response
  bindings.issue(Secrets.of(operation).response.shape, body)
  // as long as the recorded body, and not JSON either
  const length = Math.min(bytes, 2 ** 24)
  const text = body === undefined ? "x".repeat(length) : JSON.stringify(body).padEnd(length)
  const whole: Stream.Stream<Uint8Array, Response.CutOff> = text === ""
    ? Stream.empty
    : Stream.make(Response.bytesOf(text))
  return Effect.succeed(Response.make(
    request,
    { status, headers },
    cutOff !== undefined
      ? Stream.concat(whole, Stream.fail({ name: "Error", code: cutOff }))
      : stalled === true
      ? Stream.concat(whole, Stream.never)
      : stopped === true
      ? Stream.concat(whole, Stream.fromEffect(beyond(bytes)))
      : whole
  ))
}
