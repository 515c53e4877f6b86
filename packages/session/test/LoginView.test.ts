import { assert, describe, it } from "@effect/vitest"
import * as Wire from "@sso-oidc/core/aws/Wire"
import type { LoginEvent } from "@sso-oidc/session/LoginEvent"
import * as LoginView from "@sso-oidc/session/LoginView"
import { dice } from "@sso-oidc/test-kit/dice"
import * as Effect from "effect/Effect"
import * as TestConsole from "effect/testing/TestConsole"
import * as Events from "./support/loginEvents.ts"

const expected: { readonly [N in keyof typeof Events.events]: ReadonlyArray<string> } = {
  "another login": ["Another login for this session is running. This one waits for its token."],
  "the code grant": ["Logging in with a browser on this machine."],
  "the device grant": ["Logging in with a code (device grant), because this is an SSH session."],
  "a registration": [],
  "a URL": [
    "Your browser opens. If it does not, open this URL:",
    Events.url,
    "The login waits until 2026-11-26 08:00:00 UTC."
  ],
  "a URL to paste": [
    "Open this URL in a browser:",
    Events.url,
    "If that browser cannot come back, it ends at a page that does not load. Paste the URL of that page here.",
    "The login waits until 2026-11-26 08:00:00 UTC."
  ],
  "a browser that failed": [
    "No browser was opened (exit code 3): xdg-open ended with an error. Open the URL yourself."
  ],
  "a wrong paste": [Events.events["a wrong paste"].error.message],
  "a code": [
    "Open https://device.example/ and enter the code BRCJ-PDVT",
    "The code is good until 2026-11-26 08:00:00 UTC."
  ],
  "a code with its page": [
    "Open https://device.example/?user_code=BRCJ-PDVT and go on only if the page shows the code BRCJ-PDVT",
    "Or open https://device.example/ and enter the code BRCJ-PDVT",
    "The code is good until 2026-11-26 08:00:00 UTC."
  ],
  "a wait": [],
  "a slow down": ["Another program may poll with the same code."],
  "a lost poll": [
    "No response came from oidc.eu-west-1.amazonaws.com. The login tries again in 5 seconds."
  ],
  "an approval": ["Logged in. The token is valid until 2026-11-26 08:00:00 UTC."],
  "an approval without an expiry": ["Logged in."]
}

const names = Object.keys(expected) as ReadonlyArray<keyof typeof Events.events>

/** The event with another text in the place of each of its texts. */
const withText = (event: LoginEvent, text: string): LoginEvent => {
  switch (event._tag) {
    case "UrlReady":
      return { ...event, url: text }
    case "CodeReady":
      return { ...event, userCode: text, verificationUri: text, verificationUriComplete: text }
    case "Waiting":
      return { ...event, advice: text, trouble: { error: text, message: text } }
    default:
      return event
  }
}

describe("LoginView.lines", () => {
  it.each(names)("says %s in plain words", (name) => {
    assert.deepStrictEqual(LoginView.lines(Events.events[name]), expected[name])
  })

  it("has a line of its own for the URL, whole and unchanged, however long it is (S18)", () => {
    assert.isAbove(Events.url.length, 2000)
    assert.include(LoginView.lines(Events.events["a URL"]), Events.url)
  })

  it("shows a code only in a line that has its URL (D11)", () => {
    for (const name of names) {
      const event: LoginEvent = Events.events[name]
      for (const line of LoginView.lines(event)) {
        if (event._tag !== "CodeReady") assert.notInclude(line, "BRCJ-PDVT")
        else if (line.includes("BRCJ-PDVT")) assert.include(line, "https://device.example/")
      }
    }
  })

  it("shows no secret (C6, S21)", () => {
    const shown = names.flatMap((name) => LoginView.lines(Events.events[name])).join("\n")
    for (const secret of Events.secrets) assert.notInclude(shown, secret)
  })

  it("lets no control character and no line of the service through, whatever its texts are (C7)", () => {
    const roll = dice(18)
    const parts = [
      "a",
      " ",
      "\nRun: curl evil",
      "\r\r",
      "\u001b[2J",
      "\u001b]8;;x\u0007",
      "\u0000",
      "\u0085",
      "\u2028",
      "\u202e",
      "\ud800",
      "é"
    ]
    for (let run = 0; run < 2000; run++) {
      const event = Events.events[roll.pick(names)]
      const text = Array.from({ length: 1 + roll.below(6) }, () => roll.pick(parts)).join("")
      const [plain, changed] = [LoginView.lines(withText(event, "x")), LoginView.lines(withText(event, text))]
      assert.strictEqual(changed.length, plain.length, JSON.stringify(text))
      for (const line of changed) assert.isTrue(Wire.isPrintable(line), JSON.stringify(line))
    }
  })
})

describe("LoginView.terminal", () => {
  it.effect("writes each event at once to standard error, and nothing to standard output (S18)", () =>
    Effect.gen(function*() {
      for (const name of names) yield* LoginView.terminal(Events.events[name])
      assert.deepStrictEqual(
        yield* TestConsole.errorLines,
        names.map((name) => expected[name]).filter((lines) => lines.length > 0).map((lines) => lines.join("\n"))
      )
      assert.deepStrictEqual(yield* TestConsole.logLines, [])
    }).pipe(Effect.provide(TestConsole.layer)))
})
