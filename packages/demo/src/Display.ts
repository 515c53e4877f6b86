/**
 * Shows a login: as plain lines, or in a terminal with a QR code and a line that changes.
 */
import type { CodeReady, DeviceGrantEvent } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as Layout from "@sso-oidc/terminal/Layout"
import * as QrCode from "@sso-oidc/terminal/QrCode"
import * as Terminal from "@sso-oidc/terminal/Terminal"
import * as CliOutput from "effect/cli/CliOutput"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Screen from "./Screen.ts"

/** Shows texts and events to the person. */
export interface Display {
  /** Prints the lines. */
  readonly print: (...lines: ReadonlyArray<Layout.Line>) => Effect.Effect<void>
  /** Shows the event. */
  readonly event: (event: DeviceGrantEvent) => Effect.Effect<void>
  /** Waits for the next Enter. */
  readonly enter: Effect.Effect<void>
}

// -----------------------------------------------------------------------------
// lines
// -----------------------------------------------------------------------------

/** Prints one line after the other, for a pipe, a log, or a terminal without cursor controls. */
export const plain = (look: () => Layout.Look): Display => {
  const print: Display["print"] = (...lines) =>
    Effect.forEach(lines, (line) => Console.log(Layout.render(line, look()).join("\n")), { discard: true })
  return { print, event: (event) => print(...Screen.lines(event)), enter: Terminal.enter }
}

// -----------------------------------------------------------------------------
// a terminal
// -----------------------------------------------------------------------------

// The cursor stays in the first row of the changing line. A terminal that becomes narrower may break that line into more rows.
// The cursor then stays in the first of them. So clearing from the cursor on removes the whole line, and nothing above it.
const clear = "\r\x1b[J"

const up = (rows: number): string => rows > 0 ? `\x1b[${rows}A` : ""

// Put the cursor behind the subject, where it covers no text. In a narrow terminal put it at the start of the row.
const rest = (columns: number): string => columns > 20 ? "\r\x1b[8C" : "\r"

// A terminal may already be narrower than the demo knows. Let it cut long rows, so that the number of rows stays as counted.
const cut = (text: string): string => `\x1b[?7l${text}\x1b[?7h`

// a window that is dragged reports many sizes
const settled = "300 millis"

interface Row {
  readonly text: string
  /** The width of the terminal when the row was written. */
  readonly columns: number
}

/**
 * A terminal whose last line counts down the time that the code has left. The line is removed when the scope closes.
 *
 * The QR code is drawn only if all lines that the person needs fit on the screen with it, the `later` lines included.
 */
