/**
 * A whole login by the code grant: from the URL to the token.
 */
import * as TrustedUrl from "@sso-oidc/core/aws/TrustedUrl"
import * as UserFunction from "@sso-oidc/core/aws/UserFunction"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type { Token } from "@sso-oidc/core/Token"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import type {
  ExchangeError,
  LoginOptions,
  PendingCode,
  PersonOptions,
  StartError,
  StartOptions
} from "../../AuthorizationCode.ts"
import type { AuthorizationDenied, AuthorizationExpired, CallbackInvalid } from "../../AuthorizationCodeError.ts"
import * as Callback from "../../Callback.ts"
import * as LoginBrowser from "../../LoginBrowser.ts"
import type { LoginEvent } from "../../LoginEvent.ts"
import { apart } from "../apart.ts"
import * as Guests from "../guests.ts"
import * as Answer from "./answer.ts"
import * as Exchange from "./exchange.ts"
import * as Starting from "./starting.ts"

/** What a login works with. */
export interface With<A, E> {
  /** The bound listener. Without one, the person pastes the URL. */
  readonly listener: Callback.Listener | undefined
  /** The person's browser, if the program has one. */
  readonly browser: LoginBrowser.Service | undefined
  /** Stores the token, before anything else is done with it. */
  readonly store: (token: Token) => Effect.Effect<A, E>
  /** Runs at the start. It counts toward the deadline. */
  readonly begin?: Effect.Effect<void, E> | undefined
  /** Runs when the person has the URL. */
  readonly shown?: Effect.Effect<void> | undefined
  /** Runs when the person came back, with a code or with an error. From then on the listener is needed no more. */
  readonly answered: Effect.Effect<void>
}

export type Tell<E, R> = (event: LoginEvent) => Effect.Effect<void, E, R>

/** Gives events to the program one at a time, also those of fibers that run at the same time. */
export const teller = <E, R>({ onEvent }: Pick<PersonOptions<E, R>, "onEvent">): Tell<E, R> => {
  const oneAtATime = Semaphore.makeUnsafe(1)
  return (event) =>
    onEvent === undefined
      ? Effect.void
      : oneAtATime.withPermit(Effect.asVoid(UserFunction.call("onEvent", onEvent, event)))
}

// Without a listener nothing has to listen there: the person copies the URL from the browser's address bar. The port of the options may be
// that of another program.
const pastePort = 54_321

// A `paste` that gives texts without a person would never end, and neither would a faulty listener.
const mostTexts = 10

/** Opens the URL. A browser that fails is an event. It never ends, except with the error of `onEvent`. */
const opened = <E, R>(
  browser: LoginBrowser.Service,
  url: string,
  tell: Tell<E, R>
): Effect.Effect<never, E, R> =>
  Effect.suspend(() =>
    TrustedUrl.isTrusted(url)
      ? Guests.open(browser, url)
      : Effect.fail(new LoginBrowser.BrowserUnavailable({ detail: "the URL is neither https, nor http to loopback" }))
  ).pipe(
    Effect.catch((error) => tell({ _tag: "BrowserFailed", error })),
    Effect.andThen(Effect.never)
  )

type Answered = Result.Result<Redacted.Redacted<string>, AuthorizationDenied>

/** Takes pasted texts, until one is the callback of this login. */
const pasted = Effect.fnUntraced(function*<E, R, E2, R2>(
  paste: Effect.Effect<string, E2, R2>,
  { state }: PendingCode,
  tell: Tell<E, R>,
  otherwise: (error: CallbackInvalid) => Effect.Effect<never, CallbackInvalid>
): Effect.fn.Return<Answered, E | E2 | CallbackInvalid, R | R2> {
  for (let times = 1;; times++) {
    const text = yield* yield* apart(UserFunction.effectOf("paste", paste))
    const read = Answer.read(Redacted.make(text, { label: "callback" }), state)
    if (Result.isSuccess(read)) return Result.succeed(read.success)
    if (read.failure._tag === "AuthorizationDenied") return Result.fail(read.failure)
    yield* tell({ _tag: "PasteRejected", error: read.failure })
    if (times === mostTexts) return yield* otherwise(read.failure)
  }
})

