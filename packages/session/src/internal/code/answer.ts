/**
 * What the browser came back with: a callback, or what a person pasted of it.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { AuthorizationDenied, CallbackInvalid } from "../../AuthorizationCodeError.ts"

// A callback is some hundred characters long. Node takes no longer request head either.
const longest = 16_384

/**
 * The query in a text: of a whole URL, or the query alone. A terminal may break a long line, so white space does not count.
 */
const queryIn = (text: string): URLSearchParams => {
  const whole = text.replace(/\s+/g, "")
  const [, query] = /^[^?#]*\?([^#]*)/.exec(whole) ?? []
  return new URLSearchParams(query ?? whole)
}

/** The only value of a member. `undefined` if it is absent, empty, or there more than once. */
const only = (query: URLSearchParams, name: string): string | undefined => {
  const [value, ...more] = query.getAll(name)
  return value === "" || more.length > 0 ? undefined : value
}

/**
 * The code of a callback whose state is that of the login. A callback with another state is not judged further, because anyone can make it.
 */
export const read = (
  callback: Redacted.Redacted<string>,
  state: Redacted.Redacted<string>
): Result.Result<Redacted.Redacted<string>, CallbackInvalid | AuthorizationDenied> => {
  const text = Redacted.value(callback)
  if (typeof text !== "string" || text.length > longest) {
    return Result.fail(new CallbackInvalid({ problem: "unreadable" }))
  }
  const query = queryIn(text)
  const given = only(query, "state")
  if (given === undefined) return Result.fail(new CallbackInvalid({ problem: "unreadable" }))
  if (given !== Redacted.value(state)) return Result.fail(new CallbackInvalid({ problem: "state" }))
  const error = only(query, "error")
  if (error !== undefined) {
    const description = Wire.oneLine(only(query, "error_description") ?? "")
    return Result.fail(
      new AuthorizationDenied({
        error: Wire.oneLine(error),
        ...(description === "" ? {} : { error_description: description })
      })
    )
  }
  const code = only(query, "code")
  return code === undefined
    ? Result.fail(new CallbackInvalid({ problem: "unreadable" }))
    : Result.succeed(Redacted.make(code, { label: "code" }))
}
