/**
 * AWS's shared config files: which profiles and sessions they have, and what a session is made of.
 *
 * The AWS CLI and each SDK read these files in their own way. This module reads them as the SDKs have it in common, and reports what
 * another tool reads differently, with the number of the line. A login never fails because of a line that it does not need.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as Path from "effect/Path"
import type { AwsConfigError, ProfileNotFound } from "./AwsConfigError.ts"
import * as Files from "./internal/files.ts"
import * as Grammar from "./internal/grammar.ts"
import * as Resolution from "./internal/resolution.ts"
import type { SessionSettings } from "./SessionSettings.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * One of the two files: `AWS_CONFIG_FILE`, else `~/.aws/config`; or `AWS_SHARED_CREDENTIALS_FILE`, else `~/.aws/credentials`.
 *
 * @category models
 * @since 0.1.0
 */
export type File = "config" | "credentials"

/**
 * What a text of config has.
 *
 * @category models
 * @since 0.1.0
 */
export interface AwsConfig {
  /** The profiles, by name. `default` is `[profile default]`, else `[default]`. */
  readonly profiles: ReadonlyMap<string, Section>
  /** The sections `[sso-session NAME]`, by name. */
  readonly ssoSessions: ReadonlyMap<string, Section>
  /** The sections `[services NAME]`, by name. */
  readonly services: ReadonlyMap<string, Section>
  /** Every other section, by what is written between its brackets. Nothing is read from it, also where its name is only misspelled. */
  readonly others: ReadonlyMap<string, Section>
  /** What the AWS CLI or an SDK rejects or reads differently, in the order of the lines. */
  readonly problems: ReadonlyArray<Problem>
}

/**
 * A section of a config file.
 *
 * @category models
 * @since 0.1.0
 */
export interface Section {
  /** The file of its first header. */
  readonly file: File
  /** What is written between the brackets, with the name as it counts: `profile my work`. */
  readonly name: string
  /** The line of its first header, from 1. */
  readonly line: number
  /** The settings by name, in small letters. A name that is set twice has its last value. */
  readonly settings: ReadonlyMap<string, Setting>
}

/**
 * A setting of a section.
 *
 * @category models
 * @since 0.1.0
 */
export interface Setting {
  /** The file that it is in. */
  readonly file: File
  /** The line of its name, from 1. */
  readonly line: number
  /** The value. Quotes are part of it. A setting with an empty value and deeper lines below it has the settings of those lines. */
  readonly value: string | ReadonlyMap<string, string>
}

/**
 * What is odd about a line. It has no value of a setting.
 *
 * @category models
 * @since 0.1.0
 */
export interface Problem {
  /** The file that it is in. */
  readonly file: File
  /** The line, from 1. 0 if it is about the whole file. */
  readonly line: number
  /** The section that the line is in, if it is in one. */
  readonly section?: string | undefined
  /** What is odd, and what to do about it. */
  readonly message: string
}

/**
 * What the two files and the environment have. The profiles have the settings of the credentials file too, which win.
 *
 * @category models
 * @since 0.1.0
 */
export interface Loaded extends AwsConfig {
  /** The profile that the environment names, with the variable that names it. Absent if none does. */
  readonly named: {
    /** The name of the profile. */
    readonly name: string
    /** `AWS_PROFILE` or `AWS_DEFAULT_PROFILE`. */
    readonly variable: string
  } | undefined
  /** The endpoints, flags and bundle of authorities that the environment names. */
  readonly environment: Environment
}

/**
 * What the environment says of a session's settings. An empty variable counts as absent.
 *
 * @category models
 * @since 0.1.0
 */
export interface Environment {
  /** `AWS_ENDPOINT_URL_SSO_OIDC`: the endpoint of the OIDC service. */
  readonly oidcEndpoint: string | undefined
  /** `AWS_ENDPOINT_URL_SSO`: the endpoint of the portal. */
  readonly portalEndpoint: string | undefined
  /** `AWS_ENDPOINT_URL`: the endpoint of any service that has none of its own. */
  readonly endpoint: string | undefined
  /** `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`: whether every endpoint of the environment and of the files is ignored. */
  readonly ignoreEndpoints: boolean | undefined
  /** `AWS_USE_FIPS_ENDPOINT`. */
  readonly useFipsEndpoint: boolean | undefined
  /** `AWS_USE_DUALSTACK_ENDPOINT`. */
  readonly useDualstackEndpoint: boolean | undefined
  /** `AWS_CA_BUNDLE`: a file with the authorities to trust. */
  readonly caBundle: string | undefined
}

