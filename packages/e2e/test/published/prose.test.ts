import { assert, describe, it } from "@effect/vitest"
import { root } from "@sso-oidc/test-kit/packed"
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

const glossary = `
| Write | It means | Do not write |
| --- | --- | --- |
| response | what the service sends back | \`answer\` |
| caller | the program | \`whoever\`, \`who asks\` |
`

/** Runs the check over some files, and gives the lines that it prints. */
const check = (
  files: Readonly<Record<string, string>>
): { readonly lines: ReadonlyArray<string>; readonly code: number | null } => {
  const folder = mkdtempSync(join(tmpdir(), "sso-oidc-prose-"))
  try {
    for (const [path, text] of Object.entries({ "docs/writing.md": glossary, ...files })) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const { status, stdout } = spawnSync(process.execPath, [join(root, ".ci/prose.mjs"), folder], { encoding: "utf8" })
    return { lines: stdout.trim().split("\n").slice(0, -1), code: status }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const words = (count: number): string => Array.from({ length: count }, () => "word").join(" ")

const places = (files: Readonly<Record<string, string>>): ReadonlyArray<string> =>
  check(files).lines.map((line) => line.split(" ")[0] ?? "")

describe("the check of the prose", () => {
  it("takes a sentence of 28 words, and refuses one of 29", () => {
    assert.deepStrictEqual(check({ "README.md": `${words(28)}. Two. The ${words(27)}.` }), { lines: [], code: 0 })
    const { code, lines } = check({ "README.md": `Short.\n\nOne. A ${words(28)}.` })
    assert.strictEqual(code, 1)
    assert.strictEqual(lines.length, 1)
    assert.match(lines[0] ?? "", /^README\.md:3 a sentence of 29 words: "A word .*Split it/)
  })

  it("refuses the glossary's words in every form, and names the word to write", () => {
    const { code, lines } = check({
      "docs/a.md": "Nothing.\n\nIt is Answered. Whoever asks.\n\n- a list\n\n  who\n  asks"
    })
    assert.strictEqual(code, 1)
    assert.deepStrictEqual(lines, [
      "docs/a.md:3 \"Answered\". Write: response.",
      "docs/a.md:3 \"Whoever\". Write: caller.",
      "docs/a.md:7 \"who asks\". Write: caller."
    ])
  })

  it("reads headings, tables, lists and quotes", () => {
    assert.deepStrictEqual(
      places({
        "packages/a/README.md": "# answer\n\n| a |\n| --- |\n| answer |\n\n- answer\n\n> answer\n\n[answer](x.md)"
      }),
      [1, 5, 7, 9, 11].map((line) => `packages/a/README.md:${line}`)
    )
  })

  it("passes over code, and counts a code span as one word", () => {
    const code = `${words(26)} \`answer a b c\`, and \`step\`.\n\n\`\`\`ts\nanswer()\n\`\`\`\n`
    assert.deepStrictEqual(check({ "README.md": code }).lines.length, 1)
    assert.deepStrictEqual(check({ "README.md": code.replace(", and `step`", " now") }).lines, [])
  })

  it("reads comments, the titles of tests and the texts of library sources", () => {
    assert.deepStrictEqual(
      places({
        "packages/a/src/A.ts": [
          "/**",
          " * Fine.",
          " *",
          " * An answer.",
          " *",
          " * @since 0.1.0",
          " */",
          "export const answer = `answer` // no answer",
          "export const text = 'the answer did not come'"
        ].join("\n"),
        "packages/a/test/A.test.ts":
          "it.effect('gives an answer', f)\ndescribe(`answers ${x}`, f)\nassert.equal('the answer did come', x)\n// one\n// answer"
      }),
      [
        "packages/a/src/A.ts:4",
        "packages/a/src/A.ts:8",
        "packages/a/src/A.ts:9",
        "packages/a/test/A.test.ts:4",
        "packages/a/test/A.test.ts:1",
        "packages/a/test/A.test.ts:2"
      ]
    )
  })

  it("reads the titles of tests with cases, and texts that are put together", () => {
    assert.deepStrictEqual(
      places({
        "packages/a/src/A.ts":
          "export const text = 'it did ' + 'not answer'\nexport const page = `<b>the answer</b> is here`",
        "packages/a/test/A.test.ts":
          "it.each([1])('gives answer %s', f)\nit.effect.each([1])('gives answer %s', f)\ndescribe.skipIf(x)('the answer', f)"
      }),
      [
        "packages/a/src/A.ts:1",
        "packages/a/src/A.ts:2",
        ...[1, 2, 3].map((line) => `packages/a/test/A.test.ts:${line}`)
      ]
    )
  })
})
