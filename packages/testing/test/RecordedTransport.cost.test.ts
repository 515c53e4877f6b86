/**
 * The cost of a recording. The tests count its work, and do not measure time.
 */
import { assert, describe, it } from "@effect/vitest"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Recorded from "@sso-oidc/testing/RecordedTransport"
import * as Scripted from "@sso-oidc/testing/ScriptedTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Draft from "../src/internal/draft.ts"

import * as Ask from "./support/requests.ts"

/** A store that counts the characters and the writes. */
const counting = () => {
  const counts = { writes: 0, characters: 0, last: "" }
  const store: Recorded.Store = {
    ...Recorded.makeMemoryStore(),
    write: (text) =>
      Effect.sync(() => {
        counts.writes++
        counts.characters += text.length
        counts.last = text
      })
  }
  return { counts, store }
}

/** Records `length` polls. With `distinct`, each has its own device code. */
const polls = (store: Recorded.Store, length: number, distinct = false) =>
  Effect.gen(function*() {
    const oidc = yield* Ask.oidc
    for (let n = 0; n < length; n++) {
      const deviceCode = distinct ? Redacted.make(`Hy6tB9sGf3kNw0Ue5Oi${n}`) : Ask.poll.deviceCode
      yield* Effect.exit(oidc.createToken({ ...Ask.poll, deviceCode }))
    }
  }).pipe(
    Effect.provide(Ask.over(Layer.provide(
      Recorded.layerRecordStore(store),
      Scripted.layer(
        Array.from({ length }, () => Scripted.exception(CreateToken.operation, "AuthorizationPendingException"))
      )
    )))
  )

describe("RecordedTransport: the cost of a recording", () => {
  it.effect("writes a small multiple of the recording's length, for every length", () =>
    Effect.gen(function*() {
      for (const length of [60, 240]) {
        const { counts, store } = counting()
        yield* polls(store, length)
        assert.strictEqual(counts.last.match(/"operation"/g)?.length, length)
        assert.isBelow(counts.characters, 20 * counts.last.length)
        assert.isBelow(counts.writes, 80)
      }
    }))

  it.effect("writes a short recording after each exchange", () =>
    Effect.gen(function*() {
      const { counts, store } = counting()
      yield* polls(store, 4)
      assert.isAtLeast(counts.writes, 5)
    }))

  it.live("writes the rest shortly after the last exchange, and not only at the end", () =>
    Effect.gen(function*() {
      const { counts, store } = counting()
      const steps = Array.from({ length: 101 }, () => Scripted.success(CreateToken.operation, Ask.token))
      const recorded = () => counts.last.match(/"operation"/g)?.length
      yield* Effect.gen(function*() {
        const oidc = yield* Ask.oidc
        for (let n = 0; n < 101; n++) yield* oidc.createToken(Ask.poll)
        assert.isBelow(recorded() ?? 0, 101)
        yield* Effect.sleep("300 millis")
        assert.strictEqual(recorded(), 101)
      }).pipe(Effect.provide(Ask.over(Layer.provide(Recorded.layerRecordStore(store), Scripted.layer(steps)))))
    }))

  it("searches each text once, and again only for new secrets", () => {
    const scanned = (length: number, distinct: boolean) => {
      const draft = new Draft.Draft(SsoOidc.operations)
      const request = {
        clientId: "a client",
        grantType: CreateToken.deviceCodeGrantType,
        clientSecret: "a".repeat(3000)
      }
      for (let n = 0; n < length; n++) {
        const happened = draft.begin(CreateToken.operation, {
          ...request,
          deviceCode: distinct ? `Hy6tB9sGf3kNw0Ue5Oi${n}` : "Hy6tB9sGf3kNw0Ue5Oi"
        })
        draft.tell(happened, {
          _tag: "Responded",
          head: {
            status: 400,
            headers: { "x-amzn-requestid": `00000000-0000-4000-8000-${String(n).padStart(12, "0")}` }
          },
          bytes: new TextEncoder().encode(`{"error":"authorization_pending","error_description":"number ${n}"}`),
          end: "whole"
        })
        if (!distinct || n === length - 1) draft.render()
      }
      return draft.scanned
    }
    for (const distinct of [false, true]) {
      const [short, long] = [scanned(60, distinct), scanned(240, distinct)]
      assert.isAbove(short, 0)
      assert.isBelow(long, 4.5 * short, `distinct: ${distinct}`)
    }
  })

  it.effect("gives the same file for the same exchanges, wherever it was written in between", () =>
    Effect.gen(function*() {
      const { counts, store } = counting()
      yield* polls(store, 40, true)
      const file: { readonly exchanges: ReadonlyArray<{ readonly request: object }> } = JSON.parse(counts.last)
      assert.strictEqual(`${JSON.stringify(file, null, 2)}\n`, counts.last)
      assert.deepStrictEqual(
        file.exchanges.map(({ request }) => ({ ...request })),
        file.exchanges.map((_, n) => ({
          clientId: "a client",
          clientSecret: "<clientSecret 1>",
          grantType: CreateToken.deviceCodeGrantType,
          deviceCode: `<deviceCode ${n + 1}>`
        }))
      )
    }))
})
