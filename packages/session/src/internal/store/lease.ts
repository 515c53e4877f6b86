/**
 * A store whose lock is a lease: it ends by itself if its holder dies. The database's clock measures it.
 */
import { type StoreBusy, StoreError } from "@sso-oidc/core/AccessToken"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import { type Trouble, within } from "@sso-oidc/core/database/Trouble"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Hold, Mark, Service, State, Waiting } from "../../TokenStore.ts"
import * as StoreEntry from "./entry.ts"
import * as Record from "./record.ts"
import * as Waits from "./waiting.ts"

/** How long a lease lasts if its holder does not prolong it. */
export const lease = Duration.seconds(3)

const third = Duration.seconds(1)

/** A database that does not respond must not hold a caller for ever. */
const limit = Duration.seconds(5)

/** A list of all keys is made in many steps, and other programs may have many keys there. */
const listLimit = Duration.minutes(1)

// In milliseconds. Each try is a request to a database that others use too.
const pause = [40, 120] as const

/**
 * What a database does. `id` is the hash of a key, and `holder` the name of one hold. Each change is one step with the check of the lease:
 * it gives `false`, and changes nothing, if the holder does not have the lease now.
 */
export interface Database {
  readonly name: string
  readonly text: (id: string) => Effect.Effect<unknown, Trouble>
  readonly mark: (id: string) => Effect.Effect<unknown, Trouble>
  readonly acquire: (id: string, holder: string) => Effect.Effect<boolean, Trouble>
  readonly prolong: (id: string, holder: string) => Effect.Effect<boolean, Trouble>
  readonly release: (id: string, holder: string) => Effect.Effect<unknown, Trouble>
  readonly prepare: (id: string, holder: string, mark: string, bytes: number) => Effect.Effect<boolean, Trouble>
  readonly commit: (id: string, holder: string, text: string) => Effect.Effect<boolean, Trouble>
  readonly settle: (id: string, holder: string, mark: string | undefined) => Effect.Effect<boolean, Trouble>
  readonly remove: (id: string, holder: string) => Effect.Effect<boolean, Trouble>
  /** The ids of all records that have a text. */
  readonly ids: Effect.Effect<ReadonlyArray<string>, Trouble>
}

export const make = (database: Database): Service => {
  const store = database.name

  const errorOf =
    (key: string | undefined, operation: StoreError["operation"]) =>
    ({ code, detail, reason }: Trouble | { reason: "fenced"; detail: string; code?: undefined }): StoreError =>
      new StoreError({
        store,
        ...(key === undefined ? {} : { key }),
        operation,
        reason: reason === "timeout" ? "unavailable" : reason,
        detail,
        ...(code === undefined ? {} : { code })
      })

  const run = <A>(key: string, operation: StoreError["operation"], effect: Effect.Effect<A, Trouble>) =>
    Effect.mapError(within(effect, limit), errorOf(key, operation))

  const unreadable = (key: string, what: string) =>
    errorOf(key, "read")({ reason: "unreadable", detail: `${what} is not in the form of this store` })

  const holdOf = (id: string, holder: string): Hold => {
    const change = (operation: StoreError["operation"], effect: Effect.Effect<boolean, Trouble>) =>
      Effect.flatMap(run(id, operation, effect), (isHeld) =>
        isHeld
          ? Effect.void
          : Effect.fail(
            errorOf(id, operation)({ reason: "fenced", detail: "the lease of this process has ended" })
          ))
    return {
      isExclusive: true,
      prepare: (of, bytes) =>
        Effect.suspend(() =>
          Record.isRoom(bytes)
            ? change("prepare", database.prepare(id, holder, Record.encodeMark(of, "sent"), bytes))
            : Effect.fail(
              errorOf(id, "prepare")({ reason: "unavailable", detail: `it has no room for ${bytes} bytes` })
            )
        ),
      commit: (text) => Effect.suspend(() => change("commit", database.commit(id, holder, Record.encode(text)))),
      settle: (of: string, state: State | undefined) =>
        Effect.suspend(() =>
          change(
            "commit",
            database.settle(id, holder, state === undefined ? undefined : Record.encodeMark(of, state))
          )
        ),
      remove: change("remove", Effect.suspend(() => database.remove(id, holder)))
    }
  }

  /** It ends when the lease is lost. A failed try is followed by another: the lease outlasts two. */
  const prolonging = (id: string, holder: string): Effect.Effect<void> =>
    Effect.gen(function*() {
      let isHeld = true
      while (isHeld) {
        yield* Effect.sleep(third)
        isHeld = yield* Effect.orElseSucceed(within(database.prolong(id, holder), third), () => true)
      }
    })

  const readById = Effect.fnUntraced(function*(id: string) {
    const stored = yield* run(id, "read", database.text(id))
    if (stored === undefined || stored === null) return undefined
    return Record.decode(stored) ?? (yield* unreadable(id, "the text"))
  })

  const exclusivelyById = <A, E, R>(
    id: string,
    use: (hold: Hold) => Effect.Effect<A, E, R>,
    waiting: Waiting<A, E, R>
  ): Effect.Effect<A, E | StoreError | StoreBusy, R> =>
    Effect.suspend(() => {
      const holder = crypto.randomUUID()
      const release = Effect.ignore(within(database.release(id, holder), limit))
      return Waits.withLock(
        {
          attempt: run(id, "lock", database.acquire(id, holder)),
          release,
          // it must not hold up the interruption of a caller
          abandon: Effect.asVoid(Effect.forkDetach(release)),
          pause
        },
        Effect.acquireUseRelease(
          Effect.forkChild(prolonging(id, holder)),
          () => use(holdOf(id, holder)),
          Fiber.interrupt
        ),
        waiting,
        { store, key: Effect.succeed(id) }
      )
    })

  return {
    name: store,
    lock: "lease of 3 seconds",
    read: (key) => Effect.flatMap(CacheFile.hash(key), readById),
    marks: Effect.fnUntraced(function*(key): Effect.fn.Return<ReadonlyArray<Mark>, StoreError> {
      const id = yield* CacheFile.hash(key)
      const stored = yield* run(id, "read", database.mark(id))
      if (stored === undefined || stored === null) return []
      return [Record.decodeMark(stored) ?? (yield* unreadable(id, "what is remembered of the refresh token"))]
    }),
    exclusively: (key, use, waiting) => Effect.flatMap(CacheFile.hash(key), (id) => exclusivelyById(id, use, waiting)),
    entries: within(database.ids, listLimit).pipe(
      Effect.mapError(errorOf(undefined, "read")),
      Effect.flatMap((ids) => StoreEntry.list(ids, readById, exclusivelyById))
    )
  }
}