/**
 * Which session to resolve: of a profile, or by the name of its section. Without either, `AWS_PROFILE` or `AWS_DEFAULT_PROFILE` names the
 * profile, else it is `default`.
 *
 * @category models
 * @since 0.1.0
 */
export type Wanted =
  | {
    /** The name of a profile. It must exist. */
    readonly profile?: string | undefined
    /** Not together with `session`. */
    readonly session?: undefined
  }
  | {
    /** Not together with `profile`. */
    readonly profile?: undefined
    /** The name of an `sso-session` section. It must exist. */
    readonly session: string
  }

// -----------------------------------------------------------------------------
// parsing
// -----------------------------------------------------------------------------

/**
 * Reads the text of a config file. It never fails: what cannot be read is a problem with its line.
 *
 * @example
 * ```ts
 * import * as AwsConfig from "@sso-oidc/session/AwsConfig"
 *
 * const { problems, ssoSessions } = AwsConfig.parse("[sso-session corp]\nsso_region = eu-west-1 # Ireland\n")
 * ssoSessions.get("corp")?.settings.get("sso_region")?.value // "eu-west-1"
 * problems // line 2: the AWS CLI reads the comment as part of the value
 * ```
 *
 * @category parsing
 * @since 0.1.0
 */
export const parse = (text: string): AwsConfig => Grammar.parse(text, "config")

/**
 * Reads the text of a credentials file, where each section is a profile. It never fails.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parseCredentials = (text: string): AwsConfig => Grammar.parse(text, "credentials")

// -----------------------------------------------------------------------------
// reading
// -----------------------------------------------------------------------------

/**
 * The path of one of the two files, and its text with a byte order mark if it has one, for a program that changes the file. It fails as
 * {@link load} does. A file that is absent has an empty text.
 *
 * @category reading
 * @since 0.1.0
 */
export const read: (
  file: File
) => Effect.Effect<
  {
    /** Where the file is, or would be. It can have the name of a user in it. */
    readonly path: string
    /** The text. It is not empty if the file has a byte. */
    readonly text: string
  },
  AwsConfigError,
  FileSystem.FileSystem | Path.Path
> = Files.read

/**
 * Reads the two files and the environment. A file that is absent is an empty one, and so is `/dev/null`. It fails if a file cannot be
 * read, is not UTF-8 or has more than 1 MiB. It also fails if a flag of the environment is neither `true` nor `false`.
 *
 * The files are `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE`, else `config` and `credentials` in `~/.aws`. They are read at each
 * call: nothing is kept.
 *
 * @category reading
 * @since 0.1.0
 */
export const load: Effect.Effect<Loaded, AwsConfigError, FileSystem.FileSystem | Path.Path> = Files.load

/**
 * The settings of a session, from the files and the environment.
 *
 * A profile that was asked for must exist. A setting that stands in the profile and in its session must be equal in both. The region is the
 * session's `sso_region`: the `region` of the profile is the workload's.
 *
 * @example
 * ```ts
 * import * as NodeServices from "@effect/platform-node/NodeServices"
 * import * as AwsConfig from "@sso-oidc/session/AwsConfig"
 * import * as Effect from "effect/Effect"
 *
 * const settings = AwsConfig.resolve({ profile: "dev" }).pipe(Effect.provide(NodeServices.layer))
 * ```
 *
 * @category reading
 * @since 0.1.0
 */
export const resolve = (
  wanted: Wanted = {}
): Effect.Effect<SessionSettings, AwsConfigError | ProfileNotFound, FileSystem.FileSystem | Path.Path> =>
  Effect.flatMap(load, (loaded) => Effect.fromResult(Resolution.resolve(loaded, wanted)))
