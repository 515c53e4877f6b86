import { assert, describe, it } from "@effect/vitest"
import * as Sealer from "@sso-oidc/core/Sealer"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SessionModule from "@sso-oidc/session/Session"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import { search } from "@sso-oidc/test-kit/leaks"
import * as Redis from "@sso-oidc/test-kit/redis"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import * as TestConsole from "effect/testing/TestConsole"
import { setImmediate } from "node:timers/promises"
import * as Planted from "../support/leaksPlanted.ts"
import { httpOf, leakOf, watch } from "../support/leaksWatch.ts"
import * as Broken from "../support/sessionBroken.ts"
import * as Session from "../support/sessionPlanted.ts"
import * as Stores from "../support/sessionStores.ts"

const runs = { arbitrary: { runs: 2, seed: 20261126 } }
const once = { arbitrary: { runs: 1, seed: 20261126 } }

const hasNoRedis = isMissing(Redis.tool)

const memory = Effect.map(Layer.build(TokenStore.layerMemory), (context) => Context.get(context, TokenStore.TokenStore))

/** Runs the careless program while the clock moves, and checks that no secret shows, and that each failure is typed. */
const clean = Effect.fnUntraced(function*(
  name: string,
  s: Planted.Secrets,
  store: TokenStore.Service,
  service: Layer.Layer<SsoOidc.SsoOidc>
) {
  const program = Session.program(s).pipe(
    Effect.provideService(TokenStore.TokenStore, store),
    Effect.provide(service)
  )
  const fiber = yield* Effect.forkChild(watch(program))
  while (fiber.pollUnsafe() === undefined) {
    yield* TestClock.adjust("200 millis")
    // bodies and hashes need a real moment
    yield* Effect.promise(() => setImmediate())
  }
  const watched = yield* Fiber.join(fiber)
  const leak = leakOf(watched, [...Object.values(s), Planted.host])
  assert.isUndefined(leak, `${name}: ${JSON.stringify(leak)}`)
  assert.deepStrictEqual(httpOf(watched), [])
  if (Exit.isFailure(watched.exit)) return assert.fail(`${name}: ${Cause.pretty(watched.exit.cause)}`)
  const exits = watched.exit.value
  for (const exit of exits) {
    const reasons = Exit.isFailure(exit) ? exit.cause.reasons : []
    assert.isTrue(reasons.every(Cause.isFailReason), `${name}: ${String(exit)}`)
  }
  return exits.map((exit) => Exit.isSuccess(exit) ? "token" : String(Cause.squash(exit.cause)))
})

const tagOf = (exit: Exit.Exit<unknown, { readonly _tag: string }>): string => {
  if (Exit.isSuccess(exit)) return "token"
  const [reason] = exit.cause.reasons
  return reason !== undefined && Cause.isFailReason(reason) ? reason.error._tag : String(exit)
}

/** How the service may respond, and the tag of the first error. */
const services: ReadonlyArray<
  readonly [name: string, tag: string, replies: (s: Planted.Secrets) => ReadonlyArray<() => Session.Reply>]
> = [
  ["a token", "token", (s) => [() => ({ response: Planted.json(Planted.token(s)) })]],
  ["invalid_grant", "SessionEnded", (s) => echoes(s, "InvalidGrantException")],
  ["invalid_client", "SessionEnded", (s) => echoes(s, "InvalidClientException")],
  ["slow_down", "SlowDownException", (s) => echoes(s, "SlowDownException")],
  ["an internal error", "InternalServerException", (s) => echoes(s, "InternalServerException")],
  [
    "a response outside the model",
    "",
    (s) =>
      Planted.foreign(Session.refresh(s)).map((_, at) => () => ({
        response: Planted.foreign(Session.refresh(s))[at] ?? Response.error()
      }))
  ],
  ["no response", "TransportError", (s) => Planted.causes(Session.refresh(s), s).map((cause) => () => ({ cause }))]
]

const echoes = (s: Planted.Secrets, type: string): ReadonlyArray<() => Session.Reply> =>
  Planted.echoing(type, [s.clientSecret, s.refreshToken]).map((response) => () => ({ response: response.clone() }))

