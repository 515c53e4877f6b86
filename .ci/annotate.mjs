/**
 * Marks the calls at the top level of the built modules as pure, so that a bundler drops what a program does not use.
 *
 * TypeScript has no such option. Without it esbuild keeps every schema of a module whose other half is used.
 */
import { transformAsync } from "@babel/core"
import { readFileSync } from "node:fs"
import { glob, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"

const root = join(import.meta.dirname, "..")

const isPublished = (file) =>
  !("private" in JSON.parse(readFileSync(join(root, "packages", file.split("/")[1], "package.json"), "utf8")))

for await (const file of glob("packages/*/dist/**/*.js", { cwd: root })) {
  if (!isPublished(file)) continue
  const path = join(root, file)
  const result = await transformAsync(await readFile(path, "utf8"), {
    filename: path,
    configFile: false,
    babelrc: false,
    plugins: ["annotate-pure-calls"],
    inputSourceMap: JSON.parse(await readFile(`${path}.map`, "utf8")),
    sourceMaps: true
  })
  await writeFile(path, `${result.code}\n`)
  await writeFile(`${path}.map`, JSON.stringify(result.map))
}
