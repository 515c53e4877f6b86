/**
 * Bodies that their reader stops early, and JSON that is nested very deep.
 */
import { assert, describe, it } from "@effect/vitest"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as Recorded from "@sso-oidc/testing/RecordedTransport"
import * as Scripted from "@sso-oidc/testing/ScriptedTransport"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Ask from "./support/requests.ts"

const { rawResponse } = Scripted

const url = "https://oidc.eu-west-1.amazonaws.com/client/register"

type Read<A> = (response: HttpClientResponse.HttpClientResponse) => Effect.Effect<A, unknown>

/** Sends a request, and reads its response with the given function. */
const reading = <A>(read: Read<A>, body: string = JSON.stringify(Ask.register)) =>
  HttpClient.HttpClient.use((client) =>
    Effect.flatMap(
      client.execute(HttpClientRequest.bodyText(HttpClientRequest.post(url), body, "application/json")),
      read
    )
  )

/** A transport whose bodies arrive in the given pieces. */
const inPieces = (pieces: ReadonlyArray<string>) =>
  Layer.succeed(
    HttpClient.HttpClient,
    HttpClient.make((request) => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => {
          for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece))
          controller.close()
        }
      })
      return Effect.succeed(HttpClientResponse.fromWeb(request, new Response(body)))
    })
  )

const recorded = <A>(read: Read<A>, pieces: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const store = Recorded.makeMemoryStore()
    const real = yield* reading(read).pipe(
      Effect.provide(Layer.provide(Recorded.layerRecordStore(store), inPieces(pieces)))
    )
    return { real, store, text: yield* store.read }
  })

const replayed = <A>(store: Recorded.Store, read: Read<A>) =>
  reading(read).pipe(Effect.provide(Recorded.layerReplayStore(store)))

const sizes = (response: HttpClientResponse.HttpClientResponse) =>
  Effect.map(Stream.runCollect(response.stream), (chunks) => chunks.reduce((sum, { length }) => sum + length, 0))

const first = (response: HttpClientResponse.HttpClientResponse) =>
  Effect.map(Stream.runCollect(Stream.take(response.stream, 1)), (chunks) => chunks[0]?.length)

const registered = JSON.stringify({ clientId: "a client", clientSecret: "a-client-secret", clientSecretExpiresAt: 1 })

describe("RecordedTransport: a body that its reader stops early", () => {
  it.effect("is recorded as far as it was read, and replayed as far", () =>
    Effect.gen(function*() {
      const { real, store, text } = yield* recorded(first, ["twelve bytes", "and more"])
      assert.include(text, `"bytes": 12,\n        "stopped": true`)
      assert.strictEqual(real, 12)
      assert.strictEqual(yield* replayed(store, first), 12)
    }))

  it.effect("fails a replay that reads further, with a sentence", () =>
    Effect.gen(function*() {
      const { store } = yield* recorded(first, ["twelve bytes", "and more"])
      assert.include(
        yield* Ask.said(Effect.exit(replayed(store, sizes)).pipe(Effect.flatMap((exit) => exit))),
        "ReplayError: Exchange 1 of in memory: the body of RegisterClient was read beyond its first 12 bytes, where the recorded reader stopped"
      )
    }))

  it.effect("is recorded without a byte if nothing was read", () =>
    Effect.gen(function*() {
      const status = (response: HttpClientResponse.HttpClientResponse) => Effect.succeed(response.status)
      const { store, text } = yield* recorded(status, ["twelve bytes"])
      assert.include(text, `"bytes": 0,\n        "stopped": true`)
      assert.strictEqual(yield* replayed(store, status), 200)
      assert.include(yield* Ask.said(replayed(store, sizes)), "was read beyond its first 0 bytes")
    }))

  it.effect("keeps the members of a whole object, and its length, for a reader that counts", () =>
    Effect.gen(function*() {
      const text = (response: HttpClientResponse.HttpClientResponse) =>
        Effect.map(
          Stream.runCollect(Stream.take(response.stream, 1)),
          ([chunk]) => new TextDecoder().decode(chunk)
        )
      const long = JSON.stringify({ clientId: "a client", filling: "x".repeat(1000) })
      const { store } = yield* recorded(text, [long, "\n"])
      const again = yield* replayed(store, text)
      assert.strictEqual(again.length, long.length)
      assert.deepStrictEqual(JSON.parse(again), { clientId: "a client" })
    }))

  it.effect("is recorded whole if the reader reached its end, also if it is read twice", () =>
    Effect.gen(function*() {
      const store = Recorded.makeMemoryStore()
      const twice = (response: HttpClientResponse.HttpClientResponse) => Effect.all([sizes(response), sizes(response)])
      const [one, two] = yield* reading(twice).pipe(
        Effect.provide(Recorded.layerRecordStore(store)),
        Effect.provide(Scripted.layer([rawResponse(RegisterClient.operation, { status: 200, body: registered })]))
      )
      assert.strictEqual(one, two)
      const text = yield* store.read
      assert.include(text, `"clientId": "a client"`)
      assert.notInclude(text, "stopped")
    }))

  it.effect("makes core fail again for a body over its size limit, although it is JSON", () =>
    Effect.gen(function*() {
      const store = Recorded.makeMemoryStore()
      const register = Effect.flip(Effect.flatMap(Ask.oidc, (oidc) => oidc.registerClient(Ask.register)))
      const real = yield* register.pipe(Effect.provide(Ask.over(Layer.provide(
        Recorded.layerRecordStore(store),
        inPieces([`{"clientId":"a client","filling":"${"x".repeat(300_000)}"}`])
      ))))
      const again = yield* register.pipe(Effect.provide(Ask.over(Recorded.layerReplayStore(store))))
      assert.include(real.message, "larger than maxResponseBytes")
      assert.include(again.message, "larger than maxResponseBytes")
    }))
})

