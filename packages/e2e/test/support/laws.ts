/**
 * The laws of `docs/laws.md`, and the titles of the tests, which cite them.
 */
import { root } from "@sso-oidc/test-kit/packed"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parseSync } from "oxc-parser"

/** A call of `it`, `test` or `describe`, with its first argument. */
export interface Title {
  readonly file: string
  /** The text. A place where a value is put in is `{}`. */
  readonly text: string
}

/** The numbers of the laws, in the order of the page. */
export const lawsIn = (page: string): ReadonlyArray<string> =>
  [...page.matchAll(/^### ([A-Z]\d+)\. \S/gm)].map(([, law]) => law ?? "")

type Json = { readonly [key: string]: unknown } | ReadonlyArray<unknown>

const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null

const at = (value: unknown, key: string): unknown =>
  isJson(value) && !Array.isArray(value) ? Reflect.get(value, key) : undefined

const elements = (value: unknown): ReadonlyArray<unknown> => Array.isArray(value) ? value : []

/** `it`, `it.effect`, `it.each(…)` and the like. */
const isTest = (callee: unknown): boolean => {
  // a test that never runs shows nothing
  if (/^(?:skip|todo)$/.test(String(at(at(callee, "property"), "name")))) return false
  switch (at(callee, "type")) {
    case "Identifier":
      return /^(?:it|test|describe)$/.test(String(at(callee, "name")))
    case "MemberExpression":
      return isTest(at(callee, "object"))
    case "CallExpression":
      return isTest(at(callee, "callee"))
    default:
      return false
  }
}

const textOf = (node: unknown): string | undefined => {
  const value = at(node, "value")
  if (at(node, "type") === "Literal") return typeof value === "string" ? value : undefined
  if (at(node, "type") !== "TemplateLiteral") return undefined
  return elements(at(node, "quasis")).map((quasi) => String(at(at(quasi, "value"), "cooked"))).join("{}")
}

/** The titles in a source. */
export const titlesIn = (file: string, source: string): ReadonlyArray<Title> => {
  const titles: Array<Title> = []
  const visit = (node: unknown): void => {
    if (!isJson(node)) return
    const text = at(node, "type") === "CallExpression" && isTest(at(node, "callee"))
      ? textOf(elements(at(node, "arguments"))[0])
      : undefined
    if (text !== undefined) titles.push({ file, text })
    for (const child of Object.values(node)) visit(child)
  }
  visit(parseSync(file, source).program)
  return titles
}

/** The titles of every test of the workspace. */
export const titles = (): ReadonlyArray<Title> =>
  globSync("packages/*/test/**/*.test{,-d}.ts", { cwd: root }).toSorted().flatMap((file) =>
    titlesIn(file, readFileSync(join(root, file), "utf8"))
  )

/** The laws at the end of a title: `… (D1)`, `… (C7, E4)`. */
export const citedIn = (text: string): ReadonlyArray<string> =>
  / \(([A-Z]\d+(?:, [A-Z]\d+)*)\)$/.exec(text)?.[1]?.split(", ") ?? []

/** What is wrong between the page and the titles, one sentence each. */
export const faults = (laws: ReadonlyArray<string>, titles: ReadonlyArray<Title>): ReadonlyArray<string> => {
  const cited = new Set(titles.flatMap(({ text }) => citedIn(text)))
  const letters = new Set(laws.map((law) => law.charAt(0)))
  return [
    ...laws.filter((law, at) => laws.indexOf(law) !== at).map((law) => `docs/laws.md has ${law} twice`),
    ...laws.filter((law) => !cited.has(law)).map((law) => `no test cites ${law}`),
    ...titles.flatMap(({ file, text }) => {
      const end = citedIn(text)
      const inside = text.slice(0, end.length === 0 ? undefined : text.lastIndexOf(" ("))
      const early = [...inside.matchAll(/\b([A-Z])\d{1,2}\b/g)].filter(([, letter = ""]) => letters.has(letter))
      return [
        ...end.filter((law) => !laws.includes(law)).map((law) =>
          `${file}: "${text}" cites ${law}, which docs/laws.md does not have`
        ),
        ...early.map(([law]) => `${file}: "${text}" has ${law} before its end`)
      ]
    })
  ]
}
