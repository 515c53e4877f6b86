/**
 * Checks the emulator's options.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Account from "../../Account.ts"
import * as Application from "../../Application.ts"
import type { Options } from "../../Emulator.ts"
import { whatIsWrong } from "../issues.ts"
import * as Accounts from "./accounts.ts"

/** The checked options, in the units of the service. */
export interface Settings {
  readonly region: string
  /** Whole seconds, as the wire has them. */
  readonly interval: number
  /** Whole seconds, as the wire has them. */
  readonly expiresIn: number
  readonly autoApprove: Duration.Duration | undefined
  readonly rotation: "strict" | "lenient"
  /** Whole seconds, as the wire has them. */
  readonly sessionDuration: number
  /** Whole seconds, as the wire has them. */
  readonly accessTokenLifetime: number
  readonly capacity: number
  readonly capacityBytes: number
  readonly requestsPerSecond: number
  readonly portalRequestsPerSecond: number
  /** Whole seconds. */
  readonly roleSessionDuration: number
  readonly accounts: ReadonlyArray<Account.Account>
  readonly applications: ReadonlyArray<Application.Application>
  readonly accessKeys: ReadonlyArray<Application.AccessKey>
}

const isWhole = (value: number): boolean => Number.isSafeInteger(value) && value >= 1

/** The given duration. `NaN` is refused here, although `Duration` reads it as zero. */
export const durationOf = (given: Duration.Input): Duration.Duration | undefined =>
  Number.isNaN(given) ? undefined : Option.getOrUndefined(Duration.fromInput(given))

/** Writes a value of a wrong type for an error. A text has quotes, so that `"5"` does not look like 5. */
export const quoted = (given: unknown): string => {
  if (typeof given === "string") return JSON.stringify(given)
  return typeof given === "number" || typeof given === "bigint" || typeof given === "boolean"
    ? String(given)
    : `this ${typeof given}`
}

/**
 * What is wrong with `cors`, or `undefined`. A program without types may give one text, and then each part of it would count
 * as an origin.
 */
export const listProblem = (cors: unknown): string | undefined =>
  Array.isArray(cors)
    ? undefined
    : `cors must be a list of origins, such as ["http://localhost:5173"], not ${quoted(cors)}`

/** The longest duration of most options. A timer with 32 bits of milliseconds, as clients have, cannot run for 25 days. */
export const longest = Duration.days(24)

// As at AWS. A registration ends then too
const longestSession = Duration.days(90)

// As at AWS
const longestRoleSession = Duration.hours(12)

/** The times of this many requests are kept for each access token. */
const mostPortalRequests = 1000

/** Says what to write if a bare number was probably meant as seconds. */
const hint = (given: Duration.Input): string =>
  typeof given === "number" && given > 0 && given <= Duration.toSeconds(longest)
    ? `. A bare number counts milliseconds: write "${given} ${given === 1 ? "second" : "seconds"}"`
    : ""

/** Writes a duration for an error. For a bare number it also says what to write instead. */
export const shown = (given: Duration.Input): string => {
  const duration = durationOf(given)
  return `${duration === undefined ? quoted(given) : Duration.format(duration)}${hint(given)}`
}

const spoken = (most: Duration.Duration): string => {
  const days = Duration.toDays(most)
  return days < 1 ? `${Duration.toHours(most)} hours` : `${days} days`
}

/** Whole seconds from 1 second to the most, or `undefined`. */
const wholeSeconds = (given: Duration.Input, most: Duration.Duration): number | undefined => {
  const duration = durationOf(given)
  if (duration === undefined || Duration.isGreaterThan(duration, most)) return undefined
  const seconds = Duration.toSeconds(duration)
  return isWhole(seconds) ? seconds : undefined
}

// A duration below one second is probably a bare number that was meant as seconds, such as 3
const isDelay = (duration: Duration.Duration | undefined): duration is Duration.Duration =>
  duration !== undefined && Duration.isFinite(duration) &&
  (Duration.isZero(duration) || Duration.isGreaterThanOrEqualTo(duration, Duration.seconds(1)))

// It has room for the largest registration that a request can make
const leastBytes = 128 * 1024

const isSecret = (given: unknown): given is Redacted.Redacted => {
  try {
    return Redacted.isRedacted(given) && typeof Redacted.value(given) === "string"
  } catch {
    // it was wiped
    return false
  }
}

const Secret = Schema.declare(isSecret, { expected: "a Redacted text" })

const Texts = Schema.optional(Schema.Array(Schema.String))

const ApplicationOption = Schema.Struct({
  applicationArn: Schema.String.check(Schema.isPattern(/^arn:[\w-]+:sso::\d{12}:application\/[\w-]+\/[\w-]+$/, {
    expected: "arn:aws:sso::ACCOUNT:application/INSTANCE/APPLICATION"
  })),
  region: Schema.optional(Schema.String),
  grantTypes: Texts,
  scopes: Texts,
  issuers: Texts,
  audiences: Texts,
  isAssigned: Schema.optional(Schema.Boolean),
  codes: Schema.optional(Schema.Array(Schema.Struct({
    code: Secret,
    redirectUri: Schema.String,
    codeChallenge: Schema.optional(Schema.String),
    status: Schema.optional(Schema.Literals(["approved", "pending", "expired"]))
  })))
})

