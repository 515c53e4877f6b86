import { assert, describe, it } from "@effect/vitest"
import * as AwsConfig from "@sso-oidc/session/AwsConfig"
import * as Schema from "effect/Schema"
import { cases, shape } from "./support/vectors.ts"

/** `3: some words` as its number. */
const lineOf = (problem: string): number => Number(problem.slice(0, problem.indexOf(":")))

const problemsOf = (text: string) => AwsConfig.parse(text).problems.map(({ line, message }) => `${line}: ${message}`)

describe("AwsConfig.parse", () => {
  it("has 75 cases, of which two are not UTF-8 and are read by load (S1)", () => {
    assert.strictEqual(cases.length, 75)
    assert.strictEqual(cases.filter(({ text }) => text === undefined).length, 2)
  })

  for (const { name, ours, text } of cases) {
    if (text === undefined || "error" in ours) continue
    it(`reads the case ${name} as the vectors say, with the lines of its problems (S1)`, () => {
      const parsed = AwsConfig.parse(text)
      assert.deepStrictEqual(shape(parsed), { sso_sessions: {}, services: {}, ...ours, problems: undefined })
      assert.deepStrictEqual(parsed.problems.map(({ line }) => line), (ours.problems ?? []).map(lineOf))
    })
  }

  it("says the file and the line of each section and each setting (S1)", () => {
    const { profiles } = AwsConfig.parse("# a comment\n[profile dev]\n\nregion = eu-west-1\n")
    const dev = profiles.get("dev")
    assert.deepStrictEqual([dev?.file, dev?.name, dev?.line], ["config", "profile dev", 2])
    assert.deepStrictEqual(dev?.settings.get("region"), { file: "config", line: 4, value: "eu-west-1" })
  })

  it("keeps a section that no tool reads among the others, by what stands between its brackets (S1)", () => {
    const text = "[dev]\na = 1\n[Profile x]\n[profile my work]\nb = 2\n[plugins]\n"
    const { others, profiles } = AwsConfig.parse(text)
    assert.deepStrictEqual([...others.keys()], ["dev", "Profile x", "profile my work", "plugins"])
    assert.strictEqual(others.get("profile my work")?.settings.get("b")?.value, "2")
    assert.strictEqual(profiles.size, 0)
  })

  it("a section without a name is a problem, and its settings belong to none (S1)", () => {
    for (const header of ["[]", "[  ]"]) {
      const { others, problems, profiles } = AwsConfig.parse(`[profile a]\n${header}\nregion = x\n`)
      assert.deepStrictEqual(problems.map(({ line }) => line), [2])
      assert.strictEqual(profiles.get("a")?.settings.size, 0)
      assert.strictEqual(others.size, 0)
    }
  })

  it("a name in quotes may have blanks and brackets (S1)", () => {
    const { problems, profiles } = AwsConfig.parse("[profile \"a ]b\"]\nx = 1\n[profile 'c d']\n")
    assert.deepStrictEqual([...profiles.keys()], ["a ]b", "c d"])
    assert.deepStrictEqual(problems, [])
  })

  it("a nested setting that is set twice has its last value, and is a problem (S1)", () => {
    const { problems, services } = AwsConfig.parse("[services s]\nsso =\n  endpoint_url = 1\n  endpoint_url = 2\n")
    assert.deepStrictEqual(services.get("s")?.settings.get("sso")?.value, new Map([["endpoint_url", "2"]]))
    assert.deepStrictEqual(problems.map(({ line }) => line), [4])
  })

  it("a problem says the section that it is in, and no value (S1)", () => {
    const text = "[profile dev]\nregion = planted-secret # planted-secret\n[sso-session s]\nk\n"
    const { problems } = AwsConfig.parse(text)
    assert.deepStrictEqual(problems.map(({ file, line, section }) => [file, line, section]), [
      ["config", 2, "profile dev"],
      ["config", 4, "sso-session s"]
    ])
    assert.notInclude(JSON.stringify(problems), "planted-secret")
  })

  it("a byte order mark is skipped at the start alone (S1)", () => {
    assert.deepStrictEqual([...AwsConfig.parse("\ufeff[profile a]\n").profiles.keys()], ["a"])
    assert.deepStrictEqual(problemsOf("\ufeff[profile a]\n"), [])
  })
})

