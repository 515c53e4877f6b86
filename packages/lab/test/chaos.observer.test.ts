import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import * as Observer from "../chaos/observer.ts"

interface Response {
  readonly status: number
  readonly body: object
}

/** A service that responds as it is told, and the headers that it got. */
const service = (responses: ReadonlyArray<Response>) =>
  Effect.acquireRelease(
    Effect.callback<
      { readonly port: number; readonly got: Array<Http.IncomingHttpHeaders>; readonly close: () => void }
    >(
      (resume) => {
        const got: Array<Http.IncomingHttpHeaders> = []
        const server = Http.createServer((request, response) => {
          const { body, status } = responses[got.length] ?? { status: 500, body: {} }
          got.push(request.headers)
          request.resume()
          response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
        })
        const close = () => {
          server.close()
          server.closeAllConnections()
        }
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          resume(
            Effect.succeed({ port: typeof address === "object" && address !== null ? address.port : 0, got, close })
          )
        })
      }
    ),
    ({ close }) => Effect.sync(close)
  )

const asked = (url: string, path: string, body: object, runner = "1.1", signal?: AbortSignal) =>
  Effect.promise(async () => {
    try {
      const response = await fetch(`${url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", [Observer.runnerHeader]: runner },
        body: JSON.stringify(body),
        ...(signal === undefined ? {} : { signal })
      })
      const got: unknown = await response.json()
      return { status: response.status, body: got }
    } catch {
      return undefined
    }
  })

const given = { deviceCode: "a-device-code", userCode: "BCDF-GHJK", interval: 2, expiresIn: 60 }
const refused = (error: string): Response => ({ status: 400, body: { error } })

const observed = <A, E>(
  responses: ReadonlyArray<Response>,
  delays: ReadonlyArray<number>,
  use: (
    observer: Observer.Observer,
    got: ReadonlyArray<Http.IncomingHttpHeaders>
  ) => Effect.Effect<A, E, Scope.Scope>
) =>
  Effect.scoped(Effect.gen(function*() {
    const { got, port } = yield* service(responses)
    return yield* use(yield* Observer.make(port, delays), got)
  }))

const until = (condition: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => condition() ? Effect.void : Effect.andThen(Effect.sleep("5 millis"), until(condition)))

describe("the observer", () => {
  it.live("passes requests on, and writes down polls by runner, kind and time, without a secret", () =>
    observed(
      [
        { status: 200, body: given },
        refused("authorization_pending"),
        refused("slow_down"),
        refused("access_denied"),
        { status: 200, body: { accessToken: "a-token", refreshToken: "another" } }
      ],
      [0, 60],
      (observer, got) =>
        Effect.gen(function*() {
          const started = yield* asked(observer.url, "/device_authorization", {})
          assert.deepStrictEqual(started, { status: 200, body: given })
          for (const runner of ["1.1", "2.2", "1.1", "2.2"]) {
            yield* asked(observer.url, "/token", { deviceCode: given.deviceCode }, runner)
          }
          const [start] = observer.starts
          assert.strictEqual(start?.interval, 2_000)
          assert.strictEqual(start?.life, 60_000)
          assert.strictEqual(start?.userCode, Observer.hashOf(given.userCode))
          assert.deepStrictEqual(observer.polls.map(({ answer, runner }) => [runner, answer]), [
            ["1.1", "pending"],
            ["2.2", "slow_down"],
            ["1.1", "denied"],
            ["2.2", "token"]
          ])
          for (const [n, { arrivedAt, deviceCode, endedAt, isGiven }] of observer.polls.entries()) {
            assert.isTrue(isGiven)
            assert.strictEqual(deviceCode, start?.deviceCode)
            assert.isAtLeast(endedAt - arrivedAt, n % 2 === 0 ? 0 : 59)
          }
          assert.strictEqual(observer.polls[3]?.token, Observer.hashOf("a-token"))
          const written = JSON.stringify([observer.starts, observer.polls])
          for (const secret of ["a-device-code", "BCDF-GHJK", "a-token"]) assert.notInclude(written, secret)
          assert.deepStrictEqual(observer.secrets.map(({ what }) => what), [
            "device code",
            "user code",
            "access token",
            "refresh token"
          ])
          for (const headers of got) assert.notProperty(headers, Observer.runnerHeader)
        })
    ))

  it.live("says that a response was not given if the runner's connection closed before it", () =>
    observed([refused("authorization_pending")], [150], (observer, got) =>
      Effect.gen(function*() {
        const controller = new AbortController()
        yield* Effect.forkScoped(
          asked(observer.url, "/token", { deviceCode: given.deviceCode }, "1.1", controller.signal)
        )
        yield* until(() => got.length === 1)
        controller.abort()
        yield* until(() => observer.polls.length === 1)
        const [poll] = observer.polls
        assert.isFalse(poll?.isGiven)
        assert.strictEqual(poll?.answer, "pending")
        assert.isBelow((poll?.endedAt ?? 0) - (poll?.arrivedAt ?? 0), 140)
      })))

  it.live("names the runner of a token before the runner has it, and after", () =>
    observed([{ status: 200, body: { accessToken: "a-token" } }], [50], (observer) =>
      Effect.gen(function*() {
        const seen: Array<string> = []
        const note = (moment: "sent" | "given") =>
          Effect.forkScoped(
            Effect.map(observer.token(moment), (runner) => seen.push(`${moment} ${runner} ${observer.polls.length}`))
          )
        yield* note("given")
        yield* note("sent")
        yield* Effect.yieldNow
        yield* asked(observer.url, "/token", { deviceCode: given.deviceCode }, "2.2")
        yield* until(() => seen.length === 2)
        assert.deepStrictEqual(seen.map((one) => one.slice(0, -2)), ["sent 2.2", "given 2.2"])
      })))

  it.live("writes down a response that it cannot read as broken", () =>
    observed(
      [{ status: 200, body: {} }, { status: 503, body: {} }, refused("invalid_client")],
      [0],
      (observer) =>
        Effect.gen(function*() {
          for (let n = 0; n < 3; n++) yield* asked(observer.url, "/token", { deviceCode: given.deviceCode })
          assert.deepStrictEqual(observer.polls.map(({ answer }) => answer), ["broken", "broken", "broken"])
        })
    ))
})
