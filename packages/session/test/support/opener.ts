/**
 * A program that opens a URL as a login does. Its bundle has no `xdg-open` beside it, so it takes that of the `PATH`.
 */
import * as LoginBrowser from "@sso-oidc/session/LoginBrowser"
import * as SystemBrowser from "@sso-oidc/session/node/SystemBrowser"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { existsSync } from "node:fs"

const [way = "", url = "", started = ""] = process.argv.slice(2)

const print = (text: string): Effect.Effect<void> => Effect.sync(() => void process.stdout.write(`${text}\n`))

const open = LoginBrowser.LoginBrowser.use((browser) => browser.open(url)).pipe(
  Effect.matchEffect({
    onFailure: (error) => print(JSON.stringify({ ...error, message: error.message })),
    onSuccess: () => print("opened")
  })
)

/** Waits until the launcher has made its file, and this process has learned that it was started. */
const launched: Effect.Effect<void> = Effect.suspend(() =>
  existsSync(started) ? Effect.sleep(300) : Effect.andThen(Effect.sleep(10), launched)
)

const ways: Readonly<Record<string, Effect.Effect<void, never, LoginBrowser.LoginBrowser>>> = {
  /** Opens, and prints what came of it. */
  open,
  /** Ends while the launcher runs. */
  interrupt: Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(open, { startImmediately: true })
    yield* launched
    yield* Fiber.interrupt(fiber)
    yield* print("interrupted")
  }),
  /** Presses Ctrl-C: the signal goes to the whole process group. */
  ctrlC: Effect.gen(function*() {
    yield* Effect.forkChild(open, { startImmediately: true })
    yield* launched
    yield* print("pressed")
    yield* Effect.sync(() => process.kill(-process.pid, "SIGINT"))
    return yield* Effect.never
  }),
  /** Does not wait for a launcher that runs on. */
  foreground: Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(open, { startImmediately: true })
    yield* TestClock.withLive(launched)
    yield* TestClock.adjust(9999)
    yield* print(fiber.pollUnsafe() === undefined ? "waiting" : "not waiting")
    yield* TestClock.adjust(1)
    yield* Fiber.join(fiber)
  }).pipe(Effect.provide(TestClock.layer())),
  /** Prints the sign of another machine. */
  elsewhere: Effect.flatMap(
    LoginBrowser.LoginBrowser.use((browser) => browser.elsewhere),
    (sign) => print(String(sign))
  )
}

await Effect.runPromise((ways[way] ?? Effect.die(new Error(way))).pipe(Effect.provide(SystemBrowser.layer)))
