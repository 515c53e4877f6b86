/**
 * Chance that a seed decides, the same on every platform and in every order of asking.
 */

/** Two numbers from 0 to 1 (exclusive) for the nth time that chance is asked. */
export const roll = (seed: number, nth: number): readonly [number, number] => {
  let state = mix(Math.trunc(seed) ^ mix(nth))
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    return (mix(state) >>> 0) / 2 ** 32
  }
  return [next(), next()]
}

// the finalizer of MurmurHash3: each bit of what goes in changes half of those that come out
const mix = (n: number): number => {
  let h = n | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
