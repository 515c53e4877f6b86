/**
 * botocore as a driver of the catalogue of exceptions: `botocore_calls.py` in a process that many drivers share.
 */
import { run } from "@sso-oidc/test-kit/child"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import { join } from "node:path"
import { type Make, withWorld } from "./exceptionDrivers.ts"
import type { Body, ServiceResponse } from "./exceptions.ts"

type Method = "register_client" | "start_device_authorization" | "create_token"

const responseOf = (line: string): Effect.Effect<ServiceResponse> => {
  const { body, exception, ...rest }: Readonly<Record<string, unknown>> = JSON.parse(line)
  if (Predicate.isObject(body)) {
    return Effect.succeed({ _tag: "Success", body: Object.fromEntries(Object.entries(body)) })
  }
  const text = (member: string) => typeof rest[member] === "string" ? rest[member] : undefined
  // botocore throws its base class if it has no class for the response
  return typeof exception !== "string" || exception === "ClientError"
    ? Effect.die(`botocore threw ${line}`)
    : Effect.succeed({
      _tag: "Exception",
      exception,
      error: text("error"),
      errorDescription: text("errorDescription"),
      reason: text("reason"),
      status: typeof rest["status"] === "number" ? rest["status"] : undefined,
      requestId: text("requestId")
    })
}

/** Starts the process. Each driver of it uses the emulator in its own context, and makes one call at a time. */
export const botocoreWith = (python: string): Effect.Effect<Make, never, Scope.Scope> =>
  Effect.map(run(python, { args: [join(import.meta.dirname, "botocore_calls.py")] }), (program) => {
    let lines = 0
    const call = (endpoint: string, method: Method) => (body: Body): Effect.Effect<ServiceResponse> =>
      Effect.gen(function*() {
        yield* program.write(`${JSON.stringify({ endpoint, method, body })}\n`)
        const line = yield* program.printed(new RegExp(`^(?:.*\\n){${lines++}}(.*)\\n`))
        return yield* responseOf(line)
      })
    return withWorld((url) =>
      Effect.succeed({
        register: call(url, "register_client"),
        start: call(url, "start_device_authorization"),
        token: call(url, "create_token")
      })
    )
  })
