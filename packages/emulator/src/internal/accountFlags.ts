/**
 * Reads the accounts of the command's flags.
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Result from "effect/Result"
import type { Account } from "../Account.ts"
import * as EmulatorError from "../EmulatorError.ts"
import * as Accounts from "./service/accounts.ts"
import * as Settings from "./service/options.ts"

const wrong = (detail: string) => new EmulatorError.EmulatorError({ problem: "options", detail })

/** Reads `ID=NAME:ROLE,ROLE`. The last colon counts, since no role of AWS has one. */
export const parse = (text: string): Effect.Effect<Account, EmulatorError.EmulatorError> => {
  const [, accountId = "", accountName = "", roles = ""] = /^(\d{12})=(.*):([^:]*)$/s.exec(text) ?? []
  if (accountId === "") {
    return Effect.fail(wrong(
      `--account must be ID=NAME:ROLE,ROLE, such as 111122223333=Sandbox:ReadOnlyAccess, not ${Settings.quoted(text)}`
    ))
  }
  return Effect.succeed({
    accountId,
    ...(accountName === "" ? {} : { accountName }),
    roles: roles.split(",").map((role) => role.trim()).filter((role) => role !== "")
  })
}

const json = (text: string): Result.Result<unknown, string> =>
  Result.try({ try: (): unknown => JSON.parse(text), catch: () => "it is no JSON" })

// The path may hold the name of a user, so that no error has it
const fromFile = Effect.fnUntraced(function*(path: string) {
  const files = yield* FileSystem.FileSystem
  const text = yield* files.readFileString(path).pipe(
    Effect.mapError(({ reason }) => wrong(`--accounts must be a file that this user can read (${reason._tag})`))
  )
  return yield* Effect.fromResult(Result.flatMap(json(text), Accounts.check)).pipe(
    Effect.mapError((detail) =>
      wrong(`--accounts must be a JSON file with a list of accounts, each with accountId and roles; ${detail}`)
    )
  )
})

/** The accounts of the file and of the texts together, or `undefined` if there are neither. */
export const read = Effect.fnUntraced(function*(file: string | undefined, texts: ReadonlyArray<string>) {
  const given = yield* Effect.forEach(texts, parse)
  if (file === undefined) return given.length === 0 ? undefined : given
  return [...yield* fromFile(file), ...given]
})
