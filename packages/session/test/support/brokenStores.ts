/**
 * Stores that each break one part of the contract.
 */
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"

type Change = (store: TokenStore.Service) => TokenStore.Service

/** A store in memory after a change. Its builds share one store. */
export const changed = (change: Change): Layer.Layer<TokenStore.TokenStore> => {
  const shared = Effect.runSync(
    Effect.cached(Effect.provide(TokenStore.TokenStore, Layer.fresh(TokenStore.layerMemory)))
  )
  return Layer.effect(TokenStore.TokenStore, Effect.map(shared, change))
}

const onText = (f: (text: string) => string): Change => (store) => ({
  ...store,
  read: (key) =>
    Effect.map(store.read(key), (text) => text === undefined ? undefined : Redacted.make(f(Redacted.value(text))))
})

const onKey = (f: (key: string) => string): Change => (store) => ({
  ...store,
  read: (key) => store.read(f(key)),
  marks: (key) => store.marks(f(key)),
  exclusively: (key, use, waiting) => store.exclusively(f(key), use, waiting)
})

const onHold =
  (f: (hold: TokenStore.Hold, store: TokenStore.Service, key: string) => Partial<TokenStore.Hold>): Change =>
  (
    store
  ) => ({
    ...store,
    exclusively: (key, use, waiting) =>
      store.exclusively(key, (hold) => use({ ...hold, ...f(hold, store, key) }), waiting)
  })

const onEntries =
  (f: (all: ReadonlyArray<TokenStore.Entry>) => ReadonlyArray<TokenStore.Entry>): Change => (store) => ({
    ...store,
    entries: store.entries && Effect.map(store.entries, f)
  })

/** Changes the entry of the last key that was locked. */
const onEntry =
  (f: (entry: TokenStore.Entry, store: TokenStore.Service, key: string) => Partial<TokenStore.Entry>): Change =>
  (store) => {
    let last = ""
    return {
      ...onEntries((all) => all.map((entry) => ({ ...entry, ...f(entry, store, last) })))(store),
      exclusively: (key, use, waiting) => {
        last = key
        return store.exclusively(key, use, waiting)
      }
    }
  }

