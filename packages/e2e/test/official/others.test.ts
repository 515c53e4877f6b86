/**
 * Sessions of ours and the tools of others on one cache, at the same time.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, layer } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import * as Issued from "@sso-oidc/test-kit/issued"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Homes from "../support/homes.ts"
import { otherTools, type Provider } from "../support/otherTools.ts"
import * as Ours from "../support/oursOnFiles.ts"

const tools = otherTools()

type Service = Context.Context<Emulator.Emulator | EmulatorServer.EmulatorServer>

/** One home, one process for each tool, and two emulators, for all tests of this file. */
class Shared extends Context.Service<Shared, {
  readonly home: Homes.Home
  readonly providers: ReadonlyArray<Provider>
  readonly strict: Service
  readonly lenient: Service
}>()("Shared") {}

/** How a round starts: which of the two are first, by how much, and what the token has left, in seconds. */
interface Round {
  readonly title: string
  readonly rotation: "strict" | "lenient"
  readonly left: number
  readonly oursAfter: Duration.Input
  readonly othersAfter: Duration.Input
}

const rounds: ReadonlyArray<Round> = (["strict", "lenient"] as const).flatMap((rotation) =>
  [
    { who: "all at once", left: -60, oursAfter: 0, othersAfter: 0 },
    { who: "the others first", left: -60, oursAfter: "150 millis" as const, othersAfter: 0 },
    { who: "ours first", left: 60, oursAfter: 0, othersAfter: "150 millis" as const }
  ].map(({ who, ...round }) => ({ ...round, rotation, title: `${rotation}, ${who}` }))
)

const delays = Array.from({ length: 12 }, (_, index) => 300 + 40 * index)

const namesOf = (index: number) => ({ fresh: `fresh-${index}`, due: `due-${index}` })

const shared = Layer.effect(
  Shared,
  Effect.gen(function*() {
    const names = tools.flatMap((_, index) => Object.values(namesOf(index)))
    const home = yield* Homes.make([...names, ...rounds.map((_, index) => `round-${index}`)])
    const emulator = (rotation: "strict" | "lenient") => Layer.build(EmulatorServer.layer({ autoApprove: 0, rotation }))
    return {
      home,
      providers: yield* Effect.forEach(tools, ({ start }) => start(home), { concurrency: "unbounded" }),
      strict: yield* emulator("strict"),
      lenient: yield* emulator("lenient")
    }
  })
).pipe(Layer.provideMerge(NodeServices.layer))

const urlOf = (service: Service): string => Context.get(service, EmulatorServer.EmulatorServer).url

const valueOf = (secret: Redacted.Redacted<string> | undefined) =>
  secret === undefined ? assert.fail("no secret") : Redacted.value(secret)

const plain = ({ accessToken }: { readonly accessToken: Redacted.Redacted<string> }) => Redacted.value(accessToken)

/** The members of a token file that a refresh does not change. */
const lastingOf = (text: string): object => {
  const { accessToken, expiresAt, refreshToken, ...lasting } = JSON.parse(text)
  return lasting
}

const providerAt = (providers: ReadonlyArray<Provider>, index: number): Provider =>
  providers[index] ?? assert.fail("no such tool")