describe("planted secrets: a session (C6, S21)", () => {
  for (const [name, tag, replies] of services) {
    it.effect.prop(
      `no secret shows if the service gives ${name} (C6, S21)`,
      [Planted.Secrets],
      ([s]) =>
        Effect.gen(function*() {
          // each response is the first one of a session
          for (const reply of replies(s)) {
            const store = yield* memory
            yield* Session.put(store, s)
            const [first = ""] = yield* clean(name, s, store, Session.service([reply]))
            assert.include(first, tag)
          }
        }).pipe(Effect.scoped),
      tag.endsWith("Exception") || tag === "SessionEnded" ? once : runs
    )
  }

  for (const [place, change] of Object.entries(Broken.places)) {
    it.effect.prop(
      `no secret shows, and each failure is typed, if a user's own store fails in ${place} (C6, S21)`,
      [Planted.Secrets],
      ([s]) =>
        Effect.gen(function*() {
          const issued = { response: Planted.json(Planted.token(s)) }
          const rejected = Planted.echoing("InvalidGrantException", [s.refreshToken])[0] ?? Response.error()
          for (const [way, fail] of Object.entries(Broken.ways(s))) {
            // Effect itself ends the fiber for it
            if (way === "no effect" && place.endsWith("after its holder")) continue
            for (const reply of [issued, { response: rejected }]) {
              const store = yield* memory
              yield* Session.put(store, s)
              const service = Session.service([() => ({ response: reply.response.clone() })])
              yield* clean(`${place}: ${way}`, s, change(fail, store), service)
            }
          }
        }).pipe(Effect.scoped),
      once
    )
  }

  it.effect.prop("no secret shows, and each failure is typed, if a user's own sealer fails (C6, S21)", [
    Planted.Secrets
  ], ([s]) =>
    Effect.gen(function*() {
      for (const [name, sealer] of Broken.sealers(s)) {
        const inner = yield* memory
        const sealed = (sealer: Sealer.Service) =>
          Layer.build(
            TokenStore.sealed(Layer.succeed(TokenStore.TokenStore, inner)).pipe(
              Layer.provide(Layer.succeed(Sealer.Sealer, sealer))
            )
          ).pipe(Effect.map((context) => Context.get(context, TokenStore.TokenStore)))
        const [, good] = Broken.sealers(s).at(-1) ?? assert.fail("no sealer")
        yield* Session.put(yield* sealed({ ...good, unseal: sealer.unseal, seal: good.seal }), s)
        const service = Session.service([() => ({ response: Planted.json(Planted.token(s)) })])
        const [first = ""] = yield* clean(name, s, yield* sealed(sealer), service)
        assert.match(first, /StoreError|NotLoggedIn/, name)
      }
    }).pipe(Effect.scoped), once)

  it.live.prop(
    "no secret shows beside the token of any store: in its names, its marks, or its sealed texts. No file is open to others (C6, S4, S21)",
    [Planted.Secrets],
    ([s]) =>
      Effect.gen(function*() {
        const secrets = Object.values(s)
        const has = search(secrets)
        const used = Stores.stores.filter(({ needsRedis }) => !(needsRedis && hasNoRedis))
        const life = ({ isSealed, make, name }: Stores.Store) =>
          Effect.gen(function*() {
            const made = yield* make
            const store = yield* Stores.build(made)
            const check = Effect.fnUntraced(function*(when: string) {
              const { names, open, texts } = yield* Effect.withTracerEnabled(made.kept, false)
              assert.deepStrictEqual(open, [], `${name}, ${when}`)
              assert.isUndefined(names.map(has).find((found) => found !== undefined), `${name}, ${when}`)
              // the token itself is there to be read, unless it is sealed
              const others = isSealed ? texts : texts.filter((text) => !text.includes("expiresAt"))
              assert.isUndefined(others.map(has).find((found) => found !== undefined), `${name}, ${when}`)
            })
            yield* Session.put(store, s)
            const [cause] = Planted.causes(Session.refresh(s), s)
            const replies: ReadonlyArray<() => Session.Reply> = [
              () => ({ cause }),
              () => ({ response: Planted.echoing("InvalidGrantException", [s.refreshToken])[0] ?? Response.error() }),
              () => ({ response: Planted.json(Planted.token(s)) })
            ]
            const ask = Effect.fnUntraced(function*(reply: () => Session.Reply) {
              const { session } = yield* SessionModule.make(Session.settings).pipe(
                Effect.provideService(TokenStore.TokenStore, store),
                Effect.provide(Session.service([reply]))
              )
              return yield* Session.careless(session.token())
            })
            const tags: Array<string> = []
            for (const reply of replies) {
              const exit = yield* ask(reply)
              tags.push(tagOf(exit))
              yield* check(`after ${tags.at(-1)}`)
            }
            yield* store.exclusively(Session.settings.key, ({ remove }) => remove, { wait: Duration.seconds(5) })
            yield* Session.put(store, s)
            tags.push(tagOf(yield* ask(() => ({ response: Planted.json(Planted.token(s)) }))))
            yield* check("after a token")
            return tags
          }).pipe(Effect.scoped)
        const watched = yield* watch(Effect.forEach(used, life, { concurrency: "unbounded" })).pipe(
          Effect.provide(TestConsole.layer)
        )
        const leak = leakOf(watched, [...secrets, Planted.host, Stores.user])
        assert.isUndefined(leak, JSON.stringify(leak))
        if (Exit.isFailure(watched.exit)) return assert.fail(Cause.pretty(watched.exit.cause))
        // the response was lost, and then the token was rejected
        for (const tags of watched.exit.value) {
          const [lost, possiblyLost] = ["TransportError", "SessionPossiblyLost"]
          assert.deepStrictEqual(tags, [lost, possiblyLost, possiblyLost, "token"])
        }
      }),
    { ...once, timeout: 60_000 }
  )
})