describe("AwsConfig.parseCredentials", () => {
  it("takes each section for a profile, by what stands between its brackets (S2)", () => {
    const { problems, profiles, ssoSessions } = AwsConfig.parseCredentials(
      "[default]\na = 1\n[my work]\nb = 2\n[sso-session s]\nc = 3\n"
    )
    assert.deepStrictEqual([...profiles.keys()], ["default", "my work", "sso-session s"])
    assert.strictEqual(profiles.get("my work")?.file, "credentials")
    assert.strictEqual(ssoSessions.size, 0)
    assert.deepStrictEqual(problems, [])
  })

  it("[DEFAULT] is a problem there too, and no profile (S1)", () => {
    const { problems, profiles } = AwsConfig.parseCredentials("[DEFAULT]\na = 1\n")
    assert.strictEqual(profiles.size, 0)
    assert.deepStrictEqual(problems.map(({ file, line }) => [file, line]), [["credentials", 1]])
  })
})

// The grammar's own pieces, in any order and number: most such texts are wrong in some way.
const Pieces = Schema.Array(Schema.Literals([
  ..."[ ] = # ; : \" ' \\ % $ . a region".split(" "),
  ..."profile sso-session services default DEFAULT __proto__ constructor".split(" "),
  " ",
  "\t",
  "\n",
  "\r",
  "\n  ",
  "\n[",
  "]\n",
  " = ",
  " # ",
  "\ufeff",
  "\u0000",
  "\u00a0",
  "\u2028",
  "\ud800",
  "ü"
]))

/** What holds for any text. */
const hold = (text: string): void => {
  const count = text.split(/\r\n|\n|\r/).length
  for (const parse of [AwsConfig.parse, AwsConfig.parseCredentials]) {
    const { others, problems, profiles, services, ssoSessions } = parse(text)
    for (const { line, message } of problems) {
      assert.isAtMost(line, count)
      assert.isAtLeast(line, 0)
      assert.notStrictEqual(message, "")
    }
    for (const [name, section] of [...profiles, ...ssoSessions, ...services, ...others]) {
      assert.notStrictEqual(name, "")
      assert.isAtMost(section.line, count)
      for (const [name, { line }] of section.settings) {
        assert.notMatch(name, /\s|^$/)
        assert.isAbove(line, section.line - count)
      }
    }
  }
}

// what a config file can say: names, values, nested settings
const Name = Schema.String.check(Schema.isPattern(/^[a-z][a-z0-9._@-]{0,8}$/))
const Value = Schema.String.check(
  Schema.isPattern(/^[A-Za-z0-9:/?&=.,@-]([A-Za-z0-9:/?&=.,@#; -]{0,12}[A-Za-z0-9/])?$/)
)
const Config = Schema.Record(
  Name,
  Schema.Record(Name, Schema.Union([Value, Schema.Record(Name, Value).check(Schema.isMinProperties(1))]))
)

const print = (kind: string, sections: typeof Config.Type): string =>
  Object.entries(sections).map(([name, settings]) =>
    `[${kind} ${name}]\n${
      Object.entries(settings).map(([name, value]) =>
        typeof value === "string"
          ? `${name} = ${value}\n`
          : `${name} =\n${Object.entries(value).map(([name, value]) => `  ${name} = ${value}\n`).join("")}`
      ).join("")
    }`
  ).join("\n")

// a comment ends the value for the SDKs
const clean = (value: string): string => value.replace(/\s[#;].*$/, "").trimEnd()

describe("AwsConfig.parse of any text", () => {
  it.prop("does not throw on any string (S1)", [Schema.String], ([text]) => hold(text), { arbitrary: { runs: 300 } })

  it.prop("does not throw on a text made of the grammar's own pieces (S1)", [Pieces], ([pieces]) => {
    hold(pieces.join(""))
  }, { arbitrary: { runs: 1000, size: 40 } })

  it.prop(
    "gives back what was printed, without a problem but for the comments (S1)",
    [Config, Schema.Literals(["profile", "sso-session", "services"]), Schema.Literals(["\n", "\r\n", "\r"])],
    ([config, kind, end]) => {
      const parsed = AwsConfig.parse(print(kind, config).replaceAll("\n", end))
      const map = { profile: parsed.profiles, "sso-session": parsed.ssoSessions, services: parsed.services }[kind]
      const expected = Object.entries(config).map(([name, settings]) => [
        name,
        Object.entries(settings).map(([name, value]) => [
          name,
          typeof value === "string"
            ? clean(value)
            : new Map(Object.entries(value).map(([name, value]) => [name, clean(value)]))
        ])
      ])
      const found = [...map].map(([name, { settings }]) => [
        name,
        [...settings].map(([name, { value }]) => [name, value])
      ])
      assert.deepStrictEqual(found, expected)
      for (const { message } of parsed.problems) assert.include(message, "comment")
    },
    { arbitrary: { runs: 300 } }
  )
})
