/**
 * What a store holds for a session, with distrust: a store may be a user's own.
 */
import { sha256 } from "@noble/hashes/sha2.js"
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js"
import { StoreBusy, StoreError } from "@sso-oidc/core/AccessToken"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as CachedToken from "../CachedToken.ts"
import type { SessionSettings } from "../SessionSettings.ts"
import type { Hold, Mark, Service, Waiting } from "../TokenStore.ts"

/** What stands under the key of a session. `foreign` is the token of another start URL or region. */
export type Look =
  | { readonly _tag: "found"; readonly token: CachedToken.CachedToken }
  | { readonly _tag: "absent" }
  | { readonly _tag: "foreign" }
  | { readonly _tag: "unreadable"; readonly detail: string }

/** Reads the token of a session. Text that cannot be read is no error here: it stays, and a login replaces it. */
export const look = (
  store: Service,
  settings: Pick<SessionSettings, "key" | "startUrl" | "region">
): Effect.Effect<Look, StoreError> =>
  store.read(settings.key).pipe(
    Effect.map((text): Look => {
      if (text === undefined) return { _tag: "absent" }
      const decoded = CachedToken.decode(text)
      if (Result.isFailure(decoded)) return { _tag: "unreadable", detail: decoded.failure.detail }
      return CachedToken.isOf(decoded.success, settings)
        ? { _tag: "found", token: decoded.success }
        : { _tag: "foreign" }
    }),
    Effect.catchIf(
      (error) => error.reason === "unreadable",
      (error) => Effect.succeed<Look>({ _tag: "unreadable", detail: error.detail })
    )
  )

/**
 * The hash by which a store knows a refresh token. The token cannot be found by it. It is synchronous, unlike that of WebCrypto, so that a
 * session goes as far as it can before a `TestClock` moves on.
 */
export const hashOf = (refreshToken: Redacted.Redacted<string>): string =>
  bytesToHex(sha256(utf8ToBytes(`refresh token ${Redacted.value(refreshToken)}`)).subarray(0, 16))

// -----------------------------------------------------------------------------
// stores of users
// -----------------------------------------------------------------------------

const states: ReadonlySet<unknown> = new Set(["sent", "ended", "lost"])

const isMark = (mark: unknown): mark is Mark =>
  typeof mark === "object" && mark !== null && "of" in mark && typeof mark.of === "string" && "state" in mark &&
  states.has(mark.state) &&
  (!("response" in mark) || mark.response === undefined || isSecret(mark.response))

const isSecret = (text: unknown): text is Redacted.Redacted<string> =>
  Redacted.isRedacted(text) && typeof Redacted.value(text) === "string"

const isOfStore = (error: unknown): boolean => error instanceof StoreError || error instanceof StoreBusy

/** The store, whose members fail with a `StoreError` where they throw, or give what the contract does not allow. */
export const guarded = (store: Service): Service => {
  const name = typeof store.name === "string" ? store.name : "own"

  const broken = (operation: StoreError["operation"], detail: string) =>
    new StoreError({ store: name, operation, reason: "unavailable", detail })

  // What the store fails with by mistake, or throws, may hold anything. So nothing of it is kept.
  const unknown = (operation: StoreError["operation"]) => () =>
    Effect.fail(broken(operation, "the store failed with an error that its contract does not have"))

  const safe = <A, E, R>(operation: StoreError["operation"], effect: () => Effect.Effect<A, E, R>) =>
    Effect.suspend(() => {
      const given = effect()
      // Effect would end the fiber of the caller for what is no effect.
      return Effect.isEffect(given) ? given : Effect.die(undefined)
    }).pipe(
      Effect.catchIf((error) => !isOfStore(error), unknown(operation)),
      Effect.catchDefect(unknown(operation))
    )

  const safely = (hold: Hold): Hold => ({
    isExclusive: hold.isExclusive,
    prepare: (of, bytes) => safe("prepare", () => hold.prepare(of, bytes)),
    commit: (text) => safe("commit", () => hold.commit(text)),
    settle: (of, state) => safe("commit", () => hold.settle(of, state)),
    remove: safe("remove", () => hold.remove)
  })

  return {
    name,
    read: (key) =>
      Effect.flatMap(safe("read", () => store.read(key)), (text: unknown) => {
        if (text === undefined || text === null) return Effect.succeed(undefined)
        return isSecret(text)
          ? Effect.succeed(text)
          : Effect.fail(broken("read", "the store gave a value that is no Redacted text"))
      }),
    marks: (key) =>
      Effect.map(
        safe("read", () => store.marks(key)),
        (marks: unknown) => Array.isArray(marks) ? marks.filter(isMark) : []
      ),
    // The ends of `use` and `meanwhile` go through as values, so that a defect of theirs does not count as one of the store.
    exclusively: <A, E, R>(
      key: string,
      use: (hold: Hold) => Effect.Effect<A, E, R>,
      { meanwhile, wait }: Waiting<A, E, R>
    ): Effect.Effect<A, E | StoreError | StoreBusy, R> =>
      safe("lock", () =>
        store.exclusively<Exit.Exit<A, E>, never, R>(key, (hold) => Effect.exit(use(safely(hold))), {
          wait,
          meanwhile: meanwhile && Effect.map(Effect.exit(meanwhile), (exit) =>
            Exit.isFailure(exit) ? Option.some(Exit.failCause(exit.cause)) : Option.map(exit.value, Exit.succeed))
        })).pipe(
          Effect.flatMap((exit): Effect.Effect<A, E | StoreError> =>
            Exit.isExit(exit)
              ? exit
              : Effect.fail(broken("lock", "the store gave another result than that of its holder"))
          )
        )
  }
}
