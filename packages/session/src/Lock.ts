/**
 * Locks that let one process at a time change a file.
 *
 * A lock belongs to a path. It ends with its scope, and with the process that holds it. `node/KernelLock` has a lock for all processes of
 * a machine. {@link layerInProcess} is for one process.
 *
 * @since 0.1.0
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * The lock of one path.
 *
 * @category models
 * @since 0.1.0
 */
export interface PathLock {
  /** Takes the lock if it is free, and says whether this scope holds it now. It never waits. */
  readonly attempt: Effect.Effect<boolean, LockUnavailable>
  /**
   * Whether this scope still holds the lock of the path. `false` before the first successful `attempt`, after the end of the scope, and if
   * another program has removed or replaced the lock's file meanwhile.
   */
  readonly isHeld: Effect.Effect<boolean>
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

// The class declares the members of its schema again: an editor shows no comment of a schema's field on hover.

const sentenceOf = ({ code, detail, lock }: LockUnavailable): string =>
  `The ${lock} cannot be had (${Wire.printable(code)}): ${Wire.sentence(detail)}`

/**
 * No lock can be had on this path, now or later. It is not the error of a lock that another process holds.
 *
 * @category errors
 * @since 0.1.0
 */
export class LockUnavailable
  extends Schema.TaggedError<LockUnavailable>("@sso-oidc/session/LockUnavailable")("LockUnavailable", {
    /** The name of the lock. */
    lock: Schema.String,
    /** The code of the system or of the runtime. */
    code: Schema.String,
    /** What is wrong, in words. */
    detail: Schema.String
  })
{
  /** The name of the lock, such as `kernel lock`. */
  declare readonly lock: string

  /** The code of the system or of the runtime, such as `EROFS` or `SQLITE_NOTADB`. `UNKNOWN` if there is none. */
  declare readonly code: string

  /** What is wrong, without any path. */
  declare readonly detail: string

  /** The sentence of this error: which lock, and why. */
  override readonly message: string = sentenceOf(this)
}

// -----------------------------------------------------------------------------
// service
// -----------------------------------------------------------------------------

/**
 * What {@link Lock} gives.
 *
 * @category services
 * @since 0.1.0
 */
export interface Service {
  /** The name of the lock, for errors and for a person. */
  readonly name: string
  /**
   * Gets ready to lock a path, whose folder must be there. The end of the scope frees the lock. A lock may make an empty file at the path,
   * which stays. No other part of the program may open that file.
   */
  readonly open: (path: string) => Effect.Effect<PathLock, LockUnavailable, Scope.Scope>
}

/**
 * The lock of a path, as a service.
 *
 * @category services
 * @since 0.1.0
 */
export class Lock extends Context.Service<Lock, Service>()("@sso-oidc/session/Lock") {}

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/** The paths that this process holds. All builds of the layer share it, because they share the files. */
const held: Set<string> = /* @__PURE__ */ new Set()

/**
 * Locks for one process. Another process does not see them: use this layer only if no other process shares the files. It makes no file.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerInProcess: Layer.Layer<Lock> = Layer.succeed(Lock, {
  name: "lock of this process",
  open: (path) =>
    Effect.gen(function*() {
      let isHeld = false
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          if (isHeld) held.delete(path)
          isHeld = false
        })
      )
      return {
        attempt: Effect.sync(() => {
          if (!isHeld && held.has(path)) return false
          held.add(path)
          isHeld = true
          return true
        }),
        isHeld: Effect.sync(() => isHeld)
      }
    })
})
