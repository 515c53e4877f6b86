import { assert, describe, it } from "@effect/vitest"
import * as CoreWire from "@sso-oidc/core/aws/Wire"
import * as Credentials from "@sso-oidc/iam/Credentials"
import type * as IamError from "@sso-oidc/iam/IamError"
import { search, textsOf } from "@sso-oidc/test-kit/leaks"
import * as Clock from "effect/Clock"
import * as ConfigProvider from "effect/ConfigProvider"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"

const secretAccessKey = "a-secret-access-key"
const sdk = { accessKeyId: "AKIDEXAMPLE", secretAccessKey }

const get = Credentials.Credentials.use((credentials) => credentials.get)

const plain = ({ accessKeyId, expiration, secretAccessKey, sessionToken }: Credentials.Identity) => ({
  accessKeyId,
  secretAccessKey: Redacted.value(secretAccessKey),
  ...(sessionToken !== undefined && { sessionToken: Redacted.value(sessionToken) }),
  ...(expiration !== undefined && { expiration: DateTime.toEpochMillis(expiration) })
})

const failure = <R>(effect: Effect.Effect<unknown, IamError.CredentialsError, R>) => Effect.flip(effect)

/** Lets a provider respond. */
const settle = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

describe("Credentials.layerKeys", () => {
  const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: Redacted.make(secretAccessKey) }

  it.effect("gives the keys until they expire (I2)", () =>
    Effect.gen(function*() {
      const expiration = DateTime.makeUnsafe(60_000)
      assert.deepStrictEqual(plain(yield* get), { ...sdk, expiration: 60_000 })
      yield* TestClock.adjust("59 seconds")
      yield* get
      yield* TestClock.adjust("1 second")
      const error = yield* failure(get)
      assert.strictEqual(error.problem, "expired")
      assert.include(error.message, DateTime.formatIso(expiration))
    }).pipe(Effect.provide(Credentials.layerKeys({ ...keys, expiration: DateTime.makeUnsafe(60_000) }))))

  it.effect.each<readonly [string, object]>([
    ["accessKeyId", { accessKeyId: "" }],
    ["accessKeyId", { accessKeyId: "a/b" }],
    ["accessKeyId", { accessKeyId: "a,b" }],
    ["accessKeyId", { accessKeyId: "a b" }],
    ["accessKeyId", { accessKeyId: 5 }],
    ["secretAccessKey", { secretAccessKey: Redacted.make("") }],
    ["secretAccessKey", { secretAccessKey: Redacted.make("ä") }],
    ["secretAccessKey", { secretAccessKey: undefined }],
    ["sessionToken", { sessionToken: Redacted.make("line\nfeed") }],
    ["sessionToken", { sessionToken: 5 }],
    ["expiration", { expiration: new Date(Number.NaN) }],
    ["expiration", { expiration: "tomorrow" }],
    ["expiration", { expiration: { [Symbol.toStringTag]: "Date", valueOf: () => 1e300 } }]
  ])("names %s in an error if it cannot sign: %j (I2, I3)", ([name, wrong]) =>
    Effect.gen(function*() {
      const service = Credentials.fromKeys({ ...keys, ...wrong } as Credentials.Identity)
      const error = yield* failure(service.get)
      assert.strictEqual(error.problem, "malformed")
      assert.include(error.message, name)
      assert.notInclude(error.message, secretAccessKey)
    }))

  it.effect("have no session token if it is empty (I2)", () =>
    Effect.gen(function*() {
      const identity = yield* Credentials.fromKeys({ ...keys, sessionToken: Redacted.make("") }).get
      assert.deepStrictEqual(plain(identity), sdk)
    }))

  it.effect("is an error if a secret was wiped (I2)", () =>
    Effect.gen(function*() {
      const wiped = Redacted.make("soon gone")
      Redacted.wipeUnsafe(wiped)
      const error = yield* failure(Credentials.fromKeys({ accessKeyId: "AKID", secretAccessKey: wiped }).get)
      assert.strictEqual(error.problem, "malformed")
    }))
})

