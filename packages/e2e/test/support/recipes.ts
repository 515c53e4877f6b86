/**
 * The recipes of docs/emulator.md and of the emulator's README, so that a test follows the same steps as a reader.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"

const documents = ["docs/emulator.md", "packages/emulator/README.md"]

const documented = "http://127.0.0.1:8484"

/** The only block of this language that contains the words, with the address of a running emulator. */
export const recipe = (language: string, words: string, url: string): string => {
  const docs = documents.map((path) => readFileSync(join(import.meta.dirname, "../../../..", path), "utf8")).join("\n")
  const found = [...docs.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, "gm"))]
    .map(([, code]) => code ?? "")
    .filter((code) => code.includes(words))
  const [block] = found
  if (block === undefined || found.length > 1) {
    throw new Error(`the documents have ${found.length} ${language} blocks with "${words}"`)
  }
  return block.replaceAll(documented, url)
}
