/**
 * What of an operation's members is secret, as its schemas say.
 */
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

/** Throws for a schema whose wire names are not its own: it cannot be told which member is which. */
export const of = (operation: Wire.AnyOperation): { readonly request: Known; readonly response: Known } => {
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
        for (const { name, type } of ast.propertySignatures) {
          const key = String(name)
          all.add(key)
          if (holds(type, isRedacted)) secret.add(key)
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

const isRedacted = (ast: SchemaAST.AST): boolean => {
  if (ast._tag !== "Declaration") return false
  const representation: unknown = ast.annotations?.["representation"]
  return typeof representation === "object" && representation !== null && "id" in representation &&
    representation.id === "effect/schema/Redacted"
}

const holds = (ast: SchemaAST.AST, test: (ast: SchemaAST.AST) => boolean): boolean =>
  test(ast) || (ast._tag === "Union" && ast.types.some((type) => holds(type, test))) ||
  (ast._tag === "Arrays" && [...ast.elements, ...ast.rest].some((type) => holds(type, test)))
