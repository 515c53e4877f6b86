/**
 * Many logins, each with many impatient callers, over the emulator. An observer between both believes neither.
 *
 * The clock is a test clock that runs some ten times faster than real time, and stands still while the machine does. So a busy machine does
 * not look like a frozen process.
 */
import type { Sealer } from "@sso-oidc/core/Sealer"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as Login from "@sso-oidc/durable/Login"
import * as LoginStore from "@sso-oidc/durable/LoginStore"
import * as Step from "@sso-oidc/durable/Step"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorTransport from "@sso-oidc/emulator/EmulatorTransport"
import * as Clocks from "@sso-oidc/test-kit/clocks"
import { dice } from "@sso-oidc/test-kit/dice"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as References from "effect/References"
import { setTimeout } from "node:timers/promises"

// -----------------------------------------------------------------------------
// the observer
// -----------------------------------------------------------------------------

/** A device code, as the observer sees it. */
interface Seen {
  /** The shortest wait before a poll, in milliseconds. */
  interval: number
  /** When the last response came, the one with the code included. */
  last: number
  inFlight: number
  polls: number
  early: number
  double: number
  slowDowns: number
  tokens: number
  /** What the service last said: `token`, or the code of an error. */
  said: string
}

const now = Clock.currentTimeMillis

/** Records each poll, and delays each response by up to so many milliseconds. */
export const observer = (delay: number, seed: number) => {
  const seen = new Map<string, Seen>()
  const people = new Map<string, Seen>()
  const { below } = dice(seed)
  const pause = Effect.suspend(() => Effect.sleep(Duration.millis(below(delay / 2))))
  const wrap = (inner: HttpClient.HttpClient): HttpClient.HttpClient =>
    HttpClient.make((request, url) =>
      Effect.gen(function*() {
        const sent = request.body._tag === "Uint8Array" ? JSON.parse(new TextDecoder().decode(request.body.body)) : {}
        const code = seen.get(sent["deviceCode"])
        if (code !== undefined) {
          code.polls++
          if (code.inFlight > 0) code.double++
          if ((yield* now) < code.last + code.interval) code.early++
          code.inFlight++
        }
        const ended = Effect.map(now, (now) => {
          if (code === undefined) return
          code.inFlight--
          code.last = now
        })
        const { body, response } = yield* pause.pipe(
          Effect.andThen(inner.execute(request)),
          Effect.flatMap((response) => Effect.map(response.text, (body) => ({ body, response }))),
          // The service said it, whatever becomes of the response.
          Effect.tap(({ body, response }) =>
            Effect.sync(() => {
              if (code === undefined) return
              if (response.status === 200) code.tokens++
              code.said = response.status === 200 ? "token" : JSON.parse(body)["error"]
            })
          ),
          Effect.tap(pause),
          Effect.ensuring(ended)
        )
        const members = JSON.parse(body)
        if (url.pathname === "/device_authorization" && response.status === 200) {
          const interval = members["interval"] * 1000
          const nothing = { inFlight: 0, polls: 0, early: 0, double: 0, slowDowns: 0, tokens: 0, said: "" }
          const code = { ...nothing, interval, last: yield* now }
          seen.set(members["deviceCode"], code)
          people.set(members["userCode"], code)
        }
        if (code !== undefined && members["error"] === "slow_down") {
          code.slowDowns++
          code.interval += 5000
        }
        return HttpClientResponse.fromWeb(
          request,
          new Response(body, { status: response.status, headers: response.headers })
        )
      }).pipe(Effect.orDie)
    )
  return {
    wrap,
    /** What the service last said to a poll of the login with this user code. */
    said: (userCode: string) => people.get(userCode)?.said ?? "",
    /** How many tokens it issued for the login with this user code. */
    issued: (userCode: string) => people.get(userCode)?.tokens ?? 0,
    /** The sum of a count over all codes. */
    sum: (of: "polls" | "early" | "double" | "slowDowns" | "tokens") =>
      [...seen.values()].reduce((sum, code) => sum + code[of], 0)
  }
}

// -----------------------------------------------------------------------------
// invocations that are killed
// -----------------------------------------------------------------------------

/** Where an invocation is killed in its poll: nowhere, before the request, or after the response. */
type Death = "never" | "before" | "after"

/**
 * One invocation. When it dies, its fiber goes on in vain: nothing of it reaches the service or the store. It gives `undefined` then.
 */
const invocation = (id: string, hold: Duration.Input, death: Death) =>
  Effect.gen(function*() {
    const [oidc, store] = [yield* SsoOidc.SsoOidc, yield* LoginStore.LoginStore]
    const dead = yield* Deferred.make<undefined>()
    let isDead = false
    const die = Effect.suspend(() => {
      isDead = true
      return Effect.andThen(Deferred.succeed(dead, undefined), Effect.never)
    })
    const alive = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
      Effect.suspend(() => isDead ? Effect.never : effect)
    const fiber = yield* Step.step(id, { hold }).pipe(
      Effect.provideService(SsoOidc.SsoOidc, {
        ...oidc,
        createToken: (request) =>
          death === "before"
            ? die
            : death === "after"
            ? Effect.andThen(Effect.exit(oidc.createToken(request)), die)
            : oidc.createToken(request)
      }),
      Effect.provideService(LoginStore.LoginStore, {
        ...store,
        get: (id) => alive(store.get(id)),
        set: (id, version, row) => alive(store.set(id, version, row)),
        end: (id, version, outcome) => alive(store.end(id, version, outcome))
      }),
      Effect.exit,
      Effect.forkDetach
    )
    return yield* Effect.raceFirst(Deferred.await(dead), Fiber.join(fiber))
  })