/** Each store, with a part of the name of a case that has to find it. */
export const stores: Readonly<Record<string, readonly [change: Change, found: string]>> = {
  "cuts a text off": [onText((text) => text.slice(0, 50_000)), "a text of 100 kB"],
  "trims a text": [onText((text) => text.trim()), "a text with line breaks"],
  "drops a NUL": [onText((text) => text.replaceAll("\0", "")), "a text with control characters"],
  "composes characters": [onText((text) => text.normalize("NFC")), "a text of many languages"],
  "takes an empty text for none": [
    (store) => ({
      ...store,
      read: (key) => Effect.map(store.read(key), (text) => text && Redacted.value(text) === "" ? undefined : text)
    }),
    "a text that is empty"
  ],
  "ignores the case of keys": [onKey((key) => key.toLowerCase()), "keys that look alike"],
  "cuts keys off": [onKey((key) => key.slice(0, 255)), "keys that look alike"],
  "has one record for all keys": [onKey(() => "one"), "keys that look alike"],
  "has one lock for all keys": [
    (store) => ({
      ...store,
      exclusively: (key, use, waiting) => {
        return store.exclusively("one", () => store.exclusively(key, use, waiting), waiting)
      }
    }),
    "two keys have two locks"
  ],
  "records nothing at prepare": [onHold(() => ({ prepare: () => Effect.void })), "prepare records"],
  "removes the text at prepare": [
    onHold((hold) => ({ prepare: (of, bytes) => Effect.andThen(hold.remove, hold.prepare(of, bytes)) })),
    "prepare records"
  ],
  "keeps the marks at commit": [
    onHold((hold, store, key) => ({
      commit: (text) =>
        Effect.gen(function*() {
          const marks = yield* store.marks(key)
          yield* hold.commit(text)
          for (const { of, state } of marks) yield* hold.settle(of, state)
        })
    })),
    "commit removes all marks"
  ],
  "takes every state for ended": [
    onHold((hold) => ({ settle: (of, state) => hold.settle(of, state === undefined ? undefined : "ended") })),
    "settle records \"lost\""
  ],
  "does not settle without a state": [
    onHold((hold) => ({ settle: (of, state) => state === undefined ? Effect.void : hold.settle(of, state) })),
    "settle without a state"
  ],
  "keeps the mark at remove": [
    onHold((hold) => ({ remove: Effect.andThen(hold.remove, hold.settle("1f".repeat(20), "ended")) })),
    "remove removes the text and the marks"
  ],
  "fails if there is nothing to remove": [
    onHold((hold, store, key) => ({
      remove: Effect.flatMap(store.read(key), (text) => text === undefined ? Effect.die("nothing there") : hold.remove)
    })),
    "needs none of them"
  ],
  "writes a text in two steps": [
    onHold((hold) => ({
      commit: (text) =>
        Effect.andThen(
          hold.commit(Redacted.make(Redacted.value(text).slice(0, 100))),
          Effect.andThen(Effect.sleep(2), hold.commit(text))
        )
    })),
    "a reader sees one whole text or the other"
  ],
  "has no lock": [
    (store) => ({ ...store, exclusively: (key, use) => use(anyTime(store, key)) }),
    "one holder runs at a time"
  ],
  "says that it has no lock": [onHold(() => ({ isExclusive: false })), "a hold says that it is exclusive"],
  "locks its readers out": [
    (store) => ({
      ...store,
      read: (key) => Effect.orDie(store.exclusively(key, () => store.read(key), { wait: Duration.seconds(9) }))
    }),
    "a reader needs no lock"
  ],
  "keeps the lock after a failure": [
    (store) => ({
      ...store,
      exclusively: (key, use, waiting) =>
        store.exclusively(key, (hold) => Effect.tapCause(use(hold), () => Effect.never), waiting)
    }),
    "the lock is free after a failure"
  ],
  "cannot be interrupted while it waits": [
    (store) => ({
      ...store,
      exclusively: (key, use, waiting) => Effect.uninterruptible(store.exclusively(key, use, waiting))
    }),
    "a waiter that is interrupted"
  ],
  "ignores the limit of a wait": [
    (store) => ({
      ...store,
      exclusively: (key, use, { meanwhile }) => store.exclusively(key, use, { wait: Duration.minutes(1), meanwhile })
    }),
    "a wait ends with StoreBusy"
  ],
  "does not wait": [
    (store) => ({
      ...store,
      exclusively: (key, use, waiting) => store.exclusively(key, use, { ...waiting, wait: Duration.zero })
    }),
    "a waiter gets the lock"
  ],
  "ignores meanwhile": [
    (store) => ({
      ...store,
      exclusively: (key, use, { wait }) => store.exclusively(key, use, { wait })
    }),
    "meanwhile ends a wait"
  ],
  "ends a wait at the first look": [
    (store) => ({
      ...store,
      exclusively: (key, use, waiting) =>
        store.exclusively(key, use, {
          ...waiting,
          meanwhile: waiting.meanwhile && Effect.flatMap(waiting.meanwhile, (found) =>
            Option.isSome(found) ? Effect.succeed(found) : Effect.die("ended"))
        })
    }),
    "meanwhile ends a wait"
  ],
  "lists a text without its key's hash": [
    onEntries((all) => all.map((entry) => ({ ...entry, id: "0f".repeat(20) }))),
    "list each text"
  ],
  "lists half of its texts": [onEntries((all) => all.slice(1)), "list each text"],
  "lists its texts only to the holder of a lock": [
    (store) => ({
      ...store,
      entries: store.entries &&
        Effect.flatMap(
          store.entries,
          (all) =>
            Effect.forEach(all, (entry) => Effect.as(entry.remove(Duration.seconds(9)), entry)).pipe(Effect.orDie)
        )
    }),
    "list each text"
  ],
  "removes an entry, and says that it did not": [
    onEntry((entry) => ({ remove: (wait) => Effect.as(entry.remove(wait), false) })),
    "removes its text and its marks"
  ],
  "removes no entry": [onEntry(() => ({ remove: () => Effect.succeed(true) })), "removes its text and its marks"],
  "removes another text than an entry's": [
    onEntry((_, store, key) => ({
      remove: (wait) => store.exclusively(key, (hold) => Effect.as(hold.remove, true), { wait })
    })),
    "does not remove another text"
  ],
  "removes an entry without the lock": [
    onEntry(({ remove }) => ({
      remove: (wait) => Effect.catchTag(remove(wait), "StoreBusy", () => Effect.succeed(true))
    })),
    "waits for the lock of its key"
  ],
  "changes records after use": [
    (store) => ({
      ...store,
      exclusively: (key, use, waiting) => store.exclusively(key, () => use(anyTime(store, key)), waiting)
    }),
    "a hold that outlives its use"
  ]
}

/** A hold that checks no lock. */
const anyTime = (store: TokenStore.Service, key: string): TokenStore.Hold => {
  const change = <E>(f: (hold: TokenStore.Hold) => Effect.Effect<void, E>) =>
    Effect.catchTag(store.exclusively(key, f, { wait: Duration.seconds(9) }), "StoreBusy", Effect.die)
  return {
    isExclusive: true,
    prepare: (of, bytes) => change((hold) => hold.prepare(of, bytes)),
    commit: (text) => change((hold) => hold.commit(text)),
    settle: (of, state) => change((hold) => hold.settle(of, state)),
    remove: change((hold) => hold.remove)
  }
}
