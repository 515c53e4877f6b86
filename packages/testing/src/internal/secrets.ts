/**
 * Finds the secret members of an operation, from its schemas.
 */
import * as Members from "@sso-oidc/core/aws/Members"
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"

/** What one place of a body may hold. */
export interface Shape {
  /** The members of an object. It is empty if the schema has no object here. */
  readonly members: ReadonlyMap<string, Shape>
  /** The items of an array. It is `undefined` if the schema has no array here. */
  readonly item: Shape | undefined
  /** Whether this place holds a `Redacted`. */
  readonly secret: boolean
  /** The values that the model fixes here, such as those of `grantType`. They are no secrets. */
  readonly fixed: ReadonlySet<string>
}

export interface Known {
  readonly shape: Shape
  /** The members that the schemas name, at any depth. */
  readonly all: ReadonlySet<string>
  /** The secret members: their names in {@link spelled} form, and their names in the schemas. */
  readonly secret: ReadonlyMap<string, string>
}

export interface Sides {
  readonly request: Known
  readonly response: Known
}

/** The same spelling for `accessToken`, `access_token` and `Access-Token`. */
export const spelled = (name: string): string => name.replaceAll(/[_-]/g, "").toLowerCase()

const cache = new WeakMap<Operation.Any, Sides>()

/**
 * Throws in two cases. The schema has other names than the wire, so it cannot tell which member is which. Or a secret is not
 * text.
 */
export const of = (operation: Operation.Any): Sides => {
  // if a version of Effect marks them in another way, nothing may be recorded: the secrets would stay in the text
  if (redactedIn(Schema.RedactedFromValue(Schema.String).ast).length === 0) {
    throw new RangeError(
      "RecordedTransport: this version of Effect does not tell which members are Redacted. Use a supported version of effect"
    )
  }
  const found = cache.get(operation) ??
    { request: known(operation.name, operation.request.ast), response: known(operation.name, operation.response.ast) }
  cache.set(operation, found)
  return found
}

/** The secret members of all operations. A service may put a secret into the response of another operation. */
export const together = (
  operations: ReadonlyArray<Operation.Any>
): { readonly [Side in keyof Sides]: ReadonlyMap<string, string> } => ({
  request: new Map(operations.flatMap((operation) => [...of(operation).request.secret])),
  response: new Map(operations.flatMap((operation) => [...of(operation).response.secret]))
})

interface Building extends Shape {
  readonly members: Map<string, Building>
  item: Building | undefined
  secret: boolean
  readonly fixed: Set<string>
}

const empty = (): Building => ({ members: new Map(), item: undefined, secret: false, fixed: new Set() })

const known = (name: string, ast: SchemaAST.AST): Known => {
  const all = new Set<string>()
  const secret = new Map<string, string>()
  const refused = (why: string) =>
    new RangeError(
      `RecordedTransport: ${why}. Its secrets cannot be removed from a recording, so do not record this operation`
    )
  const visit = (ast: SchemaAST.AST, into: Building): void => {
    switch (ast._tag) {
      case "Objects": {
        if (ast.encoding !== undefined) throw refused(`the schema of ${name} renames or computes members`)
        for (const { name: member, type } of ast.propertySignatures) {
          const key = String(member)
          const child = into.members.get(key) ?? empty()
          into.members.set(key, child)
          all.add(key)
          const secrets = redactedIn(type)
          if (secrets.length > 0) {
            child.secret = true
            secret.set(spelled(key), key)
          }
          if (!secrets.every(isText)) throw refused(`${key} of ${name} is a secret that is not text`)
          visit(type, child)
        }
        const before = secret.size
        for (const { type } of ast.indexSignatures) {
          const value = empty()
          visit(type, value)
          if (redactedIn(type).length > 0 || secret.size > before) {
            throw refused(`${name} has secrets under names that its schema does not fix`)
          }
        }
        return
      }
      case "Literal":
        into.fixed.add(String(ast.literal))
        return
      case "Union":
        return ast.types.forEach((type) => visit(type, into))
      case "Arrays": {
        const item = into.item ?? empty()
        into.item = item
        return [...ast.elements, ...ast.rest].forEach((type) => visit(type, item))
      }
      case "Declaration":
        if (idOf(ast) === Members.textsId) into.item ??= empty()
        return
      case "Suspend":
        throw refused(`the schema of ${name} is recursive`)
    }
  }
  const shape = empty()
  visit(ast, shape)
  return { shape, all, secret }
}

const idOf = (ast: SchemaAST.AST): unknown => {
  const representation: unknown = ast.annotations?.["representation"]
  return Predicate.hasProperty(representation, "id") ? representation.id : undefined
}

/**
 * The secrets that a member may be. A secret in a list counts as a secret that is not text, because its placeholder could not
 * come back.
 */
const redactedIn = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> => {
  if (ast._tag === "Declaration") {
    const id = idOf(ast)
    // core's own secrets are always text
    if (id === Members.secretId) return [Schema.String.ast]
    if (id === "effect/schema/Redacted") return ast.typeParameters
  }
  if (ast._tag === "Union") return ast.types.flatMap(redactedIn)
  if (ast._tag === "Arrays") return [...ast.elements, ...ast.rest].flatMap(redactedIn).length > 0 ? [ast] : []
  return []
}

const isText = (ast: SchemaAST.AST): boolean => ast._tag === "String"