/** On a machine that stands still for seconds, a store may be out of reach for a while. */
const patiently = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.retry(effect, { times: 5 })

// -----------------------------------------------------------------------------
// the crowd
// -----------------------------------------------------------------------------

export interface Options {
  readonly logins: number
  /** How many callers each login has. */
  readonly callers: number
  /** How likely an invocation is killed in its poll, from 0 to 1. */
  readonly kills: number
  readonly hold: Duration.Input
  /** How long a code is valid. */
  readonly expiresIn: Duration.Input
  /** Until when people decide, in milliseconds after the start. */
  readonly decided: number
  readonly seed: number
}

/** What became of one login. */
export interface Outcome {
  /** What the service last said: `token`, or the code of an error. */
  readonly said: string
  /** How many tokens the service issued. */
  readonly issued: number
  readonly login: Login.Login
  /** Whether the row gave a token. */
  readonly hasToken: boolean
  /** The state in its row. */
  readonly state: LoginStore.State
}

/** Seven of ten people approve, one denies, and two never come. */
const persons = [...Array<"approve">(7).fill("approve"), "deny", "nothing", "nothing"] as const

/** Starts the logins, lets all callers step them until they have ended, and gives what became of them. */
export const crowd = (
  store: Layer.Layer<LoginStore.LoginStore, unknown>,
  sealer: Layer.Layer<Sealer>,
  options: Options
) =>
  Effect.gen(function*() {
    const clock = yield* Clocks.jumping
    // keys of Redis expire on the clock of the server
    yield* clock.jump(Math.floor(Date.now() / 1000))
    const running = Effect.forever(Effect.andThen(Effect.promise(() => setTimeout(1)), clock.adjust(tick)))
    return yield* Effect.raceFirst(gathered(store, sealer, options), running).pipe(clock.provide)
  })

// How far the clock moves each millisecond, or less often.
const tick = "50 millis"

const gathered = (
  store: Layer.Layer<LoginStore.LoginStore, unknown>,
  sealer: Layer.Layer<Sealer>,
  options: Options
) =>
  Effect.gen(function*() {
    const { below, chance } = dice(options.seed)
    const watch = observer(300, options.seed)
    const services = SsoOidc.layer({ region: "eu-west-1" }).pipe(
      Layer.provide(Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, watch.wrap))),
      Layer.provideMerge(Layer.fresh(EmulatorTransport.layer({ expiresIn: options.expiresIn }))),
      Layer.merge(store),
      Layer.merge(sealer)
    )
    const outcomes = yield* Effect.gen(function*() {
      const { authorizations } = yield* Emulator.Emulator
      let [killed, steps] = [0, 0]

      const call = Effect.fnUntraced(function*(id: string) {
        while (true) {
          const death: Death = chance(options.kills) ? (chance(0.5) ? "before" : "after") : "never"
          const exit = yield* invocation(id, options.hold, death)
          steps++
          if (exit === undefined) killed++
          else if (Exit.isFailure(exit)) {
            // an error of the store ends nothing
            const error = Cause.squash(exit.cause)
            if (!(error instanceof LoginStore.LoginStoreError)) return
          } else if (exit.value._tag === "Approved" || exit.value._tag === "Ended") return
          // Callers come in step, so that many come at the same moment.
          yield* Effect.sleep(Duration.millis(500 * (2 + below(8)) - (yield* now) % 500))
        }
      })

      const one = Effect.fnUntraced(function*(at: number) {
        const id = `login-${at}`
        const person = persons[at % persons.length] ?? "nothing"
        const { userCode } = yield* patiently(
          Step.start({ id, clientName: "crowd", startUrl: "https://my.awsapps.com/start" })
        )
        const decide = Effect.sleep(Duration.millis(below(options.decided))).pipe(Effect.andThen(
          person === "nothing"
            ? Effect.void
            : person === "approve"
            // on a machine that stands still for seconds, the person may come too late
            ? Effect.ignore(authorizations.approve(userCode))
            : Effect.ignore(authorizations.deny(userCode))
        ))
        yield* Effect.all([decide, ...Array.from({ length: options.callers }, () => call(id))], {
          concurrency: "unbounded"
        })
        const login = yield* patiently(Step.get(id))
        const row = yield* Effect.flatMap(LoginStore.LoginStore, (store) => store.get(id))
        const hasToken = yield* Effect.isSuccess(Step.take(id))
        return {
          said: watch.said(userCode),
          issued: watch.issued(userCode),
          login,
          hasToken,
          state: row?.state ?? "pending"
        } satisfies Outcome
      })

      const all = yield* Effect.all(Array.from({ length: options.logins }, (_, at) => one(at)), {
        concurrency: "unbounded"
      })
      return { all, killed, steps }
    }).pipe(Effect.provide(services), Effect.provideService(References.MinimumLogLevel, "Warn"))
    return { ...outcomes, sum: watch.sum }
  })
