/**
 * Kills the holder of a herd, and looks at what the others find.
 */
import * as CachedToken from "@sso-oidc/session/CachedToken"
import * as CacheKey from "@sso-oidc/session/CacheKey"
import * as Lock from "@sso-oidc/session/Lock"
import * as KernelLock from "@sso-oidc/session/node/KernelLock"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { readdirSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { folder } from "../child.ts"
import { dice } from "../dice.ts"
import * as Member from "./member.ts"
import type * as Service from "./service.ts"
import { startUrl } from "./service.ts"
import type * as Workers from "./workers.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/** All points of a refresh, in their order. */
export const points = ["room made", "request sent", "response arrived", "written", "synced", "renamed"] as const

export type Point = typeof points[number]

/** When the process is killed: at a point, or so many milliseconds after it was asked for its token, or after its request arrived. */
export type Moment = Point | { readonly after: "question" | "arrival"; readonly millis: number }

/** One run. */
export interface Plan {
  readonly moment: Moment
  /** How long the service waits before and after a request takes effect, in milliseconds. */
  readonly before: number
  readonly after: number
}

/** What the killed process left: nothing, the mark of a request, a response that is not in its place, or a token. */
export type Left = "nothing" | "mark" | "response" | "token"

/** What happened in a run. */
export interface Run {
  readonly plan: Plan
  readonly left: Left
  /** What the survivors told: two at once, and one after them. */
  readonly told: ReadonlyArray<Member.Told>
  /** How many requests the service got, of the killed process and of the survivors. */
  readonly requests: number
  /** The longest wait of a survivor, in milliseconds. */
  readonly worst: number
  /** What must not be, in words. */
  readonly violations: ReadonlyArray<string>
}

/** A store that a herd shares. */
export interface Ground {
  readonly store: Member.Parts["store"]
  /** A place of its own in the store. */
  readonly place: Effect.Effect<Pick<Member.Task, "place" | "prefix">, never, Scope.Scope>
  /** How long a survivor may wait for the lock of the killed process, in milliseconds. */
  readonly patience: number
  /** Whether the store has files. */
  readonly hasFiles: boolean
}

/** The AWS cache, in a folder of its own. */
export const files: Ground = {
  store: Member.files,
  place: Effect.map(folder, (place) => ({ place })),
  patience: 0,
  hasFiles: true
}

// -----------------------------------------------------------------------------
// looking
// -----------------------------------------------------------------------------

/** The session whose token the run is about, and where it is. */
interface Scene {
  readonly login: Service.Login
  readonly store: TokenStore.Service
  readonly key: string
  /** The file of the token, if the store has files. */
  readonly file: string | undefined
}

/** Stores a token as another program does. */
export const put = ({ key, store }: Pick<Scene, "key" | "store">, token: CachedToken.CachedToken) =>
  store.exclusively(key, (hold) => hold.commit(CachedToken.encode(token)), { wait: Duration.seconds(5) })

const accessTokenIn = (text: string): string | undefined => {
  const decoded = CachedToken.decode(Redacted.make(text))
  return Result.isSuccess(decoded) ? Redacted.value(decoded.success.accessToken) : undefined
}

/** Reads the file again and again until the scope closes, and gives what was ever wrong with it. */
export const reading = Effect.fnUntraced(function*(file: string | undefined) {
  const wrong = new Set<string>()
  if (file === undefined) return wrong
  const read = () => {
    try {
      if (accessTokenIn(readFileSync(file, "utf8")) === undefined) wrong.add("the file was torn")
      if ((statSync(file).mode & 0o777) !== 0o600) wrong.add("others could read the file")
    } catch (error) {
      wrong.add(`the file could not be read: ${error}`)
    }
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => setInterval(read, 2)),
    (timer) =>
      Effect.sync(() => {
        clearInterval(timer)
        read()
      })
  )
  return wrong
})

const leftBy = Effect.fnUntraced(function*({ key, login, store }: Scene): Effect.fn.Return<Left> {
  const text = yield* Effect.orDie(store.read(key))
  const token = text === undefined ? undefined : accessTokenIn(Redacted.value(text))
  if (token !== Redacted.value(login.token.accessToken)) return "token"
  const marks = yield* Effect.orDie(store.marks(key))
  return marks.some(({ response }) => response !== undefined) ? "response" : marks.length > 0 ? "mark" : "nothing"
})

/** Whether the lock of a file is free at once. */
const isFree = (file: string): Effect.Effect<boolean> =>
  Effect.gen(function*() {
    const { open } = yield* Lock.Lock
    const lock = yield* open(`${file}.lock`)
    return yield* lock.attempt
  }).pipe(Effect.scoped, Effect.provide(KernelLock.layer), Effect.orDie)

/** What lies beside the file and its lock. */
export const leftovers = (file: string): ReadonlyArray<string> =>
  readdirSync(join(file, "..")).map((name) => join(file, "..", name)).filter((path) =>
    path !== file && path !== `${file}.lock`
  )

// -----------------------------------------------------------------------------
// one run
// -----------------------------------------------------------------------------

/** The limit for a wait, in milliseconds. */
const longest = 5000

// After a rejection, a session reads for two seconds more, in case that another program writes a token.
const watch = 2000

// In milliseconds.
const tick = 20

/** Measures the wait, and how much of it this process could run. A machine that is busy with other work does not make a session late. */
export const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const began = performance.now()
    let ticks = 0
    const timer = setInterval(() => ticks++, tick)
    return effect.pipe(
      Effect.map((told) => ({ told, millis: performance.now() - began, awake: ticks * tick })),
      Effect.ensuring(Effect.sync(() => clearInterval(timer)))
    )
  })