const AccessKeyOption = Schema.Struct({
  accessKeyId: Schema.String.check(Schema.isPattern(/^\w{1,128}$/, { expected: "letters and digits" })),
  secretAccessKey: Secret,
  sessionToken: Schema.optional(Secret),
  expiresAt: Schema.optional(Schema.Finite),
  isAllowed: Schema.optional(Schema.Boolean)
})

/** A list of an option, whose members a program without types may give in any form. Each has an id of its own. */
const listed = <A>(
  name: string,
  schema: Schema.Decoder<A>,
  idOf: (member: A) => string,
  given: unknown
): Result.Result<ReadonlyArray<A>, string> =>
  Result.flatMap(
    Result.mapError(
      Schema.decodeUnknownResult(Schema.Array(schema), { onExcessProperty: "error" })(given),
      (error) => `${name} cannot be used; ${Array.isArray(given) ? whatIsWrong(error) : "it is no list"}`
    ),
    (members) => {
      const ids = members.map(idOf)
      const twice = ids.find((id, at) => ids.indexOf(id) !== at)
      return twice === undefined ? Result.succeed(members) : Result.fail(`${name} has ${twice} twice`)
    }
  )

/** The applications and the access keys, or a sentence that says what is wrong with them. */
const checkIam = ({
  accessKeys = Application.accessKeys,
  applications = Application.defaults
}: Options): Result.Result<Pick<Settings, "accessKeys" | "applications">, string> =>
  Result.all({
    applications: listed("applications", ApplicationOption, ({ applicationArn }) => applicationArn, applications),
    accessKeys: listed("accessKeys", AccessKeyOption, ({ accessKeyId }) => accessKeyId, accessKeys)
  })

/** The settings, or a sentence that says what is wrong with the options. */
export const check = (options: Options): Result.Result<Settings, string> => {
  const {
    capacity = 10_000,
    capacityBytes = 32 * 1024 * 1024,
    portalRequestsPerSecond = 19,
    region = "emulator",
    requestsPerSecond = 500,
    rotation = "strict"
  } = options
  const seconds = (name: string, given: Duration.Input, most = longest): Result.Result<number, string> =>
    Result.fromNullishOr(
      wholeSeconds(given, most),
      () => `${name} must be a whole number of seconds, from 1 second to ${spoken(most)}, not ${shown(given)}`
    )
  return Result.gen(function*() {
    const interval = yield* seconds("interval", options.interval ?? "1 second")
    const expiresIn = yield* seconds("expiresIn", options.expiresIn ?? "10 minutes")
    const autoApprove = options.autoApprove === undefined ? undefined : durationOf(options.autoApprove)
    if (options.autoApprove !== undefined && !isDelay(autoApprove)) {
      return yield* Result.fail(`autoApprove must be zero, or 1 second or more, not ${shown(options.autoApprove)}`)
    }
    // A program without types may give any text
    if (rotation !== "strict" && rotation !== "lenient") {
      return yield* Result.fail(`rotation must be "strict" or "lenient", not ${quoted(rotation)}`)
    }
    const sessionDuration = yield* seconds("sessionDuration", options.sessionDuration ?? "8 hours", longestSession)
    const accessTokenLifetime = yield* seconds(
      "accessTokenLifetime",
      options.accessTokenLifetime ?? "1 hour",
      longestSession
    )
    if (!isWhole(capacity)) {
      return yield* Result.fail(`capacity must be a whole number, 1 or more, not ${quoted(capacity)}`)
    }
    if (!(Number.isSafeInteger(capacityBytes) && capacityBytes >= leastBytes)) {
      return yield* Result.fail(
        `capacityBytes must be a whole number, ${leastBytes} or more, not ${quoted(capacityBytes)}`
      )
    }
    if (!isWhole(requestsPerSecond)) {
      return yield* Result.fail(`requestsPerSecond must be a whole number, 1 or more, not ${quoted(requestsPerSecond)}`)
    }
    if (typeof region !== "string" || !/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(region)) {
      return yield* Result.fail("region must be a host label in lower case, such as eu-west-1")
    }
    if (!(isWhole(portalRequestsPerSecond) && portalRequestsPerSecond <= mostPortalRequests)) {
      return yield* Result.fail(
        `portalRequestsPerSecond must be a whole number from 1 to ${mostPortalRequests}, not ${
          quoted(portalRequestsPerSecond)
        }`
      )
    }
    const roleSessionDuration = yield* seconds(
      "roleSessionDuration",
      options.roleSessionDuration ?? "1 hour",
      longestRoleSession
    )
    const accounts = yield* Result.mapError(
      Accounts.check(options.accounts ?? Account.defaults),
      (detail) => `accounts must be a list of accounts, each with accountId and roles; ${detail}`
    )
    const noRoom = Accounts.make(capacityBytes).roomProblem(accounts)
    if (noRoom !== undefined) return yield* Result.fail(`accounts must be fewer; ${noRoom}`)
    return {
      ...(yield* checkIam(options)),
      accessTokenLifetime,
      accounts,
      autoApprove,
      capacity,
      capacityBytes,
      expiresIn,
      interval,
      portalRequestsPerSecond,
      region,
      requestsPerSecond,
      roleSessionDuration,
      rotation,
      sessionDuration
    }
  })
}
