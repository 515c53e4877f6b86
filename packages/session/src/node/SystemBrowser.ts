/**
 * The person's browser, on Node: the program that the system opens URLs with.
 *
 * The package `open` knows the program of each system: `open` on macOS, PowerShell on Windows and WSL, `xdg-open` on Linux and elsewhere.
 * It is loaded when a URL is first opened. `xdg-open` reads the variable `BROWSER` where it knows no browser of the desktop. This module
 * does not read it.
 *
 * @since 0.1.0
 */
import * as TrustedUrl from "@sso-oidc/core/aws/TrustedUrl"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ChildProcess } from "node:child_process"
import * as fs from "node:fs"
import { release } from "node:os"
import process from "node:process"
import { isatty } from "node:tty"
import * as Signs from "../internal/signs.ts"
import * as LoginBrowser from "../LoginBrowser.ts"

// -----------------------------------------------------------------------------
// opening
// -----------------------------------------------------------------------------

/** How a launcher ended. */
interface End {
  readonly code: number | null
  readonly signal: string | null
}

/** A launcher that still runs after this time has a browser in the foreground, which may run for hours. */
const foreground = "10 seconds"

const details: Readonly<Record<string, string>> = {
  ENOENT: "the program that opens URLs is not there",
  EACCES: "this user may not run the program that opens URLs",
  E2BIG: "the URL is too long for the program that opens URLs",
  ERR_MODULE_NOT_FOUND: "the package open is not installed"
}

const notStarted = (error: unknown): LoginBrowser.BrowserUnavailable => {
  const code = Wire.nameIn(error, "code") ?? "UNKNOWN"
  return new LoginBrowser.BrowserUnavailable({
    detail: details[code] ?? `the program that opens URLs did not start (${Wire.printable(code)})`
  })
}

/** The exit code of xdg-open for "no program can open this". */
const noneFound = 3

const failed = ({ code, signal }: End): LoginBrowser.BrowserUnavailable =>
  code === null
    ? new LoginBrowser.BrowserUnavailable({
      detail: `the program that opens URLs was ended by ${signal ?? "a signal"}`
    })
    : new LoginBrowser.BrowserUnavailable({
      detail: code === noneFound && process.platform === "linux"
        ? "the program that opens URLs found no browser that starts"
        : "the program that opens URLs ended with an error",
      exitCode: code
    })

const endOf = (child: ChildProcess): Promise<End> => {
  // Such an event without a listener would end this process.
  child.on("error", () => {})
  const { exitCode: code, signalCode: signal } = child
  return code === null && signal === null
    ? new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })))
    : Promise.resolve({ code, signal })
}

const open = Effect.fnUntraced(function*(url: string): Effect.fn.Return<void, LoginBrowser.BrowserUnavailable> {
  if (!TrustedUrl.isTrusted(url)) {
    return yield* new LoginBrowser.BrowserUnavailable({
      detail: "only https, or http to this machine, is opened for you"
    })
  }
  const launched = yield* Effect.tryPromise({
    try: async (signal) => {
      const launcher = await import("open")
      // The login may have ended while the module was loaded.
      signal.throwIfAborted()
      // In one step: a launcher that ends at once must not do so before it is watched.
      return { end: endOf(await launcher.default(new URL(url).href)) }
    },
    catch: notStarted
  })
  const end = yield* Effect.promise(() => launched.end).pipe(
    Effect.timeoutOrElse({ duration: foreground, orElse: () => Effect.undefined })
  )
  if (end !== undefined && end.code !== 0) return yield* failed(end)
})

// -----------------------------------------------------------------------------
// signs of another machine
// -----------------------------------------------------------------------------

const environment: Effect.Effect<ReadonlyMap<Signs.Variable, string>> = Effect.gen(function*() {
  const values = yield* Config.all(Signs.variables.map((name) => Config.withDefault(Config.String(name), "")))
  return new Map(Signs.variables.map((name, at) => [name, values[at] ?? ""]))
}).pipe(Effect.orElseSucceed(() => new Map()))

/** The text of a file. Empty if it cannot be read. */
const textOf = (path: string): string => {
  try {
    return fs.readFileSync(path, "utf8")
  } catch {
    return ""
  }
}

const elsewhere: Effect.Effect<LoginBrowser.Sign | undefined> = Effect.map(environment, (variables) =>
  Signs.signOf({
    platform: process.platform,
    release: release(),
    variable: (name) => variables.get(name),
    hasContainerFile: fs.existsSync("/.dockerenv") || fs.existsSync("/run/.containerenv"),
    cgroup: textOf("/proc/self/cgroup"),
    // `process.stdin` would open a stream.
    isTerminal: isatty(0) && isatty(2)
  }))

// -----------------------------------------------------------------------------
// layers
// -----------------------------------------------------------------------------

/**
 * The browser of the system.
 *
 * `open` watches the launcher, the program that starts the browser. It fails if the launcher does not start, exits with another code than 0
 * or is ended by a signal. A launcher that still runs after 10 seconds counts as a browser that was opened. The launcher does not keep the
 * process alive, and outlives it. An interruption does not end it.
 *
 * `elsewhere` reads these variables from the `ConfigProvider`, which is the process's environment by default: `SSH_CONNECTION`,
 * `SSH_CLIENT`, `SSH_TTY`, `DISPLAY`, `WAYLAND_DISPLAY`, `WSL_DISTRO_NAME`. On Linux it looks for the files `/.dockerenv` and
 * `/run/.containerenv`, and for a container's name in `/proc/self/cgroup`. WSL alone is no sign.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<LoginBrowser.LoginBrowser> = Layer.succeed(LoginBrowser.LoginBrowser, {
  open,
  elsewhere
})