describe("Credentials.layerEnvironment", () => {
  const within = (env: Record<string, string>) => <A, E>(effect: Effect.Effect<A, E, Credentials.Credentials>) =>
    effect.pipe(
      Effect.provide(Credentials.layerEnvironment),
      Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))
    )
  const both = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: secretAccessKey }

  it.effect("reads AWS's variables (I2)", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(plain(yield* within(both)(get)), sdk)
      assert.deepStrictEqual(
        plain(
          yield* within({
            ...both,
            AWS_SESSION_TOKEN: "a-token",
            AWS_CREDENTIAL_EXPIRATION: "1970-01-01T01:00:00Z"
          })(get)
        ),
        { ...sdk, sessionToken: "a-token", expiration: 3_600_000 }
      )
      assert.deepStrictEqual(plain(yield* within({ ...both, AWS_SESSION_TOKEN: "" })(get)), sdk)
    }))

  it.effect("reads the environment of the process anew for each request (I2)", () => {
    const set = (id: string) => Effect.sync(() => void (process.env["AWS_ACCESS_KEY_ID"] = id))
    const before = { ...process.env }
    return Effect.gen(function*() {
      process.env["AWS_SECRET_ACCESS_KEY"] = secretAccessKey
      for (const id of ["AKIDOLD", "AKIDNEW"]) {
        yield* set(id)
        assert.strictEqual((yield* get).accessKeyId, id)
      }
    }).pipe(
      Effect.provide(Credentials.layerEnvironment),
      Effect.ensuring(Effect.sync(() => {
        for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) {
          if (before[name] === undefined) delete process.env[name]
          else process.env[name] = before[name]
        }
      }))
    )
  })

  it.effect.each(
    [
      [{}, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set", "missing"],
      [{ AWS_ACCESS_KEY_ID: "AKID" }, "AWS_SECRET_ACCESS_KEY is not set", "missing"],
      [{ ...both, AWS_ACCESS_KEY_ID: "" }, "AWS_ACCESS_KEY_ID is not set", "missing"],
      [{ ...both, AWS_CREDENTIAL_EXPIRATION: "soon" }, "AWS_CREDENTIAL_EXPIRATION is no time", "malformed"],
      [{ ...both, AWS_CREDENTIAL_EXPIRATION: "hello 5099" }, "AWS_CREDENTIAL_EXPIRATION is no time", "malformed"],
      [{ ...both, AWS_CREDENTIAL_EXPIRATION: "4080000000" }, "AWS_CREDENTIAL_EXPIRATION is no time", "malformed"],
      [
        { ...both, AWS_CREDENTIAL_EXPIRATION: "2099-11-27T10:00:00" },
        "AWS_CREDENTIAL_EXPIRATION is no time",
        "malformed"
      ],
      [{ ...both, AWS_CREDENTIAL_EXPIRATION: "1970-01-01T00:00:00Z" }, "They expired at 1970-01-01", "expired"]
    ] as const
  )("with %j says: %s (I2, I4)", ([env, words, problem]) =>
    Effect.gen(function*() {
      const error = yield* failure(within(env)(get))
      assert.strictEqual(error.problem, problem)
      assert.include(error.message, words)
      assert.notInclude(error.message, secretAccessKey)
    }))
})

