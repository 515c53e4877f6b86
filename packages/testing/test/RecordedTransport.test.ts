import { assert, describe, it } from "@effect/vitest"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Faulty from "@sso-oidc/testing/FaultyTransport"
import * as Recorded from "@sso-oidc/testing/RecordedTransport"
import * as Scripted from "@sso-oidc/testing/ScriptedTransport"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import { files } from "./support/files.ts"
import * as Ask from "./support/requests.ts"

const { exception, noResponse, rawResponse, success, transportFailure } = Scripted

const polled = Effect.flatMap(Ask.oidc, (oidc: SsoOidc.Service) => oidc.createToken(Ask.poll))

/** A login step by step, with the values that each step gave to the next. */
const login = Effect.gen(function*() {
  const oidc = yield* Ask.oidc
  const { clientId, clientSecret } = yield* oidc.registerClient(Ask.register)
  const { deviceCode, userCode } = yield* oidc.startDeviceAuthorization({ ...Ask.start, clientId, clientSecret })
  const poll = oidc.createToken({ grantType: CreateToken.deviceCodeGrantType, clientId, clientSecret, deviceCode })
  const pending = yield* Effect.flip(poll)
  return { userCode, pending, token: yield* poll }
})

const script = Scripted.layer([
  success(RegisterClient.operation, Ask.registered),
  success(StartDeviceAuthorization.operation, Ask.started),
  exception(CreateToken.operation, "AuthorizationPendingException", { errorDescription: "Not yet", retryAfter: 3 }),
  success(CreateToken.operation, Ask.token)
])

const recording = (store: Recorded.Store, transport: Layer.Layer<HttpClient.HttpClient>) =>
  Effect.provide(Ask.over(Recorded.layerRecordStore(store).pipe(Layer.provide(transport))))

const replaying = (store: Recorded.Store) => Effect.provide(Ask.over(Recorded.layerReplayStore(store)))

/** The result of an effect, as plain data. */
const ended = <A, E extends object, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(Effect.result(effect), { startImmediately: true })
    yield* TestClock.adjust("40 seconds")
    const result = yield* Fiber.join(fiber)
    return result._tag === "Success" ? { value: result.success } : { error: { ...result.failure } }
  })

describe("RecordedTransport: a login", () => {
  it.effect("is recorded as readable JSON, with the same placeholder for the same secret", () =>
    Effect.gen(function*() {
      const { kept, layer } = files()
      yield* login.pipe(Effect.provide(Ask.over(
        Recorded.layerRecord({ file: "login.json" }).pipe(Layer.provide([script, layer]))
      )))
      assert.deepStrictEqual([...kept.keys()], ["login.json"])
      const text = kept.get("login.json") ?? ""
      for (const secret of Ask.secrets) assert.notInclude(text, secret)
      assert.notInclude(text, Ask.started.userCode)
      const headers = (n: number) => ({
        "content-type": "application/json",
        date: "Thu, 01 Jan 1970 00:00:00 GMT",
        "x-amzn-requestid": `00000000-0000-4000-8000-00000000000${n}`
      })
      const client = { clientId: "a client", clientSecret: "<clientSecret 1>" }
      const poll = { ...client, grantType: CreateToken.deviceCodeGrantType, deviceCode: "<deviceCode 1>" }
      assert.deepStrictEqual(JSON.parse(text), {
        format: "sso-oidc-recording",
        version: 1,
        exchanges: [
          {
            operation: "RegisterClient",
            request: { ...Ask.register },
            response: { status: 200, headers: headers(1), body: { ...client, clientSecretExpiresAt: 7_776_000 } }
          },
          {
            operation: "StartDeviceAuthorization",
            request: { ...client, startUrl: "https://my.awsapps.com/start" },
            response: {
              status: 200,
              headers: headers(2),
              body: {
                deviceCode: "<deviceCode 1>",
                userCode: "USER-0001",
                verificationUri: "https://my.awsapps.com/start/#/device",
                verificationUriComplete: "https://my.awsapps.com/start/#/device?user_code=USER-0001",
                expiresIn: 600,
                interval: 1
              }
            }
          },
          {
            operation: "CreateToken",
            request: poll,
            response: {
              status: 400,
              headers: {
                ...headers(3),
                "retry-after": "3",
                "x-amzn-errortype":
                  "AuthorizationPendingException:http://internal.amazon.com/coral/com.amazonaws.sso.oidc/"
              },
              body: { error: "authorization_pending", error_description: "Not yet" }
            }
          },
          {
            operation: "CreateToken",
            request: poll,
            response: {
              status: 200,
              headers: headers(4),
              body: { accessToken: "<accessToken 1>", tokenType: "Bearer", expiresIn: 3600 }
            }
          }
        ]
      })
    }))

  it.effect("is replayed from the file: the same responses, placeholders for secrets, and no time", () =>
    Effect.gen(function*() {
      const { layer } = files()
      const file = "login.json"
      const real = yield* login.pipe(
        Effect.provide(Ask.over(Recorded.layerRecord({ file }).pipe(Layer.provide(script)))),
        Effect.provide(layer)
      ).pipe(
        Effect.andThen(
          login.pipe(Effect.provide(Ask.over(Recorded.layerReplay({ file }))))
        ),
        Effect.provide(layer)
      )
      assert.strictEqual(real.userCode, "USER-0001")
      assert.deepInclude({ ...real.pending }, { errorDescription: "Not yet", retryAfter: 3 })
      assert.strictEqual(Redacted.value(real.token.accessToken), "<accessToken 1>")
      assert.strictEqual(yield* Effect.clockWith((clock) => clock.currentTimeMillis), 0)
    }))
})

