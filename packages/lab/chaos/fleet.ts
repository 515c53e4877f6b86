/**
 * The runners: starts them, strikes them, and starts them again. Each ends with this process, however this process ends.
 */
import { bundled } from "@sso-oidc/test-kit/program"
import * as Server from "@sso-oidc/test-kit/server"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, openSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { Readable } from "node:stream"
import type { Blow } from "./events.ts"
import type { Observer } from "./observer.ts"
import * as Plan from "./plan.ts"
import type { Strike } from "./plan.ts"

/** What a runner needs to know. */
export interface Task {
  /** The URL of the database. */
  readonly database: string
  /** The key of the sealer, in hex. */
  readonly key: string
  /** The port where the other runners reach it. */
  readonly port: number
  /** Where the observer listens. */
  readonly endpoint: string
  /** Its name, which it sends to the observer. */
  readonly name: string
}

/** What a runner counts. */
export interface Counted {
  readonly polls: number
  readonly backOffs: number
  readonly lost: number
}

/** What a runner tells its parent. */
export type Told = { readonly isReady: true } | Counted

export interface Fleet {
  /** Starts all runners, and waits until they are ready. */
  readonly start: Effect.Effect<void>
  /**
   * Strikes a runner, and starts it again if it has ended. Gives when it is up again. If the runner drives nothing, then the next runner with
   * logins is struck in its place.
   */
  readonly strike: (strike: Strike) => Effect.Effect<void>
  /**
   * Waits until it was quiet for long enough after the last blow. After a SIGKILL, other runners have then polled for its logins, or the time
   * that a rescue may take is over.
   */
  readonly quiet: Effect.Effect<void>
  readonly blows: ReadonlyArray<Blow>
  /** What went wrong by itself. */
  readonly failures: ReadonlyArray<string>
  /** What all runners counted, up to half a second before their end. */
  readonly counted: () => Counted
  /** How many processes were started. */
  readonly started: () => number
  /** The paths of the logs, by the names of the runners. */
  readonly logs: ReadonlyMap<string, string>
}

export interface Options extends Pick<Task, "database" | "key"> {
  readonly observer: Observer
  /** Where the logs are written. */
  readonly folder: string
  readonly runners: number
  /** What happens just before a frozen runner goes on: so many of its logins are hurried. */
  readonly beforeThaw: (runner: string, hurries: number) => Effect.Effect<void>
}

/** How a process may end. Effect's `runMain` ends with 130 after each signal that it hears. */
const endings = { SIGKILL: ["SIGKILL"], SIGTERM: ["code 0", "code 130", "code 143"] }

/** A runner that has polled in this time drives logins, in milliseconds. */
const recent = 3_000

/** How long a blow waits for the moment of a token, in milliseconds. */
const soon = 3_000

/** A login that was polled in this time before a SIGKILL may be one of the victim's, in milliseconds. */
const remembered = 10_000

/** How long a run waits for a rescue at most, in milliseconds: a little longer than the law permits. */
const longestRescue = 15_200

/** How long a runner may take to start, in milliseconds. */
const patience = 60_000

/** How long a runner may take to stop, in milliseconds: the time of a request and some more. Then it is killed, as a platform does. */
const leave = 40_000

interface Runner {
  readonly name: string
  readonly child: ChildProcess
  readonly ended: Promise<string>
  /** Its place among the runners: a number from 0. */
  readonly place: number
  /** Whether it was told to end. */
  isStruck: boolean
  /** Whether it is frozen, or was told to end. */
  isDown: boolean
}

/** A shell that outlives this process by a moment, and kills what it left. */
const guard = Effect.acquireRelease(
  Effect.sync(() => {
    const shell = spawn("/bin/sh", [join(import.meta.dirname, "guard.sh")], {
      cwd: "/",
      detached: true,
      stdio: ["pipe", "ignore", "ignore"]
    })
    shell.stdin.on("error", () => {})
    const ended = new Promise<void>((resolve) => shell.once("close", () => resolve()))
    return { write: (line: string): void => void shell.stdin.write(`${line}\n`), end: () => shell.stdin.end(), ended }
  }),
  ({ end, ended }) =>
    Effect.promise(() => {
      end()
      return ended
    })
)

