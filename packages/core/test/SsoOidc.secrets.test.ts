import { assert, describe, it } from "@effect/vitest"
import { TransportCause } from "@sso-oidc/core/aws/TransportCause"
import type { Call, SecretName } from "@sso-oidc/test-kit/fixtures"
import { calls, secret } from "@sso-oidc/test-kit/fixtures"
import { formsOf, leakIn, search, textsOf, walk } from "@sso-oidc/test-kit/leaks"
import * as Recorder from "@sso-oidc/test-kit/recorder"
import * as Wire from "@sso-oidc/test-kit/wire"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"

const names = Object.keys(secret) as ReadonlyArray<SecretName>

// The texts that a person must see, and that no log, span or error may have.
const plain = ["BRCJ-PDVT", "d-0123456789.awsapps.com"]

/** Runs the call like a program that logs its failure. */
const run = (call: Call, wire: Wire.Wire, recorder: Recorder.Recorder) =>
  Effect.flatMap(Wire.client(wire), call.run).pipe(
    Effect.tapCause((cause) => Effect.logTrace("failed", cause)),
    Effect.tapError((error) => Effect.logError(error.message, error)),
    Effect.exit,
    recorder.record
  )

const leak = search(Object.values(secret))

/** Asserts that no secret, and no HTTP value of Effect, is reachable from the exit, the spans of core or the log. */
const examine = (exit: Exit.Exit<unknown, unknown>, recorder: Recorder.Recorder): void => {
  const spans = recorder.spans.filter(({ name }) => name.startsWith("SSO OIDC."))
  assert.strictEqual(spans.length, 1)
  const reasons = Exit.isFailure(exit) ? exit.cause.reasons : []
  const errors = reasons.map((reason) => Cause.isFailReason(reason) ? reason.error : reason)
  const seen = [...errors, ...(Exit.isFailure(exit) ? [exit.cause] : []), ...spans]
  // an assertion takes longer than the search
  const shown = [...new Set([...seen.flatMap(textsOf), ...recorder.lines])].filter((text) =>
    leak(text) !== undefined || plain.some((one) => text.includes(one))
  )
  assert.deepStrictEqual(shown.map((text) => text.slice(0, 300)), [])
  for (const one of seen) assert.deepStrictEqual(walk(one).http, [])
}

const failed = (exit: Exit.Exit<unknown, unknown>): void => assert.isTrue(Exit.isFailure(exit))

