/**
 * Shows a login: as plain lines, or in a terminal with a QR code and a line that changes.
 */
import type { DeviceGrantEvent } from "@sso-oidc/device-grant/DeviceGrantEvent"
import * as Layout from "@sso-oidc/terminal/Layout"
import * as LiveDisplay from "@sso-oidc/terminal/LiveDisplay"
import * as Terminal from "@sso-oidc/terminal/Terminal"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
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

/**
 * A terminal whose last line counts down the time that the code has left. The line is removed when the scope closes.
 *
 * The QR code is drawn only if all lines that the person needs fit on the screen with it, the `later` lines included.
 */
export const live = Effect.fnUntraced(function*(
  terminal: Terminal.Terminal,
  later: ReadonlyArray<Layout.Line> = []
): Effect.fn.Return<Display, never, Scope.Scope> {
  const display = yield* LiveDisplay.make(terminal, later)
  let status: Screen.Status | undefined

  const changing = (status: Screen.Status): LiveDisplay.Changing => ({
    expiresAt: status.expiresAt,
    line: (now) => Screen.status(status, now)
  })

  const event = (event: DeviceGrantEvent): Effect.Effect<void> => {
    switch (event._tag) {
      case "Registered":
        return display.pass(Screen.lines(event))
      case "CodeReady":
        status = { ...event, reason: "pending" }
        return display.begin({
          lines: (belowQrCode) => Screen.code(event, belowQrCode),
          qrCode: event.verificationUriComplete,
          changing: changing(status)
        })
      case "Waiting": {
        if (status === undefined) return display.pass(Screen.lines(event))
        status = { ...status, nextPollAt: event.nextPollAt, reason: event.reason }
        // "not approved yet" needs no line of its own: the changing line says it
        return event.reason === "pending"
          ? display.change(changing(status))
          : Effect.andThen(display.change(changing(status), Screen.lines(event)), display.showAgain)
      }
      case "Approved":
        return display.change(undefined, Screen.lines(event))
    }
  }

  return {
    print: (...lines) => display.print(lines),
    event: (one) => Effect.suspend(() => event(one)),
    enter: display.enter
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
