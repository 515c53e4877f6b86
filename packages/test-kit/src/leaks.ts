/**
 * Looks for secrets, and for requests and responses, in everything that can be made of a value.
 */
import * as Cause from "effect/Cause"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Predicate from "effect/Predicate"
import { inspect } from "node:util"

/** The forms in which a secret may come back, made with Node's own codecs. */
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

const hashAt = (text: string, at: number): number =>
  ((text.charCodeAt(at) << 8) ^ text.charCodeAt(at + run - 1)) & 0xffff

/** Finds a run of eight characters of any form of a secret in a text. */
export const search = (secrets: ReadonlyArray<string>) => {
  const runs = new Set(secrets.flatMap(runsOf))
  // two characters of a run rule out most places of a text, without a new string for each place
  const hashes = new Uint8Array(0x10000)
  for (const one of runs) hashes[hashAt(one, 0)] = 1
  return (text: string): string | undefined => {
    for (let at = 0; at + run <= text.length; at++) {
      if (hashes[hashAt(text, at)] === 0) continue
      const one = text.slice(at, at + run)
      if (runs.has(one)) return one
    }
    return undefined
  }
}

/** A run of eight characters of any form of the secret that stands in the text, if one does. */
export const leakIn = (text: string, secret: string): string | undefined => {
  const known = searches.get(secret) ?? search([secret])
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
  /** Every text that was reached. */
  readonly texts: ReadonlyArray<string>
  /** The paths at which something of Effect's HTTP was reached. */
  readonly http: ReadonlyArray<string>
}

/** Walks all that is reachable: own and inherited properties, hidden ones, symbols, getters, maps and sets. */
export const walk = (root: unknown): Found => {
  const seen = new Set<unknown>()
  const texts: Array<string> = []
  const http: Array<string> = []
  const visit = (value: unknown, path: string): void => {
    if (typeof value === "string") texts.push(value)
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
      for (const key of Reflect.ownKeys(owner)) {
        if (key === "constructor") continue
        texts.push(String(key))
        try {
          visit(Reflect.get(owner, key, value), `${path}.${String(key)}`)
        } catch {
          // a getter that throws shows nothing
        }
      }
    }
  }
  visit(root, "")
  return { texts, http }
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
