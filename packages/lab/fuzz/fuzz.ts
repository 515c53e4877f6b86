/**
 * Mutated responses. A case starts from a valid response and a seed, so it can be repeated. A check says what no response may
 * cause.
 */
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import { type Dice, dice } from "@sso-oidc/test-kit/dice"
import { type Call, calls, secret } from "@sso-oidc/test-kit/fixtures"
import { search, textsOf, walk } from "@sso-oidc/test-kit/leaks"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { baseOf, type Mutation, mutations, type ResponseSpec } from "./mutations.ts"

// -----------------------------------------------------------------------------
// cases
// -----------------------------------------------------------------------------

/** One change of a response: its kind, and the seed of its own choices, so that other changes can be left out. */
export interface Step {
  readonly mutation: Mutation
  readonly seed: number
}

export interface Case {
  readonly seed: number
  readonly index: number
  readonly call: Call
  readonly steps: ReadonlyArray<Step>
}

export const operations: ReadonlyArray<string> = [...new Set(calls.map(({ operation }) => operation))]

/** The nth case of a seed. `operation` limits it to one operation. */
export const caseOf = (seed: number, index: number, operation?: string): Case => {
  const d = dice(seed, index)
  const call = d.pick(calls.filter((one) => operation === undefined || one.operation === operation))
  // half of the cases have one or two changes: these reach the deepest code
  const count = d.chance(0.5) ? 1 + d.below(2) : 1 + d.below(8)
  return {
    seed,
    index,
    call,
    steps: Array.from({ length: count }, () => ({ mutation: d.pick(mutations), seed: d.below(2 ** 31) }))
  }
}

/** The response of the case. The choices of a step depend on its own seed alone. */
export const specOf = (one: Case): ResponseSpec => {
  const base: Dice = dice(one.seed, one.index, 1)
  const asked = one.call.asked.map((name) => secret[name])
  return one.steps.reduce<ResponseSpec>(
    (spec, step) => step.mutation.change(spec, dice(step.seed, one.index, 2), asked),
    baseOf(one.call, base, asked)
  )
}

// -----------------------------------------------------------------------------
// run
// -----------------------------------------------------------------------------

const silentMillis = 20
const hangMillis = 5000

const bodyOf = ({ chunks, end }: ResponseSpec): ReadableStream<Uint8Array<ArrayBuffer>> => {
  let at = 0
  return new ReadableStream({
    pull: (controller) => {
      const chunk = chunks[at++]
      if (chunk !== undefined) return controller.enqueue(Uint8Array.from(chunk))
      if (end._tag === "close") return controller.close()
      return end._tag === "error" ? controller.error(end.cause) : new Promise(() => {})
    }
  })
}

const clientOf = (spec: ResponseSpec): HttpClient.HttpClient =>
  HttpClient.make((request) =>
    spec.failure !== undefined
      ? Effect.fail(new HttpClientError.HttpClientError({ reason: spec.failure(request) }))
      : Effect.sync(() => {
        const headers = new Headers()
        for (const [name, value] of spec.headers) headers.append(name, value)
        const response = new Response(bodyOf(spec), { headers })
        // statuses and URLs that the constructor refuses
        Object.defineProperty(response, "status", { value: spec.status })
        Object.defineProperty(response, "url", { value: spec.url ?? request.url })
        return HttpClientResponse.fromWeb(request, response)
      })
  )

/** Puts a function between the client and its caller. The tests of the fuzzer plant a bug with it. */
export type Wrap = (oidc: SsoOidc.Service) => SsoOidc.Service

const listed = new Map(
  [RegisterClient.operation, StartDeviceAuthorization.operation, CreateToken.operation].map((operation) => [
    operation.name,
    new Set(operation.exceptions.map(({ type }) => type))
  ])
)

const own = new Set(["TransportError", "UnexpectedResponse"])

// oxlint-disable-next-line no-control-regex -- to find them is what it is for
const unsafe = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/

const leaks = new Map(calls.map((call) => [call.name, search(call.asked.map((name) => secret[name]))]))

