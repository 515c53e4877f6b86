/**
 * A store that may be a user's own, held to its contract: it fails with errors of the contract alone, and none of them shows what is stored.
 */
import { StoreBusy, StoreError } from "@sso-oidc/core/AccessToken"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Entry, Hold, Mark, Service, Waiting } from "../TokenStore.ts"

// -----------------------------------------------------------------------------
// values
// -----------------------------------------------------------------------------

const states: ReadonlySet<unknown> = new Set(["sent", "ended", "lost"])

const isMark = (mark: unknown): mark is Mark =>
  typeof mark === "object" && mark !== null && "of" in mark && typeof mark.of === "string" && "state" in mark &&
  states.has(mark.state) &&
  (!("response" in mark) || mark.response === undefined || isSecret(mark.response))

const isSecret = (text: unknown): text is Redacted.Redacted<string> =>
  Redacted.isRedacted(text) && typeof Redacted.value(text) === "string"

const isEntry = (entry: unknown): entry is Entry =>
  typeof entry === "object" && entry !== null && "id" in entry && isHash(entry.id) && "remove" in entry &&
  typeof entry.remove === "function" && "text" in entry && (entry.text === undefined || isSecret(entry.text))

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

// So many characters of a secret in a row count as a leak.
const run = 8

/** All texts in a JSON value, at any depth. */
const textsIn = (value: unknown): ReadonlyArray<string> =>
  typeof value === "string"
    ? [value]
    : typeof value === "object" && value !== null
    ? Object.values(value).flatMap(textsIn)
    : []

/** Whether a text shows eight characters of a secret, in any of its forms. */
const shows = (text: string, secrets: ReadonlyArray<string>): boolean => {
  const plain = text.replaceAll("-", "+").replaceAll("_", "/")
  return secrets.some((secret) => {
    const { base64, hex, written } = Wire.formsOf(secret)
    const has = (where: string, form: string): boolean => {
      if (form.length < run) return form !== "" && where === form
      for (let at = 0; at + run <= where.length; at++) {
        if (form.includes(where.slice(at, at + run))) return true
      }
      return false
    }
    return written.some((form) => has(text, form)) || base64.some((form) => has(plain, form)) ||
      has(text.toLowerCase(), hex)
  })
}

/** The members of a token that are no secrets. Those of other tools may be. */
const open: ReadonlySet<string> = new Set([
  "startUrl",
  "region",
  "clientId",
  "expiresAt",
  "registrationExpiresAt",
  "receivedAt"
])

/** The secrets of a stored text, or the text itself if it is no JSON. */
const secretsOf = (text: string): ReadonlyArray<string> => {
  const members = Wire.jsonObject(text)
  if (members === undefined) return [text]
  return textsIn(Object.entries(members).flatMap(([name, value]) => open.has(name) ? [] : [value]))
}

const isHash = (key: unknown): key is string => typeof key === "string" && /^[0-9a-f]{1,128}$/i.test(key)

const longest = 300

const unsaid = "the store said something that is not shown"

const unexpected = "the store failed with an error that its contract does not have"

// -----------------------------------------------------------------------------
// stores
// -----------------------------------------------------------------------------

