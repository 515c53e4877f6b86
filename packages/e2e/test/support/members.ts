/**
 * The members of the declarations that a user's editor reads, and those without a comment of their own.
 */
import { parseSync } from "oxc-parser"

const kinds = new Set([
  "TSPropertySignature",
  "TSMethodSignature",
  "PropertyDefinition",
  "MethodDefinition",
  "TSAbstractPropertyDefinition"
])

/** A member, and whether a doc comment stands right before it. */
export interface Member {
  readonly name: string
  readonly line: number
  readonly isDocumented: boolean
}

/** The members of every type in a file of declarations. A constructor is no member: its class has the comment. */
export const membersIn = (file: string, source: string): ReadonlyArray<Member> => {
  const { comments, program } = parseSync(file, source)
  // a comment counts if it has a word besides its tags
  const ends = new Set(
    comments
      .filter(({ type, value }) =>
        type === "Block" && value.startsWith("*") && /\w/.test(value.replaceAll(/^[\s*]*@.*$/gm, ""))
      )
      .map(({ end }) => end)
  )
  const members: Array<Member> = []
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return
    if ("type" in node && kinds.has(String(node.type)) && "start" in node && "key" in node) {
      const before = source.slice(0, Number(node.start)).trimEnd()
      const { end, start } = spanOf(node.key)
      const name = source.slice(start, end)
      if (name !== "constructor") {
        members.push({
          name,
          line: source.slice(0, Number(node.start)).split("\n").length,
          isDocumented: ends.has(before.length)
        })
      }
    }
    for (const child of Object.values(node)) visit(child)
  }
  visit(program)
  return members
}

const spanOf = (node: unknown): { readonly start: number; readonly end: number } =>
  typeof node === "object" && node !== null && "start" in node && "end" in node
    ? { start: Number(node.start), end: Number(node.end) }
    : { start: 0, end: 0 }
