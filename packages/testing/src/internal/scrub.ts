/**
 * Takes secrets out of what is to be stored.
 *
 * A secret becomes a placeholder, the same one wherever it stands. Any other text that holds a run of a secret, in any of
 * the forms that a text may carry it in, goes as a whole: what is stored is for reading, and half a text helps nobody.
 */
import * as Predicate from "effect/Predicate"
import type * as Secrets from "./secrets.ts"

export const gone = "<scrubbed>"

const goneUrl = "https://scrubbed.invalid/"

/** What stands for a text that was taken out: no replay can know what it was. */
export const isGone = (u: unknown): boolean => u === gone || u === goneUrl

// As in core: a run of this many characters is taken for the secret, even when the rest is missing.
const run = 8

const between = "\u0000"

/** The code that a person confirms: no secret, but no log and no repository is to have it. */
const personal = "userCode"

export class Scrubber {
  readonly #placeholders = new Map<string, string>()
  readonly #counts = new Map<string, number>()
  readonly #codes = new Map<string, string>()
  #runs = between
  readonly #short: Array<string> = []

  /** Learns the secrets of members, before any text is scrubbed. */
  learn(known: Secrets.Known, members: unknown): void {
    each(members, (key, value) => {
      if (known.secret.has(key) && value !== "") this.#learnSecret(key, value)
      else if (key === personal && known.all.has(key) && value !== "") this.#learnCode(value)
    })
  }

  #learnSecret(label: string, value: string): void {
    if (this.#placeholders.has(value)) return
    const count = (this.#counts.get(label) ?? 0) + 1
    this.#counts.set(label, count)
    this.#placeholders.set(value, `<${label} ${count}>`)
    this.#watch(value)
  }

  #learnCode(value: string): void {
    if (this.#codes.has(value)) return
    this.#codes.set(value, `USER-${String(this.#codes.size + 1).padStart(4, "0")}`)
    this.#watch(value)
  }

  #watch(value: string): void {
    for (const form of formsOf(value)) {
      if (form.length >= run) this.#runs += `${form}${between}`
      else this.#short.push(form)
    }
  }

  /** Members as they may be stored: those that the schema names, without their secrets. */
  members(known: Secrets.Known, members: unknown): unknown {
    if (Array.isArray(members)) return members.map((one: unknown) => this.members(known, one))
    if (!Predicate.isObject(members)) return typeof members === "string" ? this.text(members) : members
    return Object.fromEntries(
      Object.entries(members)
        .filter(([key]) => known.all.has(key))
        .map(([key, value]) => [key, this.#member(known, key, value)])
    )
  }

  #member(known: Secrets.Known, key: string, value: unknown): unknown {
    if (value === null || value === "") return value
    if (known.secret.has(key) && !Predicate.isObject(value)) {
      return typeof value === "string" ? this.#placeholders.get(value) ?? gone : gone
    }
    if (key === personal) return typeof value === "string" ? this.#codes.get(value) ?? gone : gone
    return typeof value === "string" && known.fixed.has(value) ? value : this.members(known, value)
  }

  /** A text of any kind: user codes are replaced in it, and it goes where a secret is left. */
  text(text: string, free = false): string {
    let out = text
    for (const [code, alias] of this.#codes) {
      for (const [from, to] of [[code, alias], [code.replaceAll("-", ""), alias.replaceAll("-", "")]] as const) {
        if (from.length >= 4) out = out.replaceAll(from, to)
      }
    }
    if (!this.#holds(out, free)) return out
    return URL.canParse(out) && /^https?:/i.test(out) ? goneUrl : gone
  }

  #holds(text: string, free: boolean): boolean {
    for (let at = 0; at + run <= text.length; at++) {
      const part = text.slice(at, at + run)
      if (!part.includes(between) && this.#runs.includes(part)) return true
    }
    // short secrets are words that an enumeration may have too: they are looked for where the service writes freely
    return free && this.#short.some((form) => text.includes(form))
  }
}

/** Every text of the members, at any depth, with its key. */
const each = (members: unknown, f: (key: string, value: string) => void, key = ""): void => {
  if (typeof members === "string") f(key, members)
  else if (Array.isArray(members)) members.forEach((one: unknown) => each(one, f, key))
  else if (Predicate.isObject(members)) Object.entries(members).forEach(([key, one]) => each(one, f, key))
}

/** The forms in which a text may come back: JSON, URL, hex, and base64 at each of its three offsets. */
const formsOf = (secret: string): ReadonlyArray<string> => {
  const based = [base64(secret), base64(` ${secret}`).slice(2), base64(`  ${secret}`).slice(3)].map((form) =>
    form.replace(/=+$/, "")
  )
  const digits = hex(secret)
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret.toWellFormed()),
    digits,
    digits.toUpperCase(),
    ...based,
    ...based.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"))
  ]
}

const base64 = (text: string): string => {
  let binary = ""
  for (const byte of new TextEncoder().encode(text)) binary += String.fromCharCode(byte)
  return btoa(binary)
}

const hex = (text: string): string =>
  Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, "0")).join("")
