/**
 * What the tests of `DurableNode` share: processes that drive logins, and a service that watches them.
 */
import { assert } from "@effect/vitest"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import { run, type Running } from "@sso-oidc/test-kit/child"
import { formsOf } from "@sso-oidc/test-kit/leaks"
import { bundled } from "@sso-oidc/test-kit/program"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { createServer } from "node:net"
import { fileURLToPath } from "node:url"
import type { Observer, Poll } from "./observer.ts"

/** How a login begins. */
export const options = { clientName: "test", startUrl: "https://my.awsapps.com/start" }

/** The service, as a process of the test sees it. */
export const service = (observer: Observer) =>
  SsoOidc.layer({ region: "eu-west-1", endpoint: observer.url }).pipe(Layer.provide(NodeTransport.layer()))

/** A port of this machine that no program uses at this moment. */
export const freePort: Effect.Effect<number> = Effect.callback((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0)))
  })
})

/** A program of these tests as one file. */
export const program = (name: string): string => bundled(fileURLToPath(new URL(`${name}.ts`, import.meta.url)))

/** Starts a process that drives logins, and waits until it does. */
export const member = (
  options: { readonly name: string; readonly endpoint: string; readonly file: string } | {
    readonly name: string
    readonly endpoint: string
    readonly url: string
    readonly port: number
  }
): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.tap(
    run(process.execPath, { args: [program("member"), JSON.stringify(options)] }),
    (running) => running.printed(/ready/)
  )

/** Waits until something is the case, and gives up after 30 seconds. */
export const until = <E, R>(what: string, effect: Effect.Effect<boolean, E, R>): Effect.Effect<boolean, E | Error, R> =>
  effect.pipe(
    Effect.filterOrFail((is) => is, () => new Error(`it did not come: ${what}`)),
    Effect.retry({ schedule: Schedule.spaced("20 millis"), times: 1500 })
  )

/** The last poll of each device code. */
export const lastPolls = ({ polls }: Observer): ReadonlyMap<string, Poll> =>
  new Map(polls.map((poll) => [poll.code, poll]))

/** Fails if a poll came earlier than the interval after the response before, or while another one was in flight (D1, D6). */
export const assertPatient = ({ polls }: Observer, interval: number): void => {
  for (const [code, theirs] of Map.groupBy(polls, (poll) => poll.code)) {
    theirs.slice(1).forEach((poll, at) => {
      const before = theirs[at]?.answered
      assert.isDefined(before, `two polls of ${code} in flight`)
      // this process may see a response later than the process that polls
      assert.isAtLeast(poll.at - (before ?? 0), interval - 50, `${poll.member} polled early`)
    })
  }
}

// The hexadecimal form of a token has digits alone in places, and so has a database. A shorter piece may be there by chance.
const piece = 16

/**
 * Fails if a text has a code, a secret or a token that the service gave, in any form. It finds 31 characters in a row of a long one.
 */
export const assertClean = ({ secrets }: Observer, text: string): void => {
  assert.isAbove(secrets.size, 3)
  const windows = new Set(
    Array.from({ length: Math.max(0, text.length - piece + 1) }, (_, at) => text.slice(at, at + piece))
  )
  for (const form of [...secrets].flatMap(formsOf)) {
    if (form.length < piece) assert.notInclude(text, form)
    for (let at = 0; at + piece <= form.length; at += piece) {
      assert.isFalse(windows.has(form.slice(at, at + piece)), form.slice(0, 12))
    }
  }
}
