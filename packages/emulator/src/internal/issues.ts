/**
 * Says what a schema refused.
 */
import type * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"

const issues = SchemaIssue.makeFormatterStandardSchemaV1({
  leafHook: (issue) =>
    issue._tag === "UnexpectedKey" ? "no member has this name; check its spelling" : SchemaIssue.defaultLeafHook(issue)
})

/** The member that a schema refused, and what is wrong with it. It never has the value. */
export const whatIsWrong = (error: Schema.SchemaError): string => {
  const issue = issues(error.issue).issues[0]
  const path = (issue?.path ?? []).map((key) => String(typeof key === "object" ? key.key : key)).join(".")
  const message = issue?.message.split("\n")[0] ?? "malformed"
  if (path !== "") return `${path}: ${message}`
  // For a whole value, Effect names its TypeScript type, which does not help a reader of another language
  return message.startsWith("Expected") ? "The request is malformed" : message
}
