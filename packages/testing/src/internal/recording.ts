/**
 * The file of a recording.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Answer from "./answer.ts"
import { Scrubber } from "./scrub.ts"
import * as Secrets from "./secrets.ts"
import * as Wire from "./wire.ts"

// -----------------------------------------------------------------------------
// format
// -----------------------------------------------------------------------------

export const format = "sso-oidc-recording"
export const version = 1

const Members = Schema.Record(Schema.String, Schema.Unknown)

const asked = { operation: Schema.String, request: Members }

/**
 * An answer. `body` has the members of a JSON object; `bytes` is the length of any other body, whose text is not kept.
 * `cutOff` is the platform's code where the body broke off; `stalled` says that it never came to its end.
 */
const Answered = Schema.Struct({
  ...asked,
  answer: Schema.Struct({
    status: Schema.Int,
    headers: Schema.Record(Schema.String, Schema.String),
    body: Schema.optionalKey(Members),
    bytes: Schema.optionalKey(Schema.Natural),
    cutOff: Schema.optionalKey(Schema.String),
    stalled: Schema.optionalKey(Schema.Literal(true))
  })
})

const Failed = Schema.Struct({
  ...asked,
  failure: Schema.Struct({
    sent: Schema.Literals(["no", "maybe"]),
    code: Schema.String,
    heals: Schema.Boolean,
    syscall: Schema.optionalKey(Schema.String)
  })
})

/** Nothing came until the caller gave up. */
const Unanswered = Schema.Struct({ ...asked, unanswered: Schema.Literal(true) })

const Exchange = Schema.Union([Answered, Failed, Unanswered])

export type Exchange = typeof Exchange.Type

const Recording = Schema.Struct({
  format: Schema.Literal(format),
  version: Schema.Literal(version),
  exchanges: Schema.Array(Exchange)
})

const Marked = Schema.Struct({ format: Schema.String, version: Schema.Finite })

/** Reads a file, or says in a sentence why it is none. */
export const read = (
  text: string,
  operations: ReadonlyArray<Wire.AnyOperation>
): Result.Result<ReadonlyArray<Exchange>, { readonly problem: "malformed" | "version"; readonly detail: string }> => {
  const members = Wire.jsonObject(text)
  if (members === undefined) return Result.fail({ problem: "malformed", detail: "it is no JSON object" })
  const marked = Schema.decodeUnknownResult(Marked)(members)
  if (Result.isFailure(marked) || marked.success.format !== format) {
    return Result.fail({ problem: "malformed", detail: `it does not say that it is a ${format}` })
  }
  if (marked.success.version !== version) {
    return Result.fail({
      problem: "version",
      detail: `it has version ${marked.success.version}, and this package reads ${version}: record it again`
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
    : Result.fail({ problem: "malformed", detail: `it has ${stranger.operation}, which is not among the operations` })
}

// -----------------------------------------------------------------------------
// what happened
// -----------------------------------------------------------------------------

/** What came of a request, secrets and all. */
export type Outcome =
  | { readonly _tag: "Failed"; readonly failure: Answer.Failure }
  | { readonly _tag: "Unanswered" }
  | {
    readonly _tag: "Answered"
    readonly head: Answer.Head
    readonly bytes: Uint8Array
    readonly end: "whole" | "stalled" | { readonly cutOff: string }
  }

/** One exchange, secrets and all. It has no outcome while it is under way. */
export interface Happened {
  readonly operation: Wire.AnyOperation
  readonly request: Wire.Members
  outcome: Outcome | undefined
}

// -----------------------------------------------------------------------------
// rendering
// -----------------------------------------------------------------------------

const keptHeaders = [
  "content-type",
  "date",
  "retry-after",
  "x-amzn-errortype",
  "x-amzn-requestid",
  "x-amzn-request-id",
  "x-amz-request-id"
]

/** The members of an error, in whichever dialect. What a person may read in them is free text. */
const errorMembers = ["__type", "code", "endpoint", "error", "error_description", "reason", "region"]

const isSuccess = (head: Answer.Head): boolean => head.status === 200

/**
 * The file of what happened. Every secret of all exchanges is learnt before the first text is written, so that none
 * stands in a text that came before it.
 */
export const render = (all: ReadonlyArray<Happened>): string => {
  const scrubber = new Scrubber()
  const done = all.flatMap(({ operation, outcome, request }) =>
    outcome === undefined ? [] : [{
      operation,
      request,
      outcome,
      body: outcome._tag === "Answered" ? Wire.jsonObject(new TextDecoder().decode(outcome.bytes)) : undefined
    }]
  )
  for (const { body, operation, outcome, request } of done) {
    const known = Secrets.of(operation)
    scrubber.learn(known.request, request)
    // also an error may hold members of a success, and a secret is one wherever it came
    if (outcome._tag === "Answered" && body !== undefined) scrubber.learn(known.response, body)
  }
  const exchanges = done.map(({ body, operation, outcome, request }) => ({
    operation: operation.name,
    request: scrubber.members(Secrets.of(operation).request, request),
    ...rendered(scrubber, operation, outcome, body)
  }))
  return `${JSON.stringify({ format, version, exchanges }, null, 2)}\n`
}

const rendered = (
  scrubber: Scrubber,
  operation: Wire.AnyOperation,
  outcome: Outcome,
  body: Wire.Members | undefined
): object => {
  switch (outcome._tag) {
    case "Unanswered":
      return { unanswered: true }
    case "Failed": {
      const { code, heals, sent, syscall } = outcome.failure
      return {
        failure: {
          sent,
          code: scrubber.text(code),
          heals,
          ...(syscall === undefined ? {} : { syscall: scrubber.text(syscall) })
        }
      }
    }
    case "Answered": {
      const { bytes, end, head } = outcome
      return {
        answer: {
          status: head.status,
          headers: Object.fromEntries(keptHeaders.flatMap((name) => {
            const value = head.headers[name]
            return value === undefined ? [] : [[name, scrubber.text(value, true)]]
          })),
          ...(body === undefined || end !== "whole" ? { bytes: bytes.length } : {
            body: isSuccess(head)
              ? scrubber.members(Secrets.of(operation).response, body)
              : errorBody(scrubber, body)
          }),
          ...(end === "whole" ? {} : end === "stalled" ? { stalled: true } : { cutOff: scrubber.text(end.cutOff) })
        }
      }
    }
  }
}

const free = ["error_description", "reason", "endpoint"]

const errorBody = (scrubber: Scrubber, body: Wire.Members): object =>
  Object.fromEntries(errorMembers.flatMap((key) => {
    const value = body[key]
    return typeof value === "string" ? [[key, scrubber.text(value, free.includes(key))]] : []
  }))
