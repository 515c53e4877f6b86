import { assert, describe, it } from "@effect/vitest"
import type { CodeReady, DeviceGrantEvent, Waiting } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as EmulatorAccount from "@sso-oidc/emulator/Account"
import type * as Layout from "@sso-oidc/terminal/Layout"
import * as FakeScreen from "@sso-oidc/test-kit/screen"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import * as Display from "../src/Display.ts"
import * as Screen from "../src/Screen.ts"

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

const waiting = (reason: Waiting["reason"], nextPollAt: number, wait = 5): Waiting => {
  const next = { wait: Duration.seconds(wait), nextPollAt: at(nextPollAt) }
  return {
    _tag: "Waiting",
    reason,
    ...next,
    pending: {
      version: 1,
      registration,
      deviceCode: Redacted.make("device-code-1"),
      userCode: codeReady.userCode,
      verificationUri: codeReady.verificationUri,
      expiresAt: codeReady.expiresAt,
      interval: Duration.seconds(wait),
      failures: 0,
      responseLost: false,
      ...next
    },
    ...(reason === "trouble" ? { trouble: { error: "TransportError", message: "Nothing came (ECONNRESET)." } } : {})
  }
}

const approved: DeviceGrantEvent = {
  _tag: "Approved",
  token: {
    accessToken: Redacted.make("access-token-1", { label: "accessToken" }),
    tokenType: "Bearer",
    expiresAt: at(3600),
    registration
  }
}

/** Opens a display on a terminal in memory, until the scope closes. */
const open = (
  columns = 100,
  rows = 40,
  able: { readonly colours?: boolean; readonly utf8?: boolean } = {},
  later: ReadonlyArray<Layout.Line> = []
) =>
  Effect.gen(function*() {
    const fake = FakeScreen.make({ columns, rows }, able)
    const display = yield* Display.live(fake.terminal, later)
    const last = () => fake.screen.text.split("\n").at(-1)
    return { ...fake, display, last }
  })

const code = [
  "open       https://device.sso.eu-west-1.amazonaws.com/?user_code=BRCJ-PDVT",
  "           and go on only if the page shows the code below",
  "or         https://device.sso.eu-west-1.amazonaws.com/ and enter the code",
  "code       BRCJ-PDVT"
]
const spaced = ["", ...code.slice(0, 3), "", ...code.slice(3), ""]

const emulator = Screen.emulator("http://127.0.0.1:39603")

