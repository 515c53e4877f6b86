/**
 * Readers of AWS's config files, each of which gives what it read in one shape.
 */
import { loadSharedConfigFiles } from "@smithy/core/config"
import * as AwsConfig from "@sso-oidc/session/AwsConfig"
import { run } from "@sso-oidc/test-kit/child"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import { readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"

/** The settings of a section. Some have settings inside them. */
export type Settings = Readonly<Record<string, unknown>>

/** What a reader read: the settings by the names of sections. */
export interface Read {
  readonly profiles: Readonly<Record<string, Settings>>
  readonly sso_sessions: Readonly<Record<string, Settings>>
  readonly services: Readonly<Record<string, Settings>>
}

export type Outcome = Read | { readonly error: string }

/** One of the cases of session's fixture. A reader that is absent reads as ours does. */
export interface Case {
  readonly name: string
  readonly text?: string
  readonly base64?: string
  readonly ours: Partial<Read> | { readonly error: string }
  readonly awsCli?: Partial<Read> | { readonly error: string }
  readonly jsSdk?: Partial<Read> | { readonly error: string }
}

export const cases: ReadonlyArray<Case> = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../session/test/fixtures/aws-config.json"), "utf8")
).cases

/** What a case says of a reader. How an error is worded differs. */
export const expected = (found: Partial<Read> | { readonly error: string }): Outcome =>
  "error" in found
    ? { error: "" }
    : { profiles: found.profiles ?? {}, sso_sessions: found.sso_sessions ?? {}, services: found.services ?? {} }

// an object with any names, `__proto__` too
const objectOf = <A>(entries: Iterable<readonly [string, A]>): Readonly<Record<string, A>> =>
  Object.fromEntries(entries)

const bytesOf = (text: string | Uint8Array): Uint8Array => typeof text === "string" ? Buffer.from(text) : text

// -----------------------------------------------------------------------------
// ours
// -----------------------------------------------------------------------------

const sections = (map: ReadonlyMap<string, AwsConfig.Section>) =>
  objectOf([...map].map(([name, { settings }]) => [
    name,
    objectOf([...settings].map(([name, { value }]) => [name, typeof value === "string" ? value : objectOf(value)]))
  ]))

export const ours = (text: string): Read => {
  const { profiles, services, ssoSessions } = AwsConfig.parse(text)
  return { profiles: sections(profiles), sso_sessions: sections(ssoSessions), services: sections(services) }
}

// -----------------------------------------------------------------------------
// others
// -----------------------------------------------------------------------------

/** A reader that was started: it reads one file at a time. */
export type Reader = (text: string | Uint8Array) => Effect.Effect<Outcome>

/** A dotted name is how the SDK writes a setting inside another one. */
const nested = (settings: Readonly<Record<string, string | undefined>>): Settings => {
  const found = new Map<string, unknown>()
  for (const [name, value] of Object.entries(settings)) {
    const at = name.indexOf(".")
    if (at === -1) found.set(name, value)
    else {
      const [outer, inner] = [name.slice(0, at), name.slice(at + 1)]
      const before = found.get(outer)
      found.set(outer, { ...(Predicate.isObject(before) ? before : {}), [inner]: value })
    }
  }
  return objectOf(found)
}

/** The loader of the JavaScript SDK. It needs a new path for each text, since it keeps what it read. */
export const jsSdk = (folder: string): Reader => {
  let count = 0
  return (text) =>
    Effect.promise(async () => {
      const path = join(folder, `config-${count++}`)
      writeFileSync(path, bytesOf(text))
      const { configFile } = await loadSharedConfigFiles({ configFilepath: path, filepath: join(folder, "absent") })
      const all = Object.entries(configFile)
      const of = (prefix: string) =>
        objectOf(
          all.filter(([name]) => name.startsWith(prefix)).map(([name, settings]) => [
            name.slice(prefix.length),
            nested(settings ?? {})
          ])
        )
      return {
        profiles: objectOf(
          all.filter(([name]) => !/^(?:sso-session|services)\./.test(name)).map((
            [name, settings]
          ) => [name, nested(settings ?? {})])
        ),
        sso_sessions: of("sso-session."),
        services: of("services.")
      }
    })
}

const load: { readonly parse: (text: string) => unknown } = createRequire(import.meta.url)("ini")

const membersOf = (value: unknown): Settings => Predicate.isObject(value) ? { ...value } : {}

/** The package `ini`. Its section names are taken as the AWS tools take them. */
export const ini: Reader = (text) =>
  Effect.sync(() => {
    const parsed = membersOf(load.parse(Buffer.from(bytesOf(text)).toString("utf8")))
    const of = (kind: string) =>
      objectOf(
        Object.entries(parsed).flatMap(([name, settings]) =>
          Predicate.isObject(settings) && name.startsWith(`${kind} `)
            ? [[name.slice(kind.length + 1), membersOf(settings)]]
            : []
        )
      )
    const { default: plain } = parsed
    return {
      profiles: { ...of("profile"), ...(Predicate.isObject(plain) ? { default: membersOf(plain) } : {}) },
      sso_sessions: of("sso-session"),
      services: of("services")
    }
  })

/** The AWS CLI's parser, or botocore's, in a process of its own. */
export const awsCli = (python: string): Effect.Effect<Reader, never, Scope.Scope> =>
  Effect.map(
    run(python, { args: [join(import.meta.dirname, "config_loader.py")], env: { PYTHONUTF8: "1" } }),
    (program) => {
      let lines = 0
      return (text) =>
        Effect.gen(function*() {
          yield* program.write(`${JSON.stringify(Buffer.from(bytesOf(text)).toString("base64"))}\n`)
          const line = yield* program.printed(new RegExp(`^(?:.*\\n){${lines++}}(.*)\\n`))
          const outcome: Outcome = JSON.parse(line)
          return "error" in outcome ? { error: "" } : outcome
        })
    }
  )
