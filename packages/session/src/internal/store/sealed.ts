/**
 * A store over another store, whose texts are sealed.
 */
import { StoreError } from "@sso-oidc/core/AccessToken"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Sealer from "@sso-oidc/core/Sealer"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Entry, Mark, Service } from "../../TokenStore.ts"

// Two texts of the same length are sealed to texts of nearly the same length, whatever the cipher.
const slack = 64

const bytesOf = (text: string): number => new TextEncoder().encode(text).length

export const make = Effect.fnUntraced(function*(inner: Service): Effect.fn.Return<Service, never, Sealer.Sealer> {
  const sealer = Sealer.guarded(yield* Sealer.Sealer)

  const errorOf =
    (key: string, operation: StoreError["operation"]) =>
    (error: Sealer.Unsealable | Sealer.SealerUnavailable): StoreError =>
      new StoreError({
        store: inner.name,
        key,
        operation,
        reason: error._tag === "Unsealable" ? "unreadable" : "unavailable",
        detail: error.message
      })

  // The name of the package keeps a text from being opened by another package.
  const placeOf = (hash: string): string => `session/${hash}`

  const seal = (hash: string, operation: StoreError["operation"], text: Redacted.Redacted<string>) =>
    Effect.mapError(sealer.seal(placeOf(hash), text), errorOf(hash, operation))

  const open = (hash: string, text: Redacted.Redacted<string>) =>
    Effect.mapError(sealer.unseal(placeOf(hash), Redacted.value(text)), errorOf(hash, "read"))

  const opened = (hash: string) => (mark: Mark): Effect.Effect<Mark, StoreError> =>
    mark.response === undefined
      ? Effect.succeed(mark)
      : open(hash, mark.response).pipe(
        Effect.map((response) => ({ ...mark, response })),
        // What a dead holder left is no reason to fail.
        Effect.catchIf(
          (error) => error.reason === "unreadable",
          () => Effect.succeed({ of: mark.of, state: mark.state })
        )
      )

  /** A text of JSON that is not sealed is another tool's. */
  const openedEntry = (entry: Entry): Effect.Effect<Entry, StoreError> => {
    const { id, text } = entry
    // The entry of a user's store may be an instance of a class.
    const remove = (wait: Duration.Duration) => entry.remove(wait)
    if (text === undefined) return Effect.succeed(entry)
    const isPlain = Wire.jsonObject(Redacted.value(text)) !== undefined
    return open(id, text).pipe(
      Effect.map((text) => ({ id, text, remove })),
      Effect.catchIf(
        (error) => error.reason === "unreadable",
        () => Effect.succeed({ id, text: isPlain ? text : undefined, remove })
      )
    )
  }

  const { entries, warnings } = inner

  return {
    name: `sealed ${inner.name}`,
    lock: inner.lock,
    warnings: warnings && ((key) => warnings.call(inner, key)),
    entries: entries && Effect.flatMap(entries, (all) => Effect.forEach(all, openedEntry, { concurrency: 8 })),
    read: Effect.fnUntraced(function*(key) {
      const text = yield* inner.read(key)
      return text === undefined ? undefined : yield* open(yield* CacheFile.hash(key), text)
    }),
    marks: Effect.fnUntraced(function*(key) {
      const [marks, hash] = [yield* inner.marks(key), yield* CacheFile.hash(key)]
      return yield* Effect.forEach(marks, opened(hash))
    }),
    exclusively: (key, use, waiting) =>
      Effect.flatMap(CacheFile.hash(key), (hash) =>
        inner.exclusively(
          key,
          (hold) =>
            use({
              // one by one, because the holder of a user's store may be an instance of a class
              isExclusive: hold.isExclusive,
              settle: (of, state) => hold.settle(of, state),
              remove: hold.remove,
              // It seals a text of that size, so that a sealer that is out of reach fails here, before a request.
              prepare: (of, bytes) =>
                Effect.flatMap(
                  seal(hash, "prepare", Redacted.make(" ".repeat(bytes))),
                  (text) => hold.prepare(of, bytesOf(text) + slack)
                ),
              commit: (text) =>
                Effect.flatMap(seal(hash, "commit", text), (text) =>
                  hold.commit(Redacted.make(text, { label: "sealed" })))
            }),
          waiting
        ))
  }
})
