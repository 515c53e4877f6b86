/**
 * Which problem of a file is the likely cause of a setting that is missing.
 */
import type { Problem, Section } from "../AwsConfig.ts"
import { canLose } from "./grammar.ts"

/** Whether the problem is in the section. The settings of the credentials file are merged into the profile of the same name. */
const isIn = (problem: Problem, { file, name }: Pick<Section, "file" | "name">): boolean =>
  (problem.file === file && problem.section === name) ||
  (problem.file === "credentials" && problem.section === name.replace(/^profile /, ""))

export interface Cause {
  /** The line of the problem. */
  readonly line: number
  /** The sentence to add, with a blank before it. */
  readonly sentence: string
}

/** The likely cause: a problem on the line of the setting itself, else the first one of its section that can lose a setting. */
export const causeIn = (
  problems: ReadonlyArray<Problem>,
  section: Pick<Section, "file" | "name">,
  setting: { readonly file: Problem["file"]; readonly line: number } | undefined
): Cause | undefined => {
  const found = problems.find((one) => one.file === setting?.file && one.line === setting.line) ??
    problems.find((one) => isIn(one, section) && canLose(one))
  if (found === undefined) return undefined
  const { file, line, message } = found
  const where = file === section.file ? `Line ${line}` : `Line ${line} of the ${file} file`
  return { line, sentence: ` ${where} may be the cause: ${message}` }
}
