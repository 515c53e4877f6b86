import { assert, describe, it } from "@effect/vitest"
import type { CodeReady, DeviceGrantEvent, Waiting } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import * as Display from "../src/Display.ts"
import * as FakeScreen from "./support/screen.ts"

const at = (seconds: number) => DateTime.makeUnsafe(seconds * 1000)

const registration = {
  clientId: "c",
  clientSecret: Redacted.make("client-secret-1"),
  expiresAt: at(7_776_000),
  scopes: [],
  region: "eu-west-1",
  endpoint: "https://oidc.eu-west-1.amazonaws.com"
}

const codeReady: CodeReady = {
  _tag: "CodeReady",
  userCode: "BRCJ-PDVT",
  verificationUri: "https://device.sso.eu-west-1.amazonaws.com/",
  verificationUriComplete: "https://device.sso.eu-west-1.amazonaws.com/?user_code=BRCJ-PDVT",
  expiresAt: at(600),
  nextPollAt: at(5)
}

const waiting = (reason: Waiting["reason"], nextPollAt: number, wait = 5): Waiting => ({
  _tag: "Waiting",
  reason,
  wait: Duration.seconds(wait),
  nextPollAt: at(nextPollAt),
  ...(reason === "trouble" ? { trouble: { error: "TransportError", message: "Nothing came (ECONNRESET)." } } : {})
})

const approved: DeviceGrantEvent = {
  _tag: "Approved",
  token: {
    accessToken: Redacted.make("access-token-1", { label: "accessToken" }),
    tokenType: "Bearer",
    expiresAt: at(3600),
    registration
  }
}

/** A display on a terminal in memory, until the scope closes. */
const open = (columns = 100, rows = 40, colours = true) =>
  Effect.gen(function*() {
    const fake = FakeScreen.make({ columns, rows }, colours)
    const display = yield* Display.live(fake.terminal)
    const last = () => fake.screen.text.split("\n").at(-1)
    return { ...fake, display, last }
  })

const code = [
  "open       https://device.sso.eu-west-1.amazonaws.com/?user_code=BRCJ-PDVT",
  "or         https://device.sso.eu-west-1.amazonaws.com/ and enter the code",
  "code       BRCJ-PDVT",
  "           Go on only if the page shows this very code."
]