describe("Credentials.layerProvider", () => {
  /** A provider whose credentials last for so many minutes. It counts its calls. */
  const lasting = (minutes: number, options: { readonly fails?: () => boolean } = {}) => {
    const state = { calls: 0 }
    const provider = async (now: number): Promise<Credentials.SdkIdentity> => {
      state.calls++
      if (options.fails?.() === true) throw new Error("no session")
      return { accessKeyId: `AKID${state.calls}`, secretAccessKey, expiration: new Date(now + minutes * 60_000) }
    }
    return { state, provider }
  }

  /** The service of a provider that reads the test clock. */
  const serviceOf = (given: ReturnType<typeof lasting>) =>
    Effect.clockWith((clock) => Credentials.fromProvider(() => given.provider(clock.currentTimeMillisUnsafe())))

  it.effect("keeps credentials until 5 minutes before they expire (I2)", () =>
    Effect.gen(function*() {
      const given = lasting(60)
      const service = yield* serviceOf(given)
      assert.strictEqual((yield* service.get).accessKeyId, "AKID1")
      yield* TestClock.adjust("54 minutes")
      assert.strictEqual((yield* service.get).accessKeyId, "AKID1")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* service.get).accessKeyId, "AKID2")
      assert.strictEqual(given.state.calls, 2)
    }))

  it.effect("asks for each request if the credentials have no expiration (I2)", () =>
    Effect.gen(function*() {
      let calls = 0
      const service = yield* Credentials.fromProvider(async () => ({ ...sdk, accessKeyId: `AKID${++calls}` }))
      assert.strictEqual((yield* service.get).accessKeyId, "AKID1")
      assert.strictEqual((yield* service.get).accessKeyId, "AKID2")
    }))

  it.effect("gives what is kept in the last 5 minutes if the provider fails, and fails after that (I2)", () =>
    Effect.gen(function*() {
      const given = lasting(60, { fails: () => given.state.calls > 1 })
      const service = yield* serviceOf(given)
      yield* service.get
      yield* TestClock.adjust("57 minutes")
      assert.strictEqual((yield* service.get).accessKeyId, "AKID1")
      assert.strictEqual(given.state.calls, 2)
      yield* TestClock.adjust("3 minutes")
      const error = yield* failure(service.get)
      assert.strictEqual(error.problem, "provider")
      assert.include(error.message, "no session")
    }))

  it.effect("waits 5 seconds for a provider that hangs while keys are valid, and asks again a minute later (I2)", () =>
    Effect.gen(function*() {
      let calls = 0
      const service = yield* Credentials.fromProvider(() =>
        ++calls === 1 ? Promise.resolve({ ...sdk, expiration: new Date(290_000) }) : new Promise(() => {})
      )
      const inTime = Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(service.get, { startImmediately: true })
        const begun = yield* Clock.currentTimeMillis
        while (fiber.pollUnsafe() === undefined) {
          yield* settle
          if (fiber.pollUnsafe() === undefined) yield* TestClock.adjust("1 second")
        }
        yield* Fiber.join(fiber)
        return (yield* Clock.currentTimeMillis) - begun
      })
      assert.strictEqual(yield* inTime, 0)
      assert.strictEqual(yield* inTime, 5000)
      assert.strictEqual(yield* inTime, 0)
      // the call of the provider ends by its own timeout of 30 seconds
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(yield* inTime, 0)
      assert.strictEqual(calls, 2)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* inTime, 5000)
      assert.strictEqual(calls, 3)
    }))

  it.effect("asks a provider that fails once a minute while keys are valid (I2)", () =>
    Effect.gen(function*() {
      const given = lasting(60, { fails: () => given.state.calls > 1 })
      const service = yield* serviceOf(given)
      yield* service.get
      yield* TestClock.adjust("56 minutes")
      for (let request = 0; request < 3; request++) assert.strictEqual((yield* service.get).accessKeyId, "AKID1")
      assert.strictEqual(given.state.calls, 2)
      yield* TestClock.adjust("1 minute")
      yield* service.get
      assert.strictEqual(given.state.calls, 3)
    }))

  it.effect("is an error after the end of its layer, also for a request that waits (I2)", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const service = yield* Scope.provide(Credentials.fromProvider(() => new Promise(() => {})), scope)
      const waiting = yield* Effect.forkChild(Effect.exit(service.get), { startImmediately: true })
      yield* settle
      yield* Scope.close(scope, Exit.void)
      for (const exit of [yield* Fiber.join(waiting), yield* Effect.exit(service.get)]) {
        const error = yield* Effect.flip(exit)
        assert.deepInclude(error, { problem: "provider", detail: "The layer of the credentials has ended" })
      }
    }))

  it.effect("calls the provider once for concurrent requests, and an interruption leaves the others alone (I2)", () =>
    Effect.gen(function*() {
      let calls = 0
      let release = (_: Credentials.SdkIdentity): void => {}
      const service = yield* Credentials.fromProvider(() => {
        calls++
        return new Promise((resolve) => {
          release = resolve
        })
      })
      const fibers = yield* Effect.forEach(Array.from({ length: 20 }), () => Effect.forkChild(service.get))
      while (calls === 0) yield* settle
      yield* Fiber.interrupt(fibers[0] ?? assert.fail())
      release(sdk)
      for (const fiber of fibers.slice(1)) assert.deepStrictEqual(plain(yield* Fiber.join(fiber)), sdk)
      assert.strictEqual(calls, 1)
    }))

  it.effect("fails after its timeout, and calls the provider again for the next request (I2)", () =>
    Effect.gen(function*() {
      let calls = 0
      const service = yield* Credentials.fromProvider(
        () => ++calls === 1 ? new Promise(() => {}) : Promise.resolve(sdk),
        { timeout: "10 seconds" }
      )
      const fiber = yield* Effect.forkChild(Effect.flip(service.get))
      while (calls === 0) yield* settle
      yield* TestClock.adjust("10 seconds")
      const error = yield* Fiber.join(fiber)
      assert.strictEqual(error.problem, "provider")
      assert.include(error.message, "It took longer than 10s")
      assert.deepStrictEqual(plain(yield* service.get), sdk)
    }))

  it.effect.each<readonly [string, unknown, IamError.Problem]>([
    ["undefined", undefined, "malformed"],
    ["null", null, "malformed"],
    ["a text", "AKID", "malformed"],
    ["no secret", { accessKeyId: "AKID" }, "malformed"],
    ["an invalid date", { ...sdk, expiration: new Date("soon") }, "malformed"],
    ["expired credentials", { ...sdk, expiration: new Date(0) }, "expired"]
  ])("is an error if the provider gives %s (I2)", ([, given, problem]) =>
    Effect.gen(function*() {
      const provider = (() => Promise.resolve(given)) as unknown as Credentials.Provider
      const service = yield* Credentials.fromProvider(provider)
      const error = yield* failure(service.get)
      assert.strictEqual(error.problem, problem)
      assert.notInclude(error.message, secretAccessKey)
    }))

  it.effect.each<readonly [string, unknown]>([
    ["throws", () => {
      throw new Error("broken")
    }],
    ["rejects without a reason", () => Promise.reject(undefined)],
    ["is no function", null]
  ])("is an error if the provider %s (I2)", ([, provider]) =>
    Effect.gen(function*() {
      const service = yield* Credentials.fromProvider(provider as Credentials.Provider)
      assert.strictEqual((yield* failure(service.get)).problem, "provider")
    }))

  const syntaxError = (text: string) => {
    try {
      return JSON.parse(text) as unknown
    } catch (error) {
      return error
    }
  }

  it.effect.each<readonly [string, unknown, string]>([
    [
      "a file that cannot be read",
      Object.assign(new Error("ENOENT: no such file, open '/home/alice.smith/.aws/x.json'"), {
        code: "ENOENT",
        syscall: "open",
        path: "/home/alice.smith/.aws/x.json"
      }),
      "It failed with ENOENT."
    ],
    [
      "a command",
      Object.assign(new Error("spawn C:\\Users\\alice smith\\vault.exe"), { path: "vault.exe", code: 1 }),
      "It gave no reason."
    ],
    ["JSON that is broken", syntaxError(secretAccessKey), "It could not parse what it read."],
    ["a text", "no session found", "no session found."],
    [
      "several errors",
      new AggregateError([new Error("IMDS down"), "no environment"], ""),
      "IMDS down; no environment."
    ],
    ["several errors and words", new AggregateError([new Error("IMDS down")], "all failed"), "all failed; IMDS down."],
    ["a code", Object.assign(new Error(""), { code: "ETIMEDOUT" }), "It failed with ETIMEDOUT."],
    ["a path", new Error("cannot read /home/alice.smith/.aws/config: denied"), "cannot read <path> denied."],
    [
      "a path with a space",
      new Error("cannot read C:\\Users\\alice smith\\.aws\\config"),
      "cannot read <path> <path>."
    ],
    ["a URL", new Error("GET https://alice@idp.example/x?code=1 is 500"), "GET https://idp.example is 500."],
    ["a key", new Error("exit 1: wJalrXUtnFEMI/K7MDENGbPxRfi"), "exit 1: <redacted>."],
    [
      "a member",
      new Error("{\"SecretAccessKey\":\"short\", \"x\": 1}"),
      "{\"SecretAccessKey\":<redacted>\", \"x\": 1}."
    ],
    ["a getter that throws", {
      get message() {
        throw new Error(secretAccessKey)
      }
    }, "It gave no reason."]
  ])(
    "says why the provider failed, without a path or a secret: %s (I3, I4)",
    ([, thrown, words]) =>
      Effect.gen(function*() {
        const service = yield* Credentials.fromProvider(() => Promise.reject(thrown))
        const error = yield* failure(service.get)
        assert.strictEqual(error.detail, words.slice(0, -1))
        assert.include(error.message, words)
        for (const hidden of ["alice", "smith", secretAccessKey]) assert.notInclude(error.message, hidden)
      })
  )

  it.effect("has no piece of the keys that the provider gave before in its errors (I3)", () =>
    Effect.gen(function*() {
      const keys = { secretAccessKey: "y6bg4oczli-keyk", sessionToken: "u7fd1papwse/sess+x" }
      const leak = search(Object.values(keys))
      const texts = Object.values(keys).flatMap((key) => {
        const { base64, hex, written } = CoreWire.formsOf(key)
        return [...written, ...base64, hex, hex.toUpperCase(), key.slice(2, 12)]
      })
      for (const text of texts) {
        let calls = 0
        const service = yield* Credentials.fromProvider(() =>
          ++calls === 1
            ? Promise.resolve({ accessKeyId: "AKIDEXAMPLE", ...keys })
            : Promise.reject(new Error(`no luck with ${text} today`))
        )
        yield* service.get
        const error = yield* failure(service.get)
        assert.match(error.message, /no luck with .* today/)
        for (const seen of textsOf(error)) assert.isUndefined(leak(seen), seen)
      }
    }))

  it.effect.each([0, -1, Number.NaN])("dies for the timeout %s", (timeout) =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Credentials.fromProvider(() => Promise.resolve(sdk), { timeout }))
      assert.include(String(exit), "Credentials: timeout must be longer than zero")
    }))
})
