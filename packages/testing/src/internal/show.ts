/**
 * Shows requests and their differences to a person. A secret is a `Redacted`, so only its label is shown.
 */
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"

/** A value on one line. */
export const value = (u: unknown): string => {
  if (u === undefined) return "(absent)"
  if (Redacted.isRedacted(u)) return u.label !== undefined ? `<redacted:${u.label}>` : "<redacted>"
  if (Array.isArray(u)) return `[${u.map(value).join(", ")}]`
  if (Predicate.isObject(u)) return `{ ${Object.entries(u).map(([key, one]) => `${key}: ${value(one)}`).join(", ")} }`
  return JSON.stringify(u)
}

const indent = "    "

/** The members of a request, each on a line, in alphabetical order. */
export const members = (request: unknown): string =>
  Predicate.isObject(request)
    ? Object.entries(request)
      .filter(([, one]) => one !== undefined)
      .sort(([a], [b]) => a < b ? -1 : 1)
      .map(([key, one]) => `${indent}${key}: ${value(one)}`)
      .join("\n")
    : `${indent}${value(request)}`

/** A member that differs from the expected one. */
export const difference = (key: string, expected: unknown, received: unknown): string => {
  const [left, right] = [value(expected), value(received)]
  return left === right
    ? `${indent}${key}: ${right}, but with another value than expected`
    : `${indent}- expected  ${key}: ${left}\n${indent}+ received  ${key}: ${right}`
}

/** How often, in words. */
export const times = (n: number): string => n === 1 ? "once" : n === 2 ? "twice" : `${n} times`
