/**
 * Where a login is shown: in lines alone, or in a terminal, with a QR code and a line that changes.
 */
import type { CodeReady, DeviceGrantEvent } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as CliOutput from "effect/cli/CliOutput"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Layout from "./Layout.ts"
import * as QrCode from "./QrCode.ts"
import * as Screen from "./Screen.ts"
import * as Terminal from "./Terminal.ts"

export interface Display {
  readonly print: (...lines: ReadonlyArray<Layout.Line>) => Effect.Effect<void>
  readonly event: (event: DeviceGrantEvent) => Effect.Effect<void>
  /** Waits for the next Enter. */
  readonly enter: Effect.Effect<void>
}

// -----------------------------------------------------------------------------
// lines
// -----------------------------------------------------------------------------

/** One line after the other, for a pipe, a log, or a terminal that can no more. */
export const plain = (look: () => Layout.Look): Display => {
  const print: Display["print"] = (...lines) =>
    Effect.forEach(lines, (line) => Console.log(Layout.render(line, look()).join("\n")), { discard: true })
  return { print, event: (event) => print(...Screen.lines(event)), enter: Terminal.enter }
}

// -----------------------------------------------------------------------------
// a terminal
// -----------------------------------------------------------------------------

// The cursor rests in the first row of the changing line. When a terminal that becomes narrower breaks that line into more
// rows, the cursor stays in the first: what is cleared from there on is the whole line, and nothing above it.
const clear = "\r\x1b[J"

const up = (rows: number): string => rows > 0 ? `\x1b[${rows}A` : ""

// behind the subject, where it covers nothing; at the very start where a narrower terminal would soon break
const rest = (columns: number): string => columns > 20 ? "\r\x1b[8C" : "\r"

// A terminal may be narrower than it has told yet. It cuts what is too long then, so that the rows are as many as were counted.
const cut = (text: string): string => `\x1b[?7l${text}\x1b[?7h`

// a window that is dragged tells of many sizes
const settled = "300 millis"

interface Row {
  readonly text: string
  /** How wide the terminal was. */
  readonly columns: number
}

/**
 * A terminal whose last line counts the code's time down. The line is gone when the scope closes, however that comes.
 *
 * A QR code is there when all that the person needs stays on the screen with it, down to the lines that come later.
 */
export const live = Effect.fnUntraced(function*(
  terminal: Terminal.Terminal,
  later: ReadonlyArray<Layout.Line> = []
): Effect.fn.Return<Display, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const pressers = new Set<() => void>()
  let status: Screen.Status | undefined
  // what the person needs until the login ends, and of it the code; and the rows from the first of it on
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

  // in one write each, so that nothing comes between the rows and the changing line below them
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

  /** The rows are wider than the terminal has become, or have left it at its top. */
  const isLost = (): boolean =>
    !fits(shown.map(({ text }) => text)) || shown.some(({ columns, text }) => {
      const width = CliOutput.displayWidth(text)
      return width <= columns && width > terminal.size().columns
    })

  /** Shows what is lost once more: all that the person needs, or at least the code, as much of it as has room. */
  const showAgain = Effect.sync(() => {
    if (status === undefined || !isLost()) return
    shown = []
    add([needed, code].map(render).find(fits) ?? [], status)
  })

  const showCode = (event: CodeReady) => {
    const { columns, rows } = terminal.size()
    status = { ...event, reason: "pending" }
    // it has block characters, and its own colours, to be read on any background
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

  // once a second, when the second is over
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
          // that nobody has approved yet is no news: the changing line says it
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

/** The display that the process has. */
export const current = (later: ReadonlyArray<Layout.Line> = []): Effect.Effect<Display, never, Scope.Scope> =>
  Effect.suspend(() => {
    const terminal = Terminal.current()
    return terminal === undefined
      ? Effect.succeed(plain(() => Terminal.look(process.stdout)))
      : live(terminal, later)
  })
