/**
 * Config files, and what each reader makes of them.
 */
import type * as AwsConfig from "@sso-oidc/session/AwsConfig"
import { readFileSync } from "node:fs"
import { join } from "node:path"

/** Sections, by name; each with its settings, of which some have settings inside them. */
export type Sections = Readonly<Record<string, Readonly<Record<string, string | Readonly<Record<string, string>>>>>>

/** What a reader makes of a file. */
export interface Read {
  readonly profiles: Sections
  readonly sso_sessions?: Sections
  readonly services?: Sections
  readonly problems?: ReadonlyArray<string>
}

/** One file. A reader that is absent reads it as `ours` does. */
export interface Case {
  readonly name: string
  readonly text?: string
  readonly base64?: string
  readonly ours: Read | { readonly error: string }
  readonly awsCli?: Read | { readonly error: string }
  readonly jsSdk?: Read | { readonly error: string }
}

export const cases: ReadonlyArray<Case> =
  JSON.parse(readFileSync(join(import.meta.dirname, "../fixtures/aws-config.json"), "utf8")).cases

/** An object with any names, `__proto__` too. */
const objectOf = <A>(entries: Iterable<readonly [string, A]>): Readonly<Record<string, A>> => {
  const object: Record<string, A> = {}
  for (const [name, value] of entries) {
    Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true })
  }
  return object
}

const sections = (map: ReadonlyMap<string, AwsConfig.Section>): Sections =>
  objectOf([...map].map(([name, { settings }]) => [
    name,
    objectOf([...settings].map(([name, { value }]) => [name, typeof value === "string" ? value : objectOf(value)]))
  ]))

/** What was parsed, as the vectors write it. */
export const shape = (parsed: AwsConfig.AwsConfig) => ({
  profiles: sections(parsed.profiles),
  sso_sessions: sections(parsed.ssoSessions),
  services: sections(parsed.services),
  problems: undefined
})
