/**
 * A text that a store lists.
 */
import type { StoreBusy, StoreError } from "@sso-oidc/core/AccessToken"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Entry, Hold } from "../../TokenStore.ts"

/** What is stored now: a text, nothing, or what cannot be read. */
type Now = Redacted.Redacted<string> | "absent" | "unreadable"

export const nowOf = (
  read: Effect.Effect<Redacted.Redacted<string> | undefined, StoreError>
): Effect.Effect<Now, StoreError> =>
  read.pipe(
    Effect.map((text): Now => text ?? "absent"),
    Effect.catchIf((error) => error.reason === "unreadable", () => Effect.succeed<Now>("unreadable"))
  )

const isStill = (now: Now, text: Redacted.Redacted<string> | undefined): boolean =>
  typeof now === "string"
    ? now === "unreadable" && text === undefined
    : text !== undefined && Redacted.value(now) === Redacted.value(text)

/** Removes a text, unless another one is stored by now. */
export const removeIf = (
  read: Effect.Effect<Redacted.Redacted<string> | undefined, StoreError>,
  text: Redacted.Redacted<string> | undefined,
  remove: Effect.Effect<void, StoreError>
): Effect.Effect<boolean, StoreError> =>
  Effect.flatMap(
    nowOf(read),
    (now) => now === "absent" || isStill(now, text) ? Effect.as(remove, true) : Effect.succeed(false)
  )

/** The entry of a record. */
export const make = (
  { exclusively, id, read, text }: {
    readonly id: string
    readonly text: Redacted.Redacted<string> | undefined
    readonly read: Effect.Effect<Redacted.Redacted<string> | undefined, StoreError>
    readonly exclusively: (
      use: (hold: Hold) => Effect.Effect<boolean, StoreError>,
      waiting: { readonly wait: Duration.Duration }
    ) => Effect.Effect<boolean, StoreError | StoreBusy>
  }
): Entry => ({
  id,
  text,
  remove: (wait) => exclusively((hold) => removeIf(read, text, hold.remove), { wait })
})

/** The entries of the records with these ids. A record that is gone meanwhile is none. */
export const list = (
  ids: ReadonlyArray<string>,
  read: (id: string) => Effect.Effect<Redacted.Redacted<string> | undefined, StoreError>,
  exclusively: (
    id: string,
    use: (hold: Hold) => Effect.Effect<boolean, StoreError>,
    waiting: { readonly wait: Duration.Duration }
  ) => Effect.Effect<boolean, StoreError | StoreBusy>
): Effect.Effect<ReadonlyArray<Entry>, StoreError> =>
  Effect.forEach([...new Set(ids)], (id) =>
    Effect.map(nowOf(read(id)), (now) =>
      now === "absent" ? [] : [make({
        id,
        text: now === "unreadable" ? undefined : now,
        read: read(id),
        exclusively: (use, waiting) => exclusively(id, use, waiting)
      })]), { concurrency: 8 }).pipe(Effect.map((found) => found.flat()))
