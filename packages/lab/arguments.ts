/**
 * The options of a program on the command line.
 */
import { parseArgs, type ParseArgsConfig } from "node:util"

/** Reads options, and ends the program with its usage where they are wrong. */
export const reader = (usage: string) => {
  const fail = (sentence: string): never => {
    process.stderr.write(`${sentence}\n${usage}\n`)
    process.exit(2)
  }
  return {
    fail,
    given: <const Options extends NonNullable<ParseArgsConfig["options"]>>(options: Options) => {
      try {
        return parseArgs({ options }).values
      } catch (error) {
        return fail(error instanceof Error ? error.message.split(". ")[0] ?? "" : String(error))
      }
    },
    whole: (name: string, text: string): number =>
      /^\d{1,9}$/.test(text) ? Number(text) : fail(`--${name} must be a whole number, not ${text}`)
  }
}