/** The store, whose members fail with errors of their contract where they throw, or give what the contract does not allow. */
export const guarded = (store: Service): Service => {
  const name = typeof store.name === "string" ? Wire.printable(store.name) : "own"
  // What the store was last seen to have. A text of its errors that shows some of it is left out.
  let stored: ReadonlyArray<string> = []
  let given: ReadonlyArray<string> = []
  let listed: ReadonlyArray<string> = []

  const broken = (operation: StoreError["operation"], detail: string) =>
    new StoreError({ store: name, operation, reason: "unavailable", detail })

  const isClean = (text: string): boolean => ![stored, given, listed].some((secrets) => shows(text, secrets))

  /** Words of the store for a person, if they show no secret. */
  const wordsOf = (words: unknown): string => {
    const line = typeof words === "string" ? Wire.oneLine(words).slice(0, longest) : ""
    return line !== "" && isClean(line) ? line : ""
  }

  /** The error, made anew: what a user's own store fails with may have more members, such as the cause. */
  const again = (operation: StoreError["operation"]) => (error: unknown): StoreError => {
    if (!(error instanceof StoreError)) return broken(operation, unexpected)
    const { code, detail, key, reason, store } = error
    const words = wordsOf(detail)
    return new StoreError({
      store: typeof store === "string" && isClean(store) ? Wire.printable(store) : name,
      ...(isHash(key) ? { key } : {}),
      operation: error.operation,
      reason,
      detail: words === "" ? unsaid : words,
      ...(typeof code === "string" && isClean(code) ? { code: Wire.printable(code) } : {})
    })
  }

  const lockErrorOf = (key: string) => (error: unknown): Effect.Effect<StoreError | StoreBusy> =>
    error instanceof StoreBusy
      ? Effect.map(
        isHash(error.key) ? Effect.succeed(error.key) : CacheFile.hash(key),
        (key) => new StoreBusy({ store: name, key, seconds: Number.isFinite(error.seconds) ? error.seconds : 0 })
      )
      : Effect.succeed(again("lock")(error))

  // The defect may hold anything, so it is not kept.
  const noDefect = (operation: StoreError["operation"]) => () => Effect.fail(broken(operation, unexpected))

  /** An effect of the store. Effect would end the fiber of the caller for what is no effect. */
  const effectOf = <A, E, R>(effect: () => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      const made = effect()
      return Effect.isEffect(made) ? made : Effect.die(undefined)
    })

  const safe = <A, E>(
    operation: StoreError["operation"],
    effect: () => Effect.Effect<A, E>
  ): Effect.Effect<A, StoreError> =>
    effectOf(effect).pipe(Effect.mapError(again(operation)), Effect.catchDefect(noDefect(operation)))

  const safely = (hold: Hold): Hold => ({
    isExclusive: hold.isExclusive,
    prepare: (of, bytes) => safe("prepare", () => hold.prepare(of, bytes)),
    commit: (text) => {
      given = secretsOf(Redacted.value(text))
      return safe("commit", () => hold.commit(text))
    },
    settle: (of, state) => safe("commit", () => hold.settle(of, state)),
    remove: safe("remove", () => hold.remove)
  })

  const exclusively = <A, E, R>(
    key: string,
    use: (hold: Hold) => Effect.Effect<A, E, R>,
    { meanwhile, wait }: Waiting<A, E, R>
  ): Effect.Effect<A, E | StoreError | StoreBusy, R> =>
    Effect.suspend(() => {
      // What came of it. The store has no part in it, so that its errors and those of `use` are not taken for each other.
      let outcome: Exit.Exit<A, E | StoreError> | undefined
      let isUsed = false
      const used = (hold: Hold): Effect.Effect<void, never, R> =>
        Effect.suspend(() => {
          if (isUsed) return Effect.void
          isUsed = true
          const whole: unknown = hold
          const effect: Effect.Effect<A, E | StoreError, R> = typeof whole === "object" && whole !== null
            ? use(safely(hold))
            : Effect.fail(broken("lock", "the store gave its holder nothing"))
          return Effect.map(Effect.exit(effect), (exit) => void (outcome = exit))
        })
      const met = meanwhile && Effect.map(Effect.exit(meanwhile), (exit): Option.Option<void> => {
        if (Exit.isFailure(exit)) outcome = Exit.failCause(exit.cause)
        else if (Option.isSome(exit.value)) outcome = Exit.succeed(exit.value.value)
        else return Option.none()
        return Option.some(undefined)
      })
      return effectOf(() => store.exclusively(key, used, { wait, meanwhile: met })).pipe(
        Effect.mapError(lockErrorOf(key)),
        Effect.catchDefect(() => Effect.fail(Effect.succeed(broken("lock", unexpected)))),
        // What has come of it counts, also if the store fails to give the lock back.
        Effect.matchEffect({
          onSuccess: (): Effect.Effect<A, E | StoreError> =>
            outcome ?? Effect.fail(broken("lock", "the store did not run its holder")),
          onFailure: (error): Effect.Effect<A, E | StoreError | StoreBusy> =>
            outcome ?? Effect.flatMap(error, Effect.fail)
        })
      )
    })

  const entryOf = (entry: Entry): Entry => {
    const { id, text } = entry
    return {
      id,
      text,
      remove: (wait) =>
        effectOf(() => entry.remove(wait)).pipe(
          Effect.matchEffect({
            onSuccess: (isGone: unknown) =>
              typeof isGone === "boolean"
                ? Effect.succeed(isGone)
                : Effect.fail<StoreError | StoreBusy>(
                  broken("remove", "the store did not say whether it removed a text")
                ),
            onFailure: (error: unknown) =>
              Effect.fail<StoreError | StoreBusy>(
                error instanceof StoreBusy
                  ? new StoreBusy({ store: name, key: id, seconds: Number.isFinite(error.seconds) ? error.seconds : 0 })
                  : again("remove")(error)
              )
          }),
          Effect.catchDefect(noDefect("remove"))
        )
    }
  }

  const lock = wordsOf(store.lock)

  return {
    name,
    lock: lock === "" ? undefined : lock,
    warnings: store.warnings && ((key) =>
      Effect.map(
        safe("read", () => store.warnings?.(key) ?? Effect.succeed([])),
        (warnings: unknown) =>
          Array.isArray(warnings)
            ? warnings.map((one: unknown) => wordsOf(one) || "The store warned of something that is not shown.")
            : []
      )),
    entries: store.entries && Effect.flatMap(
      safe("read", () => store.entries ?? Effect.succeed([])),
      (entries: unknown) => {
        if (!Array.isArray(entries) || !entries.every(isEntry)) {
          return Effect.fail(broken("read", "the store listed something that is no entry"))
        }
        listed = entries.flatMap(({ text }) => text === undefined ? [] : secretsOf(Redacted.value(text)))
        return Effect.succeed(entries.map(entryOf))
      }
    ),
    read: (key) =>
      Effect.flatMap(safe("read", () => store.read(key)), (text: unknown) => {
        if (text === undefined || text === null) return Effect.succeed(undefined)
        if (!isSecret(text)) return Effect.fail(broken("read", "the store gave a value that is no Redacted text"))
        stored = secretsOf(Redacted.value(text))
        return Effect.succeed(text)
      }),
    marks: (key) =>
      Effect.map(
        safe("read", () => store.marks(key)),
        (marks: unknown) => Array.isArray(marks) ? marks.filter(isMark) : []
      ),
    exclusively
  }
}
