/**
 * The listener and the browser that a program gives, held to their contracts: each fails in the way that its contract has, and in time.
 */
import * as UserFunction from "@sso-oidc/core/aws/UserFunction"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as Callback from "../Callback.ts"
import * as LoginBrowser from "../LoginBrowser.ts"
import { apart } from "./apart.ts"

// Before the choice of the grant, a person sees nothing yet.
const patience = Duration.seconds(5)

// -----------------------------------------------------------------------------
// listener
// -----------------------------------------------------------------------------

const unavailable = (code: string, detail: string, port: number | undefined) =>
  new Callback.CallbackUnavailable({ code, detail, ...(port === undefined ? {} : { port }) })

const isListener = (given: unknown): given is Callback.Listener =>
  typeof given === "object" && given !== null && "redirectUri" in given && typeof given.redirectUri === "string" &&
  "received" in given && typeof given.received === "function"

/** Binds a listener in this scope. */
export const listen = (
  callback: Callback.Service | undefined,
  port: number | undefined,
  scope: Scope.Scope
): Effect.Effect<Callback.Listener, Callback.CallbackUnavailable> => {
  if (callback === undefined) return Effect.fail(unavailable("NOSERVICE", "the program has no Callback service", port))
  return Effect.suspend(() => UserFunction.effectOf("Callback.listen", callback.listen({ port }))).pipe(
    Scope.provide(scope),
    apart,
    Effect.timeoutOption(patience),
    Effect.flatMap((ended) => {
      if (Option.isNone(ended)) {
        return Effect.fail(unavailable("ETIMEDOUT", "the Callback service did not respond", port))
      }
      const exit = ended.value
      const error = Option.getOrUndefined(Exit.findErrorOption(exit))
      if (error instanceof Callback.CallbackUnavailable) return Effect.fail(error)
      return Exit.isSuccess(exit) && isListener(exit.value)
        ? Effect.succeed(exit.value)
        : Effect.fail(unavailable("UNKNOWN", "the Callback service failed", port))
    })
  )
}

/** The URL that the listener received. It never fails: without a text, no callback has come. */
export const received = (
  listener: Callback.Listener,
  state: Redacted.Redacted<string>
): Effect.Effect<Redacted.Redacted<string>> =>
  Effect.suspend(() => UserFunction.effectOf("Callback.received", listener.received(state))).pipe(
    apart,
    Effect.flatMap((exit) => {
      if (Exit.isFailure(exit)) return Effect.never
      const url: unknown = exit.value
      if (!Redacted.isRedacted(url)) return Effect.never
      const text: unknown = Redacted.value(url)
      return typeof text === "string" ? Effect.succeed(Redacted.make(text, { label: "callback" })) : Effect.never
    })
  )

// -----------------------------------------------------------------------------
// browser
// -----------------------------------------------------------------------------

const signs: ReadonlySet<unknown> = new Set<LoginBrowser.Sign>(["ssh", "container", "noDisplay", "noTerminal"])

const isSign = (given: unknown): given is LoginBrowser.Sign => signs.has(given)

/** The sign of another machine. A browser that cannot say has none. */
export const elsewhere = (browser: LoginBrowser.Service): Effect.Effect<LoginBrowser.Sign | undefined> =>
  Effect.suspend(() => UserFunction.effectOf("LoginBrowser.elsewhere", browser.elsewhere)).pipe(
    apart,
    Effect.timeoutOption(patience),
    Effect.map((ended) =>
      Option.isSome(ended) && Exit.isSuccess(ended.value) && isSign(ended.value.value) ? ended.value.value : undefined
    )
  )

/** Opens the URL. However the browser fails, it is a `BrowserUnavailable`. */
export const open = (
  browser: LoginBrowser.Service,
  url: string
): Effect.Effect<void, LoginBrowser.BrowserUnavailable> =>
  Effect.suspend(() => UserFunction.effectOf("LoginBrowser.open", browser.open(url))).pipe(
    apart,
    Effect.flatMap((exit) => {
      if (Exit.isSuccess(exit)) return Effect.void
      const error = Option.getOrUndefined(Exit.findErrorOption(exit))
      return Effect.fail(
        error instanceof LoginBrowser.BrowserUnavailable
          ? error
          : new LoginBrowser.BrowserUnavailable({ detail: "the browser service failed" })
      )
    })
  )
