/**
 * Where a login is shown: in lines alone, or in a terminal, with a QR code and a line that changes.
 */
import type { CodeReady, DeviceGrantEvent } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as QrCode from "./QrCode.ts"
import * as Screen from "./Screen.ts"
import * as Terminal from "./Terminal.ts"

export interface Display {
  readonly print: (...lines: ReadonlyArray<string>) => Effect.Effect<void>
  readonly event: (event: DeviceGrantEvent) => Effect.Effect<void>
  /** Waits for the next Enter. */
  readonly enter: Effect.Effect<void>
}

// -----------------------------------------------------------------------------
// lines
// -----------------------------------------------------------------------------

const print: Display["print"] = (...lines) => Effect.forEach(lines, (line) => Console.log(line), { discard: true })

/** One line after the other, for a pipe, a log, or a terminal that can no more. */
export const plain: Display = {
  print,
  event: (event) => print(...Screen.lines(event)),
  enter: Terminal.enter
}

// -----------------------------------------------------------------------------
// a terminal
// -----------------------------------------------------------------------------

const clearLine = "\r\x1b[2K"

/** Up by so many lines, and all from there on cleared. */
const clearFrom = (lines: number) => `\x1b[${lines}A\r\x1b[J`

// what comes below a QR code and must be seen together with it: open, or, code, compare, and the changing line
const below = 5

/** The QR code of the URL with the code in it, where there is one, and the terminal has room and colours for it. */
const qrCodeOf = (event: CodeReady, { colours, size }: Terminal.Terminal): QrCode.QrCode | undefined => {
  if (!colours || event.verificationUriComplete === undefined) return undefined
  const { columns, rows } = size()
  const qrCode = QrCode.make(event.verificationUriComplete)
  return qrCode !== undefined && qrCode.columns <= columns && qrCode.lines.length + below <= rows ? qrCode : undefined
}

/**
 * A terminal whose last line counts the code's time down. The line is gone when the scope closes, however that comes.
 */
export const live = Effect.fnUntraced(function*(
  terminal: Terminal.Terminal
): Effect.fn.Return<Display, never, Scope.Scope> {
  let status: Screen.Status | undefined
  const clock = yield* Clock.Clock
  const pressers = new Set<() => void>()

  // one column is left free: a line that fills its row makes some terminals begin the next
  const changing = () =>
    status === undefined
      ? ""
      : Screen.status(status, clock.currentTimeMillisUnsafe()).slice(0, Math.max(0, terminal.size().columns - 1))

  // in one write each, so that nothing comes between the lines and the changing one below them
  const redraw = (cleared: string, lines: ReadonlyArray<string> = []) =>
    terminal.write(cleared + lines.map((line) => `${line}\n`).join("") + changing())
  const print: Display["print"] = (...lines) => Effect.sync(() => redraw(status === undefined ? "" : clearLine, lines))

  yield* Effect.acquireRelease(
    Effect.sync(() =>
      terminal.onEnter((times) => {
        // the Enter has left the changing line above
        if (status !== undefined) redraw(clearFrom(times))
        for (const presser of pressers) presser()
      })
    ),
    (release) =>
      Effect.sync(() => {
        release()
        if (status !== undefined) terminal.write(clearLine)
        status = undefined
      })
  )

  // once a second, when the second is over
  yield* Effect.forkScoped(Effect.forever(Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const left = status === undefined ? 0 : DateTime.toEpochMillis(status.expiresAt) - now
    yield* Effect.sleep(left % 1000 > 0 ? left % 1000 : 1000)
    if (status !== undefined) redraw(clearLine)
  })))

  const show = (lines: ReadonlyArray<string>, next: Screen.Status | undefined) =>
    Effect.sync(() => {
      const cleared = status === undefined ? "" : clearLine
      status = next
      redraw(cleared, lines)
    })

  return {
    print,
    event: (event) => {
      switch (event._tag) {
        case "Registered":
          return print(...Screen.lines(event))
        case "CodeReady":
          return show(Screen.code(event, qrCodeOf(event, terminal)), { ...event, reason: "pending" })
        case "Waiting":
          // that nobody has approved yet is no news: the changing line says it
          return show(
            event.reason === "pending" ? [] : Screen.lines(event),
            status && { ...status, nextPollAt: event.nextPollAt, reason: event.reason }
          )
        case "Approved":
          return show(Screen.lines(event), undefined)
      }
    },
    enter: Effect.callback<void>((resume) => {
      const presser = () => {
        pressers.delete(presser)
        resume(Effect.void)
      }
      pressers.add(presser)
      return Effect.sync(() => pressers.delete(presser))
    })
  }
})

/** The display that the process has. */
export const current: Effect.Effect<Display, never, Scope.Scope> = Effect.suspend(() => {
  const terminal = Terminal.current()
  return terminal === undefined ? Effect.succeed(plain) : live(terminal)
})
