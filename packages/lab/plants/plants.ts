/**
 * The planted faults: patches that break a law of durable logins, each with the law that a test must find broken.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

export interface Plant {
  readonly name: string
  readonly file: string
  /** The law that it breaks, such as `W3`. */
  readonly law: string
  /** What is wrong, in words. */
  readonly bug: string
}

const folder = import.meta.dirname

const headOf = (file: string, text: string, key: string): string => {
  const found = new RegExp(`^${key}: (.+)$`, "m").exec(text.split("\ndiff --git")[0] ?? "")?.[1]
  if (found === undefined) throw new Error(`${file} has no line "${key}: ..." before its patch`)
  return found
}

/** All plants, by their names. */
export const all = (): ReadonlyArray<Plant> =>
  readdirSync(folder).filter((name) => name.endsWith(".patch")).toSorted().map((name) => {
    const file = join(folder, name)
    const text = readFileSync(file, "utf8")
    return {
      name: name.slice(0, -".patch".length),
      file,
      law: headOf(name, text, "Law"),
      bug: headOf(name, text, "Bug")
    }
  })
