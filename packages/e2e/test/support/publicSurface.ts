/**
 * A program that uses all exports of the installed packages, so its declarations name every public type.
 *
 * TypeScript itself lists the exports, so a new export is used without a line here. For each export there is:
 *
 * - a value: the value itself; each call of it; its instance, and the members that we wrote for it
 * - a type: an object with its members, or a function with its parameters and result
 *
 * Every argument is `never`, which any parameter accepts. Every type parameter is `never` too.
 */
import { manifestOf, published, readManifest } from "@sso-oidc/test-kit/packed"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { isClassDeclaration, isInterfaceDeclaration, isTypeAliasDeclaration } from "typescript/unstable/ast/is"
import { API, type Project, SignatureKind, type Symbol, SymbolFlags, type Type } from "typescript/unstable/sync"

/** A module that an installed package exports. */
export interface Module {
  /** What a program writes after `from`. */
  readonly specifier: string
  /** The name of the file that uses it. */
  readonly file: string
}

const prelude = `
declare const nothing: never
declare const open: <T>() => T extends Error ? T
  : T extends (...args: infer A) => infer R ? (...args: A) => R
  : { [K in keyof T]: T[K] }
`

/** Every module in the export maps of the installed packages, each as a file of the program. */
export const modulesOf = (folder: string): ReadonlyArray<Module> =>
  published.flatMap((of) => {
    const { name } = manifestOf(of)
    const { exports } = readManifest(join(folder, "node_modules", name))
    return Object.keys(exports)
      .filter((subpath) => subpath !== "./package.json")
      .map((subpath) => ({
        specifier: `${name}${subpath.slice(1)}`,
        file: `${of}${subpath.slice(1).replaceAll("/", "_")}.ts`
      }))
  })

/** The names of a module's exports, and the program that uses all of them. */
export interface Use {
  readonly names: ReadonlyArray<string>
  readonly program: string
  /** The members of exported types, and those that an editor shows nothing of on hover. */
  readonly members: number
  readonly undocumented: ReadonlyArray<string>
}

const nevers = (count: number): string => count === 0 ? "" : `<${Array(count).fill("never").join(", ")}>`

const use = (project: Project, module: Module, folder: string): Use => {
  const { checker } = project
  const lines: Array<string> = []
  const undocumented: Array<string> = []
  let members = 0
  const line = (what: string, expression: string): void => {
    lines.push(`export const ${what.replaceAll(".", "_")}_${lines.length} = ${expression}`)
  }

  const valueOf = (symbol: Symbol, name: string): void => {
    line(name, `M.${name}`)
    const type = checker.getTypeOfSymbol(symbol)
    if (type === undefined) return
    for (const kind of [SignatureKind.Call, SignatureKind.Construct]) {
      for (const signature of checker.getSignaturesOfType(type, kind)) {
        if (signature.isAbstract) continue
        const types = nevers(signature.getTypeParameters().length)
        const args = signature.getParameters().map(() => "nothing").join(", ")
        line(name, `${kind === SignatureKind.Call ? "" : "new "}M.${name}${types}(${args})`)
      }
    }
  }

  // TypeScript itself finds the comment: also through a type that a schema infers
  const document = (type: Type, name: string): void => {
    for (const one of type.isUnionType() ? type.getTypes() ?? [] : [type]) {
      for (const member of checker.getPropertiesOfType(one)) {
        const isOurs = member.declarations.length > 0 &&
          member.declarations.every(({ path }) => /@sso-oidc[+/]/.test(path))
        if (!isOurs || !/^[a-z]\w*$/i.test(member.name) || member.name === "prototype") continue
        members++
        if (checker.getDocumentationCommentOfSymbol(member).length === 0) undocumented.push(`${name}.${member.name}`)
      }
    }
  }

  const typeOf = (symbol: Symbol, name: string): void => {
    document(checker.getDeclaredTypeOfSymbol(symbol), name)
    const declaration = symbol.declarations.map((handle) => handle.resolve(project)).find((node) =>
      node !== undefined && (isClassDeclaration(node) || isInterfaceDeclaration(node) || isTypeAliasDeclaration(node))
    )
    const parameters = declaration !== undefined && "typeParameters" in declaration &&
        Array.isArray(declaration.typeParameters)
      ? declaration.typeParameters.length
      : 0
    const type = `M.${name}${nevers(parameters)}`
    if (!(symbol.flags & SymbolFlags.Class)) return line(name, `open<${type}>()`)
    const statics = checker.getTypeOfSymbol(symbol)
    if (statics !== undefined) document(statics, `typeof ${name}`)
    const instance = checker.getDeclaredTypeOfSymbol(symbol)
    for (const { declarations: [first], name: member } of checker.getPropertiesOfType(instance)) {
      const isOurs = first === undefined || /@sso-oidc[+/]/.test(first.path)
      if (isOurs && /^[a-z]\w*$/i.test(member)) line(name, `(self: ${type}) => self.${member}`)
    }
    // the members of a service
    if (checker.getPropertyOfType(instance, "Service") !== undefined) line(name, `open<${type}["Service"]>()`)
  }

  const all = (symbols: ReadonlyArray<Symbol>, prefix: string): ReadonlyArray<string> =>
    symbols.flatMap((exported) => {
      const name = `${prefix}${exported.name}`
      const symbol = exported.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
      // a barrel's modules, of which some have types alone
      if (symbol.flags & SymbolFlags.ValueModule) return [name, ...all(checker.getExportsOfModule(symbol), `${name}.`)]
      if (symbol.flags & SymbolFlags.Value) valueOf(symbol, name)
      if (symbol.flags & SymbolFlags.Type) typeOf(symbol, name)
      const inside = symbol.flags & SymbolFlags.NamespaceModule ? [...symbol.getExports().values()] : []
      return [name, ...all(inside, `${name}.`)]
    })

  const namespace = checker.getSymbolAtPosition(join(folder, module.file), "import * as ".length)
  if (namespace === undefined) throw new Error(`${module.specifier} is no module`)
  const names = all(checker.getExportsOfModule(checker.getAliasedSymbol(namespace)), "")
  return { names, members, undocumented, program: `${importOf(module)}${prelude}${lines.join("\n")}\n` }
}

const importOf = ({ specifier }: Module): string => `import * as M from "${specifier}"\n`

/** Writes the program into a folder that has a `tsconfig.json` and the packages. */
export const write = (folder: string): ReadonlyMap<Module, Use> => {
  const modules = modulesOf(folder)
  for (const module of modules) writeFileSync(join(folder, module.file), importOf(module))
  const api = new API({ cwd: folder })
  try {
    const config = join(folder, "tsconfig.json")
    const project = api.updateSnapshot({ openProjects: [config] }).getProject(config)
    if (project === undefined) throw new Error(`TypeScript does not open ${config}`)
    const uses = new Map(modules.map((module) => [module, use(project, module, folder)]))
    for (const [{ file }, { program }] of uses) writeFileSync(join(folder, file), program)
    return uses
  } finally {
    api.close()
  }
}
