import { assert, describe, it } from "@effect/vitest"
import * as AwsConfig from "@sso-oidc/session/AwsConfig"
import type { AwsConfigError, ProfileNotFound } from "@sso-oidc/session/AwsConfigError"
import * as Effect from "effect/Effect"
import { corp, inConfig, inHome } from "./support/home.ts"

const session = "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n"

const profile = (settings: string) => `[profile dev]\nsso_session = corp\n${settings}\n\n${session}`

const failed = (wanted: AwsConfig.Wanted = { profile: "dev" }) => Effect.flip(AwsConfig.resolve(wanted))

/** An error as far as a test names it. */
const facts = (error: AwsConfigError | ProfileNotFound) =>
  error._tag === "ProfileNotFound" ? undefined : [error.source, error.section, error.setting, error.line]

describe("AwsConfig.resolve", () => {
  it.effect("gives all settings of a profile and its session (S2, S3)", () =>
    Effect.gen(function*() {
      const settings = yield* AwsConfig.resolve({ profile: "dev" })
      assert.deepStrictEqual(settings, {
        key: "corp",
        name: "corp",
        startUrl: "https://corp.awsapps.com/start",
        region: "eu-west-1",
        scopes: ["sso:account:access"],
        configuredScopes: undefined,
        useDeviceCode: undefined,
        endpoint: undefined,
        endpointSource: undefined,
        portalEndpoint: undefined,
        portalEndpointSource: undefined,
        useFipsEndpoint: undefined,
        useDualstackEndpoint: true,
        caBundle: "/ca.pem",
        profile: "dev",
        accountId: "123456789012",
        roleName: "Admin",
        workloadRegion: "us-east-2",
        warnings: []
      })
    }).pipe(
      inConfig(
        profile(
          "sso_account_id = 123456789012\nsso_role_name = Admin\nregion = us-east-2\nca_bundle = /ca.pem\n" +
            "use_dualstack_endpoint = true"
        )
      )
    ))

  it.effect("never takes the region of the workload for the portal's (S2)", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* AwsConfig.resolve({ profile: "dev" })).region, "eu-west-1")
      const error = yield* Effect.flip(AwsConfig.resolve({ profile: "without" }))
      assert.deepStrictEqual(facts(error), ["config", "sso-session without", "sso_region", 11])
    }).pipe(
      inConfig(
        `${profile("region = us-east-2")}[profile without]\nsso_session = without\nregion = us-east-2\n` +
          "[sso-session without]\nsso_start_url = https://corp.awsapps.com/start\n",
        { AWS_REGION: "us-east-1", AWS_DEFAULT_REGION: "us-east-1" }
      )
    ))

  it.effect.each(
    [
      ["the program", { profile: "dev" }, { AWS_PROFILE: "other" }, "dev"],
      ["AWS_PROFILE", {}, { AWS_PROFILE: "dev", AWS_DEFAULT_PROFILE: "other" }, "dev"],
      ["AWS_DEFAULT_PROFILE", {}, { AWS_DEFAULT_PROFILE: "dev" }, "dev"],
      ["no one: default", {}, {}, "default"]
    ] as const
  )("takes the profile that %s names (S2)", ([, wanted, env, name]) =>
    Effect.gen(function*() {
      assert.strictEqual((yield* AwsConfig.resolve(wanted)).profile, name)
    }).pipe(inConfig(`${corp}[default]\nsso_session = corp\n`, env)))

  it.effect("takes a session by its name, without the settings of any profile (S2)", () =>
    Effect.gen(function*() {
      const settings = yield* AwsConfig.resolve({ session: "corp" })
      assert.deepStrictEqual(
        [settings.key, settings.profile, settings.accountId, settings.caBundle, settings.useFipsEndpoint],
        ["corp", undefined, undefined, undefined, undefined]
      )
    }).pipe(inConfig(profile("sso_account_id = 123456789012\nca_bundle = /x\nuse_fips_endpoint = true"), {
      AWS_PROFILE: "dev"
    })))

  describe("a session that a profile names", () => {
    it.effect.each(
      [
        [
          "is absent",
          "[sso-session other]\n",
          /names \[sso-session corp\], which is absent\. Add the section \[sso-session corp\]\.$/
        ],
        ["has a near name", "[sso-session corps]\n", /which is absent\. Did you mean \[sso-session corps\]\?$/],
        ["lacks its prefix", "[corp]\n", /which is absent\. Line 3 has \[corp\]: write \[sso-session corp\] there\.$/]
      ] as const
    )("that %s is an error with the profile's line (S2)", ([, rest, pattern]) =>
      Effect.gen(function*() {
        const error = yield* failed()
        assert.match(error.message, pattern)
        assert.deepStrictEqual(facts(error), ["config", "profile dev", "sso_session", 2])
      }).pipe(inConfig(`[profile dev]\nsso_session = corp\n${rest}`)))

    it.effect.each(
      [
        ["sso_region", "sso_region =\n"],
        ["sso_region", ""],
        ["sso_start_url", "sso_region = eu-west-1\n"]
      ] as const
    )("needs %s, not absent and not empty (S2)", ([setting, text]) =>
      Effect.gen(function*() {
        const error = yield* failed()
        assert.deepInclude(error, { section: "sso-session corp", setting })
        assert.include(error.message, `${setting} is missing or empty. Add a line ${setting} = VALUE.`)
      }).pipe(
        inConfig(
          `[profile dev]\nsso_session = corp\n[sso-session corp]\n${
            setting === "sso_region" ? "sso_start_url = https://corp.awsapps.com/start\n" : ""
          }${text}`
        )
      ))

    it.effect.each(
      [
        ["a comment that is all of the value", "sso_region = # Ireland", 5, "the AWS CLI reads the comment"],
        ["a colon for the =", "sso_region: eu-west-1", 5, "no name = value"],
        ["a blank in the name", "sso region = eu-west-1", 5, "a name with a space"]
      ] as const
    )(
      "names the line and the problem if a setting is lost by %s (S1)",
      ([, line, number, words]) =>
        Effect.gen(function*() {
          const error = yield* failed()
          assert.include(error.message, `Line ${number} may be the cause: ${words}`)
          assert.notInclude(error.message, "eu-west-1")
        }).pipe(
          inConfig(
            "[profile dev]\nsso_session = corp # a comment\n[sso-session corp]\n" +
              `sso_start_url = https://corp.awsapps.com/start\n${line}\n`
          )
        )
    )

    it.effect("names the setting that another one was added to by the blanks before it (S1)", () =>
      Effect.gen(function*() {
        const error = yield* failed({ session: "corp" })
        assert.include(error.message, "line 2: sso_start_url goes on in the next line.")
        assert.include(error.message, "remove the blanks before the next setting")
      }).pipe(
        inConfig("[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\n  sso_region = eu-west-1\n")
      ))

    it.effect("names a problem that can lose a setting, and not a comment before it (S1)", () =>
      Effect.gen(function*() {
        const error = yield* failed({ session: "corp" })
        assert.include(error.message, "Line 4 may be the cause: no name = value")
      }).pipe(
        inConfig(
          "[sso-session corp]\nsso_start_url = https://c.awsapps.com/start # x\nx = 1 # y\nsso_region: eu-west-1\n"
        )
      ))

    it.effect("names a problem of the credentials file with its file (S1)", () =>
      Effect.gen(function*() {
        const error = yield* failed()
        assert.include(error.message, "has no sso_session. ")
        assert.include(error.message, "Line 2 of the credentials file may be the cause: no name = value")
      }).pipe(inHome({ ".aws/config": "[profile dev]\n", ".aws/credentials": "[dev]\nsso_session: corp\n" })))

    it.effect.each(["sso_start_url = https://other.awsapps.com/start", "sso_region = us-east-1", "x =\n  y = 1"])(
      "must agree with the profile on %s (S2)",
      (line) =>
        Effect.gen(function*() {
          const error = yield* failed()
          const setting = line.split(" ")[0]
          assert.deepStrictEqual(facts(error), ["config", "profile dev", setting, 3])
          assert.include(error.message, `${setting} is not the same as in [sso-session corp], line `)
          for (const value of ["other.awsapps.com", "us-east-1", "eu-west-1"]) assert.notInclude(error.message, value)
        }).pipe(inConfig(`${profile(line)}x =\n  y = 2\n`))
    )

    it.effect("may stand in both with the same value, also nested ones (S2)", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* AwsConfig.resolve({ profile: "dev" })).region, "eu-west-1")
      }).pipe(inConfig(`${profile("sso_region = eu-west-1\nx =\n  y = 1")}x =\n  y = 1\n`)))

    it.effect("must agree with what the credentials file says of the profile (S2)", () =>
      Effect.gen(function*() {
        const error = yield* failed()
        assert.deepStrictEqual(facts(error), ["credentials", "profile dev", "sso_region", 2])
        assert.match(
          error.message,
          /^Cannot use the AWS credentials file .*, section \[profile dev\], line 2: sso_region/
        )
      }).pipe(inHome({ ".aws/config": corp, ".aws/credentials": "[dev]\nsso_region = us-east-1\n" })))
  })

  it.effect("refuses a profile of `aws login`, and says whose it is (S2)", () =>
    Effect.gen(function*() {
      const error = yield* failed()
      assert.deepStrictEqual(facts(error), ["config", "profile dev", "login_session", 3])
      assert.include(error.message, "it belongs to the command `aws login`. Run that, or choose another profile.")
    }).pipe(inConfig(profile("login_session = arn:aws:iam::123456789012:user/a"))))

  it.effect("refuses a profile without any SSO setting, and says what to add (S2)", () =>
    Effect.gen(function*() {
      const error = yield* failed()
      assert.deepStrictEqual(facts(error), ["config", "profile dev", "sso_session", 1])
      assert.include(error.message, "has no sso_session. Add sso_session = NAME, or run `aws configure sso`.")
    }).pipe(inConfig("[profile dev]\nregion = eu-west-1\n")))

  it.effect("names a credential_process, if the profile has that instead, and not its value (K4, S2)", () =>
    Effect.gen(function*() {
      const error = yield* failed()
      assert.deepStrictEqual(facts(error), ["config", "profile dev", "credential_process", 3])
      assert.include(error.message, "credential_process, and has no sso_session. Choose a profile with sso_session")
      assert.notInclude(error.message, "/bin/x")
    }).pipe(inConfig("[profile dev]\nregion = eu-west-1\ncredential_process = /bin/x\n")))

  it.effect("says the file of a profile that the credentials file alone has (S2)", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(facts(yield* failed()), ["credentials", "dev", "sso_session", 2])
    }).pipe(inHome({ ".aws/credentials": "\n[dev]\naws_access_key_id = x\n" })))

  it.effect.each([
    "http://corp.awsapps.com/start",
    "https://user@corp.awsapps.com/start",
    "corp.awsapps.com/start",
    "ftp://corp.awsapps.com/start"
  ])("refuses the start URL %s, and does not repeat it (S2)", (url) =>
    Effect.gen(function*() {
      const error = yield* failed()
      assert.deepStrictEqual(facts(error), ["config", "sso-session corp", "sso_start_url", 4])
      assert.notInclude(error.message, "corp.awsapps.com")
    }).pipe(
      inConfig(
        `[profile dev]\nsso_session = corp\n[sso-session corp]\nsso_start_url = ${url}\nsso_region = eu-west-1\n`
      )
    ))

  it.effect.each([
    "http://127.0.0.1:8484/start",
    "https://corp.awsapps.com/start#/",
    "https://corp.awsapps.com/start/"
  ])(
    "takes the start URL %s as it is written (S2)",
    (url) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* AwsConfig.resolve({ session: "corp" })).startUrl, url)
      }).pipe(inConfig(`[sso-session corp]\nsso_start_url = ${url}\nsso_region = eu-west-1\n`))
  )

  it.effect.each(["eu west 1", "eu-west-1.evil.example/", "eu_west_1", "us-gov-west-1-fips", "planted-secret!"])(
    "refuses the region %s, and does not repeat it (S2)",
    (region) =>
      Effect.gen(function*() {
        const error = yield* failed({ session: "corp" })
        assert.deepStrictEqual(facts(error), ["config", "sso-session corp", "sso_region", 3])
        assert.notInclude(JSON.stringify(error), region)
        assert.match(error.message, /: sso_region is (not a region name|an old name of a FIPS region)/)
      }).pipe(
        inConfig(`[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = ${region}\n`)
      )
  )

  describe("a value that is not one line of text", () => {
    it.effect.each(["sso_session", "services", "ca_bundle", "endpoint_url", "use_fips_endpoint"])(
      "is an error with its line in %s, which a login uses (S2)",
      (name) =>
        Effect.gen(function*() {
          const error = yield* failed()
          assert.deepStrictEqual(facts(error), ["config", "profile dev", name, 2])
          assert.include(error.message, `line 2: ${name} goes on in the next line. Write it in one line`)
          assert.notInclude(error.message, "planted")
        }).pipe(
          inConfig(
            `[profile dev]\n${name} = planted-one\n  planted-two\n${
              name === "sso_session" ? "" : "sso_session = corp\n"
            }${session}`
          )
        )
    )

    it.effect("is an error if it has a character that cannot be seen (S2)", () =>
      Effect.gen(function*() {
        const error = yield* failed()
        assert.include(error.message, "line 3: ca_bundle has characters in it that cannot be seen.")
        assert.notInclude(error.message, "\u001b")
      }).pipe(inConfig(profile("ca_bundle = /a\u001b[2J"))))

    it.effect("stops no login in a setting that a login does not use (S2)", () =>
      Effect.gen(function*() {
        const settings = yield* AwsConfig.resolve({ profile: "dev" })
        assert.strictEqual(settings.workloadRegion, undefined)
        assert.strictEqual(settings.roleName, "Admin\nx = y")
        assert.deepStrictEqual(settings.warnings.map(({ line }) => line), [4, 6, 8])
      }).pipe(
        inConfig(
          profile("region = us-east-1\n  output = json\nsso_role_name = Admin\n  x = y\noutput = json\n  cli_pager =")
        )
      ))
  })

  describe("scopes", () => {
    it.effect.each(
      [
        ["sso_registration_scopes = sso:account:access, ,codewhisperer:completions", [
          "sso:account:access",
          "codewhisperer:completions"
        ]],
        ["sso_registration_scopes = b,a", ["b", "a"]]
      ] as const
    )("are those of the session, trimmed and without empty ones: %s (S3)", ([line, scopes]) =>
      Effect.gen(function*() {
        const settings = yield* AwsConfig.resolve({ session: "corp" })
        assert.deepStrictEqual(settings.scopes, scopes)
        assert.deepStrictEqual(settings.configuredScopes, scopes)
      }).pipe(inConfig(`${session}${line}\n`)))

    it.effect.each(["", "sso_registration_scopes =\n", "sso_registration_scopes = , ,\n"])(
      "are sso:account:access if the session names none: %j (S3)",
      (line) =>
        Effect.gen(function*() {
          const { configuredScopes, scopes } = yield* AwsConfig.resolve({ session: "corp" })
          assert.deepStrictEqual([scopes, configuredScopes], [["sso:account:access"], undefined])
        }).pipe(inConfig(`${session}${line}`))
    )

    it.effect("are read from the session, and not from the profile (S3)", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual((yield* AwsConfig.resolve({ profile: "dev" })).scopes, ["sso:account:access"])
      }).pipe(inConfig(profile("sso_registration_scopes = a"))))

    it.effect("are absent for a profile with its own start URL, whose key is that URL (S3)", () =>
      Effect.gen(function*() {
        const settings = yield* AwsConfig.resolve({ profile: "old" })
        assert.deepStrictEqual(
          [settings.key, settings.name, settings.scopes, settings.configuredScopes],
          ["https://corp.awsapps.com/start#/", undefined, undefined, undefined]
        )
      }).pipe(
        inConfig(
          "[profile old]\nsso_start_url = https://corp.awsapps.com/start#/\nsso_region = eu-west-1\n" +
            "sso_registration_scopes = a\nsso_use_device_code = maybe\n"
        )
      ))

    it.effect("a profile with one of the two alone lacks the other (S2)", () =>
      Effect.gen(function*() {
        assert.deepInclude(yield* failed({ profile: "a" }), { setting: "sso_region" })
        assert.deepInclude(yield* failed({ profile: "b" }), { setting: "sso_start_url" })
      }).pipe(
        inConfig("[profile a]\nsso_start_url = https://c.awsapps.com/start\n[profile b]\nsso_region = eu-west-1\n")
      ))
  })

  it.effect.each(
    [
      ["true", true],
      ["TRUE", true],
      ["false", false]
    ] as const
  )("reads sso_use_device_code = %s from the session section (S2)", ([text, value]) =>
    Effect.gen(function*() {
      assert.strictEqual((yield* AwsConfig.resolve({ session: "corp" })).useDeviceCode, value)
    }).pipe(inConfig(`${session}sso_use_device_code = ${text}\n`)))

  it.effect("refuses sso_use_device_code that is neither true nor false (S2)", () =>
    Effect.gen(function*() {
      assert.include((yield* failed({ session: "corp" })).message, "sso_use_device_code is neither true nor false.")
    }).pipe(inConfig(`${session}sso_use_device_code = planted-secret\n`)))

  it.effect("gives the problems of both files as warnings (S1)", () =>
    Effect.gen(function*() {
      const { warnings } = yield* AwsConfig.resolve({ profile: "dev" })
      assert.deepStrictEqual(warnings.map(({ file, line }) => [file, line]), [["config", 3], ["credentials", 2]])
    }).pipe(inHome({ ".aws/config": profile("region = x # y"), ".aws/credentials": "[a]\nno equals\n" })))
})