export const make = (options: Options): Effect.Effect<Fleet, never, Scope.Scope> =>
  Effect.gen(function*() {
    const { observer } = options
    const program = bundled(join(import.meta.dirname, "runner.ts"))
    const { write } = yield* guard
    const ports = yield* Effect.promise(() => Promise.all(Array.from({ length: options.runners }, Server.freePort)))
    const running = new Map<number, Runner>()
    const blows: Array<Blow> = []
    const failures: Array<string> = []
    const logs = new Map<string, string>()
    const counted = new Map<string, Counted>()
    let started = 0
    let isOver = false

    const launch = (at: number): Effect.Effect<void> =>
      Effect.gen(function*() {
        const name = `${at + 1}.${++started}`
        const path = join(options.folder, `runner-${name}.log`)
        logs.set(name, path)
        const ready = Deferred.makeUnsafe<void>()
        const runner = yield* Effect.sync(() => {
          const output = openSync(path, "w", 0o600)
          const child = spawn(process.execPath, [program], {
            detached: true,
            stdio: ["pipe", output, output, "pipe"],
            env: { ...process.env, NO_PROXY: "127.0.0.1" }
          })
          closeSync(output)
          if (child.pid !== undefined) write(`+ ${child.pid}`)
          const task: Task = {
            database: options.database,
            key: options.key,
            port: ports[at] ?? 0,
            endpoint: observer.url,
            name
          }
          child.stdin?.on("error", () => {}).write(`${JSON.stringify(task)}\n`)
          const told = child.stdio[3]
          if (told instanceof Readable) {
            createInterface({ input: told }).on("line", (line) => {
              const said: Told = JSON.parse(line)
              if ("isReady" in said) Deferred.doneUnsafe(ready, Effect.void)
              else counted.set(name, said)
            }).on("error", () => {})
          }
          const ended = new Promise<string>((resolve) => {
            child.once("error", (error) => resolve(error.message))
            child.once("exit", (code, signal) => resolve(signal ?? `code ${code}`))
          })
          const runner: Runner = { name, child, ended, place: at, isStruck: false, isDown: false }
          void ended.then((how) => {
            if (child.pid !== undefined) write(`- ${child.pid}`)
            if (runner.isStruck || isOver) return
            failures.push(`the runner ${name} ended by itself with ${how} at ${(observer.now() / 1000).toFixed(1)} s`)
          })
          running.set(at, runner)
          return runner
        })
        const outcome = yield* Effect.raceFirst(
          Effect.as(Deferred.await(ready), undefined),
          Effect.promise(() => runner.ended)
        ).pipe(Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.succeed("no word") }))
        if (outcome !== undefined && runner.isStruck === false) {
          failures.push(`the runner ${name} did not start: ${outcome}`)
        }
      })

    const isBusy = (runner: Runner): boolean => {
      const since = observer.now() - recent
      return observer.polls.some((poll) => poll.arrivedAt > since && poll.runner === runner.name)
    }

    const victimOf = ({ runner }: Strike): Runner | undefined => {
      const all = ports.flatMap((_, n) => running.get((runner + n) % ports.length) ?? [])
      const free = all.filter(({ isDown }) => !isDown)
      return free.find(isBusy) ?? free[0]
    }

    /** The runner of a token at this moment, if there is a token soon. */
    const atMoment = ({ moment }: Strike): Effect.Effect<Runner | undefined> =>
      moment === "any"
        ? Effect.undefined
        : observer.token(moment).pipe(
          Effect.map((name) => [...running.values()].find((runner) => runner.name === name && !runner.isDown)),
          Effect.timeoutOrElse({ duration: soon, orElse: () => Effect.undefined })
        )

    const strike = (one: Strike): Effect.Effect<void> =>
      Effect.gen(function*() {
        const runner = (yield* atMoment(one)) ?? victimOf(one)
        if (runner === undefined) return
        const { child, ended, name } = runner
        const at = observer.now()
        runner.isDown = true
        if (one.kind === "SIGSTOP") {
          child.kill("SIGSTOP")
          yield* Effect.sleep(one.pause)
          yield* options.beforeThaw(name, one.hurries)
          const until = observer.now()
          child.kill("SIGCONT")
          runner.isDown = false
          blows.push({ kind: one.kind, runner: name, at, until })
          return
        }
        runner.isStruck = true
        child.kill(one.kind)
        const how = yield* Effect.promise(() => ended).pipe(
          Effect.timeoutOrElse({ duration: leave, orElse: () => Effect.succeed("no end") })
        )
        blows.push({ kind: one.kind, runner: name, at, until: observer.now() })
        if (!endings[one.kind].includes(how)) {
          failures.push(`the runner ${name} ended with ${how} after ${one.kind}`)
        }
        if (how === "no end") child.kill("SIGKILL")
        yield* Effect.sleep(one.pause)
        yield* launch(runner.place)
      })

    const isRescued = (blow: Blow): boolean => {
      if (blow.kind !== "SIGKILL" || observer.now() > blow.at + longestRescue) return true
      const last = new Map<string, string>()
      const polls = observer.polls.filter(({ arrivedAt }) => arrivedAt > blow.at - remembered)
      for (const { answer, arrivedAt, deviceCode, isGiven, runner } of polls) {
        if (isGiven && answer !== "pending" && answer !== "slow_down") last.delete(deviceCode)
        else if (arrivedAt < blow.at || runner !== blow.runner) last.set(deviceCode, runner)
      }
      return ![...last.values()].includes(blow.runner)
    }

    const isQuiet = (): boolean =>
      blows.slice(-options.runners).every((blow) =>
        observer.now() > (blow.kind === "SIGSTOP" ? blow.until : blow.at) + Plan.quiet[blow.kind] && isRescued(blow)
      )

    const quiet: Effect.Effect<void> = Effect.suspend(() =>
      isQuiet() ? Effect.void : Effect.andThen(Effect.sleep(200), quiet)
    )

    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        isOver = true
        for (const { child } of running.values()) child.kill("SIGKILL")
      })
    )

    return {
      start: Effect.forEach(ports, (_, at) => launch(at), { concurrency: "unbounded", discard: true }),
      strike,
      quiet,
      blows,
      failures,
      counted: () => {
        const all = [...counted.values()]
        const sum = (of: (one: Counted) => number) => all.reduce((sum, one) => sum + of(one), 0)
        return {
          polls: sum(({ polls }) => polls),
          backOffs: sum(({ backOffs }) => backOffs),
          lost: sum(({ lost }) => lost)
        }
      },
      started: () => started,
      logs
    }
  })