// a success that cannot be used has its own secrets, and its error knows none of their values
const leakOfAny = search(Object.values(secret))

/** The problem of an error, if it has one. */
const judge = (call: Call, status: number, error: unknown): string | undefined => {
  const tag = Predicate.hasProperty(error, "_tag") ? String(error._tag) : String(error)
  if (!own.has(tag) && listed.get(call.operation)?.has(tag) !== true) return `an error outside the union: ${tag}`
  if (!own.has(tag) && !(status >= 400)) return `${tag} from a status of ${status}`
  const message = Predicate.hasProperty(error, "message") ? String(error.message) : ""
  if (message.trim() === "" || message.length > 8192) return `a message of ${message.length} characters`
  if (unsafe.test(message)) return `control characters in the message: ${JSON.stringify(message)}`
  const leak = status === 200 ? leakOfAny : leaks.get(call.name)
  for (const text of new Set(textsOf(error))) {
    if (leak?.(text) !== undefined) return `a secret in: ${JSON.stringify(text.slice(0, 200))}`
  }
  const [http] = walk(error).http
  return http === undefined ? undefined : `an object of Effect's HTTP in the error: ${http}`
}

/** Runs the case, and gives the violation that it caused, if any. */
export const violationOf = (one: Case, wrap: Wrap = (oidc) => oidc): Effect.Effect<string | undefined> =>
  Effect.gen(function*() {
    const spec = specOf(one)
    const oidc = yield* SsoOidc.make({
      region: "eu-west-1",
      requestTimeout: spec.end._tag === "silence" ? silentMillis : 2 * hangMillis,
      maxResponseBytes: 16 * 1024
    }).pipe(Effect.provideService(HttpClient.HttpClient, clientOf(spec)), Effect.orDie)
    const outcome = yield* one.call.run(wrap(oidc)).pipe(Effect.exit, Effect.timeoutOption(hangMillis))
    if (Option.isNone(outcome)) return `no outcome within ${hangMillis} ms`
    const exit = outcome.value
    if (Exit.isFailure(exit)) {
      const [reason, ...more] = exit.cause.reasons
      return reason !== undefined && Cause.isFailReason(reason) && more.length === 0
        ? judge(one.call, spec.status, reason.error)
        : `no typed failure: ${Cause.pretty(exit.cause)}`
    }
    if (spec.status !== 200 || spec.failure !== undefined) return `a success from a status of ${spec.status}`
    const value = exit.value
    const missing = one.call.required.filter((key) =>
      !Predicate.hasProperty(value, key) || value[key] === undefined || value[key] === ""
    )
    return missing.length === 0 ? undefined : `a success without ${missing.join(", ")}`
  }).pipe(Effect.catchCause((cause) => Effect.succeed(`a defect: ${Cause.pretty(cause)}`)))

/** The case with the fewest steps that still show a violation. */
export const shrink = (one: Case, wrap?: Wrap): Effect.Effect<Case> =>
  Effect.gen(function*() {
    let least = one
    for (let at = 0; at < least.steps.length;) {
      const fewer = { ...least, steps: least.steps.filter((_, index) => index !== at) }
      if ((yield* violationOf(fewer, wrap)) === undefined) at++
      else least = fewer
    }
    return least
  })

/** The case as a text for a person. */
export const describeCase = (one: Case): string => {
  const { chunks, end, failure, headers, status, url } = specOf(one)
  const body = Buffer.concat(chunks.map((chunk) => Buffer.from(chunk)))
  return [
    `${one.call.name}: ${one.steps.map(({ mutation }) => mutation.name).join(", ") || "no change"}`,
    failure === undefined ? `status ${status}, ${end._tag}${url === undefined ? "" : `, from ${url}`}` : "no response",
    ...headers.map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
    JSON.stringify(body.subarray(0, 1024).toString("latin1")) + (body.length > 1024 ? ` … (${body.length} bytes)` : "")
  ].join("\n  ")
}
