/**
 * How the files of the cache are read and written: leniently, and strictly.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as DateTime from "effect/DateTime"
import * as Redacted from "effect/Redacted"

// RFC 3339, and `UTC` for the zone, which older versions of the CLI write. Without a zone the AWS CLI fails on it, and so no time is read.
const instant = /^(\d{4})-(\d\d)-(\d\d)t(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:z|utc|([+-])(\d\d):?(\d\d))$/i

/** The time that a text names, if it names one with its zone. */
export const parseTime = (value: unknown): DateTime.Utc | undefined => {
  const match = typeof value === "string" ? instant.exec(value) : null
  if (match === null) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number)
  if (year === undefined || month === undefined || day === undefined) return undefined
  if (hour === undefined || minute === undefined || second === undefined) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second, Number((match[7] ?? "").padEnd(3, "0").slice(0, 3)))
  // a date such as 30 February becomes another one
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 &&
    second < 60
  const [offsetHours, offsetMinutes] = [Number(match[9] ?? 0), Number(match[10] ?? 0)]
  if (!isReal || offsetHours > 23 || offsetMinutes > 59) return undefined
  const offset = (match[8] === "-" ? -1 : 1) * (offsetHours * 60 + offsetMinutes) * 60_000
  return DateTime.makeUnsafe(date.getTime() - offset)
}

// the dates that every reader takes: Python's end there
const [first, last] = [Date.UTC(1970, 0, 1), Date.UTC(9999, 11, 31, 23, 59, 59)]

/** `2026-11-26T08:00:00Z`: parts of a second are cut, and every reader takes it. */
export const formatTime = (time: DateTime.DateTime): string => {
  const millis = Math.min(Math.max(DateTime.toEpochMillis(time), first), last)
  return `${new Date(millis).toISOString().slice(0, 19)}Z`
}

/** A text that is there and is not empty. */
export const textIn = (members: Readonly<Record<string, unknown>>, name: string): string | undefined => {
  const value = members[name]
  return typeof value === "string" && value !== "" ? value : undefined
}

/** A secret text that is there and is not empty. */
export const secretIn = (
  members: Readonly<Record<string, unknown>>,
  label: string
): Redacted.Redacted<string> | undefined => {
  const value = textIn(members, label)
  return value === undefined ? undefined : Redacted.make(value, { label })
}

/** Members of other tools, which are kept. They may be secrets too. */
export type Others = Redacted.Redacted<Readonly<Record<string, unknown>>>

/** No member of another tool. */
export const none: Others = Redacted.make({}, { label: "others" })

/** The members that are not known here. */
export const othersIn = (members: Readonly<Record<string, unknown>>, known: ReadonlySet<string>): Others =>
  Redacted.make(Object.fromEntries(Object.entries(members).filter(([name]) => !known.has(name))), { label: "others" })

/** The JSON object of a text. */
export const objectIn = (text: string): Readonly<Record<string, unknown>> | undefined => Wire.jsonObject(text)

/** A text of known members, and then those of other tools, which replace none. Members that are absent are left out. */
export const write = (known: Readonly<Record<string, unknown>>, others: Others): Redacted.Redacted<string> => {
  const rest = Object.entries(Redacted.value(others)).filter(([name]) => !Object.hasOwn(known, name))
  return Redacted.make(JSON.stringify(Object.fromEntries([...Object.entries(known), ...rest])), { label: "cached" })
}
