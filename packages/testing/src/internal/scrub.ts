/**
 * Removes secrets from what is to be stored.
 *
 * A secret becomes a placeholder, and the same secret gets the same placeholder everywhere. Any other text that holds a run of
 * a secret, in any form that a text can have it in, is removed whole. Half a text would be of no use to a reader.
 *
 * The work is linear in what it learns and reads. Each form of a secret is cut into runs once. A text is searched once for the
 * known secrets, and again only for new secrets.
 */
import * as Predicate from "effect/Predicate"
import { Codes } from "./codes.ts"
import { Grams, run } from "./grams.ts"
import * as Secrets from "./secrets.ts"
import * as Spelling from "./spelling.ts"

export const gone = "<scrubbed>"

const goneUrl = "https://scrubbed.invalid/"

/** Replaces a text that was removed. A replay cannot know what it was. */
export const isGone = (u: unknown): boolean => u === gone || u === goneUrl

/** The name of the user code's member, as `Secrets.spelled` spells it. */
const personal = "usercode"

/** What to search for: the runs of long forms, and short forms as a whole. */
class Wanted {
  readonly #runs = new Grams()
  readonly #short = new Map<number, Set<string>>()

  add(form: string): void {
    if (form.length >= run) return this.#runs.add(form)
    const same = this.#short.get(form.length) ?? new Set()
    this.#short.set(form.length, same.add(form.toLowerCase()))
  }

  /** Returns whether the text has a run of a long form. */
  meets(text: string): boolean {
    return this.#runs.meets(text)
  }

  /** Returns whether the text has a short form. */
  names(text: string): boolean {
    if (this.#short.size === 0) return false
    const lower = text.toLowerCase()
    for (const [length, forms] of this.#short) {
      for (let at = 0; at + length <= lower.length; at++) if (forms.has(lower.slice(at, at + length))) return true
    }
    return false
  }
}

interface Read {
  /** The revision when the text was read. */
  readonly revision: number
  readonly secret: boolean
  readonly out: string
}

export class Scrubber {
  readonly #secrets = new Map<string, { readonly label: string; placeholder: string | undefined }>()
  readonly #counts = new Map<string, number>()
  readonly #codes = new Codes()
  readonly #all = new Wanted()
  #fresh = new Wanted()
  #freshSince = 0
  #revision = 0
  #scanned = 0
  readonly #read = { free: new Map<string, Read>(), bound: new Map<string, Read>() }

  /** It grows with each new secret and each new code. */
  get revision(): number {
    return this.#revision
  }

  /** The number of characters that were searched. It measures the work. */
  get scanned(): number {
    return this.#scanned
  }

  /** Marks all secrets of now as searched for: every text is read again after this before it is stored. */
  settle(): void {
    if (this.#freshSince === this.#revision) return
    this.#fresh = new Wanted()
    this.#freshSince = this.#revision
  }

  /**
   * Learns the secrets of members at any depth. Everything inside a secret member is a secret, whatever its names.
   */
  learn(secret: ReadonlyMap<string, string>, named: ReadonlySet<string>, members: unknown): void {
    // no recursion, because a body may be nested as deep as it is long
    const queue: Array<readonly [label: string | undefined, value: unknown]> = [[undefined, members]]
    for (let at = 0; at < queue.length; at++) {
      const [label, value] = queue[at] ?? []
      if (Array.isArray(value)) { for (const one of value) queue.push([label, one]) }
      else if (Predicate.isObject(value)) {
        for (const [key, one] of Object.entries(value)) {
          const spelled = Secrets.spelled(key)
          // a short name or number is no real secret, and many texts have it
          if (label !== undefined && !named.has(key) && key.length >= run) this.#learn(label, key)
          queue.push([label ?? secret.get(spelled) ?? (spelled === personal ? personal : undefined), one])
        }
      } else if (label !== undefined) {
        if (typeof value === "string") this.#learn(label, value)
        else if (typeof value === "number" && String(value).length >= run) this.#learn(label, String(value))
      }
    }
  }

  /** Learns the secrets of a body that is not a JSON object: a form, or JSON that was cut off. */
  learnText(secret: ReadonlyMap<string, string>, text: string): void {
    for (
      const [, name = "", value = ""] of text.matchAll(
        /([a-z_-]{4,32})["']?\s{0,8}[:=]\s{0,8}["']?([^"'&\s<>,;]{8,})/gi
      )
    ) {
      const spelled = Secrets.spelled(name)
      const label = secret.get(spelled) ?? (spelled === personal ? personal : undefined)
      if (label !== undefined) this.#learn(label, Spelling.layersOf(value).texts.at(-1) ?? value)
    }
  }

  #learn(label: string, value: string): void {
    if (value === "") return
    if (label === personal) {
      if (this.#codes.learn(value)) this.#revision++
      return
    }
    if (this.#secrets.has(value)) return
    this.#secrets.set(value, { label, placeholder: undefined })
    for (const form of Spelling.formsOf(value)) {
      this.#all.add(form)
      this.#fresh.add(form)
    }
    this.#revision++
  }

  #placeholder(value: string): string {
    const secret = this.#secrets.get(value)
    if (secret === undefined) return gone
    if (secret.placeholder === undefined) {
      const count = (this.#counts.get(secret.label) ?? 0) + 1
      this.#counts.set(secret.label, count)
      secret.placeholder = `<${secret.label} ${count}>`
    }
    return secret.placeholder
  }

  /**
   * The members that the schema names at their place, without their secrets. A value that the schema does not expect becomes
   * empty.
   */
  members(shape: Secrets.Shape, members: unknown, key = ""): unknown {
    if (Array.isArray(members)) {
      const { item } = shape
      return item === undefined ? [] : members.map((one: unknown) => this.members(item, one, key))
    }
    if (Predicate.isObject(members)) {
      return Object.fromEntries(
        Object.entries(members).flatMap(([key, value]) => {
          const member = shape.members.get(key)
          return member === undefined ? [] : [[key, this.members(member, value, key)]]
        })
      )
    }
    if (members === null || members === "") return members
    if (shape.secret || Secrets.spelled(key) === personal) {
      if (typeof members !== "string") return typeof members === "number" ? 0 : false
      return shape.secret ? this.#placeholder(members) : this.#codes.aliasOf(members) ?? gone
    }
    return typeof members !== "string" || shape.fixed.has(members) ? members : this.text(members)
  }

  /** Cleans any text. User codes become aliases, and a text with a secret is removed. */
  text(text: string, free = false): string {
    const reads = free ? this.#read.free : this.#read.bound
    const before = reads.get(text)
    if (before !== undefined && (before.secret || before.revision === this.#revision)) return before.out
    // a text that was read after the last `settle` has been searched for all secrets but the fresh ones
    const wanted = before !== undefined && before.revision >= this.#freshSince ? this.#fresh : this.#all
    const { contents, more, texts } = Spelling.readingsOf(text)
    const all = [...texts, ...contents]
    this.#scanned += all.reduce((sum, { length }) => sum + length, 0)
    // short secrets may also be words of an enumeration, so they are searched for only in free texts
    const secret = more || all.some((one) => wanted.meets(one)) || (free && texts.some((one) => wanted.names(one)))
    const replaced = secret ? undefined : this.#codes.replace(text)
    const out = replaced ?? (URL.canParse(text) && /^https?:/i.test(text) ? goneUrl : gone)
    reads.set(text, { revision: this.#revision, secret, out })
    return out
  }
}
