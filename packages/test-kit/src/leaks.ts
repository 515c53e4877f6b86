/**
 * Searches a value, and every text that can be made of it, for secrets, requests and responses.
 */
import * as Cause from "effect/Cause"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Predicate from "effect/Predicate"
import { inspect } from "node:util"

/** The forms in which a secret may appear, from Node's own codecs. */
export const formsOf = (secret: string): ReadonlyArray<string> => {
  const bytes = Buffer.from(secret)
  const based = ["", " ", "  "].flatMap((before) =>
    (["base64", "base64url"] as const).map((encoding) =>
      Buffer.concat([Buffer.from(before), bytes]).toString(encoding).replace(/=+$/, "")
        .slice(before.length === 0 ? 0 : before.length + 1)
    )
  )
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    bytes.toString("hex"),
    bytes.toString("hex").toUpperCase(),
    ...based
  ]
}

const run = 8

const runsOf = (secret: string): ReadonlyArray<string> =>
  formsOf(secret).flatMap((form) =>
    Array.from({ length: Math.max(0, form.length - run + 1) }, (_, at) => form.slice(at, at + run))
  )

const hashes = 0x20000

/** A hash of the three characters that end here. */
const hashAt = (text: string, end: number): number =>
  ((text.charCodeAt(end - 2) * 0x9e3b) ^ (text.charCodeAt(end - 1) * 0x85eb) ^ (text.charCodeAt(end) * 0xc2b3)) &
  (hashes - 1)

/**
 * Finds a piece of eight characters of any form of a secret in a text.
 *
 * It looks at the end of a place for a piece. Then it goes on by as many characters as no piece can end at: the algorithm of Wu and Manber.
 * So it looks at a part of the characters only, and makes few new strings.
 */
export const search = (secrets: ReadonlyArray<string>) => {
  const runs = new Set(secrets.flatMap(runsOf))
  // three characters that no piece has cannot be in a place: the next place begins at the second of them
  const steps = new Uint8Array(hashes).fill(run - 2)
  for (const one of runs) {
    for (let end = 2; end < run; end++) {
      const hash = hashAt(one, end)
      steps[hash] = Math.min(steps[hash] ?? 0, run - 1 - end)
    }
  }
  return (text: string): string | undefined => {
    for (let end = run - 1; end < text.length;) {
      const step = steps[hashAt(text, end)] ?? 0
      if (step > 0) {
        end += step
        continue
      }
      const one = text.slice(end - run + 1, end + 1)
      if (runs.has(one)) return one
      end++
    }
    return undefined
  }
}

/** The piece of eight characters of any form of the secret that the text has, if it has one. */
export const leakIn = (text: string, secret: string): string | undefined => {
  const known = searches.get(secret) ?? search([secret])
  // a property test makes many secrets, and each search holds 128 KiB
  if (searches.size > 100) searches.clear()
  searches.set(secret, known)
  return known(text)
}

const searches = new Map<string, ReturnType<typeof search>>()

const attempt = (f: () => unknown): string => {
  try {
    return String(f())
  } catch {
    return ""
  }
}

const isHttp = (u: unknown): string | undefined =>
  HttpClientRequest.isHttpClientRequest(u)
    ? "HttpClientRequest"
    : Predicate.hasProperty(u, "~effect/http/HttpClientResponse")
    ? "HttpClientResponse"
    : HttpClientError.isHttpClientError(u)
    ? "HttpClientError"
    : undefined

export interface Found {
  /** Every text that the walk reached. */
  readonly texts: ReadonlyArray<string>
  /** The paths to values of Effect's HTTP modules. */
  readonly http: ReadonlyArray<string>
}

/** Walks all reachable values: own, inherited and hidden properties, symbols, getters, maps and sets. */
export const walk = (root: unknown): Found => {
  const seen = new Set<unknown>()
  const texts = new Set<string>()
  // a prototype has the same values for each object, except those of its getters
  const getters = new Map<object, ReadonlyArray<string | symbol>>()
  const keysOf = (owner: object, isPrototype: boolean): ReadonlyArray<string | symbol> => {
    const known = isPrototype ? getters.get(owner) : undefined
    if (known !== undefined) return known
    const keys = Reflect.ownKeys(owner).filter((key) => key !== "constructor")
    if (isPrototype) {
      getters.set(owner, keys.filter((key) => Reflect.getOwnPropertyDescriptor(owner, key)?.get !== undefined))
    }
    return keys
  }
  const http: Array<string> = []
  const visit = (value: unknown, path: string): void => {
    if (typeof value === "string") texts.add(value)
    if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value)) return
    seen.add(value)
    const found = isHttp(value)
    if (found !== undefined) http.push(`${path}: ${found}`)
    if (value instanceof Map) { for (const [key, one] of value) visit([key, one], `${path}<map>`) }
    if (value instanceof Set) { for (const one of value) visit(one, `${path}<set>`) }
    for (
      let owner: unknown = value;
      typeof owner === "object" && owner !== null && owner !== Object.prototype;
      owner = Object.getPrototypeOf(owner)
    ) {
      for (const key of keysOf(owner, owner !== value)) {
        texts.add(String(key))
        try {
          visit(Reflect.get(owner, key, value), `${path}.${String(key)}`)
        } catch {
          // A getter that throws gives no value
        }
      }
    }
  }
  visit(root, "")
  return { texts: [...texts], http }
}

/** Every text that a program, a log or a person can make of the value. */
export const textsOf = (value: unknown): ReadonlyArray<string> => [
  attempt(() => value),
  attempt(() => JSON.stringify(value)),
  attempt(() => inspect(value, { depth: null, showHidden: true })),
  attempt(() => inspect(value, { depth: null, showHidden: true, getters: true })),
  attempt(() => Predicate.hasProperty(value, "stack") ? value.stack : ""),
  attempt(() => Cause.isCause(value) ? Cause.pretty(value) : ""),
  ...walk(value).texts
]
