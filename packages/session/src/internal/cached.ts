/**
 * How the files of the cache are read and written: leniently, and strictly.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Redacted from "effect/Redacted"

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
