/**
 * Finds AWS's two files, reads them and the environment.
 */
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import type { AwsConfig, Environment, File, Loaded, Section } from "../AwsConfig.ts"
import { AwsConfigError } from "../AwsConfigError.ts"
import * as Grammar from "./grammar.ts"

// Real files have a few kB. Reading stops there, so that a wrong path cannot fill the memory.
const largest = 1024 * 1024

/** A variable of the environment. Empty counts as absent. */
const variable = (name: string): Effect.Effect<string | undefined, AwsConfigError> =>
  Effect.mapError(
    Config.String(name).pipe(Config.withDefault(""), Config.map((value) => value === "" ? undefined : value)),
    () =>
      new AwsConfigError({
        source: "environment",
        setting: name,
        detail: `${name} cannot be read from the configuration`
      })
  )

const flag = (name: string): Effect.Effect<boolean | undefined, AwsConfigError> =>
  Effect.flatMap(variable(name), (value) => {
    if (value === undefined) return Effect.succeed(undefined)
    if (/^true$/i.test(value)) return Effect.succeed(true)
    if (/^false$/i.test(value)) return Effect.succeed(false)
    const detail = `${name} is neither true nor false. Set it to one of the two, or unset it`
    return Effect.fail(new AwsConfigError({ source: "environment", setting: name, detail }))
  })

const environment: Effect.Effect<Environment, AwsConfigError> = Effect.all({
  oidcEndpoint: variable("AWS_ENDPOINT_URL_SSO_OIDC"),
  portalEndpoint: variable("AWS_ENDPOINT_URL_SSO"),
  endpoint: variable("AWS_ENDPOINT_URL"),
  ignoreEndpoints: flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"),
  useFipsEndpoint: flag("AWS_USE_FIPS_ENDPOINT"),
  useDualstackEndpoint: flag("AWS_USE_DUALSTACK_ENDPOINT"),
  caBundle: variable("AWS_CA_BUNDLE")
})

const named: Effect.Effect<Loaded["named"], AwsConfigError> = Effect.gen(function*() {
  for (const name of ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]) {
    const value = yield* variable(name)
    if (value !== undefined) return { name: value, variable: name }
  }
  return undefined
})

// -----------------------------------------------------------------------------
// places
// -----------------------------------------------------------------------------

const home: Effect.Effect<string | undefined, AwsConfigError> = Effect.mapError(
  CacheFile.home,
  () =>
    new AwsConfigError({ source: "environment", setting: "HOME", detail: "HOME cannot be read from the configuration" })
)

/** A path as the AWS CLI expands it: a leading `~`, `$NAME` and `${NAME}`. A name that is not set stays as written. */
const expand = Effect.fnUntraced(function*(path: string, setting: string) {
  let expanded = ""
  let from = 0
  for (const match of path.matchAll(/\$(?:\{([^}$]+)\}|(\w+))/g)) {
    const value = yield* variable(match[1] ?? match[2] ?? "")
    expanded += path.slice(from, match.index) + (value ?? match[0])
    from = match.index + match[0].length
  }
  expanded += path.slice(from)
  return /^~(?=$|[/\\])/.test(expanded) ? `${yield* homeFor(setting)}${expanded.slice(1)}` : expanded
})

/** The home folder. An error if it is not known, which names the setting that needs it. */
export const homeFor = (setting: string): Effect.Effect<string, AwsConfigError> =>
  Effect.flatMap(home, (found) =>
    found === undefined
      ? Effect.fail(
        new AwsConfigError({
          source: "environment",
          setting,
          detail: `the home folder is not known, since HOME is not set. Set HOME, or ${setting} to an absolute path`
        })
      )
      : Effect.succeed(found))

const variables = { config: "AWS_CONFIG_FILE", credentials: "AWS_SHARED_CREDENTIALS_FILE" } as const

const place = Effect.fnUntraced(function*(file: File) {
  const setting = variables[file]
  const given = yield* variable(setting)
  if (given !== undefined) return yield* expand(given, setting)
  const path = yield* Path.Path
  return path.join(yield* homeFor(setting), ".aws", file)
})

// -----------------------------------------------------------------------------
// reading
// -----------------------------------------------------------------------------

const systemError = (source: File, error: PlatformError): AwsConfigError => {
  const code = Wire.nameIn(error.reason.cause, "code")
  return new AwsConfigError({
    source,
    detail: "it cannot be read. Check that it is a file, and that you may read it",
    code: code ?? error.reason._tag
  })
}

/** The text of a file. A file that is absent is empty. */
const textOf = (path: string, source: File): Effect.Effect<string, AwsConfigError, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const bytes = yield* Effect.mapError(CacheFile.readBytes(path, largest), (error) => systemError(source, error))
    const fail = (detail: string) => new AwsConfigError({ source, detail })
    if (bytes === undefined) return ""
    if (bytes.length > largest) return yield* fail("it has more than 1 MiB. Name a file of settings")
    const wrong = "it is not UTF-8 (PowerShell's > writes UTF-16). Save it as UTF-8, without a byte order mark"
    // UTF-16 without a byte order mark is UTF-8 with a zero in every second place
    if (bytes.subarray(0, 2).includes(0)) return yield* fail(wrong)
    return yield* Effect.try({
      // the parser skips a byte order mark
      try: () => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
      catch: () => fail(wrong)
    })
  })

export const read = Effect.fnUntraced(function*(
  file: File
): Effect.fn.Return<
  { readonly path: string; readonly text: string },
  AwsConfigError,
  FileSystem.FileSystem | Path.Path
> {
  const path = yield* place(file)
  return { path, text: yield* textOf(path, file) }
})

/** The credentials file's settings win over the config file's. Its sections are profiles alone. */
const merge = (config: AwsConfig, credentials: AwsConfig): AwsConfig => {
  const profiles = new Map(config.profiles)
  for (const [name, section] of credentials.profiles) {
    const found = profiles.get(name)
    const merged: Section = found === undefined
      ? section
      : { ...found, settings: new Map([...found.settings, ...section.settings]) }
    profiles.set(name, merged)
  }
  return { ...config, profiles, problems: [...config.problems, ...credentials.problems] }
}

export const load: Effect.Effect<Loaded, AwsConfigError, FileSystem.FileSystem | Path.Path> = Effect.gen(function*() {
  const config = yield* read("config")
  const credentials = yield* read("credentials")
  return {
    ...merge(Grammar.parse(config.text, "config"), Grammar.parse(credentials.text, "credentials")),
    named: yield* named,
    environment: yield* environment
  }
})
