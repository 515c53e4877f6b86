/**
 * Shows a login to a person on standard error: with a QR code and a countdown on a terminal, else as plain lines.
 *
 * The sentences are those of `LoginView`. The code is highlighted wherever it stands.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import type { LoginEvent } from "@sso-oidc/session/LoginEvent"
import * as LoginView from "@sso-oidc/session/LoginView"
import type { Line } from "@sso-oidc/terminal/Layout"
import * as LiveDisplay from "@sso-oidc/terminal/LiveDisplay"
import type * as Terminal from "@sso-oidc/terminal/Terminal"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Host from "./Host.ts"
import * as Output from "./Output.ts"
import * as Typed from "./Typed.ts"

/** Shows an event of a login. */
export type Show = (event: LoginEvent) => Effect.Effect<void>

/** How a login is shown. */
export interface Options {
  /** Whether the person can paste a URL. Then there is no countdown: it would stand where the person types. */
  readonly takesPaste: boolean
}

// -----------------------------------------------------------------------------
// lines
// -----------------------------------------------------------------------------

const empty: Line = { text: "" }

/** A code as `LoginView` writes it. */
const clean = (code: string): string => Wire.isPrintable(code) ? code : Wire.printable(code)

/** The sentences of the event. The end of the login is told by its command, when the token is stored. */
const lines = (event: LoginEvent): ReadonlyArray<Line> => {
  if (event._tag === "Approved") return []
  if (event._tag === "LoginElsewhere") {
    return [...LoginView.lines(event).map((text) => ({ text })), {
      text: "It may take ten minutes. Ctrl-C ends the wait."
    }]
  }
  const strong = event._tag === "CodeReady" ? { strong: clean(event.userCode) } : {}
  return LoginView.lines(event).map((text) => ({ text, ...strong }))
}

/** The sentences without the last one, which says until when there is time: a terminal counts down. */
const withoutDeadline = (event: LoginEvent): ReadonlyArray<Line> => lines(event).slice(0, -1)

const changing = (expiresAt: DateTime.Utc, waitsFor: string): LiveDisplay.Changing => ({
  expiresAt,
  line: (now) => ({
    subject: "waiting",
    text: `for ${waitsFor}, ${LiveDisplay.countdown(DateTime.toEpochMillis(expiresAt) - now)} left`
  })
})

// -----------------------------------------------------------------------------
// displays
// -----------------------------------------------------------------------------

/** One line after the other. */
const plain: Effect.Effect<Show, never, Host.Host> = Effect.gen(function*() {
  const host = yield* Host.Host
  const typed = yield* Typed.Typed
  return (event) =>
    typed.above(
      Effect.provideService(
        Effect.suspend(() => Output.tell(...lines(event))),
        Host.Host,
        host
      )
    )
})

/** On a terminal: a QR code beside code and URL, and a countdown in the last line. */
const live = Effect.fnUntraced(function*(
  terminal: Terminal.Terminal
): Effect.fn.Return<Show, never, Scope.Scope> {
  const display = yield* LiveDisplay.make(terminal)
  return (event) => {
    switch (event._tag) {
      case "UrlReady":
        return display.begin({
          lines: () => [empty, ...withoutDeadline(event), empty],
          changing: changing(event.expiresAt, "the browser")
        })
      case "CodeReady":
        return display.begin({
          lines: (belowQrCode) => belowQrCode ? withoutDeadline(event) : [empty, ...withoutDeadline(event), empty],
          qrCode: event.verificationUriComplete,
          changing: changing(event.expiresAt, "you")
        })
      case "Approved":
        return display.change(undefined)
      default:
        return Effect.andThen(display.pass(lines(event)), display.showAgain)
    }
  }
})

/** What shows the events of a login, until the scope closes. */
export const make = ({ takesPaste }: Options): Effect.Effect<Show, never, Host.Host | Scope.Scope> =>
  Effect.flatMap(
    Host.Host,
    ({ isInteractive, terminal }): Effect.Effect<Show, never, Host.Host | Scope.Scope> =>
      isInteractive && terminal !== undefined && !takesPaste ? live(terminal) : plain
  )
