/**
 * A set of all runs of eight characters of many texts. It searches a text for them in linear time.
 *
 * It ignores case, and the two alphabets of base64 count as one: `-` is `+`, and `_` is `/`. A run is stored as a number of 53
 * bits. If two runs share a number, the recording may lose a text that it could have kept, but never keeps a secret.
 */

/** A run of this many characters counts as the secret, even if the rest is missing. Core uses the same length. */
export const run = 8

export class Grams {
  #table = new Float64Array(256)
  #size = 0

  add(text: string): void {
    eachKey(text, (key) => {
      if (2 * (this.#size + 1) > this.#table.length) this.#grow()
      const at = slotOf(this.#table, key)
      if (this.#table[at] === key) return false
      this.#table[at] = key
      this.#size++
      return false
    })
  }

  /** Returns whether the text has a run of one of the texts. */
  meets(text: string): boolean {
    return this.#size > 0 && eachKey(text, (key) => this.#table[slotOf(this.#table, key)] === key)
  }

  #grow(): void {
    const table = new Float64Array(2 * this.#table.length)
    for (const key of this.#table) if (key !== 0) table[slotOf(table, key)] = key
    this.#table = table
  }
}

/** The place where the key is or would be. The table's length is a power of two, and half of it is free. */
const slotOf = (table: Float64Array, key: number): number => {
  const mask = table.length - 1
  let at = (key % 0x1_0000_0000) & mask
  while (table[at] !== 0 && table[at] !== key) at = (at + 1) & mask
  return at
}

/** Calls `f` with each run until it returns `true`. */
const eachKey = (text: string, f: (key: number) => boolean): boolean => {
  for (let at = 0; at + run <= text.length; at++) {
    let high = 0x811c9dc5
    let low = 0x2545f491
    for (let i = at; i < at + run; i++) {
      const code = folded(text.charCodeAt(i))
      high = Math.imul(high ^ code, 0x01000193)
      low = Math.imul(low + code, 0x9e3779b1)
      low ^= low >>> 15
    }
    if (f((high >>> 11) * 0x1_0000_0000 + (low >>> 0) || 1)) return true
  }
  return false
}

const folded = (code: number): number =>
  code >= 0x41 && code <= 0x5a ? code + 0x20 : code === 0x2d ? 0x2b : code === 0x5f ? 0x2f : code