layer(shared, { excludeTestServices: true, timeout: 60_000 })(
  "sessions of ours and other tools, on one cache",
  (it) => {
    for (const [index, { keepsOthers, title }] of tools.entries()) {
      it.effect(
        `${title} takes a fresh token of ours, and refreshes a token of ours that expires soon. We refresh what it writes (S4, S5, S11)`,
        () =>
          Effect.gen(function*() {
            const { home, providers, strict } = yield* Shared
            const provided = providerAt(providers, index)
            const { due, fresh } = namesOf(index)

            const first = home.session(fresh)
            const written = yield* Issued.issued(first.settings, 3600).pipe(Effect.provide(strict))
            yield* Homes.write(first, written)
            const text = Homes.textOf(first.token)
            const { expiration = "", token } = yield* provided(fresh, urlOf(strict))
            assert.strictEqual(token, plain(written))
            assert.closeTo(Date.parse(expiration), DateTime.toEpochMillis(written.expiresAt), 1000)
            assert.strictEqual(Homes.textOf(first.token), text)

            const second = home.session(due)
            const before = yield* Issued.issued(second.settings, 60).pipe(Effect.provide(strict))
            yield* Homes.write(second, before)
            const next = yield* provided(due, urlOf(strict))
            assert.notStrictEqual(next.token, plain(before))
            const after = Homes.read(second.token)
            assert.strictEqual(plain(after), next.token)
            assert.strictEqual(after.clientId, before.clientId)
            assert.notStrictEqual(valueOf(after.refreshToken), valueOf(before.refreshToken))
            assert.isTrue(CachedToken.isOf(after, second.settings))
            assert.isTrue(CachedToken.isRefreshable(after, DateTime.makeUnsafe(Date.now())))
            assert.closeTo(DateTime.toEpochMillis(after.expiresAt) - Date.now(), 3_600_000, 60_000)
            assert.deepStrictEqual(Redacted.value(after.others), keepsOthers ? Issued.others : {})

            const theirs = Homes.textOf(second.token)
            const ours = yield* Ours.session(home, second, urlOf(strict))
            assert.strictEqual(plain(yield* ours.token), next.token)
            const last = yield* ours.refreshed(after.accessToken)
            const { accessToken, expiresAt, refreshToken } = Homes.read(second.token)
            assert.strictEqual(Redacted.value(accessToken), plain(last))
            assert.notStrictEqual(valueOf(refreshToken), valueOf(after.refreshToken))
            assert.closeTo(DateTime.toEpochMillis(expiresAt) - Date.now(), 3_600_000, 60_000)
            assert.deepStrictEqual(lastingOf(Homes.textOf(second.token)), lastingOf(theirs))
            assert.match(Homes.textOf(second.token), /"expiresAt":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"/)
            for (const other of providers) assert.strictEqual((yield* other(due, urlOf(strict))).token, plain(last))
          })
      )
    }

    for (const [index, round] of rounds.entries()) {
      it.effect(
        `${round.title}: no session of ours fails, nothing is torn, and the tools read what is stored at the end (S5, S12)`,
        () =>
          Effect.gen(function*() {
            const { home, providers, ...services } = yield* Shared
            const service = services[round.rotation]
            const url = urlOf(service)
            const { createToken, faults } = Context.get(service, Emulator.Emulator)
            const name = `round-${index}`
            const at = home.session(name)
            yield* Homes.write(at, yield* Issued.issued(at.settings, round.left).pipe(Effect.provide(service)))
            const sessions = yield* Effect.all([1, 2, 3].map(() => Ours.session(home, at, url)))
            // one response after the other: two of the others that write in place at the same moment tear the file
            for (const millis of delays) {
              yield* faults.arm({ _tag: "Delay", operation: "CreateToken", duration: Duration.millis(millis) })
            }
            const [ours] = yield* Effect.all([
              Effect.forEach(sessions, (session) => Effect.exit(Effect.delay(session.token, round.oursAfter)), {
                concurrency: "unbounded"
              }),
              Effect.forEach(providers, (provided) => Effect.delay(provided(name, url), round.othersAfter), {
                concurrency: "unbounded"
              })
            ], { concurrency: "unbounded" })
            yield* faults.clear
            for (const exit of ours) {
              if (Exit.isFailure(exit)) return assert.fail(String(exit.cause))
              assert.isAbove(DateTime.toEpochMillis(exit.value.expiresAt), Date.now())
            }
            const stored = Homes.read(at.token)
            for (const session of sessions) assert.strictEqual(plain(yield* session.token), plain(stored))
            for (const provided of providers) assert.strictEqual((yield* provided(name, url)).token, plain(stored))
            // what is stored is good for the next refresh
            const { clientId = "", clientSecret = Redacted.make(""), refreshToken = Redacted.make("") } = stored
            yield* createToken({ clientId, clientSecret, grantType: "refresh_token", refreshToken })
          })
      )
    }
  }
)
