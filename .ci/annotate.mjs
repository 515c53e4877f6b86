/**
 * Marks the values at the top level of the built modules as pure, so that a bundler drops what a program does not use.
 *
 * TypeScript has no such option. Without it esbuild keeps every schema of a module whose other half is used. A call gets a comment.
 *
 * A bundler also keeps a value that reads a property, spreads a list or calculates, because a getter or an iterator could run. Our modules have
 * none at their top level. So such a value is put into a function that is called at once. That call gets the comment, and esbuild takes the value
 * out again if it is used.
 */
import { transformAsync } from "@babel/core"
import { readFileSync } from "node:fs"
import { glob, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"

const root = join(import.meta.dirname, "..")

const isPublished = (file) =>
  !("private" in JSON.parse(readFileSync(join(root, "packages", file.split("/")[1], "package.json"), "utf8")))

const isCode = (node) => node.isSpreadElement() || node.isTaggedTemplateExpression() || node.isBinaryExpression()

/** Whether it could run a getter or an iterator, as far as a bundler can tell. */
const mayRunCode = (path, isNamespace) => {
  let found = false
  const look = (node) => {
    if (node.isFunction()) return node.skip()
    if (node.isMemberExpression() ? !isNamespace(node.node.object) : node.isTemplateLiteral() ? node.node.expressions.length > 0 : isCode(node)) {
      found = true
    }
  }
  look(path)
  if (!path.isFunction()) path.traverse({ enter: look })
  return found
}

/** Puts values at the top level that may run code into functions that are called at once. */
const wrapValues = ({ types: t }) => ({
  visitor: {
    Program: (program) => {
      const isNamespace = (object) =>
        t.isIdentifier(object) && program.scope.getBinding(object.name)?.path.isImportNamespaceSpecifier() === true
      const wrap = (value) => {
        if (value.node === null || value.node === undefined || !mayRunCode(value, isNamespace)) return
        const call = t.callExpression(t.arrowFunctionExpression([], value.node), [])
        value.replaceWith(t.addComment(call, "leading", "#__PURE__"))
        value.skip()
      }
      for (const statement of program.get("body")) {
        const declaration = statement.isExportNamedDeclaration() ? statement.get("declaration") : statement
        if (declaration.isVariableDeclaration({ kind: "const" })) {
          for (const one of declaration.get("declarations")) if (one.get("id").isIdentifier()) wrap(one.get("init"))
        } else if (declaration.isClassDeclaration()) {
          const { body, id, superClass } = declaration.node
          const isPlain = (superClass === null || t.isCallExpression(superClass)) && !body.body.some(({ computed }) => computed)
          if (isPlain) wrap(declaration.get("superClass"))
          else {
            // a name that comes from elsewhere, of the class or of a member, could run code too
            const made = t.callExpression(t.arrowFunctionExpression([], t.toExpression(declaration.node)), [])
            const value = t.addComment(made, "leading", "#__PURE__")
            declaration.replaceWith(t.variableDeclaration("const", [t.variableDeclarator(t.identifier(id.name), value)]))
            declaration.skip()
          }
        }
      }
    }
  }
})

for await (const file of glob("packages/*/dist/**/*.js", { cwd: root })) {
  if (!isPublished(file)) continue
  const path = join(root, file)
  const result = await transformAsync(await readFile(path, "utf8"), {
    filename: path,
    configFile: false,
    babelrc: false,
    plugins: ["annotate-pure-calls", wrapValues],
    inputSourceMap: JSON.parse(await readFile(`${path}.map`, "utf8")),
    sourceMaps: true
  })
  await writeFile(path, `${result.code}\n`)
  await writeFile(`${path}.map`, JSON.stringify(result.map))
}
