/**
 * What happens in a run: when each login starts, what its person does, and how the runners are struck. It depends on the seed alone.
 *
 * Blows come in scenes. A scene begins when all runners are up again, so that the time to the next poll is that of one blow.
 */
import { type Dice, dice } from "@sso-oidc/test-kit/dice"
import type { Kind } from "./events.ts"

/** How many runners there are. */
export const runners = 3

/** How long it is quiet after the last blow of a kind, or after the end of a freeze, in milliseconds. */
export const quiet: Readonly<Record<Kind, number>> = { SIGKILL: 10_000, SIGSTOP: 4_000, SIGTERM: 5_000 }

/** The time between two polls that the emulator asks for, in seconds. */
export const interval = 2

/** How long a lock of the engine outlives its runner on the package's settings, in milliseconds. A frozen runner stays frozen for longer. */
const lockExpiration = 15_000

/** The longest time that a response waits in the observer, in milliseconds. */
export const mostDelay = 200

/** How long the logins are left in peace at first, in milliseconds. */
export const prelude = 5_000

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

/**
 * The moment of a blow.
 *
 * - `any`: whatever the runner does just then.
 * - `sent`: the emulator has sent a token, and the runner does not have it yet.
 * - `given`: the runner has just got a token, and may not have stored it yet.
 */
export type Moment = "any" | "sent" | "given"

/** One blow of a scene. */
export interface Strike {
  readonly kind: Kind
  /** Which runner: a number from 0. At a moment of a token, it is the runner of the token instead. */
  readonly runner: number
  /** When, after the scene began, in milliseconds. */
  readonly at: number
  /** From then on, the blow waits for this moment. If there is none soon, the runner is struck at any moment. */
  readonly moment: Moment
  /** How long a frozen runner stands still, or how long after its end a runner starts again, in milliseconds. */
  readonly pause: number
  /** How many logins of a frozen runner are hurried just before it goes on. */
  readonly hurries: number
}

/** A few blows that belong together. Quiet follows. */
export type Scene = ReadonlyArray<Strike>

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
    hurries: does === "approve" && random.chance(0.3)
  }
}

// -----------------------------------------------------------------------------
// blows
// -----------------------------------------------------------------------------

const strike = (random: Dice, kind: Kind, runner: number, at: number): Strike => ({
  kind,
  runner,
  at,
  moment: random.pick(["any", "any", "sent", "sent", "given"]),
  pause: kind === "SIGSTOP"
    ? between(random, lockExpiration + 1_500, lockExpiration + 6_000)
    : between(random, 500, 3_000),
  hurries: kind === "SIGSTOP" ? between(random, 0, 12) : 0
})

const victims = (random: Dice): ReadonlyArray<number> =>
  shuffled(random, Array.from({ length: runners }, (_, at) => at))

const scenes = {
  /** One runner is killed. Its logins have 15 s to be polled again. */
  kill: (random: Dice): Scene => victims(random).slice(0, 1).map((victim) => strike(random, "SIGKILL", victim, 0)),
  /** Two runners are asked to stop, one after the other, as when a new version is rolled out. */
  roll: (random: Dice): Scene =>
    victims(random).slice(0, 2).map((victim, n) =>
      strike(random, "SIGTERM", victim, n * between(random, 2_000, 4_000))
    ),
  /** Two runners freeze, and the third drives all logins. */
  freeze: (random: Dice): Scene =>
    victims(random).slice(0, 2).map((victim, n) => strike(random, "SIGSTOP", victim, n * between(random, 0, 2_000))),
  /** One runner freezes. While it does, the two others are asked to stop, one after the other. */
  both: (random: Dice): Scene =>
    victims(random).map((victim, n) =>
      n === 0
        ? strike(random, "SIGSTOP", victim, 0)
        : strike(random, "SIGTERM", victim, n * between(random, 5_500, 6_500))
    )
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
