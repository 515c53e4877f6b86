/**
 * Checks the prose of the workspace: documents, comments, test titles, and the texts in library sources.
 *
 *     node .ci/prose.mjs [FOLDER]
 *
 * It refuses a sentence of more than 28 words, and each word that the glossary of docs/writing.md replaces. Code spans and code
 * blocks are exempt, and a code span counts as one word. FOLDER has to have that page too. It is the workspace by default.
 */
import { fromMarkdown } from "mdast-util-from-markdown"
import { gfmTableFromMarkdown } from "mdast-util-gfm-table"
import { gfmTable } from "micromark-extension-gfm-table"
import { globSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { parseSync } from "oxc-parser"

const mostWords = 28

const documents = ["*.md", "docs/**/*.md", ".changeset/*.md", ".github/**/*.md", "packages/*/*.md"]
const sources = [".ci/*.mjs", "*.ts", "packages/*/{src,test,fuzz,load,runtimes,scaling,tarballs}/**/*.ts"]
const generated = /(^|\/)(node_modules|dist|CHANGELOG\.md)(\/|$)/

const markdown = (text) => fromMarkdown(text, { extensions: [gfmTable()], mdastExtensions: [gfmTableFromMarkdown()] })

/** A block has running text. Nested blocks are blocks of their own. */
const isBlock = ({ type }) => type === "paragraph" || type === "heading" || type === "tableCell"

/** The text of a block. Code becomes the one word `Code`, which may begin a sentence. */
const textOf = (node) => {
  switch (node.type) {
    case "text":
      return node.value
    case "inlineCode":
      return "Code"
    case "break":
      return " "
    case "image":
      return node.alt ?? ""
    default:
      return (node.children ?? []).map(textOf).join("")
  }
}

const blocksIn = (node) =>
  isBlock(node)
    ? [{ text: textOf(node), line: node.position.start.line, isTitle: node.type === "heading" }]
    : (node.children ?? []).flatMap(blocksIn)

const segmenter = new Intl.Segmenter("en", { granularity: "sentence" })

const sentencesOf = (text) => [...segmenter.segment(text.replaceAll(/\s+/g, " "))].map(({ segment }) => segment.trim())

const wordsOf = (sentence) => sentence.split(/[\s/]+/).filter((word) => /[\p{L}\p{N}]/u.test(word))

/** What the last column of the glossary lists, each with the word to write in its place. */
const glossaryOf = (page) => {
  const table = markdown(page).children.find(({ type }) => type === "table")
  const codesIn = (node) => node.type === "inlineCode" ? [node.value] : (node.children ?? []).flatMap(codesIn)
  return table.children.slice(1).flatMap(({ children: [write, , not] }) =>
    codesIn(not).map((phrase) => ({ phrase, write: textOf(write), pattern: new RegExp(`\\b${phrase}(?:s|es|d|ed|ing)?\\b`, "i") }))
  )
}

const faultsIn = (text, glossary) => [
  ...sentencesOf(text).flatMap((sentence) => {
    const { length } = wordsOf(sentence)
    return length > mostWords ? [`a sentence of ${length} words: "${sentence.slice(0, 60)}…". Split it: ${mostWords} is the most.`] : []
  }),
  ...glossary.flatMap(({ pattern, write }) => {
    const found = pattern.exec(text.replaceAll(/\s+/g, " "))
    return found === null ? [] : [`"${found[0]}". Write: ${write}.`]
  })
]

const lineAt = (source, offset) => source.slice(0, offset).split("\n").length

/** Comments as blocks of markdown. Lines of `//` that follow each other are one comment, and tags of JSDoc are no prose. */
const commentsIn = (source, comments) => {
  const joined = []
  for (const { type, value, start, end } of comments) {
    const last = joined.at(-1)
    if (type === "Line" && last?.type === "Line" && /^\n[ \t]*$/.test(source.slice(last.end, start))) {
      last.value += `\n${value.replace(/^ /, "")}`
      last.end = end
    } else {
      const text = type === "Line" ? value.replace(/^ /, "") : value.replaceAll(/^[ \t]*\*? ?/gm, "")
      joined.push({ type, value: text, start, end })
    }
  }
  return joined.flatMap(({ value, start }) => {
    const first = lineAt(source, start)
    const prose = value.replaceAll(/^@(?:since|category|see|internal|type|param|returns)\b.*$/gm, "")
    return blocksIn(markdown(prose)).map(({ text, line }) => ({ text, line: first + line - 1 }))
  })
}

const isTest = (node) =>
  node.type === "Identifier"
    ? /^(?:it|test|describe)$/.test(node.name)
    : node.type === "MemberExpression"
    ? isTest(node.object)
    : node.type === "CallExpression" && isTest(node.callee)

const stringOf = (node) =>
  node?.type === "Literal" && typeof node.value === "string"
    ? node.value
    : node?.type === "TemplateLiteral"
    ? node.quasis.map(({ value }) => value.cooked).join("Code")
    : node?.type === "BinaryExpression" && node.operator === "+"
    ? joined(stringOf(node.left), stringOf(node.right))
    : undefined

/** A text that is put together of two. A value between them counts as a word. */
const joined = (left, right) => left === undefined && right === undefined ? undefined : `${left ?? "Code"}${right ?? "Code"}`

const withoutTags = (text) => text.replaceAll(/<[^>]*>/g, " ")

// a page speaks to a person in the person's words, such as "Sign in"
const pages = "/internal/pages/"

/** Texts that a user sees: test titles, and in library sources every string that has several words and is no code. */
const stringsIn = (source, program, isLibrary) => {
  const found = []
  const visit = (node) => {
    if (Array.isArray(node)) return node.forEach(visit)
    if (typeof node?.type !== "string") return
    const title = node.type === "CallExpression" && isTest(node.callee) ? stringOf(node.arguments[0]) : undefined
    if (title !== undefined) found.push({ text: title, line: lineAt(source, node.start) })
    const text = isLibrary ? stringOf(node) : undefined
    if (text !== undefined && wordsOf(text).length > 2 && !/[{}]|=>|;$/.test(text)) {
      found.push({ text: withoutTags(text), line: lineAt(source, node.start) })
      return
    }
    for (const key in node) if (key !== "parent") visit(node[key])
  }
  visit(program)
  return found
}

const blocksOf = (file, text) => {
  if (file.endsWith(".md")) return blocksIn(markdown(text.replace(/^---\n[^]*?\n---\n/, (matter) => matter.replaceAll(/./g, ""))))
  const { program, comments } = parseSync(file, text)
  return [...commentsIn(text, comments), ...stringsIn(text, program, /(^|\/)src\//.test(file) && !file.includes(pages))]
}

const root = resolve(process.argv[2] ?? join(import.meta.dirname, ".."))
const glossary = glossaryOf(readFileSync(join(root, "docs/writing.md"), "utf8"))
const files = [...documents, ...sources].flatMap((pattern) => globSync(pattern, { cwd: root, exclude: (path) => generated.test(path) }))
const faults = files.toSorted().flatMap((file) =>
  blocksOf(file, readFileSync(join(root, file), "utf8"))
    .flatMap(({ text, line }) => faultsIn(text, glossary).map((fault) => `${file}:${line} ${fault}`))
)

for (const fault of faults) console.log(fault)
console.log(`${files.length} files, ${faults.length} faults in their prose. The rules are in docs/writing.md.`)
if (faults.length > 0) process.exitCode = 1