describe("a terminal", () => {
  it.effect("the QR code comes first, then the code and both URLs, then a line that counts down in its place", () =>
    Effect.gen(function*() {
      const { display, last, screen } = yield* open()
      yield* display.event(codeReady)
      const lines = screen.text.split("\n")
      assert.deepStrictEqual(lines.slice(-5, -1), code)
      assert.isAbove(
        lines.findIndex((line) => line.includes("code   ")),
        lines.findLastIndex((line) => line.includes("█"))
      )
      assert.strictEqual(last(), "waiting    10:00 left; nobody has approved yet; next poll in 5 s")
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(last(), "waiting    9:58 left; nobody has approved yet; next poll in 3 s")
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(last(), "waiting    9:55 left; nobody has approved yet; asking now")
      yield* display.event(waiting("pending", 10))
      assert.strictEqual(last(), "waiting    9:55 left; nobody has approved yet; next poll in 5 s")
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(last(), "waiting    0:00 left; nobody has approved yet; asking now")
      assert.strictEqual(screen.rows.length, lines.length)
    }).pipe(Effect.scoped))

  it.effect("slow_down and trouble are lines of their own, and the changing line stays last", () =>
    Effect.gen(function*() {
      const { display, screen } = yield* open()
      yield* display.event(codeReady)
      yield* TestClock.adjust("5 seconds")
      yield* display.event(waiting("slowedDown", 15, 10))
      yield* TestClock.adjust("10 seconds")
      yield* display.event(waiting("trouble", 35, 20))
      yield* display.print("person     pressed Allow")
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(screen.text.split("\n").slice(-4), [
        "waiting    the service asks to slow down; next poll in 10 s",
        "waiting    no answer; next poll in 20 s (Nothing came (ECONNRESET).)",
        "person     pressed Allow",
        "waiting    9:44 left; no answer; next poll in 19 s"
      ])
    }).pipe(Effect.scoped))

  it.effect("the changing line is gone when the login is approved, and no secret is shown", () =>
    Effect.gen(function*() {
      const { display, screen, writes } = yield* open()
      yield* display.event({ _tag: "Registered", registration })
      yield* display.event(codeReady)
      yield* display.event(approved)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(screen.text.split("\n").slice(-3), [
        "approved   Bearer token <redacted:accessToken>, good until 1970-01-01T01:00:00Z",
        "           no refresh token",
        ""
      ])
      for (const secret of ["access-token-1", "client-secret-1"]) assert.notInclude(writes.join(""), secret)
    }).pipe(Effect.scoped))

  it.effect("when it is left in the middle the changing line is gone, and nothing is written or heard any more", () =>
    Effect.gen(function*() {
      const fake = FakeScreen.make({ columns: 100, rows: 40 })
      const fiber = yield* Effect.gen(function*() {
        const display = yield* Display.live(fake.terminal)
        yield* display.event(codeReady)
        return yield* Effect.never
      }).pipe(Effect.scoped, Effect.forkChild)
      yield* TestClock.adjust("3 seconds")
      assert.include(fake.screen.text, "9:57 left")
      // what Ctrl-C leaves
      fake.screen.write("^C")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(fake.screen.text.split("\n").slice(-2), [code[3], ""])
      assert.strictEqual(fake.screen.column, 0)
      const { length } = fake.writes
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(fake.writes.length, length)
      assert.strictEqual(fake.listeners.size, 0)
    }))

  it.effect.each([1, 2, 5])(
    "%d times Enter tears nothing: the changing line goes back to its place",
    (times) =>
      Effect.gen(function*() {
        const { display, echo, enter, screen, tell } = yield* open()
        yield* display.event(codeReady)
        const before = screen.text
        enter(times)
        assert.strictEqual(screen.text, before)
        // a second that ends between the key and its news
        echo(times)
        yield* TestClock.adjust("1 second")
        tell(times)
        assert.strictEqual(screen.text, before.replace("10:00", "9:59").replace("5 s", "4 s"))
      }).pipe(Effect.scoped)
  )

  it.effect("enter waits for the next Enter, not for one that came before", () =>
    Effect.gen(function*() {
      const { display, enter } = yield* open()
      enter()
      const fiber = yield* Effect.forkChild(display.enter)
      yield* TestClock.adjust("1 second")
      assert.isUndefined(fiber.pollUnsafe())
      enter()
      yield* Fiber.join(fiber)
    }).pipe(Effect.scoped))

  it.effect.each(
    [
      ["too narrow", 36, 60, true],
      ["too low", 100, 23, true],
      ["without colours", 100, 60, false]
    ] as const
  )("a terminal that is %s has no QR code, and all the rest", ([, columns, rows, colours]) =>
    Effect.gen(function*() {
      const { display, screen, writes } = yield* open(columns, rows, colours)
      yield* display.event(codeReady)
      assert.notMatch(screen.text, /[▀▄█]/)
      assert.strictEqual(FakeScreen.withoutColours(writes.join("")), writes.join(""))
      assert.deepStrictEqual(screen.text.split("\n").slice(-5, -1), code)
    }).pipe(Effect.scoped))

  it.effect.each([[37, 24], [80, 24]] as const)(
    "one of %d columns and %d rows has it",
    ([columns, rows]) =>
      Effect.gen(function*() {
        const { display, screen } = yield* open(columns, rows)
        yield* display.event(codeReady)
        assert.match(screen.text, /[▀▄█]/)
        // and the code is on the screen together with it
        assert.isAtMost(screen.rows.length, rows)
      }).pipe(Effect.scoped)
  )

  it.effect("without a URL that holds the code there is no QR code", () =>
    Effect.gen(function*() {
      const { verificationUriComplete: _, ...bare } = codeReady
      const { display, screen } = yield* open()
      yield* display.event(bare)
      assert.deepStrictEqual(screen.text.split("\n").slice(0, -1), [
        "",
        `open       ${bare.verificationUri}`,
        code[2],
        code[3]
      ])
    }).pipe(Effect.scoped))

  it.effect.each([1, 10, 20, 30, 64])(
    "the changing line never fills the row of a terminal of %d columns",
    (columns) =>
      Effect.gen(function*() {
        const { display, last, size } = yield* open(200, 40)
        yield* display.event(codeReady)
        size.columns = columns
        yield* TestClock.adjust("1 second")
        assert.strictEqual(
          last(),
          "waiting    9:59 left; nobody has approved yet; next poll in 4 s".slice(0, columns - 1).trimEnd()
        )
      }).pipe(Effect.scoped)
  )

  it.effect("what is printed before there is a code moves no cursor", () =>
    Effect.gen(function*() {
      const { display, enter, writes } = yield* open()
      yield* display.print("a")
      enter()
      yield* TestClock.adjust("5 seconds")
      yield* display.event({ _tag: "Registered", registration })
      assert.notInclude(writes.join(""), FakeScreen.escape)
      assert.notInclude(writes.join(""), "\r")
      assert.strictEqual(writes.join("").split("\n").length, 3)
    }).pipe(Effect.scoped))
})
