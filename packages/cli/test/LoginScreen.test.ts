import { assert, describe, it } from "@effect/vitest"
import type { CodeReady, Waiting } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as LoginBrowser from "@sso-oidc/session/LoginBrowser"
import type { UrlReady } from "@sso-oidc/session/LoginEvent"
import * as FakeScreen from "@sso-oidc/test-kit/screen"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/testing/TestClock"
import * as Host from "../src/Host.ts"
import * as LoginScreen from "../src/LoginScreen.ts"

const at = (seconds: number) => DateTime.makeUnsafe(seconds * 1000)

const codeReady: CodeReady = {
  _tag: "CodeReady",
  userCode: "BRCJ-PDVT",
  verificationUri: "https://device.sso.eu-west-1.amazonaws.com/",
  verificationUriComplete: "https://device.sso.eu-west-1.amazonaws.com/?user_code=BRCJ-PDVT",
  expiresAt: at(600),
  nextPollAt: at(5)
}

const urlReady: UrlReady = {
  _tag: "UrlReady",
  url: `https://oidc.eu-west-1.amazonaws.com/authorize?response_type=code&state=${"s".repeat(200)}`,
  opensBrowser: true,
  takesPaste: false,
  expiresAt: at(600)
}

const trouble: Waiting = {
  _tag: "Waiting",
  reason: "trouble",
  wait: Duration.seconds(5),
  nextPollAt: at(10),
  trouble: { error: "TransportError", message: "Nothing came (ECONNRESET)" },
  pending: {
    version: 1,
    registration: {
      clientId: "c",
      clientSecret: Redacted.make("client-secret-1"),
      scopes: [],
      region: "eu-west-1",
      endpoint: "https://oidc.eu-west-1.amazonaws.com"
    },
    deviceCode: Redacted.make("device-code-1"),
    userCode: codeReady.userCode,
    verificationUri: codeReady.verificationUri,
    expiresAt: codeReady.expiresAt,
    interval: Duration.seconds(5),
    failures: 1,
    responseLost: false,
    wait: Duration.seconds(5),
    nextPollAt: at(10)
  }
}

/** Opens a screen on a terminal in memory. With `null` for its size there is no terminal, and the lines go to a pipe. */
const open = (
  size: { readonly columns: number; readonly rows: number } | null,
  able: { readonly colours?: boolean; readonly utf8?: boolean } = {},
  takesPaste = false
) =>
  Effect.gen(function*() {
    const fake = FakeScreen.make(size ?? { columns: 10_000, rows: 1000 }, able)
    const { colours, utf8 } = fake.terminal
    const host: Host.Service = {
      isInteractive: size !== null,
      hasTerminal: size !== null,
      output: () => ({ columns: Infinity, colours: false, utf8 }),
      messages: () => ({ columns: size?.columns ?? Infinity, colours, utf8 }),
      terminal: size === null ? undefined : fake.terminal,
      write: (line) => fake.terminal.write(`${line}\n`),
      environment: {},
      takeSignals: () => Effect.void
    }
    const console: Console.Console = {
      ...globalThis.console,
      log: () => assert.fail("nothing of a login is a result"),
      error: (text: string) => fake.terminal.write(`${text}\n`)
    }
    const show = yield* Effect.provideService(LoginScreen.make({ takesPaste }), Host.Host, host)
    return {
      ...fake,
      show: (event: Parameters<LoginScreen.Show>[0]) => Effect.provideService(show(event), Console.Console, console),
      last: () => fake.screen.text.split("\n").at(-1)
    }
  })

const words = (text: string) => text.replace(/[▀▄█]/g, " ").replace(/\s+/g, " ").trim()

const wordsOfCode = "Open https://device.sso.eu-west-1.amazonaws.com/?user_code=BRCJ-PDVT and go on only if the page " +
  "shows the code BRCJ-PDVT Or open https://device.sso.eu-west-1.amazonaws.com/ and enter the code BRCJ-PDVT"

const reversed = `${FakeScreen.escape}[7mBRCJ-PDVT${FakeScreen.escape}[27m`

