/**
 * Requests and their differences, for a person to read. A secret is a `Redacted`, and shows its label alone.
 */
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"

/** One value, on one line. */
export const value = (u: unknown): string => {
  if (u === undefined) return "(absent)"
  if (Redacted.isRedacted(u)) return u.label !== undefined ? `<redacted:${u.label}>` : "<redacted>"
  if (Array.isArray(u)) return `[${u.map(value).join(", ")}]`
  if (Predicate.isObject(u)) return `{ ${Object.entries(u).map(([key, one]) => `${key}: ${value(one)}`).join(", ")} }`
  return JSON.stringify(u)
}

const indent = "    "

/** The members of a request, each on a line, in the order of the alphabet. */
export const members = (request: unknown): string =>
  Predicate.isObject(request)
    ? Object.entries(request)
      .filter(([, one]) => one !== undefined)
      .sort(([a], [b]) => a < b ? -1 : 1)
      .map(([key, one]) => `${indent}${key}: ${value(one)}`)
      .join("\n")
    : `${indent}${value(request)}`

/** One member that is not as it should be. */
export const difference = (key: string, expected: unknown, received: unknown): string => {
  const [left, right] = [value(expected), value(received)]
  return left === right
    ? `${indent}${key}: ${right}, but another one than expected`
    : `${indent}- expected  ${key}: ${left}\n${indent}+ received  ${key}: ${right}`
}

/** How often, for a person. */
export const times = (n: number): string => n === 1 ? "once" : n === 2 ? "twice" : `${n} times`