describe("RecordedTransport: every outcome of an exchange", () => {
  const over = (plan: Faulty.Plan, ...steps: ReadonlyArray<Scripted.Step>) =>
    Layer.orDie(Layer.provide(Faulty.layer(plan), Scripted.layer(steps)))
  const html = { status: 200, headers: { "content-type": "text/html" }, body: "<p>Log in to the airport's network</p>" }
  const none: Faulty.Plan = () => null

  const cases: ReadonlyArray<readonly [string, Layer.Layer<HttpClient.HttpClient>]> = [
    ["a failure that did not leave", over(Faulty.inOrder([Faulty.untrustedCertificate]))],
    [
      "a failure that may have left",
      over(none, transportFailure(CreateToken.operation, { sent: "maybe", code: "EPIPE", transient: true }))
    ],
    ["a response that never came", over(none, noResponse(CreateToken.operation))],
    [
      "a response that was cut off",
      over(Faulty.inOrder([Faulty.truncatedResponse(10)]), success(CreateToken.operation, Ask.token))
    ],
    [
      "a response that stalled",
      over(Faulty.inOrder([Faulty.slowResponse(1, 1000)]), success(CreateToken.operation, Ask.token))
    ],
    ["a page in place of a response", over(none, rawResponse(CreateToken.operation, html))],
    ["a page with an error's status", over(none, rawResponse(CreateToken.operation, { ...html, status: 502 }))],
    [
      "a response without a body",
      over(none, rawResponse(CreateToken.operation, { status: 503, headers: { "retry-after": "9" } }))
    ],
    ["a response that lacks members", over(none, rawResponse(CreateToken.operation, { status: 200, body: "{}" }))],
    [
      "a redirect",
      over(none, rawResponse(CreateToken.operation, { status: 307, headers: { location: "https://x.test/" } }))
    ],
    [
      "a response over the cap",
      over(none, rawResponse(CreateToken.operation, { status: 200, body: "x".repeat(300_000) }))
    ],
    ["an exception", over(none, exception(CreateToken.operation, "AccessDeniedException", { reason: "KMS_Thing" }))]
  ]
  for (const [name, transport] of cases) {
    it.effect(`records and replays ${name}`, () =>
      Effect.gen(function*() {
        const store = Recorded.makeMemoryStore()
        const real = yield* ended(polled).pipe(recording(store, transport))
        const bare = yield* ended(polled).pipe(Effect.provide(Ask.over(Layer.fresh(transport))))
        const replayed = yield* ended(polled).pipe(replaying(store))
        const withoutBody = ({ error }: typeof real) => ({ ...error, body: undefined })
        assert.property(real, "error", JSON.stringify(real))
        assert.deepStrictEqual(withoutBody(real), withoutBody(bare), "recording changes nothing")
        assert.deepStrictEqual(withoutBody(replayed), withoutBody(real))
      }))
  }

  it.effect("leaves out members that no schema names, and what core does not read of an error", () =>
    Effect.gen(function*() {
      const store = Recorded.makeMemoryStore()
      const strange = { aws_sso_app_session_id: "not to be kept", deep: { tokenType: "not to be kept" } }
      const error = { error: "invalid_grant", error_description: "Used", ...strange, message: "not to be kept" }
      yield* Effect.andThen(Effect.exit(polled), polled).pipe(recording(
        store,
        Scripted.layer([
          rawResponse(CreateToken.operation, { status: 400, body: JSON.stringify(error) }),
          rawResponse(CreateToken.operation, {
            status: 200,
            headers: { "x-more": "not to be kept" },
            body: JSON.stringify({ accessToken: "x", tokenType: "Bearer", ...strange })
          })
        ])
      ))
      const text = yield* store.read
      assert.notInclude(text, "not to be kept")
      assert.notInclude(text, "session")
      assert.include(text, `"error_description": "Used"`)
    }))

  it.effect("does not take a failure of the reader for the end of a response", () =>
    Effect.gen(function*() {
      const request = HttpClientRequest.bodyJsonUnsafe(
        HttpClientRequest.post("https://oidc.eu-west-1.amazonaws.com/client/register"),
        Ask.register
      )
      for (const failure of ["the reader's own", { code: "EREADER" }]) {
        const store = Recorded.makeMemoryStore()
        const exit = yield* HttpClient.HttpClient.use((client) =>
          Effect.flatMap(
            client.execute(request),
            ({ stream }) => Stream.runForEach(stream, () => Effect.fail(failure))
          )
        ).pipe(
          Effect.provide(Recorded.layerRecordStore(store)),
          Effect.provide(Scripted.layer([success(RegisterClient.operation, Ask.registered)])),
          Effect.exit
        )
        assert.deepStrictEqual(exit, Exit.fail(failure))
        const text = yield* store.read
        assert.include(text, `"stalled": true`)
        assert.notInclude(text, "EREADER")
      }
    }))

  it.live("writes once at a time, also at the end, because a platform finishes an interrupted write", () =>
    Effect.gen(function*() {
      let under = 0
      let most = 0
      let kept = ""
      const store: Recorded.Store = {
        ...Recorded.makeMemoryStore(),
        write: (text) =>
          Effect.callback<void>((resume) => {
            most = Math.max(most, ++under)
            setTimeout(() => {
              under--
              kept = text
              resume(Effect.void)
            }, 5)
          })
      }
      const steps = [1, 2, 3].map(() => success(CreateToken.operation, Ask.token))
      yield* Effect.all(steps.map(() => polled), { concurrency: "unbounded" }).pipe(
        recording(store, Scripted.layer(steps))
      )
      assert.deepStrictEqual({ under, most }, { under: 0, most: 1 })
      assert.strictEqual(kept.match(/"<accessToken 1>"/g)?.length, 3)
    }))

  it.effect("leaves out an exchange whose request is in flight, and keeps its place", () =>
    Effect.gen(function*() {
      const store = Recorded.makeMemoryStore()
      const steps = [
        success(CreateToken.operation, Ask.token, { delay: 100 }),
        success(RegisterClient.operation, Ask.registered)
      ]
      const operations = Effect.map(store.read, (text) =>
        [...text.matchAll(/"operation": "(\w+)"/g)].map(([, name]) => name))
      yield* Effect.gen(function*() {
        const poll = yield* Effect.forkChild(polled, { startImmediately: true })
        yield* (yield* Ask.oidc).registerClient(Ask.register)
        assert.deepStrictEqual(yield* operations, ["RegisterClient"])
        yield* TestClock.adjust(100)
        yield* Fiber.join(poll)
        assert.deepStrictEqual(yield* operations, ["CreateToken", "RegisterClient"])
      }).pipe(recording(store, Scripted.layer(steps)))
    }))
})