describe("the screen of a login", () => {
  it.effect("on a terminal the QR code stands above code and URLs, and the last line counts down (K2)", () =>
    Effect.gen(function*() {
      const { last, screen, show, writes } = yield* open({ columns: 100, rows: 40 })
      yield* show({ _tag: "GrantChosen", grant: "device", reason: "option" })
      yield* show(codeReady)
      assert.strictEqual(screen.visible.filter((row) => /[▀▄█]/.test(row)).length, 17)
      assert.strictEqual(
        words(screen.text),
        `Logging in with a code (device grant), as asked. ${wordsOfCode} waiting for you, 10:00 left`
      )
      // both times in bold and reversed
      assert.strictEqual(writes.join("").split(reversed).length, 3)
      yield* TestClock.adjust("61 seconds")
      assert.strictEqual(last(), "waiting    for you, 8:59 left")
      yield* show(trouble)
      assert.include(screen.text, "\nNothing came (ECONNRESET). The login tries again in 5 seconds.\n")
      assert.strictEqual(last(), "waiting    for you, 8:59 left")
      assert.notInclude(writes.join(""), "secret")
    }).pipe(Effect.scoped))

  it.effect.each(
    [
      ["40 columns", 40, 24, {}],
      ["20 columns", 20, 40, {}],
      ["no colours", 100, 60, { colours: false }],
      ["ASCII alone", 100, 60, { utf8: false }]
    ] as const
  )(
    "with %s no word is lost, no URL is broken, and there is no QR code",
    ([, columns, rows, able]) =>
      Effect.gen(function*() {
        const { last, screen, show, writes } = yield* open({ columns, rows }, able)
        yield* show(codeReady)
        assert.notMatch(screen.text, /[▀▄█]/)
        assert.strictEqual(words(screen.text), `${wordsOfCode} waiting for you, 10:00 left`)
        const lines = screen.text.split("\n")
        // only a word that is alone in its line is longer: the terminal breaks it
        for (const line of lines) if (line.length >= columns) assert.notInclude(line, " ")
        assert.strictEqual(writes.join("").includes(reversed), !("colours" in able))
        assert.include(last(), "left")
      }).pipe(Effect.scoped)
  )

  it.effect.each([100, 40])(
    "in %d columns the URL for the browser is a line of its own, with a countdown and without a QR code",
    (columns) =>
      Effect.gen(function*() {
        const { last, screen, show } = yield* open({ columns, rows: 40 })
        yield* show(urlReady)
        yield* show({
          _tag: "BrowserFailed",
          error: new LoginBrowser.BrowserUnavailable({ detail: "nothing is there", exitCode: 3 })
        })
        assert.include(screen.text, `\n${urlReady.url}\n`)
        assert.notMatch(screen.text, /[▀▄█]/)
        assert.include(words(screen.text), "Your browser opens. If it does not, open this URL: https")
        assert.include(words(screen.text), "No browser was opened (exit code 3): nothing is there.")
        assert.strictEqual(last(), "waiting    for the browser, 10:00 left")
      }).pipe(Effect.scoped)
  )

  it.effect.each(["a pipe", "a paste"])(
    "with %s all is plain lines, and the deadline is a time",
    (kind) =>
      Effect.gen(function*() {
        const { screen, show, writes } = yield* kind === "a pipe"
          ? open(null, { colours: false })
          : open({ columns: 1000, rows: 40 }, {}, true)
        yield* show({ _tag: "LoginElsewhere" })
        yield* show({ ...urlReady, takesPaste: kind === "a paste" })
        yield* show(codeReady)
        yield* TestClock.adjust("10 seconds")
        const lines = screen.text.split("\n")
        assert.strictEqual(lines[0], "Another login for this session is running. This one waits for its token.")
        assert.strictEqual(lines[3], urlReady.url)
        assert.include(lines, "The login waits until 1970-01-01 00:10:00 UTC.")
        assert.include(lines, "The code is good until 1970-01-01 00:10:00 UTC.")
        assert.strictEqual(screen.text.includes("Paste the URL of that page here."), kind === "a paste")
        assert.notMatch(screen.text, /left|[▀▄█]/)
        assert.strictEqual(FakeScreen.withoutColours(writes.join("")).includes(FakeScreen.escape), false)
      }).pipe(Effect.scoped)
  )

  it.effect("no control character of the service reaches the terminal (K2)", () =>
    Effect.gen(function*() {
      const hostile = `${FakeScreen.escape}]0;x\x07\u202e\r\nZZ`
      for (const size of [null, { columns: 60, rows: 40 }]) {
        const { screen, show, writes } = yield* open(size)
        yield* show({
          ...codeReady,
          userCode: `AB${hostile}`,
          verificationUri: `https://a.example/${hostile}`,
          verificationUriComplete: `https://a.example/?${hostile}`
        })
        // the screen throws at an unknown control
        assert.include(FakeScreen.withoutColours(writes.join("")), "AB ]0;x ZZ")
        assert.notInclude(screen.text, "\u202e")
      }
    }).pipe(Effect.scoped))
})
