/**
 * How a record is stored in a database: as texts of printable ASCII. So a database keeps them whatever its encoding is, and a text that was
 * cut off, or that another program wrote, is noticed.
 */
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Redacted from "effect/Redacted"
import type { Mark, State } from "../../TokenStore.ts"

const states: ReadonlyArray<unknown> = ["sent", "ended", "lost"] satisfies ReadonlyArray<State>

const isState = (value: unknown): value is State => states.includes(value)

const membersOf = (stored: unknown): Readonly<Record<string, unknown>> =>
  (typeof stored === "string" ? Wire.jsonObject(stored) : undefined) ?? {}

/** A secret text as it is stored. */
export const encode = (text: Redacted.Redacted<string>): string => CacheFile.pythonJson({ text: Redacted.value(text) })

/** The text of a stored value. `undefined` if it is none. */
export const decode = (stored: unknown): Redacted.Redacted<string> | undefined => {
  const { text } = membersOf(stored)
  return typeof text === "string" ? Redacted.make(text, { label: "stored text" }) : undefined
}

/** A mark as it is stored. */
export const encodeMark = (of: string, state: State): string => CacheFile.pythonJson({ of, state })

/** The mark of a stored value. `undefined` if it is none. */
export const decodeMark = (stored: unknown): Mark | undefined => {
  const { of, state } = membersOf(stored)
  return typeof of === "string" && isState(state) ? { of, state } : undefined
}

// more than any session needs, and less than a store rejects
const mostRoom = 16 * 1024 * 1024

/** Whether room for so many bytes can be made. */
export const isRoom = (bytes: number): boolean => Number.isSafeInteger(bytes) && bytes >= 0 && bytes <= mostRoom

/** A text of that size. It is random, because a database compresses blanks. */
export const room = (bytes: number): string => {
  const parts: Array<string> = []
  for (let left = Math.ceil(bytes / 2); left > 0; left -= 32_768) {
    const random = crypto.getRandomValues(new Uint8Array(Math.min(left, 32_768)))
    parts.push(Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join(""))
  }
  return parts.join("")
}
