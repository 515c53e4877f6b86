/**
 * What `configure` adds to a text of config.
 */
import { assert, describe, it } from "@effect/vitest"
import * as AwsConfig from "@sso-oidc/session/AwsConfig"
import { type Dice, dice } from "@sso-oidc/test-kit/dice"
import * as Result from "effect/Result"
import * as ConfigEdit from "../src/ConfigEdit.ts"

const session: ConfigEdit.Session = {
  name: "corp",
  startUrl: "https://corp.awsapps.com/start",
  region: "eu-west-1",
  scopes: ["sso:account:access", "codewhisperer:completions"]
}

const dev: ConfigEdit.Profile = { name: "dev", accountId: "111122223333", roleName: "ReadOnly" }

const both: ConfigEdit.Asked = { session, profiles: [dev] }

const edited = (text: string, asked: ConfigEdit.Asked): ConfigEdit.Edited =>
  Result.getOrThrow(ConfigEdit.edit(text, asked))

const rejected = (text: string, asked: ConfigEdit.Asked): string =>
  Result.match(ConfigEdit.edit(text, asked), {
    onFailure: ({ message }) => message,
    onSuccess: () => assert.fail("it was edited")
  })

/** The settings of a section as a reader has them. */
const settings = (section: AwsConfig.Section | undefined): Readonly<Record<string, unknown>> =>
  Object.fromEntries([...section?.settings ?? []].map(([name, { value }]) => [name, value]))

const expectRead = (text: string, { profiles, session }: ConfigEdit.Asked): void => {
  const config = AwsConfig.parse(text)
  assert.deepInclude(settings(config.ssoSessions.get(session.name)), {
    sso_start_url: session.startUrl,
    sso_region: session.region,
    ...session.scopes === undefined ? {} : { sso_registration_scopes: session.scopes.join(",") }
  })
  for (const { accountId, name, roleName } of profiles) {
    assert.deepInclude(settings(config.profiles.get(name)), {
      sso_session: session.name,
      sso_account_id: accountId,
      sso_role_name: roleName
    })
  }
}

const whole = [
  "[sso-session corp]",
  "sso_start_url = https://corp.awsapps.com/start",
  "sso_region = eu-west-1",
  "sso_registration_scopes = sso:account:access,codewhisperer:completions",
  "",
  "[profile dev]",
  "sso_session = corp",
  "sso_account_id = 111122223333",
  "sso_role_name = ReadOnly",
  ""
]

