/**
 * The mechanism of a script: its steps, and a queue for each operation.
 */
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type { Expected, Step } from "../Script.ts"
import * as Show from "./show.ts"

/** Reads a request by the operation's schema, and compares it. */
export const differences = <Request, Response, E, R>(
  operation: Operation.Operation<Request, Response, E, R>,
  expected: Expected<Request> | undefined
): Step["differences"] =>
(members) =>
  Effect.map(
    Schema.decodeUnknownEffect(operation.request)(members),
    (request) => expected === undefined ? [] : compare(expected, request)
  )

const isJudgement = <Request>(expected: Expected<Request>): expected is (request: Request) => boolean | void =>
  typeof expected === "function"

const compare = <Request>(expected: Expected<Request>, request: Request): ReadonlyArray<string> => {
  if (isJudgement(expected)) {
    try {
      return expected(request) === false
        ? [`the script's expectation returned false for\n${Show.members(request)}`]
        : []
    } catch (error) {
      const why = Predicate.isError(error) ? error.message : String(error)
      return [`the script's expectation failed: ${why}\nfor\n${Show.members(request)}`]
    }
  }
  return Object.entries(expected).flatMap(([key, wanted]) => {
    const got = Predicate.hasProperty(request, key) ? request[key] : undefined
    return Equal.equals(wanted, got) ? [] : [Show.difference(key, wanted, got)]
  })
}

/** The queues of a script: one for each operation, in order. */
export class Queues {
  readonly #steps: ReadonlyArray<Step>
  readonly #used = new Set<number>()
  readonly #unmatched = new Set<Step>()

  constructor(steps: ReadonlyArray<Step>) {
    this.#steps = steps
  }

  /** Takes the next step of the operation from its queue. */
  take(operation: Operation.Any): Step | undefined {
    const at = this.#steps.findIndex((step, at) => step.operation.name === operation.name && !this.#used.has(at))
    if (at === -1) return undefined
    this.#used.add(at)
    return this.#steps[at]
  }

  /** Marks a step whose call differs from the expected call. */
  mismatch(step: Step): void {
    this.#unmatched.add(step)
  }

  get unused(): ReadonlyArray<Step> {
    return this.#steps.filter((_, at) => !this.#used.has(at))
  }

  /** All steps, each with a mark that says whether it was used. */
  get listing(): string {
    return this.#steps.length === 0
      ? "    (the script is empty)"
      : this.#steps.map((step, at) =>
        line(step, at, this.#unmatched.has(step) ? "not matched" : this.#used.has(at) ? "used" : "unused")
      ).join("\n")
  }

  get leftOver(): string {
    return this.#steps.flatMap((step, at) => this.#used.has(at) ? [] : [line(step, at, "unused")]).join("\n")
  }
}

const line = (step: Step, at: number, state: string): string =>
  `    ${at + 1}. ${step.operation.name} ${step.description} (${state})`