describe("the display in a terminal", () => {
  it.effect("shows the QR code, then both URLs and the code, then a line that counts down in its place", () =>
    Effect.gen(function*() {
      const { display, last, screen } = yield* open()
      yield* display.event(codeReady)
      const lines = screen.text.split("\n")
      assert.deepStrictEqual(lines.slice(-5, -1), code)
      assert.isAbove(
        lines.findIndex((line) => line.includes("code   ")),
        lines.findLastIndex((line) => line.includes("█"))
      )
      assert.strictEqual(last(), "waiting    10:00 left; not approved yet; next poll in 5 s")
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual(last(), "waiting    9:58 left; not approved yet; next poll in 3 s")
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(last(), "waiting    9:55 left; not approved yet; polling now")
      yield* display.event(waiting("pending", 10))
      assert.strictEqual(last(), "waiting    9:55 left; not approved yet; next poll in 5 s")
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(last(), "waiting    0:00 left; not approved yet; polling now")
      assert.strictEqual(screen.rows.length, lines.length)
    }).pipe(Effect.scoped))

  it.effect("slow_down and failures get their own lines, and the changing line stays last", () =>
    Effect.gen(function*() {
      const { display, screen } = yield* open()
      yield* display.event(codeReady)
      yield* TestClock.adjust("5 seconds")
      yield* display.event(waiting("slowedDown", 15, 10))
      yield* TestClock.adjust("10 seconds")
      yield* display.event(waiting("trouble", 35, 20))
      yield* display.print(Screen.pressed)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(screen.text.split("\n").slice(-4), [
        "waiting    the service asks to slow down; next poll in 10 s",
        "waiting    no response; next poll in 20 s (Nothing came (ECONNRESET).)",
        "person     pressed Allow",
        "waiting    9:44 left; no response; next poll in 19 s"
      ])
    }).pipe(Effect.scoped))

  it.effect("approval removes the changing line, and no secret is shown", () =>
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

  it.effect("an interruption removes the changing line and the listeners, and nothing more is written", () =>
    Effect.gen(function*() {
      const fake = FakeScreen.make({ columns: 100, rows: 40 })
      const fiber = yield* Effect.gen(function*() {
        const display = yield* Display.live(fake.terminal)
        yield* display.event(codeReady)
        return yield* Effect.never
      }).pipe(Effect.scoped, Effect.forkChild)
      yield* TestClock.adjust("3 seconds")
      assert.include(fake.screen.text, "9:57 left")
      // a terminal prints this at Ctrl-C
      fake.screen.write("^C")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(fake.screen.text.split("\n").slice(-2), [code[3], ""])
      assert.strictEqual(fake.screen.column, 0)
      const { length } = fake.writes
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(fake.writes.length, length)
      assert.strictEqual(fake.listening, 0)
    }))

  it.effect.each([1, 2, 5])(
    "after Enter is pressed %d times the changing line goes back to its place",
    (times) =>
      Effect.gen(function*() {
        const { display, echo, enter, screen, tell } = yield* open()
        yield* display.event(codeReady)
        const before = screen.text
        enter(times)
        assert.strictEqual(screen.text, before)
        // a second passes between the key and its event
        echo(times)
        yield* TestClock.adjust("1 second")
        tell(times)
        assert.strictEqual(screen.text, before.replace("10:00", "9:59").replace("5 s", "4 s"))
      }).pipe(Effect.scoped)
  )

  it.effect("enter waits for the next Enter, and ignores an earlier Enter", () =>
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
      ["too narrow", 36, 60, {}],
      ["too low", 100, 23, {}],
      ["without colours", 100, 60, { colours: false }],
      ["not for UTF-8", 100, 60, { utf8: false }]
    ] as const
  )("a terminal that is %s gets no QR code, but all other lines", ([, columns, rows, able]) =>
    Effect.gen(function*() {
      const { display, screen, writes } = yield* open(columns, rows, able)
      yield* display.event(codeReady)
      assert.notMatch(screen.text, /[▀▄█]/)
      assert.notInclude(writes.join(""), "107m")
      const words = (rows: ReadonlyArray<string>) => rows.join(" ").split(/\s+/)
      assert.deepStrictEqual(
        words(screen.text.split("\n")).slice(0, words(spaced).length - 1),
        words(spaced).slice(0, -1)
      )
    }).pipe(Effect.scoped))

  it.effect.each([[80, 24], [75, 26], [37, 40]] as const)(
    "a terminal of %d columns and %d rows shows the QR code together with the whole login",
    ([columns, rows]) =>
      Effect.gen(function*() {
        const { display, screen } = yield* open(columns, rows)
        yield* display.event({ _tag: "Registered", registration })
        yield* display.event(codeReady)
        // the first row of a QR code is empty
        assert.match(screen.visible[0] ?? "", /^$|^registered/)
        assert.strictEqual(screen.visible.filter((row) => /[▀▄█]/.test(row)).length, 17)
        assert.match(screen.visible.at(-1) ?? "", /in 5 s$/)
      }).pipe(Effect.scoped)
  )

  it.effect.each(
    [[80, 24, false], [80, 34, false], [80, 35, true], [100, 40, true], [40, 40, false], [40, 60, true]] as const
  )(
    "with the emulator, %d columns and %d rows show all lines; a QR code among them: %s",
    ([columns, rows, drawn]) =>
      Effect.gen(function*() {
        const { display, screen } = yield* open(columns, rows, {}, Screen.expected)
        yield* display.print(emulator)
        yield* display.event({ _tag: "Registered", registration })
        yield* display.event(codeReady)
        yield* display.print(Screen.prompt)
        if (rows > 24) yield* display.print(Screen.pressed)
        if (rows > 24) yield* display.event(approved)
        if (rows > 24) yield* display.print(...Screen.accounts(EmulatorAccount.defaults, 0))
        if (rows > 24) yield* display.print(...Screen.next("emulator"))
        assert.match(screen.visible[0] ?? "", /^emulator +http:/)
        assert.strictEqual(/[▀▄█]/.test(screen.text), drawn)
      }).pipe(Effect.scoped)
  )

  it.effect("without a complete URL there is no QR code, and the person enters the code (D11)", () =>
    Effect.gen(function*() {
      const { verificationUriComplete: _, ...bare } = codeReady
      const { display, screen } = yield* open()
      yield* display.event(bare)
      assert.deepStrictEqual(screen.text.split("\n").slice(0, -1), [
        "",
        `open       ${bare.verificationUri} and enter the code`,
        "",
        "code       BRCJ-PDVT",
        ""
      ])
    }).pipe(Effect.scoped))

  it.effect.each([1, 2, 10, 20, 30, 40, 64, 200])(
    "the changing line fills no row of a terminal of %d columns, and loses no word from 20 columns on",
    (columns) =>
      Effect.gen(function*() {
        const { display, screen } = yield* open(columns, 60)
        yield* display.event({ ...codeReady, userCode: "B", verificationUri: "h", verificationUriComplete: "h" })
        const above = screen.text.slice(0, screen.text.lastIndexOf("waiting".slice(0, columns - 1)))
        for (const left of ["9:59", "9:58", "9:57"]) {
          yield* TestClock.adjust("1 second")
          const rows = screen.text.slice(above.length).split("\n")
          for (const row of rows) assert.isBelow(row.length, columns)
          const words = rows.join(" ").replace(/\s+/g, " ").trim()
          if (columns >= 20) {
            const poll = 5 - (600 - (9 * 60 + Number(left.slice(2))))
            assert.strictEqual(words, `waiting ${left} left; not approved yet; next poll in ${poll} s`)
          }
          // the line stays in its place, and nothing above it changes
          assert.isTrue(screen.text.startsWith(above))
        }
      }).pipe(Effect.scoped)
  )

  it.effect.each(
    (["breaks", "cuts"] as const).flatMap((kind) => [40, 20, 12, 120].map((columns) => [kind, columns] as const))
  )(
    "a terminal that %s its lines and becomes %d columns wide keeps the lines above the changing line",
    ([kind, columns]) =>
      Effect.gen(function*() {
        const { display, resize, screen } = yield* open(80, 40, { colours: false })
        yield* display.print(emulator, { text: "x".repeat(columns) })
        yield* display.event(codeReady)
        const above = () => screen.text.split("\n").slice(0, 8)
        yield* TestClock.adjust("1 second")
        resize({ columns, rows: 40 }, kind)
        const before = above()
        assert.strictEqual(screen.text.split("left;").length, 2)
        yield* TestClock.adjust("200 millis")
        assert.deepStrictEqual(above(), before)
        assert.strictEqual(screen.text.split("left;").length, 2)
        yield* TestClock.adjust("5 seconds")
        assert.deepStrictEqual(above(), before)
        assert.strictEqual(screen.text.split("left;").length, 2)
        // a line that no longer fits is shown again, once and whole
        assert.strictEqual(screen.text.match(/^or\b/gm)?.length, columns < 80 ? 2 : 1, screen.text)
      }).pipe(Effect.scoped)
  )

  it.effect.each([[100, 60], [60, 55], [40, 30], [30, 100]] as const)(
    "a terminal of %d columns that already has %d, without a resize event yet, keeps no part of the changing line",
    ([columns, next]) =>
      Effect.gen(function*() {
        const { display, resize, screen } = yield* open(columns, 40)
        yield* display.event({ ...codeReady, userCode: "B", verificationUri: "h", verificationUriComplete: "h" })
        screen.resize({ columns: next, rows: 40 })
        yield* TestClock.adjust("2 seconds")
        resize({ columns: next, rows: 40 })
        yield* TestClock.adjust("100 millis")
        assert.strictEqual(screen.text.split("waiting").length, 2, screen.text)
        assert.match(
          screen.text.replace(/\s+/g, " "),
          /code B waiting 9:58 left; not approved yet; next poll in 3 s$/
        )
      }).pipe(Effect.scoped)
  )

  it.effect("lines that have left a low window are shown again when its size no longer changes", () =>
    Effect.gen(function*() {
      const { display, resize, screen } = yield* open(80, 60, {}, Screen.expected)
      yield* display.print(emulator)
      yield* display.event(codeReady)
      yield* display.print(Screen.prompt)
      assert.match(screen.text, /[▀▄█]/)
      for (const rows of [50, 40, 30, 24, 20, 16]) {
        resize({ columns: 80, rows })
        yield* TestClock.adjust("100 millis")
      }
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(screen.text.split("\n").filter((line) => line.startsWith("emulator")).length, 2)
      assert.isAtLeast(screen.visible.findIndex((row) => row.startsWith("emulator")), 0)
      assert.isAtLeast(screen.visible.findIndex((row) => row.startsWith("code")), 0)
    }).pipe(Effect.scoped))

  it.effect.each([[80, 24], [40, 24], [80, 12], [80, 7], [20, 5]] as const)(
    "after lines that move the code out of a window of %d columns and %d rows, the code is shown again",
    ([columns, rows]) =>
      Effect.gen(function*() {
        const { display, screen } = yield* open(columns, rows)
        yield* display.event(codeReady)
        for (let at = 10; at < 400; at += 20) {
          yield* TestClock.adjust("20 seconds")
          yield* display.event(waiting("trouble", at + 20, 20))
          if (rows < 12) continue
          assert.isTrue(screen.visible.includes("code       BRCJ-PDVT"), screen.visible.join("\n"))
          assert.include(screen.visible.join(""), codeReady.verificationUriComplete ?? "")
        }
      }).pipe(Effect.scoped)
  )

  it.effect.each(["AB CD-EF GH", "1234", "W".repeat(90)])(
    "the code %s is not broken, and is highlighted",
    (userCode) =>
      Effect.gen(function*() {
        const { display, screen, writes } = yield* open(40, 60)
        yield* display.event({ ...codeReady, userCode })
        assert.include(screen.text, userCode)
        assert.include(writes.join(""), `${FakeScreen.escape}[7m${userCode}${FakeScreen.escape}[27m`)
      }).pipe(Effect.scoped)
  )

  it.effect("lines before the code do not move the cursor", () =>
    Effect.gen(function*() {
      const { display, enter, writes } = yield* open()
      yield* display.print({ text: "a" })
      enter()
      yield* TestClock.adjust("5 seconds")
      yield* display.event({ _tag: "Registered", registration })
      assert.notInclude(writes.join(""), FakeScreen.escape)
      assert.notInclude(writes.join(""), "\r")
      assert.strictEqual(writes.join("").split("\n").length, 3)
    }).pipe(Effect.scoped))
})
