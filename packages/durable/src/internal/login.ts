/**
 * The workflow of a login. The engine stores its tag and its payload, so both are a part of the stored form: an older release may meet them.
 */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Workflow from "effect/workflow/Workflow"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"

/**
 * The engine stores a payload in plain text, so it names the row and has nothing else of the login. The row is the truth: no result of an
 * execution is ever read.
 */
export const Login = Workflow.make("sso-oidc/Login", {
  payload: {
    /** The version of this payload. A later release may add members. */
    version: Schema.Int,
    id: Schema.String,
    attempt: Schema.String
  },
  idempotencyKey: ({ attempt, id }) => `${attempt}/${id}`
})

/** Which login it is. */
export interface Name {
  readonly id: string
  readonly attempt: string
}

const payloadOf = ({ attempt, id }: Name) => ({ version: 1, id, attempt })

/** The name of the execution that drives a login. */
export const executionIdOf = (name: Name): Effect.Effect<string> => Login.executionId(payloadOf(name))

/** Hands a login to the engine. An engine that has it already does nothing. */
export const handOver = (name: Name): Effect.Effect<string, never, WorkflowEngine> =>
  Login.execute(payloadOf(name), { discard: true })