describe("ConfigEdit.edit", () => {
  it("begins an empty file with the session and the profile, and changes nothing when all is there (K1)", () => {
    const first = edited("", both)
    assert.strictEqual(first.text, whole.join("\n"))
    assert.deepStrictEqual(first.written, ["sso-session corp", "profile dev"])
    assert.deepStrictEqual(edited(first.text, both), { text: first.text, added: "", written: [] })
    // scopes that were not asked for are the usual ones, or those that are there
    const { scopes: _, ...plain } = session
    assert.include(edited("", { session: plain, profiles: [] }).text, "sso_registration_scopes = sso:account:access\n")
    assert.strictEqual(edited(first.text, { session: plain, profiles: [dev] }).added, "")
    assert.include(edited("", { session, profiles: [{ ...dev, name: "default" }] }).text, "\n[default]\n")
    // another order of scopes, and capitals in a region, mean the same
    const same = { ...session, region: "EU-WEST-1", scopes: [...session.scopes ?? []].reverse() }
    assert.strictEqual(edited(first.text, { session: same, profiles: [dev] }).added, "")
  })

  it.each<[name: string, text: string, added: string]>([
    ["a final line break", "[default]\nregion = x\n", "\n[profile dev]\n"],
    ["no final line break", "[default]\nregion = x", "\n\n[profile dev]\n"],
    ["an empty last line", "[default]\nregion = x\n\n", "[profile dev]\n"],
    ["CRLF", "[default]\r\nregion = x\r\n", "\r\n[profile dev]\r\n"],
    ["CRLF without the last", "[default]\r\nregion = x", "\r\n\r\n[profile dev]\r\n"],
    ["a byte order mark", "\ufeff[default]\nregion = x\n", "\n[profile dev]\n"],
    ["a byte order mark alone", "\ufeff", "[sso-session corp]\n"],
    ["a comment last", "[default]\n# no line break", "\n\n[profile dev]\n"],
    ["sections twice", "[profile a]\nx = 1\n[profile a]\nx = 2\n", "\n[profile dev]\n"],
    ["a nested setting last", "[services s]\nsso =\n  endpoint_url = https://x", "\n\n[profile dev]\n"],
    ["a line that goes on", "[profile a]\nx = 1\n  y = 2\n  [profile dev]\n", "\n[profile dev]\n"],
    ["lines that no tool can read", "nonsense\n[profile\n] x =\n=\n[[", "\n\n[profile dev]\n"]
  ])("leaves each earlier character in a file with %s (K1)", (_, text, added) => {
    // the session, if the case is not about it, is there before
    const before = text === "\ufeff" ? text : edited(text, { session, profiles: [] }).text
    const after = edited(before, both).text
    assert.isTrue(before.startsWith(text) && after.startsWith(before))
    // the first line of each section has the same lines before it
    assert.strictEqual(
      edited(text, { session, profiles: [] }).added.replace(/\[[^]*/, ""),
      added.replace(/\[[^]*/, "")
    )
    assert.isTrue(after.slice(text.length).includes(added.trim()))
    assert.strictEqual(/[^\r]\n/.test(after.slice(text.length)), !text.includes("\r\n"))
    expectRead(after, both)
  })

  it("keeps what files made by chance say, adds what is asked, and adds nothing the second time (K1)", () => {
    const names = ["a", "b.c", "d-e_f", "g@h+i", "j:k/l%m", "default", "corp", "Dev"]
    const pieces = [
      "[profile a]",
      "[profile b]",
      "[sso-session s]",
      "[default]",
      "[DEFAULT]",
      "x = 1",
      "x =",
      "  deeper = 1",
      "\tx",
      "# comment",
      "; comment",
      "",
      "   ",
      "[profile \"my work\"]",
      "[profile broken",
      "= nameless",
      "région = é 東京 😀",
      "\u0000",
      "y = [profile dev]"
    ]
    const text = ({ below, chance, pick }: Dice): string =>
      (chance(0.1) ? "\ufeff" : "") +
      Array.from({ length: below(12) }, () => pick(pieces)).join(pick(["\n", "\r\n", "\r"])) +
      pick(["", "\n", "\r\n", "\r"])
    for (let seed = 0; seed < 300; seed++) {
      const dies = dice(seed)
      const before = text(dies)
      const asked = {
        session: { ...session, name: dies.pick(names), ...dies.chance(0.5) ? { scopes: undefined } : {} },
        profiles: [...new Set([dies.pick(names), dies.pick(names)])].map((name) => ({ ...dev, name }))
      }
      const result = ConfigEdit.edit(before, asked)
      if (Result.isFailure(result)) {
        // a section of that name was there
        assert.match(result.failure.message, /the section is there already/, `seed ${seed}`)
        continue
      }
      const { added, text: after, written } = result.success
      assert.strictEqual(after, before + added, `seed ${seed}`)
      expectRead(after, asked)
      const [old, now] = [AwsConfig.parse(before), AwsConfig.parse(after)]
      for (const kind of ["profiles", "ssoSessions", "services", "others"] as const) {
        for (const [name, section] of old[kind]) {
          assert.deepStrictEqual(now[kind].get(name), section, `seed ${seed}`)
        }
      }
      assert.lengthOf(now.problems, old.problems.length, `seed ${seed}`)
      assert.isAbove(written.length, 0)
      assert.strictEqual(edited(after, asked).added, "")
    }
  })

  it("writes nothing over a section that says something else, and names its setting and not its value (K1)", () => {
    const { text } = edited("", both)
    const other = { ...both, session: { ...session, startUrl: "https://secret.awsapps.com/start" } }
    const message = rejected(text, other)
    assert.match(
      message,
      /section \[sso-session corp\], line 2: .* sso_start_url has another value\. Choose another name/
    )
    assert.notInclude(message, "awsapps.com")
    assert.match(rejected(text, { ...both, session: { ...session, region: "us-east-1" } }), /line 3: .* sso_region has/)
    assert.match(rejected(text, { ...both, session: { ...session, scopes: ["x"] } }), /sso_registration_scopes has/)
    assert.match(rejected(text, { session, profiles: [{ ...dev, roleName: "Admin" }] }), /line 9: .* sso_role_name has/)
    assert.match(
      rejected(text, { session, profiles: [{ ...dev, accountId: "444455556666" }] }),
      /section \[profile dev\], line 8/
    )
    assert.match(
      rejected(`${text}[profile keys]\nregion = x\n`, { session, profiles: [{ ...dev, name: "keys" }] }),
      /section \[profile keys\], line 10: the section is there already, and has no sso_session\./
    )
    // a profile of that name that an SDK cannot read is the section all the same
    assert.match(
      rejected(`${text}[default]\nsso_session = other\n`, { session, profiles: [{ ...dev, name: "default" }] }),
      /section \[default\], line 11/
    )
    assert.match(rejected(`[profile a]\n#${"x".repeat(1024 * 1024)}\n`, both), /more than 1 MiB/)
  })
})

describe("ConfigEdit.problems", () => {
  it.each<[keyof typeof ConfigEdit.problems, good: ReadonlyArray<string>, bad: ReadonlyArray<string>]>([
    ["name", ["dev", "my-work_1", "a.b/c:d%e+f@g", "default"], [
      "",
      "my work",
      "\"dev\"",
      "büro",
      "a$b",
      "a]b",
      "a\nb",
      "a#b",
      "a=b",
      "a;b",
      "__proto__",
      "sso-session.x",
      "services.x",
      "x".repeat(129)
    ]],
    ["startUrl", ["https://a.awsapps.com/start", "https://a.awsapps.com/start#/", "http://127.0.0.1:8484/start"], [
      "",
      "http://a.awsapps.com/start",
      "ftp://a/b",
      "a.awsapps.com/start",
      "https://a/start #x",
      "https://a/start\nsso_region = x",
      "https://u@a/start",
      "https://büro.example/start"
    ]],
    ["region", ["eu-west-1", "us-gov-west-1", "EU-WEST-1"], [
      "",
      "eu west 1",
      "eu-west-1\n",
      "fips-us-east-1",
      "a.b",
      "eu-west-1 # x"
    ]],
    ["scopes", ["sso:account:access", "a, b"], ["", ",", "a b", "#a", "a;b", "a\nb", "a,#b"]],
    ["account", ["111122223333", "000000000000"], [
      "",
      "11112222333",
      "1111222233334",
      "1111-2222-3333",
      "１１１１２２２２３３３３"
    ]],
    ["role", ["ReadOnly", "a+b=c,d.e@f-g_h"], ["", "Read Only", "a#b", "a\nb", "rôle", "a/b"]]
  ])("accepts and rejects values of %s, so that no line can be put into the file (K1)", (kind, good, bad) => {
    for (const value of good) assert.isUndefined(ConfigEdit.problems[kind](value), value)
    for (const value of bad) assert.isString(ConfigEdit.problems[kind](value), JSON.stringify(value))
  })
})

describe("ConfigEdit.profilesFor", () => {
  it("names a profile by account and role, cleans the name, and gives no name twice (K1)", () => {
    const { text } = edited("[profile Dev-Admin]\nregion = x\n", both)
    const at = (accountId: string, accountName: string | undefined, roleName: string) => ({
      accountId,
      accountName,
      roleName
    })
    const names = ConfigEdit.profilesFor(text, "corp", [
      at("111122223333", "Anything", "ReadOnly"),
      at("111122223333", "Dev", "Admin"),
      at("444455556666", "Münchner Büro (EU)", "Admin"),
      at("777788889999", "Münchner Büro (EU)", "Admin"),
      at("777788889999", "東京", "Admin"),
      at("777788889999", undefined, "Viewer"),
      at("777788889999", "x\n[profile y]", "Viewer")
    ]).map(({ name }) => name)
    assert.deepStrictEqual(names, [
      // this one has a profile already
      "dev",
      "Dev-111122223333-Admin",
      "Munchner-Buro-EU-Admin",
      "Munchner-Buro-EU-777788889999-Admin",
      "777788889999-Admin",
      "777788889999-Viewer",
      "x-profile-y-Viewer"
    ])
    for (const name of names) assert.isUndefined(ConfigEdit.problems.name(name))
  })
})
