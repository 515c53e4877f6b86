/**
 * What can be wrong with AWS's config files.
 *
 * A message names the file, the section, the setting and the line. It has no value of a setting, except the name of a section that the
 * setting refers to. It has no path, which could have the name of a user in it.
 *
 * @since 0.1.0
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as Schema from "effect/Schema"
import { quoted, titleOf } from "./internal/titles.ts"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Which file an error is about: `config` is `AWS_CONFIG_FILE`, else `~/.aws/config`. `credentials` is
 * `AWS_SHARED_CREDENTIALS_FILE`, else `~/.aws/credentials`. `environment` is a variable of the environment, and `settings` what a program gave.
 *
 * @category models
 * @since 0.1.0
 */
export const Source = Schema.Literals(["config", "credentials", "environment", "settings"])

/**
 * Which file an error is about.
 *
 * @category models
 * @since 0.1.0
 */
export type Source = typeof Source.Type

const files: Readonly<Record<Source, string>> = {
  config: "the AWS config file (AWS_CONFIG_FILE, else ~/.aws/config)",
  credentials: "the AWS credentials file (AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/credentials)",
  environment: "the environment",
  settings: "the settings of the session"
}

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * A config file, or a setting in it, cannot be used. Nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class AwsConfigError
  extends Schema.TaggedError<AwsConfigError>("@sso-oidc/session/AwsConfigError")("AwsConfigError", {
    /** Which file it is about. */
    source: Source,
    /** What is wrong, and what to do. It has no value of a setting, except the name of a section that the setting refers to. */
    detail: Schema.String,
    /** The section, such as `profile dev` or `sso-session corp`, if the error is about one. */
    section: Schema.optionalKey(Schema.String),
    /** The setting, such as `sso_region`, or the variable of the environment, if the error is about one. */
    setting: Schema.optionalKey(Schema.String),
    /** The line in the file, from 1, if it is known. */
    line: Schema.optionalKey(Schema.Int),
    /** The system's code, such as `EACCES`, if the file could not be read. */
    code: Schema.optionalKey(Schema.String)
  })
{
  /** The sentence: where, what is wrong, what to do. */
  override readonly message: string = `Cannot use ${files[this.source]}${
    this.section === undefined ? "" : `, section [${Wire.printable(this.section)}]`
  }${this.line === undefined ? "" : `, line ${this.line}`}${
    this.code === undefined ? "" : ` (${Wire.printable(this.code)})`
  }: ${Wire.sentence(this.detail)}`
}

/**
 * No profile, or no `sso-session` section, of that name. Nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class ProfileNotFound
  extends Schema.TaggedError<ProfileNotFound>("@sso-oidc/session/ProfileNotFound")("ProfileNotFound", {
    /** What was looked for. */
    kind: Schema.Literals(["profile", "sso-session"]),
    /** The name that was looked for. It is not called `name`, because an error has a member of that name. */
    wanted: Schema.String,
    /** Where the name came from: the program, or the variable `AWS_PROFILE` or `AWS_DEFAULT_PROFILE`. Absent for an unnamed default. */
    from: Schema.optionalKey(Schema.String),
    /** Names in the file that are near, the nearest first, at most three. */
    near: Schema.Array(Schema.String),
    /** The line of a section whose name is misspelled, such as `[name]` for `[profile name]`, if there is one. */
    line: Schema.optionalKey(Schema.Int),
    /** What stands between the brackets on that line. */
    written: Schema.optionalKey(Schema.String)
  })
{
  /** The sentence: what is missing, and what to do. */
  override readonly message: string = missing(this)
}

function missing({ from, kind, line, near, wanted, written }: typeof ProfileNotFound.Encoded): string {
  const title = titleOf(kind, wanted)
  const what = `${upper(files.config)} has no ${kind} ${quoted(wanted)}${
    from === undefined ? "" : `, which ${from} names`
  }`
  if (line !== undefined) {
    return `${what}. Line ${line} has [${Wire.printable(written ?? wanted)}]: write ${title} there.`
  }
  if (near.length > 0) return `${what}. Did you mean ${either(near.map(quoted))}? Else add the section ${title}.`
  return `${what}. Write one with \`aws configure sso\`, or add the section ${title}.`
}

/** `"a", "b" or "c"` */
const either = (names: ReadonlyArray<string>): string =>
  names.map((name, at) => at === 0 ? name : at === names.length - 1 ? ` or ${name}` : `, ${name}`).join("")

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
