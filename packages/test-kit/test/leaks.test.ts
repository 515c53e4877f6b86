import { assert, describe, it } from "@effect/vitest"
import { dice } from "../src/dice.ts"
import { formsOf, search } from "../src/leaks.ts"

const alphabets = ["ab", "0123456789abcdef", "aZq79\"\\/+=%&?<>'`:;~#{}$@!*|ü漢é"]

describe("the search for leaks", () => {
  it("finds a piece of eight characters of any form, at each place of a text", () => {
    const secrets = ["Yq3vKp8RzTn5WcBd", "aZq79\"\\/ü漢é😀 x", "12345678"]
    const find = search(secrets)
    for (const form of secrets.flatMap(formsOf)) {
      for (let at = 0; at + 8 <= form.length; at++) {
        for (let before = 0; before < 12; before++) {
          assert.isDefined(find(`${"-".repeat(before)}${form.slice(at, at + 8)}${"-".repeat(at % 3)}`), form)
        }
      }
    }
    for (const text of ["Yq3vKp8-RzTn5Wc", "1234567", ""]) assert.isUndefined(find(text))
  })

  it("finds in random texts what a search without a table finds", () => {
    const { below } = dice(21)
    const word = (alphabet: string, length: number) =>
      Array.from({ length }, () => alphabet[below(alphabet.length)] ?? "").join("")
    let found = 0
    for (let round = 0; round < 1000; round++) {
      const alphabet = alphabets[round % alphabets.length] ?? ""
      const secrets = [word(alphabet, 8 + below(20)), word(alphabet, below(12))]
      const pieces = secrets.flatMap(formsOf).flatMap((form) =>
        Array.from({ length: Math.max(0, form.length - 7) }, (_, at) => form.slice(at, at + 8))
      )
      const text = `${word(alphabet, below(60))}${round % 2 === 0 ? pieces[below(pieces.length)] : ""}${
        word(alphabet, 9)
      }`
      const places = pieces.map((piece) => text.indexOf(piece)).filter((at) => at >= 0)
      const first = places.length === 0 ? undefined : Math.min(...places)
      assert.strictEqual(search(secrets)(text), first === undefined ? undefined : text.slice(first, first + 8))
      if (first !== undefined) found++
    }
    assert.isAbove(found, 500)
    assert.isBelow(found, 1000)
  })
})