/** Waits for the callback of this login. A listener that gives another one is asked again. */
const came = Effect.fnUntraced(function*(
  listener: Callback.Listener,
  { state }: PendingCode
): Effect.fn.Return<Answered> {
  for (let times = 1;; times++) {
    const read = Answer.read(yield* Guests.received(listener, state), state)
    if (Result.isSuccess(read)) return Result.succeed(read.success)
    if (read.failure._tag === "AuthorizationDenied") return Result.fail(read.failure)
    if (times === mostTexts) return yield* Effect.never
  }
})

/** Waits for the callback or a paste, whichever is first. */
const answer = <E, R, E2, R2>(
  pending: PendingCode,
  { openBrowser = true, paste }: PersonOptions<E, R, E2, R2>,
  { browser, listener, shown = Effect.void }: Pick<With<unknown, unknown>, "browser" | "listener" | "shown">,
  tell: Tell<E, R>
): Effect.Effect<Answered, E | E2 | CallbackInvalid, R | R2> => {
  const opens = browser !== undefined && openBrowser
  const ready = tell({
    _tag: "UrlReady",
    url: pending.url,
    opensBrowser: opens,
    takesPaste: paste !== undefined,
    expiresAt: pending.expiresAt
  })
  const later: Array<Effect.Effect<Answered, E | E2 | CallbackInvalid, R | R2>> = []
  if (paste !== undefined) {
    later.push(pasted(paste, pending, tell, listener === undefined ? Effect.fail : () => Effect.never))
  }
  if (opens) later.push(opened(browser, pending.url, tell))
  const person = Effect.andThen(
    ready,
    Effect.andThen(shown, later.length === 0 ? Effect.never : Effect.raceAllFirst(later))
  )
  // The program may wait for the browser in `onEvent`, so the callback counts from the start.
  return listener === undefined ? person : Effect.raceFirst(came(listener, pending), person)
}

/**
 * Runs a login. Once the code is sent, it waits for the token and stores it, also if it is interrupted meanwhile. Without a listener and
 * without `paste` it ends at the deadline.
 */
export const run = Effect.fnUntraced(function*<A, E0, E, R, E2, R2, E3, R3>(
  options: LoginOptions<E, R, E2, R2, E3, R3>,
  using: With<A, E0>,
  tell: Tell<E2, R2> = teller(options)
): Effect.fn.Return<
  A,
  StartError | ExchangeError | AuthorizationDenied | AuthorizationExpired | CallbackInvalid | E0 | E | E2 | E3,
  SsoOidc.SsoOidc | R | R2 | R3
> {
  const { onRegistration } = options
  const starting: StartOptions<E | E2, R | R2> = {
    ...options,
    redirectUri: using.listener?.redirectUri ?? Callback.redirectUriOf(pastePort),
    onRegistration: (registration) =>
      Effect.andThen(
        onRegistration === undefined
          ? Effect.void
          : UserFunction.call("onRegistration", onRegistration, registration),
        tell({ _tag: "Registered", registration })
      )
  }
  // One deadline for all that comes before the exchange, also for what the program does with its events.
  const [pending, answered] = yield* Effect.raceFirst(
    Effect.gen(function*() {
      yield* using.begin ?? Effect.void
      const pending = yield* Starting.start(starting)
      return [pending, yield* answer(pending, options, using, tell)] as const
    }),
    Effect.andThen(Effect.sleep(Exchange.lifetime), Effect.suspend(() => Effect.fail(Exchange.expired())))
  )
  yield* using.answered
  const code = yield* Effect.fromResult(answered)
  return yield* Effect.uninterruptible(Effect.gen(function*() {
    // a fiber of its own, so that the limit of the request can end it
    const sending = yield* Effect.forkDetach(Exchange.exchange(pending, code), { startImmediately: true })
    return yield* using.store(yield* Fiber.join(sending))
  }))
})
