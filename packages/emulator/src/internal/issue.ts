/**
 * What is wrong with a request that its schema refused.
 */
import type * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"

const issues = SchemaIssue.makeFormatterStandardSchemaV1()

// Names the member and what is wrong with it, never its value.
export const whatIsWrong = (error: Schema.SchemaError): string => {
  const issue = issues(error.issue).issues[0]
  const path = (issue?.path ?? []).map((key) => String(typeof key === "object" ? key.key : key)).join(".")
  return path === "" ? "The request is malformed" : `${path}: ${issue?.message.split("\n")[0] ?? "malformed"}`
}