describe("RecordedTransport: a replay is strict", () => {
  const recorded = Effect.gen(function*() {
    const store = Recorded.makeMemoryStore("the recording")
    yield* login.pipe(recording(store, script))
    return store
  })
  const start = (changes: Partial<StartDeviceAuthorization.Request>) =>
    Effect.gen(function*() {
      const oidc = yield* Ask.oidc
      const { clientId, clientSecret } = yield* oidc.registerClient(Ask.register)
      return yield* oidc.startDeviceAuthorization({ ...Ask.start, clientId, clientSecret, ...changes })
    })

  it.effect("dies on another request, and shows the difference", () =>
    Effect.gen(function*() {
      const text = yield* Ask.said(
        start({ startUrl: "https://other.awsapps.com/start" }).pipe(replaying(yield* recorded))
      )
      assert.include(
        text,
        `ReplayError: Exchange 2 of the recording: the request of StartDeviceAuthorization differs from the recorded one:
    - expected  startUrl: "https://my.awsapps.com/start"
    + received  startUrl: "https://other.awsapps.com/start"`
      )
    }))

  it.effect("wants each secret back that the recording gave", () =>
    Effect.gen(function*() {
      const clientSecret = Redacted.make("another-client-secret")
      const text = yield* Ask.said(start({ clientSecret }).pipe(replaying(yield* recorded)))
      assert.include(text, "clientSecret: another secret than the recorded <clientSecret 1>")
      assert.notInclude(text, "another-client-secret")
    }))

  it.effect("accepts any value for a secret of the caller, as long as it stays the same", () =>
    Effect.gen(function*() {
      const store = Recorded.makeMemoryStore()
      const steps = [success(CreateToken.operation, Ask.token), success(CreateToken.operation, Ask.token)]
      yield* Effect.andThen(polled, polled).pipe(recording(store, Scripted.layer(steps)))
      const other = (deviceCode: string) =>
        Effect.flatMap(Ask.oidc, (oidc) => oidc.createToken({ ...Ask.poll, deviceCode: Redacted.make(deviceCode) }))
      yield* Effect.andThen(other("any"), other("any")).pipe(replaying(store))
      assert.include(
        yield* Ask.said(Effect.andThen(other("one"), other("two")).pipe(replaying(store))),
        "deviceCode: another secret than the recorded <deviceCode 1>"
      )
    }))

  it.effect("keeps two different secrets different", () =>
    Effect.gen(function*() {
      const store = Recorded.makeMemoryStore()
      const steps = [success(CreateToken.operation, Ask.token), success(CreateToken.operation, Ask.token)]
      const both = (one: string, other: string) =>
        Effect.gen(function*() {
          const oidc = yield* Ask.oidc
          yield* oidc.createToken({ ...Ask.poll, deviceCode: Redacted.make(one) })
          return yield* oidc.createToken({ ...Ask.poll, deviceCode: Redacted.make(other) })
        })
      yield* both("a device code", "another device code").pipe(recording(store, Scripted.layer(steps)))
      yield* both("any", "any other").pipe(replaying(store))
      assert.include(
        yield* Ask.said(both("the same", "the same").pipe(replaying(store))),
        "deviceCode: another secret than the recorded <deviceCode 2>"
      )
    }))

  it.effect("fails on another operation, one too many and one too few, also if the error is caught", () =>
    Effect.gen(function*() {
      const store = yield* recorded
      assert.include(
        yield* Ask.said(Effect.exit(polled).pipe(replaying(store))),
        "Exchange 1 of the recording is RegisterClient, but CreateToken was called"
      )
      assert.include(
        yield* Ask.said(Effect.andThen(login, Effect.exit(polled)).pipe(replaying(store))),
        "CreateToken was called, but all 4 exchanges of the recording are used already"
      )
      assert.strictEqual(
        yield* Ask.said(start({}).pipe(replaying(store))),
        "ReplayError: The test ended before it used every exchange of the recording the recording. No request came for\n    3. CreateToken\n    4. CreateToken"
      )
    }))

  it.effect("gives a typed error with a sentence for a file that is not a recording", () =>
    Effect.gen(function*() {
      const opened = (text: string) =>
        Effect.gen(function*() {
          const { kept, layer } = files()
          if (text !== "") kept.set("x.json", text)
          const error = yield* Effect.flip(
            Layer.build(Recorded.layerReplay({ file: "x.json" }).pipe(Layer.provide(layer)))
          )
          return [error.problem, error.message] as const
        })
      const file = (members: object) =>
        JSON.stringify({ format: "sso-oidc-recording", version: 1, exchanges: [], ...members })
      assert.deepStrictEqual(yield* opened(""), [
        "unreadable",
        "The recording x.json cannot be replayed: there is no such file or folder. A relative path counts from the working directory."
      ])
      assert.deepStrictEqual(yield* opened("no JSON"), [
        "malformed",
        "The recording x.json cannot be replayed: it is not a JSON object. Record it again."
      ])
      assert.include((yield* opened("{}"))[1], "it does not say that it is a sso-oidc-recording")
      assert.deepStrictEqual(yield* opened(file({ version: 2 })), [
        "version",
        "The recording x.json cannot be replayed: it has version 2 of the format, but this package reads version 1. Record it again."
      ])
      assert.strictEqual((yield* opened(file({ exchanges: [{ operation: "CreateToken" }] })))[0], "malformed")
      const stranger = { operation: "CreateTokenWithIAM", request: {}, noResponse: true }
      assert.include(
        (yield* opened(file({ exchanges: [stranger] })))[1],
        "CreateTokenWithIAM, which is not a known operation"
      )
    }))

  it.effect("gives a typed error for a file that cannot be written, before it sends anything", () =>
    Effect.gen(function*() {
      const layer = Recorded.layerRecord({ file: "/no/where" }).pipe(Layer.provide([Scripted.layer([]), files().layer]))
      const error = yield* Effect.flip(Layer.build(layer))
      assert.strictEqual(error.problem, "unwritable")
    }))

  it.effect("fails the recording at its end if the file has become unwritable", () =>
    Effect.gen(function*() {
      let writes = 0
      const store: Recorded.Store = {
        ...Recorded.makeMemoryStore(),
        write: () =>
          writes++ === 0
            ? Effect.void
            : Effect.fail(
              new Recorded.RecordingError({ problem: "unwritable", recording: "x.json", detail: "no space left" })
            )
      }
      const text = yield* Ask.said(
        polled.pipe(recording(store, Scripted.layer([success(CreateToken.operation, Ask.token)])))
      )
      assert.strictEqual(
        text,
        "@sso-oidc/testing/RecordingError: The recording x.json cannot be written: no space left."
      )
    }))

  it.effect("does not record and does not send a request that is no known operation", () =>
    Effect.gen(function*() {
      const text = yield* Ask.said(
        Effect.flatMap(HttpClient.HttpClient, (client) => client.post("https://x.test/other?token=never-shown")).pipe(
          Effect.provide(Recorded.layerRecordStore(Recorded.makeMemoryStore()).pipe(Layer.provide(Scripted.layer([]))))
        )
      )
      assert.strictEqual(
        text,
        "NotRecordable: RecordedTransport cannot record POST /other. It is not a known operation, so its secrets cannot be removed. Add its operation to the option operations."
      )
    }))

  it("refuses an operation whose schema does not tell which members are secret", () => {
    const renamed = {
      ...RegisterClient.operation,
      request: Schema.Struct({ secret: Schema.RedactedFromValue(Schema.String) }).pipe(
        Schema.encodeKeys({ secret: "s" })
      )
    }
    assert.throws(
      () => Effect.runSync(Effect.scoped(Recorded.makeReplay(Recorded.makeMemoryStore(), { operations: [renamed] }))),
      /renames or computes members/
    )
  })

  it("refuses an operation with a secret that is not text, because an error could show it", () => {
    const Secret = Schema.RedactedFromValue(Schema.String)
    const members = [Schema.Array(Secret), Schema.RedactedFromValue(Schema.Struct({ inner: Schema.String }))]
    for (const keys of members) {
      const operation = { ...RegisterClient.operation, request: Schema.Struct({ keys: Schema.optional(keys) }) }
      assert.throws(
        () =>
          Effect.runSync(Effect.scoped(Recorded.makeReplay(Recorded.makeMemoryStore(), { operations: [operation] }))),
        /keys of RegisterClient is a secret that is not text/
      )
    }
  })
})
