/**
 * A token that is in the cache, for a process that asks once and for one that asks again, and 32 processes at once whose token has expired.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Herd from "@sso-oidc/test-kit/sessions/herd"
import * as Service from "@sso-oidc/test-kit/sessions/service"
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type Context, inTurn, type Measurement } from "./bench.ts"
import { run } from "./child.ts"

// -----------------------------------------------------------------------------
// the cache
// -----------------------------------------------------------------------------

const startUrl = "https://bench.awsapps.com/start"

const seconds = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, "Z")

/** A home as `aws sso login` leaves it. The token is valid for some hours. */
const signedIn = (home: string): Readonly<Record<string, string>> => {
  const cache = join(home, ".aws/sso/cache")
  mkdirSync(cache, { recursive: true })
  const config = join(home, ".aws/config")
  writeFileSync(
    config,
    `[profile bench]\nsso_session = bench\n\n[sso-session bench]\nsso_start_url = ${startUrl}\nsso_region = eu-west-1\n`
  )
  const later = seconds(Date.now() + 8 * 60 * 60 * 1000)
  writeFileSync(
    join(cache, `${createHash("sha1").update("bench").digest("hex")}.json`),
    JSON.stringify({
      startUrl,
      region: "eu-west-1",
      accessToken: "a".repeat(300),
      expiresAt: later,
      refreshToken: "r".repeat(300),
      clientId: "client",
      clientSecret: "s".repeat(1750),
      registrationExpiresAt: later
    }),
    { mode: 0o600 }
  )
  return { HOME: home, AWS_CONFIG_FILE: config }
}

// -----------------------------------------------------------------------------
// many processes
// -----------------------------------------------------------------------------

/** Lets processes ask at once for a token that has expired, as often as `rounds` says. It gives the times until all had the new one. */
const herd = (rounds: number): Effect.Effect<ReadonlyArray<number>> =>
  Effect.gen(function*() {
    const workers = yield* Herd.make
    const service = yield* Service.make("strict")
    const times = new Array<number>()
    for (let round = 0; round <= rounds; round++) {
      const { login, millis, told } = yield* Herd.round(workers, service, { waits: { before: 0, after: 0 } })
      const tokens = new Set(told.map((one) => one?._tag === "Token" ? one.token : `no token: ${one?.message}`))
      if (tokens.size !== 1 || login.requests() !== 1) {
        return yield* Effect.die(new Error(`${login.requests()} requests gave ${[...tokens].join(", ")}`))
      }
      if (round > 0) times.push(millis)
    }
    return times
  }).pipe(Effect.scoped, Effect.provide(NodeServices.layer), Effect.orDie)

// -----------------------------------------------------------------------------
// measurement
// -----------------------------------------------------------------------------

const official = "@aws-sdk/token-providers"

export const measurement: Measurement = {
  title: "Session",
  measure: async ({ bundle, work }: Context) => {
    const programs = [
      { of: "ours", path: (await bundle({ name: "session-token" })).path },
      { of: official, path: (await bundle({ name: "session-token-official" })).path }
    ]
    const env = signedIn(join(work, "home"))
    const measured = (rounds: number, take: (path: string) => Promise<number>) =>
      inTurn(rounds, programs.map(({ of, path }) => ({ of, run: () => take(path) })))
    const once = await measured(5, async (path) => (await run(path, { work, env, args: ["0"] })).cpu)
    const again = await measured(5, async (path) => Number((await run(path, { work, env, args: ["150"] })).stdout))
    const [onceOurs, oncePeer] = once
    const [againOurs, againPeer] = again
    if (onceOurs === undefined || oncePeer === undefined || againOurs === undefined || againPeer === undefined) {
      throw new Error("a program is missing")
    }
    return {
      rows: [
        {
          measure: "a process that gets a token from the cache and ends, processor time",
          unit: "ms",
          ours: onceOurs,
          peer: oncePeer
        },
        {
          measure: "the same token again in that process, processor time",
          unit: "µs",
          ours: againOurs,
          peer: againPeer
        },
        {
          measure: `${Herd.size} processes whose token has expired, with one request, until all have the new token`,
          unit: "ms",
          ours: { of: "ours", values: await Effect.runPromise(herd(5)) }
        }
      ],
      plots: []
    }
  }
}
