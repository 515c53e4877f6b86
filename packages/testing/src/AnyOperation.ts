/**
 * An operation, whatever its types are: for lists of operations.
 *
 * @since 0.1.0
 */
import type * as Operation from "@sso-oidc/core/aws/Operation"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * What a transport for tests reads of an operation. Every value of core's `Operation` is one.
 *
 * @category models
 * @since 0.1.0
 */
export interface AnyOperation {
  /** The model's name, such as `CreateToken`. */
  readonly name: string
  /** The HTTP method. */
  readonly method: Operation.Operation<unknown, unknown, unknown>["method"]
  /** The path below the endpoint, such as `/token`. */
  readonly path: Operation.Operation<unknown, unknown, unknown>["path"]
  /** The constant query, such as `{ aws_iam: "t" }`. It may be empty. */
  readonly query: Operation.Operation<unknown, unknown, unknown>["query"]
  /** Reads and writes a request. It says which members are secret. */
  readonly request: Operation.Operation<unknown, unknown, unknown>["request"]
  /** Reads and writes a response. It says which members are secret. */
  readonly response: Operation.Operation<unknown, unknown, unknown>["response"]
}