describe("SsoOidc: secrets", () => {
  for (const call of calls) {
    it.effect(`${call.name}: a success shows no secret in a span or a log (C6)`, () =>
      Effect.gen(function*() {
        const recorder = Recorder.make()
        const exit = yield* run(call, Wire.responding(() => Wire.json(call.response)), recorder)
        assert.isTrue(Exit.isSuccess(exit))
        examine(Exit.void, recorder)
        // The response itself shows only the texts that a person must see.
        const texts = Exit.isSuccess(exit) ? textsOf(exit.value) : []
        for (const text of texts) assert.isUndefined(leak(text))
      }))

    it.effect(`${call.name}: a secret of the request that an exception repeats is masked, in every form (C6)`, () =>
      Effect.gen(function*() {
        for (const name of call.asked) {
          for (const form of formsOf(secret[name])) {
            const recorder = Recorder.make()
            const body = {
              error: call.exception.error,
              error_description: `Bad value ${form} given; ${form.slice(0, 12)}… is known`,
              reason: form,
              region: form,
              endpoint: form
            }
            const wire = Wire.responding(() => Wire.exception(call.exception.type, body))
            const exit = yield* run(call, wire, recorder)
            failed(exit)
            examine(exit, recorder)
            assert.include(String(exit), "<redacted>")
          }
        }
      }))

    it.effect(`${call.name}: a secret of the request is masked elsewhere in a response too (C6)`, () =>
      Effect.gen(function*() {
        for (const name of call.asked) {
          // The forms that HTTP allows in a header.
          for (const form of [encodeURIComponent(secret[name]), Buffer.from(secret[name]).toString("base64")]) {
            const heads = { "x-amzn-requestid": form, "content-type": `text/html; x=${form}` }
            const responses = [
              () => Wire.exception(call.exception.type, { error: form }, { headers: { "x-amzn-requestid": form } }),
              () => new Response("<html>", { status: 502, headers: heads }),
              () => new Response("", { status: 307, headers: { ...heads, location: `https://evil.example/?${form}` } }),
              () => Wire.exception(form, {}),
              () => Wire.json({ error: secret[name] }, { status: 400 }),
              () => Wire.json({ code: secret[name] }, { status: 400 }),
              () => new Response(new ReadableStream({ pull: (c) => c.error(new Error(form)) }), { headers: heads })
            ]
            for (const response of responses) {
              const recorder = Recorder.make()
              const exit = yield* run(call, Wire.responding(response), recorder)
              failed(exit)
              examine(exit, recorder)
            }
          }
        }
      }))

    it.effect(`${call.name}: the error of an unexpected response shows no secret of the response (C6)`, () =>
      Effect.gen(function*() {
        const all = {
          ...call.response,
          ...secret,
          // A response has no `code`: it would be the type of the error.
          code: undefined,
          userCode: "BRCJ-PDVT",
          verificationUri: "https://d-0123456789.awsapps.com"
        }
        const text = JSON.stringify(all)
        const responses = [
          // A success that is not 200, that is cut off, has a wrong type, or is inside another value.
          () => Wire.json(all, { status: 201 }),
          () => new Response(text.slice(0, -1)),
          () => Wire.json([all]),
          () => Wire.json({ result: all }),
          () => Wire.json(Object.fromEntries(Object.entries(all).map(([key, value]) => [key, [value]]))),
          () =>
            Wire.json(Object.fromEntries(Object.entries(all).map(([key, value]) => [key, { [String(value)]: value }]))),
          () => Wire.json({ ...all, tokenType: "Bearer\u0000", clientId: "\u0000", userCode: "BRCJ-PDVT\u0000" }),
          () => new Response(text, { status: 502 }),
          () => new Response(text, { status: 302 }),
          () => new Response(text + " ".repeat(300_000))
        ]
        for (const response of responses) {
          const recorder = Recorder.make()
          const exit = yield* run(call, Wire.responding(response), recorder)
          failed(exit)
          examine(exit, recorder)
        }
      }))

    it.effect(`${call.name}: a failed transport shows no secret, although its error holds them all (C6)`, () =>
      Effect.gen(function*() {
        const words = names.map((name) => secret[name]).join(" ")
        const loaded = (error: Error): Error =>
          Object.assign(error, { request: { body: words }, headers: words, stack: words, detail: [words] })
        const causes = [
          loaded(new Error(words)),
          loaded(new TypeError(words, { cause: loaded(Object.assign(new Error(words), { code: "ECONNRESET" })) })),
          loaded(new TransportCause({ sent: "no", code: "ECONNREFUSED", transient: true })),
          // The platform's name for the failure repeats a secret of the request.
          ...call.asked.map((name) =>
            new TransportCause({ sent: "no", code: secret[name], transient: true, syscall: secret[name] })
          ),
          ...call.asked.map((name) => Object.assign(new Error(), { code: secret[name], name: secret[name] })),
          words
        ]
        for (const cause of causes) {
          const recorder = Recorder.make()
          const exit = yield* run(call, Wire.broken(cause), recorder)
          failed(exit)
          examine(exit, recorder)
        }
      }))

    it.effect(`${call.name}: a time limit or an interruption shows no secret (C6)`, () =>
      Effect.gen(function*() {
        for (const body of [undefined, new ReadableStream()]) {
          const recorder = Recorder.make()
          const wire = body === undefined ? Wire.silent() : Wire.responding(() => new Response(body))
          const fiber = yield* Effect.forkChild(run(call, wire, recorder))
          yield* TestClock.adjust("30 seconds")
          const exit = yield* Fiber.join(fiber)
          failed(exit)
          examine(exit, recorder)
        }
        const recorder = Recorder.make()
        const fiber = yield* Effect.forkChild(run(call, Wire.silent(), recorder))
        yield* TestClock.adjust("1 second")
        yield* Fiber.interrupt(fiber)
        examine(yield* Fiber.await(fiber), recorder)
      }))
  }

  it("the search of these tests finds a secret (C6)", () => {
    assert.isDefined(leakIn(`x ${Buffer.from(`ab${secret.code}`).toString("base64")}`, secret.code))
    const hidden = Object.defineProperty(new Error("x"), "deep", {
      value: new Map([[Symbol("a"), {
        get b() {
          return new Set([secret.code])
        }
      }]]),
      enumerable: false
    })
    assert.isTrue(textsOf(hidden).some((text) => leakIn(text, secret.code) !== undefined))
    // each object has its own value of the getter of their class
    class Hiding {
      readonly #text: string
      constructor(text: string) {
        this.#text = text
      }
      get text() {
        return this.#text
      }
    }
    assert.includeMembers([...walk([new Hiding("none"), new Hiding(secret.code)]).texts], [secret.code])
    const wire = Wire.broken(undefined)
    return Effect.runPromise(Effect.flip(wire.client.get("https://x.example"))).then((error) => {
      assert.isAtLeast(walk({ a: [error] }).http.length, 2)
    })
  })
})
