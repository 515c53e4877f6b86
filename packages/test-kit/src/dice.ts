/**
 * Random numbers from a seed, so that a run can be repeated.
 */

export interface Dice {
  /** A whole number from 0 up to but not including `n`. */
  readonly below: (n: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <A>(from: ReadonlyArray<A>) => A
}

/** mulberry32, started with a mixture of the seeds. */
export const dice = (...seeds: ReadonlyArray<number>): Dice => {
  let state = seeds.reduce((mixed, seed) => Math.imul(mixed ^ seed, 0x9e3779b1) ^ (mixed >>> 15), 0x85ebca6b)
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (n: number): number => Math.floor(next() * n)
  return {
    below,
    chance: (probability) => next() < probability,
    pick: <A>(from: ReadonlyArray<A>) => {
      const at = below(from.length)
      for (const one of from.slice(at, at + 1)) return one
      throw new RangeError("nothing to pick from")
    }
  }
}
