/**
 * A terminal whose last line changes, such as a countdown: with a QR code above the lines, and with lines that come back after the window
 * has changed.
 */
import * as CliOutput from "effect/cli/CliOutput"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Layout from "./Layout.ts"
import * as QrCode from "./QrCode.ts"
import type * as Terminal from "./Terminal.ts"

/** The line that changes once a second. */
export interface Changing {
  /** What it counts down to. It changes when a second of that time has passed. */
  readonly expiresAt: DateTime.Utc
  /** The line at the time `now`, in milliseconds since 1970. */
  readonly line: (now: number) => Layout.Line
}

/** A time that is left, as minutes and seconds. */
export const countdown = (millis: number): string => {
  const left = Math.max(0, Math.ceil(millis / 1000))
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`
}

/** What a person needs until the display ends. */
export interface Needed {
  /** The lines, if a QR code is above them or not. */
  readonly lines: (belowQrCode: boolean) => ReadonlyArray<Layout.Line>
  /** The text of the QR code. It is drawn only if there is room for it and for all lines that the person needs. */
  readonly qrCode?: string | undefined
  /** The line that changes from now on. */
  readonly changing: Changing
}

/** Shows lines above the line that changes. */
export interface LiveDisplay {
  /** Prints lines that the person needs until the display ends. They come back if they have left the screen. */
  readonly print: (lines: ReadonlyArray<Layout.Line>) => Effect.Effect<void>
  /** Prints lines that may leave the screen. */
  readonly pass: (lines: ReadonlyArray<Layout.Line>) => Effect.Effect<void>
  /** Prints the lines for the person, and begins the line that changes. */
  readonly begin: (needed: Needed) => Effect.Effect<void>
  /** Prints lines that may leave the screen, and changes the last line. `undefined` removes it. */
  readonly change: (changing: Changing | undefined, lines?: ReadonlyArray<Layout.Line>) => Effect.Effect<void>
  /** Prints those lines again that the person needs and that have left the screen. */
  readonly showAgain: Effect.Effect<void>
  /** Waits for the next Enter. */
  readonly enter: Effect.Effect<void>
}

// The cursor stays in the first row of the changing line. A terminal that becomes narrower may break that line into more rows.
// The cursor then stays in the first of them. So clearing from the cursor on removes the whole line, and nothing above it.
const clear = "\r\x1b[J"

const up = (rows: number): string => rows > 0 ? `\x1b[${rows}A` : ""

// Put the cursor behind the subject, where it covers no text. In a narrow terminal put it at the start of the row.
const rest = (columns: number): string => columns > 20 ? "\r\x1b[8C" : "\r"

// A terminal may already be narrower than the program knows. Let it cut long rows, so that the number of rows stays as counted.
const cut = (text: string): string => `\x1b[?7l${text}\x1b[?7h`

// a window that is dragged reports many sizes
const settled = "300 millis"

interface Row {
  readonly text: string
  /** The width of the terminal when the row was written. */
  readonly columns: number
}

/**
 * A display on this terminal. The changing line is removed when the scope closes.
 *
 * The QR code is drawn only if all lines that the person needs fit on the screen with it, the `later` lines included.
 */
export const make = Effect.fnUntraced(function*(
  terminal: Terminal.Terminal,
  later: ReadonlyArray<Layout.Line> = []
): Effect.fn.Return<LiveDisplay, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const pressers = new Set<() => void>()
  let current: Changing | undefined
  // The lines that the person needs until the end; the latest of them; all rows since the first of them.
  const needed: Array<Layout.Line> = []
  let latest: ReadonlyArray<Layout.Line> = []
  let shown: Array<Row> = []

  const render = (lines: ReadonlyArray<Layout.Line>): ReadonlyArray<string> => {
    const { columns } = terminal.size()
    return lines.flatMap((line) => Layout.render(line, { ...terminal, columns }))
  }
  const height = (rows: ReadonlyArray<string>): number =>
    rows.reduce((sum, row) => sum + Layout.height(row, terminal.size().columns), 0)

  const last = (): ReadonlyArray<string> => {
    if (current === undefined) return []
    const { columns, rows } = terminal.size()
    return render([current.line(clock.currentTimeMillisUnsafe())])
      .map((row) => row.slice(0, Math.max(0, columns - 1)))
      .slice(0, Math.max(1, rows - 1))
  }

  // one write, so that no other output gets between the rows and the changing line below them
  const redraw = (cleared: string, rows: ReadonlyArray<string> = []) => {
    const text = last()
    const end = text.length === 0 ? "" : cut(text.join("\n")) + up(text.length - 1) + rest(terminal.size().columns)
    terminal.write(cleared + rows.map((row) => `${row}\n`).join("") + end)
  }

  const add = (rows: ReadonlyArray<string>, next: Changing | undefined) => {
    const cleared = current === undefined ? "" : clear
    current = next
    if (needed.length > 0) {
      const { columns } = terminal.size()
      shown.push(...rows.map((text) => ({ text, columns })))
    }
    redraw(cleared, rows)
  }

  const fits = (rows: ReadonlyArray<string>): boolean => height(rows) + last().length <= terminal.size().rows

  /** Whether a row has become wider than the terminal, or has left the screen at its top. */
  const isLost = (): boolean =>
    !fits(shown.map(({ text }) => text)) || shown.some(({ columns, text }) => {
      const width = CliOutput.displayWidth(text)
      return width <= columns && width > terminal.size().columns
    })

  /** Shows lost lines again: all that the person needs if they fit, else the latest of them if they fit. */
  const showAgain = Effect.sync(() => {
    if (current === undefined || !isLost()) return
    shown = []
    add([needed, latest].map(render).find(fits) ?? [], current)
  })

  const begin = ({ changing, lines, qrCode: text }: Needed) => {
    const { columns, rows } = terminal.size()
    // It must not be drawn before the lines above it.
    const cleared = current === undefined ? "" : clear
    if (cleared !== "") terminal.write(cleared)
    current = changing
    // a QR code needs block characters and its own colours, so that a phone reads it on any background
    const possible = terminal.colours && terminal.utf8 && text !== undefined
    const qrCode = possible ? QrCode.make(text) : undefined
    const above = shown.map(({ text }) => text)
    const withIt = [...above, ...qrCode?.lines ?? [], ...render([...lines(true), ...later])]
    const drawn = qrCode !== undefined && qrCode.columns <= columns && height(withIt) + last().length <= rows
    latest = lines(drawn)
    if (drawn) add(qrCode.lines, undefined)
    needed.push(...latest)
    add(render(latest), changing)
  }

  yield* Effect.acquireRelease(
    Effect.sync(() =>
      terminal.onEnter((times) => {
        // the Enter has moved the cursor down
        if (current !== undefined) redraw(up(times) + clear)
        for (const presser of pressers) presser()
      })
    ),
    (release) =>
      Effect.sync(() => {
        release()
        if (current !== undefined) terminal.write(clear)
        current = undefined
      })
  )

  // once a second, when a second of the time has passed
  yield* Effect.forkScoped(Effect.forever(Effect.gen(function*() {
    const now = yield* Clock.currentTimeMillis
    const left = current === undefined ? 0 : DateTime.toEpochMillis(current.expiresAt) - now
    yield* Effect.sleep(left % 1000 > 0 ? left % 1000 : 1000)
    if (current !== undefined) redraw(clear)
  })))

  const resized = yield* Queue.sliding<void>(1)
  yield* Effect.acquireRelease(
    Effect.sync(() =>
      terminal.onResize(() => {
        if (current !== undefined) redraw(clear)
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

  return {
    print: (lines) =>
      Effect.sync(() => {
        needed.push(...lines)
        add(render(lines), current)
      }),
    pass: (lines) => Effect.sync(() => add(render(lines), current)),
    begin: (needed) => Effect.sync(() => begin(needed)),
    change: (changing, lines = []) => Effect.sync(() => add(render(lines), changing)),
    showAgain,
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
