import { assert, describe, it } from "@effect/vitest"
import * as LoginBrowser from "@sso-oidc/session/LoginBrowser"
import * as SystemBrowser from "@sso-oidc/session/node/SystemBrowser"
import { folder, run } from "@sso-oidc/test-kit/child"
import { bundled } from "@sso-oidc/test-kit/program"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const program = join(import.meta.dirname, "../support/opener.ts")

const url = "https://oidc.us-east-1.amazonaws.com/authorize?state=a-state&scopes=a%20b&x=$(touch%20x);'\"`y`"

/** The URL as a browser writes it. */
const opened = new URL(url).href

/** A machine whose launcher runs these lines of a shell. Without lines it has none. */
const machine = Effect.fnUntraced(function*(...lines: ReadonlyArray<string>) {
  const at = yield* folder
  const launcher = join(at, "xdg-open")
  const found = join(at, "found")
  if (lines.length > 0) {
    const script = [
      "#!/bin/sh",
      `printf '%s\\n' "$#" "$1" > '${found}.part'`,
      `/bin/mv '${found}.part' '${found}'`,
      ...lines
    ]
    writeFileSync(launcher, script.join("\n"), { mode: 0o755 })
  }
  const start = (way: string, given = url, env: Readonly<Record<string, string>> = {}) =>
    run(process.execPath, {
      args: [bundled(program), way, given, found],
      cwd: at,
      env: { PATH: at, ...env },
      input: ""
    })
  const open = Effect.fnUntraced(function*(given?: string) {
    const { code, stderr, stdout } = yield* (yield* start("open", given)).ended
    assert.deepStrictEqual([code, stderr], [0, ""])
    return stdout.trim()
  })
  return { at, found, launcher, open, start }
})

const until = (path: string): Effect.Effect<void> =>
  Effect.suspend(() => existsSync(path) ? Effect.void : Effect.andThen(Effect.sleep(20), until(path)))

const failed = (text: string) => {
  const error: unknown = JSON.parse(text)
  assert.notMatch(text, /amazonaws|a-state|tmp|sso-oidc-/)
  return error
}

