/**
 * A store in a folder of its own, whose files can be watched.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import type * as AccessToken from "@sso-oidc/core/AccessToken"
import * as Lock from "@sso-oidc/session/Lock"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import { type Watch, watched } from "@sso-oidc/test-kit/files"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import { createHash } from "node:crypto"
import { readdirSync } from "node:fs"

export const provide = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(Effect.scoped, Effect.provide(NodeServices.layer))

/** The key of the tests, and its file. */
export const key = "corp"
export const file = `${createHash("sha1").update(key).digest("hex")}.json`

/** A lock that is always free: that of a holder which was killed. */
export const free: Layer.Layer<Lock.Lock> = Layer.succeed(Lock.Lock, {
  name: "free lock",
  open: () => Effect.succeed({ attempt: Effect.succeed(true), isHeld: Effect.succeed(true) })
})

/** A lock that cannot be had. */
export const none: Layer.Layer<Lock.Lock> = Layer.succeed(Lock.Lock, {
  name: "test lock",
  open: () => Effect.fail(new Lock.LockUnavailable({ lock: "test lock", code: "EROFS", detail: "it is a test" }))
})

/** A store of its own in a folder. */
export const storeIn = (directory: string, lock: Layer.Layer<Lock.Lock> = Lock.layerInProcess, watch: Watch = {}) =>
  Layer.build(TokenStore.layerAwsCache({ directory }).pipe(Layer.provide(lock))).pipe(
    Effect.map((context) => Context.get(context, TokenStore.TokenStore)),
    watched(watch)
  )

/** Runs `use` with the lock of the key. */
export const hold = <A, E, R>(
  store: TokenStore.Service,
  use: (hold: TokenStore.Hold) => Effect.Effect<A, E, R>,
  wait: Duration.Input = "20 seconds"
): Effect.Effect<A, E | AccessToken.StoreError | AccessToken.StoreBusy, R> =>
  store.exclusively(key, use, { wait: Duration.fromInputUnsafe(wait) })

export const secret = (text: string) => Redacted.make(text)

export const read = (store: TokenStore.Service) =>
  Effect.map(store.read(key), (text) => text === undefined ? undefined : Redacted.value(text))

/** The marks as plain values. */
export const marks = (store: TokenStore.Service) =>
  Effect.map(
    store.marks(key),
    (all) =>
      all.map(({ of, response, state }) =>
        response === undefined ? { of, state } : { of, state, response: Redacted.value(response) }
      ).toSorted((one, other) => one.of.localeCompare(other.of))
  )

/** The files of a folder, with `FILE` for the key's file, and `ID` for each id. */
export const named = (text: string): string => text.replace(file, "FILE").replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, "ID")

export const listed = (directory: string): ReadonlyArray<string> => readdirSync(directory).map(named).toSorted()

/** One turn of Node's loop, in which files are read. */
const turn = Effect.promise(() => new Promise<void>((done) => setImmediate(done)))

/** Moves the test's clock until the effect has ended. Its files are real, and take real turns. */
export const ended = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    while (fiber.pollUnsafe() === undefined) {
      yield* turn
      yield* TestClock.adjust(20)
    }
    return yield* Fiber.join(fiber)
  })
