import { assert, describe, it } from "@effect/vitest"
import * as AwsConfig from "@sso-oidc/session/AwsConfig"
import * as Effect from "effect/Effect"
import { corp, inConfig, inHome } from "./support/home.ts"

const failed = (wanted: AwsConfig.Wanted = { profile: "dev" }) => Effect.flip(AwsConfig.resolve(wanted))

describe("AwsConfig.resolve: a profile or session that is not there", () => {
  it.effect.each(
    [
      [
        "a letter is wrong",
        { profile: "dve" },
        /has no profile "dve", which the program names\. Did you mean "dev"\?/
      ],
      [
        "it is longer",
        { profile: "dev-admin" },
        /Did you mean "dev"\? Else add the section \[profile dev-admin\]\.$/
      ],
      ["there are several", { profile: "stag" }, /Did you mean "stage" or "staging"\? /],
      [
        "none is near",
        { profile: "production" },
        /Write one with `aws configure sso`, or add the section \[profile prod/
      ],
      ["it has a blank", { profile: "my prod" }, /or add the section \[profile "my prod"\]\.$/],
      [
        "it is a session",
        { session: "crop" },
        /has no sso-session "crop"\. Did you mean "corp"\? .* \[sso-session crop\]\.$/
      ]
    ] as const
  )("the error lists near names, or what to write, if %s (S2)", ([, wanted, pattern]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(AwsConfig.resolve(wanted))
      assert.strictEqual(error._tag, "ProfileNotFound")
      // a logger prints it in front of the sentence
      assert.strictEqual(error.name, "@sso-oidc/session/ProfileNotFound")
      assert.match(error.message, /^The AWS config file \(AWS_CONFIG_FILE, else ~\/\.aws\/config\) has no /)
      assert.match(error.message, pattern)
    }).pipe(inConfig(`${corp}[profile stage]\n[profile staging]\n[profile qa]\n[profile x]\n`)))

  it.effect("the error says that AWS_PROFILE names it (S2)", () =>
    Effect.gen(function*() {
      const error = yield* failed({})
      assert.include(error.message, "has no profile \"gone\", which AWS_PROFILE names. Write one with")
    }).pipe(inConfig(corp, { AWS_PROFILE: "gone" })))

  it.effect("the error of an unnamed default says to write [default] (S2)", () =>
    Effect.gen(function*() {
      const error = yield* failed({})
      assert.deepInclude(error, { kind: "profile", wanted: "default" })
      assert.include(error.message, "or add the section [default].")
      assert.isFalse("from" in error)
    }).pipe(inHome({})))

  it.effect.each([
    ["[dev]", "[profile dev]"],
    ["[Profile dev]", "[profile dev]"],
    ["[profiles dev]", "[profile dev]"],
    ["[profil dev]", "[profile dev]"]
  ])("the error says that %s has to be %s, with its line (S2)", ([header, title]) =>
    Effect.gen(function*() {
      const error = yield* failed()
      assert.include(error.message, `Line 2 has ${header}: write ${title} there.`)
      assert.deepInclude(error, { line: 2, written: header?.slice(1, -1) })
    }).pipe(inConfig(`\n${header}\nsso_session = corp\n`)))

  it.effect("the error says to quote a name with a blank (S2)", () =>
    Effect.gen(function*() {
      assert.include(
        (yield* failed({ profile: "my work" })).message,
        "Line 1 has [profile my work]: write [profile \"my work\"] there."
      )
      assert.include(
        (yield* failed({ session: "my corp" })).message,
        "Line 2 has [SSO-Session my corp]: write [sso-session \"my corp\"] there."
      )
    }).pipe(inConfig("[profile my work]\n[SSO-Session my corp]\n")))

  it.effect("a name with a control character does not reach the terminal (S2)", () =>
    Effect.gen(function*() {
      const error = yield* failed({ profile: "a\u001b[2Jb" })
      assert.include(error.message, "\"a [2Jb\"")
      assert.notInclude(error.message, "\u001b")
    }).pipe(inConfig("")))

  it.effect("looks for near names in linear time, also among many long ones (S2)", () =>
    Effect.gen(function*() {
      const error = yield* failed({ profile: "x".repeat(50_000) })
      assert.deepInclude(error, { near: [] })
      assert.isBelow(error.message.length, 4000)
    }).pipe(inConfig(Array.from({ length: 5000 }, (_, at) => `[profile ${"y".repeat(60)}${at}]\n`).join(""))))
})
