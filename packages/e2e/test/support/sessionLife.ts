/**
 * The life of a session, for the program of the session's README with any store and any transport.
 */
import { assert } from "@effect/vitest"
import type * as AccessToken from "@sso-oidc/core/AccessToken"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Token from "@sso-oidc/core/Token"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import * as Session from "@sso-oidc/session/Session"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import { folder } from "@sso-oidc/test-kit/child"
import * as Postgres from "@sso-oidc/test-kit/postgres"
import * as Redis from "@sso-oidc/test-kit/redis"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as ConfigProvider from "effect/ConfigProvider"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as TestConsole from "effect/testing/TestConsole"
import * as Tracer from "effect/Tracer"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

type Services = Session.Session | TokenStore.TokenStore | SsoOidc.SsoOidc

/** What the program of the session's README has, with any store and any transport. */
interface Program {
  readonly program: Effect.Effect<void, AccessToken.Error, Session.Session>
  readonly Live: Layer.Layer<Services, unknown>
}

const hasNoRedis = isMissing(Redis.tool)

/** New databases. */
export const databases = Effect.gen(function*() {
  const redis = hasNoRedis ? undefined : { url: yield* Redis.shared, prefix: yield* Redis.prefix }
  return { redis, postgres: yield* Postgres.database, sqlite: join(yield* folder, "tokens.sqlite") }
})

/** Counts the requests for tokens: each has a span. */
const counting = () => {
  let count = 0
  const tracer = Tracer.make({
    span: (options) => {
      if (options.name.endsWith("CreateToken")) count++
      return new Tracer.NativeSpan(options)
    }
  })
  return { count: () => count, tracer }
}

const wait = { wait: Duration.seconds(5) }

const plain = ({ accessToken }: { readonly accessToken: Redacted.Redacted<string> }) => Redacted.value(accessToken)

/** The token in the store. */
const stored = Effect.gen(function*() {
  const { settings } = yield* Session.Session
  const text = yield* (yield* TokenStore.TokenStore).read(settings.key)
  return text === undefined ? assert.fail("nothing is stored") : Result.getOrThrow(CachedToken.decode(text))
})

/** Stores the token with an expiry in the past. */
const expire = Effect.fnUntraced(function*(token: CachedToken.CachedToken) {
  const { settings } = yield* Session.Session
  const expiresAt = DateTime.subtract(yield* DateTime.now, { seconds: 1 })
  const text = CachedToken.encode({ ...token, expiresAt })
  const store = yield* TokenStore.TokenStore
  yield* store.exclusively(settings.key, (hold) => hold.commit(text), wait)
})

const token = Session.Session.use((session) => session.token())

/** Logs in with the device grant, which the service approves at once. */
const login = Effect.gen(function*() {
  const { settings } = yield* Session.Session
  const store = yield* TokenStore.TokenStore
  const issued = yield* DeviceGrant.login({
    clientName: "e2e",
    startUrl: settings.startUrl,
    scopes: settings.scopes ?? []
  })
  const text = CachedToken.encode(CachedToken.fromToken(issued, settings, yield* DateTime.now))
  yield* store.exclusively(settings.key, (hold) => hold.commit(text), wait)
})

/** The life of a session: a login, a refresh that two sessions share, and the end. */
const life = ({ program }: Program, count: () => number) =>
  Effect.gen(function*() {
    yield* program
    assert.match(String((yield* TestConsole.errorLines)[0]), /Run: aws sso login --profile dev$/)
    yield* login
    yield* program
    assert.match(String((yield* TestConsole.logLines).at(-1)), /^valid until /)
    const first = yield* token
    assert.match(plain(first), /^aoa/)
    const atLogin = yield* stored
    assert.strictEqual(plain(atLogin), plain(first))
    const requests = count()

    yield* expire(atLogin)
    const { settings } = yield* Session.Session
    const { session: other } = yield* Session.make(settings)
    const [one, two] = yield* Effect.all([token, other.token()], { concurrency: "unbounded" })
    assert.notStrictEqual(plain(one), plain(first))
    assert.strictEqual(plain(two), plain(one))
    assert.strictEqual(count() - requests, 1)

    const { clientId = "", clientSecret = Redacted.make(""), refreshToken = Redacted.make(""), ...before } =
      yield* stored
    assert.strictEqual(plain(before), plain(one))
    const { endpoint, region } = yield* SsoOidc.SsoOidc
    const registration = { clientId, clientSecret, region, endpoint, scopes: settings.scopes ?? [] }
    yield* Token.refresh({ accessToken: before.accessToken, tokenType: "Bearer", refreshToken, registration })
    yield* expire({ ...before, clientId, clientSecret, refreshToken })
    const ended = Effect.fnUntraced(function*(token: Effect.Effect<unknown, AccessToken.Error, Session.Session>) {
      const error = yield* Effect.flip(token)
      assert.strictEqual(error._tag === "SessionEnded" && error.reason, "grant", String(error))
    })
    yield* ended(token)
    assert.strictEqual(count() - requests, 3)
    // the store remembers it for all
    yield* ended(other.token())
    const { session: third } = yield* Session.make(settings)
    yield* ended(third.token())
    assert.strictEqual(count() - requests, 3)
  })

/** Runs the life of a session with the program of a file. */
export const run = Effect.fnUntraced(function*(file: string, endpoint: string | undefined) {
  const program: Program = yield* Effect.promise(() => import(file))
  const home = yield* folder
  mkdirSync(join(home, ".aws"))
  writeFileSync(
    join(home, ".aws/config"),
    "[profile dev]\nsso_session = dev\n" + (endpoint === undefined ? "" : `endpoint_url = ${endpoint}\n`) +
      "[sso-session dev]\nsso_start_url = https://my.awsapps.com/start\nsso_region = us-east-1\n"
  )
  const environment = ConfigProvider.layer(ConfigProvider.fromEnvRecord({
    HOME: home,
    SEALER_CURRENT: "one",
    SEALER_KEYS: `one=${Buffer.alloc(32, 1).toString("base64")}`
  }))
  const { count, tracer } = counting()
  yield* life(program, count).pipe(
    Effect.provideService(Tracer.Tracer, tracer),
    Effect.provide(program.Live.pipe(Layer.provide(environment)), { local: true }),
    Effect.provide(TestConsole.layer)
  )
})