describe("RecordedTransport: JSON that is nested very deep", () => {
  const deep = (open: string, close: string, inner = "1") => open.repeat(100_000) + inner + close.repeat(100_000)
  const list = deep("[", "]")
  const members = deep("{\"clientId\":", "}")

  it.effect("is recorded from a response, and replayed", () =>
    Effect.gen(function*() {
      for (
        const body of [
          `{"clientId":"a client","x":${list}}`,
          `{"clientId":${list}}`,
          `{"clientId":${members}}`,
          `{"clientSecret":${deep("[", "]", "\"a-client-secret\"")}}`,
          `{"x":${deep("{\"clientSecret\":", "}", "\"a-client-secret\"")}}`,
          list
        ]
      ) {
        const { store, text } = yield* recorded(sizes, [body])
        assert.notInclude(text, "a-client-secret")
        assert.isBelow(text.length, 1000)
        assert.isAbove(yield* replayed(store, sizes), 0)
      }
    }))

  it.effect("is recorded from a request, and replayed", () =>
    Effect.gen(function*() {
      for (const member of [list, members]) {
        const body = `{"clientName":${member},"scopes":${member},"clientType":"public"}`
        const store = Recorded.makeMemoryStore()
        yield* reading(sizes, body).pipe(
          Effect.provide(Layer.provide(Recorded.layerRecordStore(store), inPieces(["{}"])))
        )
        yield* reading(sizes, body).pipe(Effect.provide(Recorded.layerReplayStore(store)))
        const other = `{"clientName":"a tool","scopes":${list},"clientType":"public"}`
        assert.include(
          yield* Ask.said(reading(sizes, other).pipe(Effect.provide(Recorded.layerReplayStore(store)))),
          "the request of RegisterClient differs from the recorded one"
        )
      }
    }))

  it.effect("is a typed error if a recording has it", () =>
    Effect.gen(function*() {
      for (const exchanges of [list, members, `[{"operation":"CreateToken","request":${members}}]`]) {
        const store = Recorded.makeMemoryStore()
        yield* store.write(`{"format":"sso-oidc-recording","version":1,"exchanges":${exchanges}}`)
        const error = yield* Effect.flip(Effect.scoped(Layer.build(Recorded.layerReplayStore(store))))
        assert.strictEqual(error.problem, "malformed")
        assert.strictEqual(
          error.message,
          "The recording in memory cannot be replayed: it is nested more than 100 levels deep, and a recording is not. Record it again."
        )
      }
    }))

  it.effect("is not confused with brackets in texts", () =>
    Effect.gen(function*() {
      const store = Recorded.makeMemoryStore()
      const poll = Effect.flatMap(Ask.oidc, (oidc) =>
        oidc.createToken({ ...Ask.poll, clientId: `${"[".repeat(200)}\\"` }))
      yield* poll.pipe(Effect.provide(Ask.over(Layer.provide(
        Recorded.layerRecordStore(store),
        Scripted.layer([Scripted.success(CreateToken.operation, Ask.token)])
      ))))
      yield* poll.pipe(Effect.provide(Ask.over(Recorded.layerReplayStore(store))))
    }))
})

describe("RecordedTransport: a replay compares requests by the schema", () => {
  const secret = Schema.Struct({ accessToken: Schema.RedactedFromValue(Schema.String) })
  const nested = {
    ...RegisterClient.operation,
    request: Schema.Struct({ ...RegisterClient.Request.fields, credentials: Schema.optional(secret) })
  }
  const options = { operations: [nested] }

  it.effect("accepts any value for an item of a list that was removed as a secret", () =>
    Effect.gen(function*() {
      const store = Recorded.makeMemoryStore()
      const send = (scopes: ReadonlyArray<string>) =>
        reading(sizes, JSON.stringify({ ...Ask.register, scopes, credentials: { accessToken: "Gm4kY8sPd1hXe6Vb" } }))
      yield* send(["a", "Gm4kY8sPd1hXe6Vb"]).pipe(
        Effect.provide(Layer.provide(Recorded.layerRecordStore(store, options), inPieces([registered])))
      )
      yield* send(["a", "any"]).pipe(Effect.provide(Recorded.layerReplayStore(store, options)))
      assert.include(
        yield* Ask.said(send(["b", "any"]).pipe(Effect.provide(Recorded.layerReplayStore(store, options)))),
        `    - expected  scopes[0]: "a"\n    + received  scopes[0]: "b"`
      )
    }))

  it.effect("shows no secret inside another member in an error (C6)", () =>
    Effect.gen(function*() {
      const store = Recorded.makeMemoryStore()
      yield* reading(sizes).pipe(
        Effect.provide(Layer.provide(Recorded.layerRecordStore(store, options), inPieces([registered])))
      )
      const body = JSON.stringify({ ...Ask.register, credentials: { accessToken: "Gm4kY8sPd1hXe6Vb" } })
      const text = yield* Ask.said(reading(sizes, body).pipe(Effect.provide(Recorded.layerReplayStore(store, options))))
      assert.include(text, "credentials: { accessToken: <redacted:accessToken> }")
      assert.notInclude(text, "Gm4kY8sPd1hXe6Vb")
    }))

  it.effect("refuses secrets under names that no schema fixes", () =>
    Effect.gen(function*() {
      const keys = Schema.Record(Schema.String, Schema.RedactedFromValue(Schema.String))
      const operation = { ...RegisterClient.operation, request: Schema.Struct({ keys }) }
      const text = yield* Ask.said(
        Effect.scoped(Recorded.makeReplay(Recorded.makeMemoryStore(), { operations: [operation] }))
      )
      assert.include(text, "RegisterClient has secrets under names that its schema does not fix")
    }))
})