export const live = Effect.fnUntraced(function*(
  terminal: Terminal.Terminal,
  later: ReadonlyArray<Layout.Line> = []
): Effect.fn.Return<Display, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const pressers = new Set<() => void>()
  let status: Screen.Status | undefined
  // The lines that the person needs until the login ends; the lines of the code among them; all rows since the first of them.
  const needed: Array<Layout.Line> = []
  let code: ReadonlyArray<Layout.Line> = []
  let shown: Array<Row> = []

  const render = (lines: ReadonlyArray<Layout.Line>): ReadonlyArray<string> => {
    const { columns } = terminal.size()
    return lines.flatMap((line) => Layout.render(line, { ...terminal, columns }))
  }
  const height = (rows: ReadonlyArray<string>): number =>
    rows.reduce((sum, row) => sum + Layout.height(row, terminal.size().columns), 0)

  const changing = (): ReadonlyArray<string> => {
    if (status === undefined) return []
    const { columns, rows } = terminal.size()
    return render([Screen.status(status, clock.currentTimeMillisUnsafe())])
      .map((row) => row.slice(0, Math.max(0, columns - 1)))
      .slice(0, Math.max(1, rows - 1))
  }

  // one write, so that no other output gets between the rows and the changing line below them
  const redraw = (cleared: string, rows: ReadonlyArray<string> = []) => {
    const last = changing()
    const end = last.length === 0 ? "" : cut(last.join("\n")) + up(last.length - 1) + rest(terminal.size().columns)
    terminal.write(cleared + rows.map((row) => `${row}\n`).join("") + end)
  }

  const add = (rows: ReadonlyArray<string>, next: Screen.Status | undefined) => {
    const cleared = status === undefined ? "" : clear
    status = next
    if (needed.length > 0) {
      const { columns } = terminal.size()
      shown.push(...rows.map((text) => ({ text, columns })))
    }
    redraw(cleared, rows)
  }

  const fits = (rows: ReadonlyArray<string>): boolean => height(rows) + changing().length <= terminal.size().rows

  /** Whether a row has become wider than the terminal, or has left the screen at its top. */
  const isLost = (): boolean =>
    !fits(shown.map(({ text }) => text)) || shown.some(({ columns, text }) => {
      const width = CliOutput.displayWidth(text)
      return width <= columns && width > terminal.size().columns
    })

  /** Shows lost lines again: all that the person needs if they fit, else the code if it fits. */
  const showAgain = Effect.sync(() => {
    if (status === undefined || !isLost()) return
    shown = []
    add([needed, code].map(render).find(fits) ?? [], status)
  })

  const showCode = (event: CodeReady) => {
    const { columns, rows } = terminal.size()
    status = { ...event, reason: "pending" }
    // a QR code needs block characters and its own colours, so that a phone reads it on any background
    const possible = terminal.colours && terminal.utf8 && event.verificationUriComplete !== undefined
    const qrCode = possible ? QrCode.make(event.verificationUriComplete) : undefined
    const above = shown.map(({ text }) => text)
    const withIt = [...above, ...qrCode?.lines ?? [], ...render([...Screen.code(event, true), ...later])]
    const drawn = qrCode !== undefined && qrCode.columns <= columns && height(withIt) + changing().length <= rows
    code = Screen.code(event, drawn)
    if (drawn) add(qrCode.lines, undefined)
    needed.push(...code)
    add(render(code), { ...event, reason: "pending" })
  }

  yield* Effect.acquireRelease(
    Effect.sync(() =>
      terminal.onEnter((times) => {
        // the Enter has moved the cursor down
        if (status !== undefined) redraw(up(times) + clear)
        for (const presser of pressers) presser()
      })
    ),
    (release) =>
      Effect.sync(() => {
        release()
        if (status !== undefined) terminal.write(clear)
        status = undefined
      })
  )

  // once a second, when a second of the code's time has passed
  yield* Effect.forkScoped(Effect.forever(Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const left = status === undefined ? 0 : DateTime.toEpochMillis(status.expiresAt) - now
    yield* Effect.sleep(left % 1000 > 0 ? left % 1000 : 1000)
    if (status !== undefined) redraw(clear)
  })))

  const resized = yield* Queue.sliding<void>(1)
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      terminal.onResize(() => {
        if (status !== undefined) redraw(clear)
        Queue.offerUnsafe(resized, undefined)
      })
    ),
    (release) => Effect.sync(release)
  )
  yield* Stream.fromQueue(resized).pipe(
    Stream.debounce(settled),
    Stream.runForEach(() => showAgain),
    Effect.forkScoped
  )

  const print: Display["print"] = (...lines) =>
    Effect.sync(() => {
      needed.push(...lines)
      add(render(lines), status)
    })
  const show = (lines: ReadonlyArray<Layout.Line>, next: Screen.Status | undefined) =>
    Effect.sync(() => add(render(lines), next))

  return {
    print,
    event: (event) => {
      switch (event._tag) {
        case "Registered":
          return show(Screen.lines(event), status)
        case "CodeReady":
          return Effect.sync(() => showCode(event))
        case "Waiting":
          // "not approved yet" needs no line of its own: the changing line says it
          return Effect.andThen(
            show(
              event.reason === "pending" ? [] : Screen.lines(event),
              status && { ...status, nextPollAt: event.nextPollAt, reason: event.reason }
            ),
            event.reason === "pending" ? Effect.void : showAgain
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

/** The display for the standard output of this process. */
export const current = (later: ReadonlyArray<Layout.Line> = []): Effect.Effect<Display, never, Scope.Scope> =>
  Effect.suspend(() => {
    const terminal = Terminal.current(process.stdout)
    return terminal === undefined
      ? Effect.succeed(plain(() => Terminal.look(process.stdout)))
      : live(terminal, later)
  })
