/**
 * The user codes, which a person confirms. They are not secret, but no log and no repository may show them. Each code becomes
 * an alias, wherever it stands: in any case, with or without its hyphen, and under escapes.
 */
import { Grams } from "./grams.ts"
import * as Spelling from "./spelling.ts"

interface Code {
  readonly code: string
  readonly alias: string
}

// Shorter codes are ordinary words that any text may have.
const shortest = 4

// A code of at least this length is also found inside a word, and with other characters in between.
const long = 8

const isAlias = (code: string): boolean => /^USER-?\d{4,}$/i.test(code)

const isLetter = (unit: string): boolean => /[\p{L}\p{N}]/u.test(unit)

export class Codes {
  /** The codes, by their letters and digits. */
  readonly #codes = new Map<string, Code>()
  readonly #lengths = new Set<number>()
  readonly #forms = new Grams()

  /** Returns whether the code is new. */
  learn(code: string): boolean {
    const key = keyOf(code)
    if (this.#codes.has(key)) return false
    this.#codes.set(key, { code, alias: `USER-${String(this.#codes.size + 1).padStart(4, "0")}` })
    if (key.length >= shortest && !key.startsWith("\u0000")) this.#lengths.add(key.length)
    if (!isAlias(code)) {
      for (
        const one of new Set([code, lettersOf(code)].flatMap((code) => [code, code.toUpperCase(), code.toLowerCase()]))
      ) {
        for (const form of Spelling.formsOf(one)) this.#forms.add(form)
      }
    }
    return true
  }

  aliasOf(code: string): string | undefined {
    return this.#codes.get(keyOf(code))?.alias
  }

  /** The text with aliases. It is `undefined` if a code stays in the text because it cannot be replaced. */
  replace(text: string): string | undefined {
    if (this.#lengths.size === 0) return text
    const bare = Spelling.bareOf(text)
    let out = ""
    let at = 0
    for (const { alias, end, start } of this.#find(bare.text)) {
      const from = bare.from[start] ?? 0
      if (from < at) continue
      out += text.slice(at, from) + alias
      at = bare.to[end - 1] ?? text.length
    }
    out += text.slice(at)
    const { contents, more, texts } = Spelling.readingsOf(out)
    const has = (one: string, atLeast?: number) => this.#find(one, atLeast).some(({ code }) => !isAlias(code))
    const left = more || texts.some((one) => this.#forms.meets(one) || has(one)) ||
      contents.some((one) => this.#forms.meets(one) || has(one, long))
    return left ? undefined : out
  }

  /** Finds the codes of at least `atLeast` letters in a text. */
  #find(text: string, atLeast = shortest): ReadonlyArray<Code & { readonly start: number; readonly end: number }> {
    const places: Array<number> = []
    let letters = ""
    for (let at = 0; at < text.length; at++) {
      const unit = text.charAt(at)
      if (!isLetter(unit)) continue
      places.push(at)
      letters += lowered(unit)
    }
    const found: Array<Code & { readonly start: number; readonly end: number }> = []
    const lengths = [...this.#lengths].filter((length) => length >= atLeast).sort((a, b) => b - a)
    for (let i = 0; i < letters.length; i++) {
      for (const length of lengths) {
        const known = this.#codes.get(letters.slice(i, i + length))
        const [start, last] = [places[i], places[i + length - 1]]
        if (known === undefined || start === undefined || last === undefined) continue
        const whole = text.slice(start, last + 1)
        const fits = length >= long
          ? whole.length <= 4 * length
          : whole.length <= known.code.length &&
            !isLetter(text.charAt(start - 1)) && !isLetter(text.charAt(last + 1))
        if (!fits) continue
        const bare = whole.length === length && known.code.length !== length
        found.push({ code: known.code, alias: bare ? known.alias.replace("-", "") : known.alias, start, end: last + 1 })
        i += length - 1
        break
      }
    }
    return found
  }
}

/** The letters and digits of the code, or the whole code if it has none. */
const keyOf = (code: string): string => {
  const letters = lettersOf(code)
  return letters === "" ? `\u0000${code}` : Array.from(letters, lowered).join("")
}

const lettersOf = (code: string): string =>
  Array.from({ length: code.length }, (_, at) => code.charAt(at)).filter(isLetter).join("")

// keeps the length, because the places are counted
const lowered = (unit: string): string => {
  const lower = unit.toLowerCase()
  return lower.length === unit.length ? lower : unit
}