const sameOf = (told: Member.Told): string => told._tag === "Token" ? told.token : told._tag

/** The point at which the process ends itself. Only the service knows when a request has arrived. */
const ownPoint = (moment: Moment): Member.Point | undefined =>
  typeof moment === "object" || moment === "request sent" ? undefined : moment

/** Kills a process that was started for it, and asks the survivors. */
export const run = (
  plan: Plan,
  service: Service.Service,
  rotation: Service.Rotation,
  ground: Ground,
  worker: Workers.Worker
): Effect.Effect<Run> =>
  Effect.gen(function*() {
    const { after, before, moment } = plan
    const kill = worker.signal("SIGKILL")
    const arrived = yield* Deferred.make<void>()
    const login = yield* service.login("herd", "-1 minute", {
      before,
      after,
      onArrival: Effect.asVoid(Deferred.succeed(arrived, undefined)),
      onIssued: moment === "request sent" ? kill : undefined
    })
    const task: Member.Task = {
      ...(yield* ground.place),
      startUrl,
      name: "herd",
      endpoint: service.url,
      requestTimeout: 30_000
    }
    const store = Context.get(yield* Layer.build(ground.store(task)), TokenStore.TokenStore)
    const { key } = login.settings
    const file = ground.hasFiles ? join(task.place, yield* CacheKey.token(login.settings)) : undefined
    const scene: Scene = { login, store, key, file }
    yield* put(scene, login.token)

    const parts: Member.Parts = { transport: NodeTransport.layer(), store: ground.store }
    const survivors = yield* Effect.all([1, 2, 3].map(() => Member.make(parts, task)))
    const violations: Array<string> = []

    const wrong = yield* Effect.scoped(Effect.gen(function*() {
      const wrong = yield* reading(file)
      yield* worker.prepare({ ...task, dieAt: ownPoint(moment) })
      const asked = yield* Effect.forkChild(worker.go)
      if (typeof moment === "object") {
        // A process that fails before its request has told why.
        if (moment.after === "arrival") yield* Effect.raceFirst(Deferred.await(arrived), Fiber.await(asked))
        yield* Effect.sleep(moment.millis)
      } else yield* Fiber.await(asked)
      // A process that did not come to its point is alive.
      yield* kill
      const log = yield* worker.ended
      if (log !== "") violations.push(`the process logged: ${log}`)
      const last = yield* Fiber.join(asked)
      if (last !== undefined && last._tag !== "Token") violations.push(`the process told ${last._tag}: ${last.message}`)
      if (last !== undefined && typeof moment === "string") {
        violations.push(`the process outlived the point "${moment}"`)
      }
      if (file !== undefined && !(yield* isFree(file))) violations.push("the lock was not free at once")
      return wrong
    }))
    const left = yield* leftBy(scene)

    const seen = yield* Effect.scoped(Effect.gen(function*() {
      const wrong = yield* reading(file)
      const [one, two, late] = survivors
      if (one === undefined || two === undefined || late === undefined) return yield* Effect.die("no survivors")
      const atOnce = yield* Effect.all([timed(one), timed(two)], { concurrency: "unbounded" })
      const all = [...atOnce, yield* timed(late)]
      return {
        wrong,
        told: all.map(({ told }) => told),
        worst: Math.max(...all.map(({ millis }) => millis)),
        awake: Math.max(...all.map(({ awake }) => awake))
      }
    }))
    const { awake, told, worst } = seen
    const requests = login.requests()
    violations.push(...wrong, ...seen.wrong)

    const isLost = told.some(({ _tag }) => _tag === "SessionPossiblyLost")
    if (new Set(told.map(sameOf)).size > 1) {
      violations.push(`the survivors told different things: ${told.map(({ _tag }) => _tag).join(", ")}`)
    }
    for (const one of told) {
      if (one._tag === "Token") continue
      if (rotation === "lenient" || one._tag !== "SessionPossiblyLost") violations.push(`${one._tag}: ${one.message}`)
    }
    // A killed process and the first of the survivors send one request each. The others share its result.
    if (requests > 2) violations.push(`${requests} requests were sent`)
    if (awake > longest + (isLost && ground.patience > 0 ? watch : 0)) {
      violations.push(`a survivor waited for ${Math.round(worst)} ms`)
    }
    if (isLost) {
      // A person logs in again, and that token is refreshed.
      const again = yield* service.login("herd", "-1 minute")
      yield* put(scene, again.token)
      const told = yield* survivors[0] ?? Effect.die("no survivors")
      if (told._tag !== "Token") violations.push(`after another login: ${told._tag}: ${told.message}`)
    }
    if (file !== undefined) {
      const found = leftovers(file)
      if (found.length > 0) violations.push(`${found.length} files were left after a good refresh`)
      const text = readFileSync(file, "utf8")
      if (!text.includes("ofAnotherTool")) violations.push("the member of another tool was lost")
    } else if ((yield* store.marks(key)).length > 0) violations.push("marks were left after a good refresh")
    return { plan, left, told, requests, worst, violations }
  }).pipe(Effect.scoped, Effect.orDie)

/** A run at a random time of a seed. Half of them are killed while their request is in flight, or soon after. */
export const random = (...seeds: ReadonlyArray<number>): Plan => {
  const { below, chance } = dice(...seeds)
  const moment: Moment = chance(0.5)
    ? { after: "question", millis: below(400) }
    : { after: "arrival", millis: below(160) }
  return { moment, before: below(60), after: below(60) }
}
