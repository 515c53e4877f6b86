import { assert, describe, it } from "@effect/vitest"
import * as AwsConfig from "@sso-oidc/session/AwsConfig"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import { systemError } from "effect/PlatformError"
import { spawnSync } from "node:child_process"
import { mkdirSync, symlinkSync } from "node:fs"
import { join } from "node:path"
import { inConfig, inHome } from "./support/home.ts"
import { cases, shape } from "./support/vectors.ts"

const mebibyte = 1024 * 1024

/** A comment that makes a text as long as that. */
const padded = (text: string, bytes: number): string => `${text}#${"x".repeat(bytes - text.length - 1)}`

const region = (loaded: AwsConfig.Loaded, profile = "a") => loaded.profiles.get(profile)?.settings.get("region")?.value

describe("AwsConfig.load", () => {
  for (const { base64, name, ours, text } of cases) {
    it.effect(`reads a file with the case ${name} as the vectors say (S1)`, () =>
      Effect.gen(function*() {
        if ("error" in ours) {
          const error = yield* Effect.flip(AwsConfig.load)
          assert.deepStrictEqual([error._tag, error.source], ["AwsConfigError", "config"])
          assert.include(error.message, ours.error)
        } else {
          const loaded = yield* AwsConfig.load
          assert.deepStrictEqual(shape(loaded), { sso_sessions: {}, services: {}, ...ours, problems: undefined })
          assert.strictEqual(loaded.problems.length, ours.problems?.length ?? 0)
        }
      }).pipe(inHome({ ".aws/config": base64 === undefined ? text ?? "" : Buffer.from(base64, "base64") })))
  }

  it.effect.each(["utf16le", "utf-16be"])(
    "says that a file in %s without a byte order mark is not UTF-8 (S1)",
    (encoding) => {
      const bytes = Buffer.from("[profile a]\n", "utf16le")
      return Effect.gen(function*() {
        assert.match((yield* Effect.flip(AwsConfig.load)).message, /it is not UTF-8 \(PowerShell's > writes UTF-16\)/)
      }).pipe(inHome({ ".aws/config": encoding === "utf16le" ? bytes : bytes.swap16() }))
    }
  )

  it.effect("gives the text of one file as it is, with its byte order mark, and the path (S2)", () =>
    Effect.gen(function*() {
      const { path, text } = yield* AwsConfig.read("config")
      assert.strictEqual(text, "\ufeff[profile a]\r\nregion = x")
      assert.match(path, /\.aws\/config$/)
      assert.strictEqual((yield* AwsConfig.read("credentials")).text, "")
    }).pipe(inHome({ ".aws/config": "\ufeff[profile a]\r\nregion = x" })))

  it.effect("takes an absent file for an empty one (S2)", () =>
    Effect.gen(function*() {
      const { problems, profiles } = yield* AwsConfig.load
      assert.deepStrictEqual([profiles.size, problems.length], [0, 0])
    }).pipe(inHome({})))

  it.effect("takes /dev/null for an empty file, as the AWS CLI does (S2)", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* AwsConfig.load).profiles.size, 0)
    }).pipe(
      inHome({ ".aws/config": "[profile a]\n", ".aws/credentials": "[b]\n" }, {
        AWS_CONFIG_FILE: "/dev/null",
        AWS_SHARED_CREDENTIALS_FILE: "/dev/null"
      })
    ))

  it.effect.each([
    { by: "an absolute path", path: (home: string) => join(home, "own/config") },
    { by: "~", path: () => "~/own/config" },
    { by: "$NAME", path: () => "$FOLDER/config" },
    { by: "${NAME}", path: () => "${FOLDER}/config" },
    { by: "a variable that names the home by ~", path: () => "$TILDE/own/config" }
  ])("finds the file that AWS_CONFIG_FILE names by $by (S2)", ({ path }) =>
    Effect.gen(function*() {
      assert.strictEqual(region(yield* AwsConfig.load), "one")
    }).pipe(
      inHome(
        { "own/config": "[profile a]\nregion = one\n", ".aws/config": "[profile a]\nregion = two\n" },
        (home) => ({ AWS_CONFIG_FILE: path(home), FOLDER: join(home, "own"), TILDE: "~" })
      )
    ))

  it.effect("leaves a variable that is not set in the path as it is written (S2)", () =>
    Effect.gen(function*() {
      assert.strictEqual(region(yield* AwsConfig.load), "one")
    }).pipe(
      inHome({ "$ABSENT/config": "[profile a]\nregion = one\n" }, (home) => ({
        AWS_CONFIG_FILE: `${home}/$ABSENT/config`
      }))
    ))

  it.effect.each(
    [
      ["HOME", {}],
      ["USERPROFILE", { HOME: "", HOMEDRIVE: "/nowhere", HOMEPATH: "/" }],
      ["HOMEDRIVE and HOMEPATH", { HOME: "" }]
    ] as const
  )("finds the home by %s (S2)", ([by, env]) =>
    Effect.gen(function*() {
      assert.strictEqual(region(yield* AwsConfig.load), "one")
    }).pipe(
      inHome({ ".aws/config": "[profile a]\nregion = one\n" }, (home) => ({
        ...(by === "USERPROFILE" ? { USERPROFILE: home } : {}),
        ...(by === "HOMEDRIVE and HOMEPATH" ? { HOMEDRIVE: home.slice(0, 4), HOMEPATH: home.slice(4) } : {}),
        ...env
      }))
    ))

  it.effect("says which variable to set if no home is known (S2)", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(AwsConfig.load)
      assert.strictEqual(
        error.message,
        "Cannot use the environment: the home folder is not known, since HOME is not set. " +
          "Set HOME, or AWS_CONFIG_FILE to an absolute path."
      )
    }).pipe(inHome({}, { HOME: "" })))

  it.effect("lets the settings of the credentials file win in a profile, and reads no session from it (S2)", () =>
    Effect.gen(function*() {
      const { profiles, ssoSessions } = yield* AwsConfig.load
      const dev = profiles.get("dev")
      assert.deepStrictEqual([...dev?.settings ?? []].map(([name, { file, value }]) => [name, file, value]), [
        ["region", "credentials", "two"],
        ["output", "config", "json"]
      ])
      assert.deepStrictEqual([...profiles.keys()], ["dev", "sso-session s", "own"])
      assert.strictEqual(ssoSessions.size, 0)
    }).pipe(
      inHome({
        ".aws/config": "[profile dev]\nregion = one\noutput = json\n",
        ".aws/credentials": "[dev]\nregion = two\n[sso-session s]\nsso_region = three\n[own]\nx = 1\n"
      })
    ))

  it.effect.each(["config", "credentials"] as const)(
    "takes 1 MiB of %s, and refuses a byte more (S2)",
    (file) =>
      Effect.gen(function*() {
        const text = file === "config" ? "[profile a]\nregion = one\n" : "[a]\nregion = one\n"
        assert.strictEqual(
          region(yield* inHome({ [`.aws/${file}`]: padded(text, mebibyte) })(AwsConfig.load)),
          "one"
        )
        const error = yield* inHome({ [`.aws/${file}`]: padded(text, mebibyte + 1) })(Effect.flip(AwsConfig.load))
        assert.strictEqual(error.source, file)
        assert.include(error.message, "it has more than 1 MiB")
      })
  )

  it.effect.each(
    [
      ["a folder", "EISDIR", (path: string) => mkdirSync(path, { recursive: true })],
      ["a pipe", "BadResource", (path: string) => spawnSync("mkfifo", [path])],
      ["a circle of links", "ELOOP", (path: string) => symlinkSync(path, path)],
      ["a path through a file", "ENOTDIR", undefined]
    ] as const
  )("fails on %s, with the system's code and no path (S2)", ([, code, make]) =>
    Effect.gen(function*() {
      const path = yield* Path.Path
      const { HOME } = yield* Effect.succeed(process.env)
      const error = yield* Effect.flip(AwsConfig.load)
      assert.strictEqual(error.code, code)
      assert.match(error.message, new RegExp(`^Cannot use the AWS config file .* \\(${code}\\): it cannot be read\\. `))
      assert.notInclude(error.message, path.sep + "tmp")
      assert.notInclude(error.message, HOME ?? "/root/")
    }).pipe(
      inHome({ "a-file": "" }, (home) => {
        const path = make === undefined ? join(home, "a-file/config") : join(home, "config")
        make?.(path)
        return { AWS_CONFIG_FILE: path }
      })
    ))

  it.effect("fails on a file that may not be read, with the system's code (S2)", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const denied: FileSystem.FileSystem = {
        ...files,
        open: (path) =>
          Effect.fail(
            systemError({
              _tag: "PermissionDenied",
              module: "FileSystem",
              method: "open",
              pathOrDescriptor: path,
              cause: Object.assign(new Error(`EACCES: ${path}`), { code: "EACCES" })
            })
          )
      }
      const error = yield* Effect.flip(AwsConfig.load).pipe(Effect.provideService(FileSystem.FileSystem, denied))
      assert.strictEqual(error.code, "EACCES")
      assert.notInclude(JSON.stringify(error), ".aws/config\"")
      assert.strictEqual(
        error.message,
        "Cannot use the AWS config file (AWS_CONFIG_FILE, else ~/.aws/config) (EACCES): " +
          "it cannot be read. Check that it is a file, and that you may read it."
      )
    }).pipe(inConfig("[profile a]\n")))

  it.effect("reads the environment, where an empty variable counts as absent (S2)", () =>
    Effect.gen(function*() {
      const { environment, named } = yield* AwsConfig.load
      assert.deepStrictEqual(named, { name: "b", variable: "AWS_DEFAULT_PROFILE" })
      assert.deepStrictEqual(environment, {
        oidcEndpoint: "https://oidc.example",
        portalEndpoint: undefined,
        endpoint: "https://all.example",
        ignoreEndpoints: false,
        useFipsEndpoint: true,
        useDualstackEndpoint: undefined,
        caBundle: "/ca.pem"
      })
    }).pipe(
      inHome({}, {
        AWS_PROFILE: "",
        AWS_DEFAULT_PROFILE: "b",
        AWS_ENDPOINT_URL_SSO_OIDC: "https://oidc.example",
        AWS_ENDPOINT_URL_SSO: "",
        AWS_ENDPOINT_URL: "https://all.example",
        AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "FALSE",
        AWS_USE_FIPS_ENDPOINT: "True",
        AWS_USE_DUALSTACK_ENDPOINT: "",
        AWS_CA_BUNDLE: "/ca.pem"
      })
    ))

  it.effect.each(["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"])(
    "fails if %s is neither true nor false, and does not repeat the value (S2)",
    (name) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(AwsConfig.load)
        assert.deepStrictEqual([error.source, error.setting], ["environment", name])
        assert.strictEqual(
          error.message,
          `Cannot use the environment: ${name} is neither true nor false. Set it to one of the two, or unset it.`
        )
      }).pipe(inHome({}, { [name]: "planted-secret" }))
  )

  it.effect("reads the files at each call, and keeps nothing (S2)", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const path = yield* Path.Path
      const folder = yield* files.makeTempDirectoryScoped()
      yield* files.makeDirectory(path.join(folder, ".aws"))
      const load = inHome({}, { HOME: folder })(AwsConfig.load)
      for (const value of ["one", "two"]) {
        yield* files.writeFileString(path.join(folder, ".aws/config"), `[profile a]\nregion = ${value}\n`)
        assert.strictEqual(region(yield* load), value)
      }
    }).pipe(inHome({})))
})