describe.skipIf(process.platform !== "linux")("SystemBrowser.layer, with a launcher of its own", () => {
  it.live("opens a URL as one argument, whatever characters it has (S18)", () =>
    Effect.gen(function*() {
      const { at, found, open } = yield* machine("exit 0")
      assert.strictEqual(yield* open(), "opened")
      assert.strictEqual(readFileSync(found, "utf8"), `1\n${opened}\n`)
      assert.isFalse(existsSync(join(at, "x")))
    }))

  it.live("fails if the launcher exits with an error, with its exit code and without the URL (S18, S21)", () =>
    Effect.gen(function*() {
      const three = yield* machine("exit 3")
      assert.deepStrictEqual(failed(yield* three.open()), {
        _tag: "BrowserUnavailable",
        exitCode: 3,
        detail: "the program that opens URLs found no browser that starts",
        message:
          "No browser was opened (exit code 3): the program that opens URLs found no browser that starts. Open the URL yourself."
      })
      const late = yield* machine("/bin/sleep 0.3", "exit 1")
      assert.deepStrictEqual(failed(yield* late.open()), {
        _tag: "BrowserUnavailable",
        exitCode: 1,
        detail: "the program that opens URLs ended with an error",
        message:
          "No browser was opened (exit code 1): the program that opens URLs ended with an error. Open the URL yourself."
      })
    }))

  it.live("fails if a signal ends the launcher (S18)", () =>
    Effect.gen(function*() {
      const { open } = yield* machine("kill -TERM $$", "/bin/sleep 5")
      assert.deepStrictEqual(failed(yield* open()), {
        _tag: "BrowserUnavailable",
        detail: "the program that opens URLs was ended by SIGTERM",
        message: "No browser was opened: the program that opens URLs was ended by SIGTERM. Open the URL yourself."
      })
    }))

  it.live("fails if the launcher does not start (S18, S21)", () =>
    Effect.gen(function*() {
      const absent = yield* machine()
      assert.deepStrictEqual(failed(yield* absent.open()), {
        _tag: "BrowserUnavailable",
        detail: "the program that opens URLs is not there",
        message: "No browser was opened: the program that opens URLs is not there. Open the URL yourself."
      })
      const closed = yield* machine("exit 0")
      chmodSync(closed.launcher, 0o644)
      assert.deepInclude(failed(yield* closed.open()), { detail: "this user may not run the program that opens URLs" })
      const long = yield* machine("exit 0")
      assert.deepInclude(failed(yield* long.open(`https://a.example/?${"x".repeat(1000)}`.padEnd(120_000, "%22\""))), {
        detail: "the URL is too long for the program that opens URLs"
      })
    }))

  it.live("does not wait for a launcher that runs on, because that is a browser (S18, S23)", () =>
    Effect.gen(function*() {
      const { start } = yield* machine("/bin/sleep 20", "exit 1")
      const since = performance.now()
      const { code, stdout } = yield* (yield* start("foreground")).ended
      assert.deepStrictEqual([code, stdout], [0, "waiting\nopened\n"])
      // nor does the process wait for it
      assert.isBelow(performance.now() - since, 15_000)
    }))

  it.live("leaves a launcher that runs on alone when the login is interrupted, and when the person presses Ctrl-C (S18)", () =>
    Effect.gen(function*() {
      for (const [way, printed, ends] of [["interrupt", "interrupted\n", 0], ["ctrlC", "pressed\n", null]] as const) {
        const { at, start } = yield* machine("/bin/sleep 2", ": > survived")
        const { code, stdout } = yield* (yield* start(way)).ended
        assert.deepStrictEqual([code, stdout], [ends, printed])
        assert.isFalse(existsSync(join(at, "survived")), way)
        yield* until(join(at, "survived"))
      }
    }))
})

const untrusted: ReadonlyArray<string> = [
  "",
  "-x",
  "file:///etc/passwd",
  "javascript:alert(1)",
  "ms-settings:",
  "http://example.com/",
  "https://person@example.com/",
  "https://@example.com/",
  "https://example.com/ x",
  "https://example.com/\nx",
  "https:\\\\example.com",
  "//example.com/"
]

describe("SystemBrowser.layer", () => {
  it.effect.each(untrusted)("does not open %j (S18)", (given) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(LoginBrowser.LoginBrowser.use((browser) => browser.open(given)))
      assert.strictEqual(
        error.message,
        "No browser was opened: only https, or http to this machine, is opened for you. Open the URL yourself."
      )
    }).pipe(Effect.provide(SystemBrowser.layer)))

  it.effect("reads the variables of SSH from the ConfigProvider, and no others of it (S15)", () =>
    Effect.gen(function*() {
      const signOf = (env: Record<string, string>) =>
        LoginBrowser.LoginBrowser.use((browser) => browser.elsewhere).pipe(
          Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord(env)))
        )
      const empty = yield* signOf({})
      assert.notStrictEqual(empty, "ssh")
      for (const name of ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"]) {
        assert.strictEqual(yield* signOf({ [name]: "x" }), "ssh")
        assert.strictEqual(yield* signOf({ [name]: "" }), empty)
      }
      assert.strictEqual(yield* signOf({ BROWSER: "firefox", SSH_AUTH_SOCK: "/run/agent" }), empty)
    }).pipe(Effect.provide(SystemBrowser.layer)))

  it.live("finds a sign in a process without a terminal, on every machine (S15)", () =>
    Effect.gen(function*() {
      const child = yield* run(process.execPath, { args: [bundled(program), "elsewhere"], input: "" })
      assert.match((yield* child.ended).stdout, /^(?:ssh|container|noDisplay|noTerminal)\n$/)
    }))
})
