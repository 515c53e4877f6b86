/**
 * The format of a recording's file.
 */
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

// -----------------------------------------------------------------------------
// format
// -----------------------------------------------------------------------------

export const format = "sso-oidc-recording"
export const version = 1

const Members = Schema.Record(Schema.String, Schema.Unknown)

const asked = { operation: Schema.String, request: Members }

/**
 * A response. `body` has the members of a JSON object. `bytes` is the length of any other body, whose text is not kept.
 *
 * - `cutOff`: the platform's code at the place where the body was cut off.
 * - `stalled`: the body never reached its end.
 * - `stopped`: the reader stopped after `bytes` bytes, so the rest is not known.
 */
const Responded = Schema.Struct({
  ...asked,
  response: Schema.Struct({
    status: Schema.Int,
    headers: Schema.Record(Schema.String, Schema.String),
    body: Schema.optionalKey(Members),
    bytes: Schema.optionalKey(Schema.Natural),
    cutOff: Schema.optionalKey(Schema.String),
    stalled: Schema.optionalKey(Schema.Literal(true)),
    stopped: Schema.optionalKey(Schema.Literal(true))
  })
})

const Failed = Schema.Struct({
  ...asked,
  failure: Schema.Struct({
    sent: Schema.Literals(["no", "maybe"]),
    code: Schema.String,
    transient: Schema.Boolean,
    syscall: Schema.optionalKey(Schema.String)
  })
})

/** No response came before the caller gave up. */
const NoResponse = Schema.Struct({ ...asked, noResponse: Schema.Literal(true) })

const Exchange = Schema.Union([Responded, Failed, NoResponse])

export type Exchange = typeof Exchange.Type

const Recording = Schema.Struct({
  format: Schema.Literal(format),
  version: Schema.Literal(version),
  exchanges: Schema.Array(Exchange)
})

const Marked = Schema.Struct({ format: Schema.String, version: Schema.Finite })

const mostLevels = 100

/** Returns whether JSON in the text is nested deeper than the given number of levels. */
const isDeeper = (text: string, most: number): boolean => {
  let level = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    if (quoted) {
      if (char === "\\") at++
      else if (char === "\"") quoted = false
    } else if (char === "\"") quoted = true
    else if (char === "{" || char === "[") {
      if (++level > most) return true
    } else if (char === "}" || char === "]") level--
  }
  return false
}

/** Reads the text of a file, or gives a sentence that says why it is not a recording. */
export const read = (
  text: string,
  operations: ReadonlyArray<Operation.Any>
): Result.Result<ReadonlyArray<Exchange>, { readonly problem: "malformed" | "version"; readonly detail: string }> => {
  // checked first, because the following steps recurse over the members and could overflow the stack
  if (isDeeper(text, mostLevels)) {
    return Result.fail({
      problem: "malformed",
      detail: `it is nested more than ${mostLevels} levels deep, and a recording is not. Record it again`
    })
  }
  const members = Wire.jsonObject(text)
  if (members === undefined) {
    return Result.fail({ problem: "malformed", detail: "it is not a JSON object. Record it again" })
  }
  const marked = Schema.decodeUnknownResult(Marked)(members)
  if (Result.isFailure(marked) || marked.success.format !== format) {
    return Result.fail({ problem: "malformed", detail: `it does not say that it is a ${format}. Record it again` })
  }
  if (marked.success.version !== version) {
    return Result.fail({
      problem: "version",
      detail:
        `it has version ${marked.success.version} of the format, but this package reads version ${version}. Record it again`
    })
  }
  const recording = Schema.decodeUnknownResult(Recording)(members)
  if (Result.isFailure(recording)) {
    return Result.fail({ problem: "malformed", detail: recording.failure.message.replace(/\s+/g, " ") })
  }
  const stranger = recording.success.exchanges.find(({ operation }) =>
    !operations.some(({ name }) => name === operation)
  )
  return stranger === undefined
    ? Result.succeed(recording.success.exchanges)
    : Result.fail({
      problem: "malformed",
      detail: `it has ${stranger.operation}, which is not a known operation. Add it to the option operations`
    })
}

// -----------------------------------------------------------------------------
// writing
// -----------------------------------------------------------------------------

/** An exchange as it stands in a file. */
export const indented = (exchange: object): string => JSON.stringify(exchange, null, 2).replaceAll("\n", "\n    ")

/** The text of a file. The exchanges are {@link indented}. */
export const file = (exchanges: ReadonlyArray<string>): string =>
  `{
  "format": ${JSON.stringify(format)},
  "version": ${version},
  "exchanges": ${exchanges.length === 0 ? "[]" : `[\n    ${exchanges.join(",\n    ")}\n  ]`}
}
`
