/**
 * What of an operation's members is secret, as its schemas say.
 */
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import type * as Wire from "./wire.ts"

export interface Known {
  /** The members that the schemas name, at any depth. */
  readonly all: ReadonlySet<string>
  /** Those of them that are `Redacted`. */
  readonly secret: ReadonlySet<string>
  /** The values that the model fixes, such as those of `grantType`: no secret is one of them. */
  readonly fixed: ReadonlySet<string>
}

const cache = new WeakMap<Wire.AnyOperation, { readonly request: Known; readonly response: Known }>()

/**
 * Throws for a schema whose wire names are not its own, since it cannot be told which member is which, and for a secret
 * that is no text.
 */
export const of = (operation: Wire.AnyOperation): { readonly request: Known; readonly response: Known } => {
  // a version of Effect that spells it otherwise must record nothing, rather than secrets in the clear
  if (redactedIn(Schema.RedactedFromValue(Schema.String).ast).length === 0) {
    throw new RangeError("RecordedTransport: this version of Effect does not say which members are Redacted")
  }
  const found = cache.get(operation) ??
    { request: known(operation.name, operation.request.ast), response: known(operation.name, operation.response.ast) }
  cache.set(operation, found)
  return found
}

const known = (name: string, ast: SchemaAST.AST): Known => {
  const all = new Set<string>()
  const secret = new Set<string>()
  const fixed = new Set<string>()
  const visit = (ast: SchemaAST.AST): void => {
    switch (ast._tag) {
      case "Objects":
        if (ast.encoding !== undefined) {
          throw new RangeError(
            `RecordedTransport: the schema of ${name} renames or computes members, which cannot be scrubbed`
          )
        }
        for (const { name: member, type } of ast.propertySignatures) {
          const key = String(member)
          all.add(key)
          const secrets = redactedIn(type)
          if (secrets.length > 0) secret.add(key)
          if (!secrets.every(isText)) {
            throw new RangeError(
              `RecordedTransport: ${key} of ${name} is a secret that is no text, which cannot be scrubbed`
            )
          }
          visit(type)
        }
        return
      case "Literal":
        fixed.add(String(ast.literal))
        return
      case "Union":
        return ast.types.forEach(visit)
      case "Arrays":
        return [...ast.elements, ...ast.rest].forEach(visit)
      case "Suspend":
        throw new RangeError(`RecordedTransport: the schema of ${name} is recursive, which cannot be scrubbed`)
    }
  }
  visit(ast)
  return { all, secret, fixed }
}

const isRedacted = (ast: SchemaAST.AST): ast is SchemaAST.Declaration => {
  if (ast._tag !== "Declaration") return false
  const representation: unknown = ast.annotations?.["representation"]
  return typeof representation === "object" && representation !== null && "id" in representation &&
    representation.id === "effect/schema/Redacted"
}

/** The secrets that a member may be. One in a list has no placeholder that could come back, and is told as no text. */
const redactedIn = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> => {
  if (isRedacted(ast)) return ast.typeParameters
  if (ast._tag === "Union") return ast.types.flatMap(redactedIn)
  if (ast._tag === "Arrays") return [...ast.elements, ...ast.rest].flatMap(redactedIn).length > 0 ? [ast] : []
  return []
}

const isText = (ast: SchemaAST.AST): boolean => ast._tag === "String"
