/**
 * What happens in a run: when each login starts, what its person does, and how the runners are struck. It depends on the seed alone.
 *
 * Blows come in scenes. A scene begins when all runners are up again, so that the time to the next poll is that of one blow.
 */
import { type Dice, dice } from "@sso-oidc/test-kit/dice"
import type { Kind } from "./events.ts"

/** How many runners there are. */
export const runners = 3

/** The time between two polls that the emulator asks for, in seconds. */
export const interval = 2

/** How long a lock of the engine outlives its runner on the package's settings, in milliseconds. A frozen runner stays frozen for longer. */
const lockExpiration = 15_000

/** The longest time that a response waits in the observer, in milliseconds. */
export const mostDelay = 200

/** How long the logins are left in peace at first, in milliseconds. */
export const prelude = 6_000

/**
 * What a person does, or the program in the person's place: nothing, or one act. `lapse`: the service lets the code expire early.
 */
export interface Person {
  readonly login: number
  /** When the login starts, in milliseconds. */
  readonly startAt: number
  readonly does: "approve" | "deny" | "cancel" | "lapse" | "nothing"
  /** How long after the start, in milliseconds. */
  readonly after: number
  /** Whether the person comes back, and the program calls `hurry`. */
  readonly hurries: boolean
}

/** One blow of a scene. */
export interface Strike {
  readonly kind: Kind
  /** Which runner: a number from 0. */
  readonly runner: number
  /** When, after the scene began, in milliseconds. */
  readonly at: number
  /** How long a frozen runner stands still, or how long after its end a runner starts again, in milliseconds. */
  readonly pause: number
}

/** A few blows that belong together, and then quiet. */
export interface Scene {
  readonly strikes: ReadonlyArray<Strike>
  /** How long the scene lasts at least, in milliseconds. */
  readonly lasts: number
}

export interface Plan {
  readonly people: ReadonlyArray<Person>
  readonly scenes: ReadonlyArray<Scene>
  /** How long a code is valid, in seconds. */
  readonly life: number
  /** The delay of each response of a poll, in the order of their arrival, again and again. */
  readonly delays: ReadonlyArray<number>
}

export interface Options {
  readonly seed: number
  readonly logins: number
  readonly isFull: boolean
}

const between = (random: Dice, least: number, most: number): number => least + random.below(most - least + 1)

const shuffled = <A>(random: Dice, given: ReadonlyArray<A>): ReadonlyArray<A> => {
  const left = [...given]
  return given.flatMap(() => left.splice(random.below(left.length), 1))
}

// -----------------------------------------------------------------------------
// people
// -----------------------------------------------------------------------------

/**
 * A person decides at the latest this long before the code expires, in milliseconds. The runner may just have been frozen: then another one
 * polls after the lock expires, the check of the runners, the assignment, and two intervals.
 */
const inTime = lockExpiration + 5_000 + 1_000 + 5_000 + 2 * interval * 1000

const actOf = (random: Dice): Person["does"] => {
  const at = random.below(100)
  return at < 58 ? "approve" : at < 68 ? "deny" : at < 74 ? "cancel" : at < 80 ? "lapse" : "nothing"
}

const person = (random: Dice, login: number, starts: number, life: number): Person => {
  const does = actOf(random)
  return {
    login,
    startAt: random.below(starts),
    does,
    after: between(random, 500, life * 1000 - inTime),
    hurries: does === "approve" && random.chance(0.2)
  }
}

// -----------------------------------------------------------------------------
// blows
// -----------------------------------------------------------------------------

const strike = (random: Dice, kind: Kind, runner: number, at: number): Strike => ({
  kind,
  runner,
  at,
  pause: kind === "SIGSTOP"
    ? between(random, lockExpiration + 1_500, lockExpiration + 4_000)
    : between(random, 500, 3_000)
})

const victims = (random: Dice): ReadonlyArray<number> =>
  shuffled(random, Array.from({ length: runners }, (_, at) => at))

const quietAfterFreeze = 4_000

const scenes = {
  /** One runner is killed. Its logins have 15 s to be polled again. */
  kill: (random: Dice): Scene => ({
    strikes: victims(random).slice(0, 1).map((victim) => strike(random, "SIGKILL", victim, 0)),
    lasts: between(random, 12_500, 13_500)
  }),
  /** Two runners are asked to stop, one after the other, as when a new version is rolled out. */
  roll: (random: Dice): Scene => ({
    strikes: victims(random).slice(0, 2).map((victim, n) =>
      strike(random, "SIGTERM", victim, n * between(random, 2_000, 4_000))
    ),
    lasts: 10_000
  }),
  /** Two runners freeze, and the third drives all logins. */
  freeze: (random: Dice): Scene => {
    const strikes = victims(random).slice(0, 2).map((victim, n) =>
      strike(random, "SIGSTOP", victim, n * between(random, 0, 2_000))
    )
    return { strikes, lasts: Math.max(...strikes.map(({ at, pause }) => at + pause)) + quietAfterFreeze }
  },
  /** One runner freezes. While it does, the two others are asked to stop, one after the other. */
  both: (random: Dice): Scene => {
    const [frozen, ...others] = victims(random)
    const freeze = strike(random, "SIGSTOP", frozen ?? 0, 0)
    const strikes = others.map((victim, n) =>
      strike(random, "SIGTERM", victim, 1_000 + n * between(random, 7_000, 8_000))
    )
    return { strikes: [freeze, ...strikes], lasts: freeze.pause + quietAfterFreeze }
  }
}

/** How many scenes of each kind: 2 or 20 blows of each kind in all. */
const programme: Readonly<Record<"short" | "full", Readonly<Record<keyof typeof scenes, number>>>> = {
  short: { kill: 2, roll: 1, freeze: 1, both: 0 },
  full: { kill: 20, roll: 6, freeze: 8, both: 4 }
}

const names = ["kill", "roll", "freeze", "both"] as const

// -----------------------------------------------------------------------------
// plan
// -----------------------------------------------------------------------------

/** The plan of a seed. */
export const make = ({ isFull, logins, seed }: Options): Plan => {
  const counts = programme[isFull ? "full" : "short"]
  const order = shuffled(dice(seed, 1), names.flatMap((name) => Array.from({ length: counts[name] }, () => name)))
  const played = order.map((name, n) => scenes[name](dice(seed, 2, n)))
  // the last codes expire soon after the last blow
  const life = isFull ? 570 : 64
  const starts = isFull ? 45_000 : 6_000
  const slow = dice(seed, 3)
  return {
    people: Array.from({ length: logins }, (_, login) => person(dice(seed, 4, login), login, starts, life)),
    scenes: played,
    life,
    delays: Array.from({ length: 4_096 }, () => slow.below(mostDelay + 1))
  }
}
