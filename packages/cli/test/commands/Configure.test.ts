/**
 * `sso-oidc configure` without a terminal: what it writes, and what it leaves.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { folder } from "@sso-oidc/test-kit/child"
import { failure, watched } from "@sso-oidc/test-kit/files"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Latch from "effect/Latch"
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import * as ConfigEdit from "../../src/ConfigEdit.ts"
import * as ConfigFile from "../../src/ConfigFile.ts"
import { run } from "../support/ran.ts"
import { fast } from "../support/time.ts"

const session = [
  "--sso-session",
  "corp",
  "--start-url",
  "https://corp.awsapps.com/start",
  "--region",
  "eu-west-1"
] as const

const profile = (name: string) => ["--profile", name, "--account", "111122223333", "--role", "ReadOnly"] as const

/** A home, and its folder `.aws`, with this config file. */
const homeWith = (text?: string | Uint8Array) =>
  Effect.map(folder, (path) => {
    const aws = join(path, ".aws")
    if (text !== undefined) {
      mkdirSync(aws)
      writeFileSync(join(aws, "config"), text)
    }
    const configure = (...args: ReadonlyArray<string>) => run(["configure", ...args], { env: { HOME: path } })
    return {
      path,
      aws,
      config: join(aws, "config"),
      configure,
      text: () => readFileSync(join(aws, "config"), "utf8"),
      backups: () => readdirSync(aws).filter((name) => name.startsWith("config.backup-")),
      others: () => readdirSync(aws).filter((name) => name !== "config" && !name.startsWith("config.backup-"))
    }
  })

const mode = (path: string): number => statSync(path).mode & 0o777

describe("sso-oidc configure", () => {
  it.live("writes a new file that only its user reads, then adds to it and keeps the earlier one (K1)", () =>
    Effect.gen(function*() {
      const home = yield* homeWith()
      const first = yield* home.configure(...session, ...profile("dev"), "--json")
      assert.deepStrictEqual(JSON.parse(first.stdout), {
        file: home.config,
        written: ["sso-session corp", "profile dev"],
        backup: null
      })
      assert.deepInclude(first, { code: 0, stderr: "" })
      assert.deepStrictEqual([mode(home.aws), mode(home.config)], [0o700, 0o600])
      assert.deepStrictEqual(home.backups(), [])

      const before = home.text()
      chmodSync(home.config, 0o640)
      const second = yield* home.configure(...session, ...profile("prod"))
      const [backup = ""] = home.backups()
      assert.deepStrictEqual(second, {
        code: 0,
        stdout: "",
        stderr:
          `Wrote [profile prod] into the AWS config file.\nThe earlier file is beside it: ${backup}\nNext: sso-oidc login --profile prod, then sso-oidc exec --profile prod -- PROGRAM\n`
      })
      assert.match(backup, /^config\.backup-\d{8}T\d{6}Z$/)
      assert.isTrue(home.text().startsWith(`${before}\n[profile prod]\n`))
      assert.strictEqual(readFileSync(join(home.aws, backup), "utf8"), before)
      assert.deepStrictEqual([mode(home.config), mode(join(home.aws, backup))], [0o640, 0o600])

      // all of it is there
      const again = yield* home.configure("--sso-session", "corp", ...profile("prod"))
      assert.deepStrictEqual(again, {
        code: 0,
        stdout: "",
        stderr: "All of it is in the AWS config file already. Nothing was written.\n"
      })
      const json = yield* home.configure(...session, "--json")
      assert.deepStrictEqual(JSON.parse(json.stdout), { file: home.config, written: [], backup: null })
      // a session alone, and in the same second: the other backup stays
      const alone = yield* home.configure("--sso-session", "b", ...session.slice(2), "--scopes", "a, b", "--json")
      assert.deepInclude(JSON.parse(alone.stdout), { written: ["sso-session b"] })
      assert.include(home.text(), "\n[sso-session b]\n")
      assert.include(home.text(), "\nsso_registration_scopes = a,b\n")
      assert.lengthOf(home.backups(), 2)
      assert.deepStrictEqual(home.others(), [])
    }).pipe(Effect.scoped))

  it.live("keeps each byte of the file, and writes to where AWS_CONFIG_FILE and a link lead (K1)", () =>
    Effect.gen(function*() {
      const home = yield* homeWith()
      mkdirSync(join(home.path, "real"))
      const real = join(home.path, "real/settings")
      const bytes = Buffer.from("\ufeff; é\r\n[profile a]\r\nregion = x\r\n[profile a]\r\n\u0000\u2028= y")
      writeFileSync(real, bytes, { mode: 0o600 })
      symlinkSync("real/settings", join(home.path, "link"))
      const env = { HOME: home.path, AWS_CONFIG_FILE: "~/link" }
      const { code } = yield* run(["configure", ...session, ...profile("default")], { env })
      assert.strictEqual(code, 0)
      const after = readFileSync(real)
      assert.isTrue(after.subarray(0, bytes.length).equals(bytes))
      assert.include(after.subarray(bytes.length).toString(), "\r\n\r\n[sso-session corp]\r\n")
      assert.include(after.subarray(bytes.length).toString(), "\r\n\r\n[default]\r\nsso_session = corp\r\n")
      const [backup = ""] = readdirSync(join(home.path, "real")).filter((name) => name !== "settings")
      assert.isTrue(readFileSync(join(home.path, "real", backup)).equals(bytes))
      assert.isFalse(existsSync(home.aws))
    }).pipe(Effect.scoped))

  it.live("ends with 2, says which flag or setting it is, and writes nothing (K1, K3)", () =>
    Effect.gen(function*() {
      const text = "[sso-session corp]\nsso_start_url = https://other.awsapps.com/start\nsso_region = eu-west-1\n"
      const home = yield* homeWith(text)
      const cases: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
        [[...session, ...profile("dev")], /\[sso-session corp\], line 2: .*sso_start_url has another value/],
        [[], /Give it also: --sso-session, --start-url, --region\./],
        [["--sso-session", "new", "--account", "111122223333"], /--start-url, --region, --profile, --role\./],
        [["--sso-session", "corp", "--profile", "dev"], /Give it also: --account, --role\./],
        [[...session, ...profile("my work")], /^--profile is not a name that every AWS tool reads\. Use letters/],
        [[...session.slice(2), "--sso-session", "a]\n[b"], /^--sso-session is not a name/],
        [
          ["--sso-session", "c", "--start-url", "http://x.example", "--region", "x-y-1"],
          /^--start-url must be an https/
        ],
        [["--sso-session", "c", ...session.slice(2, 4), "--region", "eu west"], /^--region is not a region name/],
        [[...session, "--scopes", " , "], /^--scopes must be scopes/],
        [[...session, "--profile", "d", "--account", "1", "--role", "x"], /^--account is not the number of an account/],
        [[...session, "--profile", "d", "--account", "111122223333", "--role", "a\nb"], /^--role is not the name/]
      ]
      for (const [args, sentence] of cases) {
        const { code, stderr, stdout } = yield* home.configure(...args)
        assert.match(stderr, sentence)
        assert.deepStrictEqual({ code, stdout }, { code: 2, stdout: "" }, stderr)
        assert.notInclude(stderr, "other.awsapps.com")
      }
      assert.strictEqual(home.text(), text)
      assert.deepStrictEqual(readdirSync(home.aws), ["config"])
      const json = yield* home.configure("--json")
      assert.deepInclude(JSON.parse(json.stdout), { error: { tag: "UsageError", message: json.stderr.trimEnd() } })
    }).pipe(Effect.scoped))

  it.live("leaves a file that it cannot read or write as it is, and names no path (K3)", () =>
    Effect.gen(function*() {
      const utf16 = Buffer.from("\ufeff[default]\n", "utf16le")
      const huge = Buffer.alloc(1024 * 1024 + 1, "#")
      for (const [bytes, sentence] of [[utf16, /it is not UTF-8/], [huge, /more than 1 MiB/]] as const) {
        const home = yield* homeWith(bytes)
        const { code, stderr } = yield* home.configure(...session, ...profile("dev"))
        assert.match(stderr, sentence)
        assert.strictEqual(code, 2)
        assert.isTrue(readFileSync(home.config).equals(bytes))
        assert.deepStrictEqual(readdirSync(home.aws), ["config"])
        assert.notInclude(stderr, home.path)
      }
      const home = yield* homeWith("x = 1\n")
      const at = (env: Readonly<Record<string, string>>) => run(["configure", ...session, ...profile("dev")], { env })
      for (
        const [env, code, sentence] of [
          [{ AWS_CONFIG_FILE: "/dev/null" }, 2, /it is no file that can be written/],
          [{ AWS_CONFIG_FILE: home.aws }, 2, /\(EISDIR\): it cannot be read/],
          [{ AWS_CONFIG_FILE: join(home.config, "config") }, 2, /\(ENOTDIR\): it cannot be read/],
          [{ AWS_CONFIG_FILE: "/proc/sso-oidc/config" }, 5, /Cannot write .* \(ENOENT\)\. Check that you may write/],
          [{}, 2, /HOME is not set\. Set HOME, or AWS_CONFIG_FILE/]
        ] as const
      ) {
        const ran = yield* at(env)
        assert.match(ran.stderr, sentence)
        assert.strictEqual(ran.code, code, ran.stderr)
        assert.notInclude(ran.stderr, home.path)
      }
      assert.strictEqual(home.text(), "x = 1\n")
    }).pipe(Effect.scoped))
})

const asked: ConfigEdit.Asked = {
  session: { name: "corp", startUrl: "https://corp.awsapps.com/start", region: "eu-west-1" },
  profiles: []
}

describe("ConfigFile.change", () => {
  const change = ConfigFile.change((text) => ConfigEdit.edit(text, asked))
  const inHome = (home: { readonly path: string }) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    effect.pipe(Effect.provide([
      NodeServices.layer,
      ConfigProvider.layer(ConfigProvider.fromEnvRecord({ HOME: home.path }))
    ]))

  it.live("leaves the earlier text, and no file beside it, if a full disk ends any of its steps (K3)", () =>
    Effect.gen(function*() {
      const calls: Array<string> = []
      const counted = yield* homeWith("# 1\n")
      chmodSync(counted.config, 0o640)
      const before = (call: string) => Effect.sync(() => void calls.push(call))
      // the new file has the mode from its first moment
      const after = (call: string) =>
        Effect.sync(() => {
          if (call === "rename") assert.strictEqual(mode(counted.config), 0o640)
        })
      yield* change.pipe(watched({ before, after }), inHome(counted))
      assert.isAbove(calls.length, 8)
      // the last steps come after the new file is in its place
      const renamed = calls.lastIndexOf("rename")
      for (const [at, call] of calls.entries()) {
        if (at > renamed || ["makeDirectory", "readLink", "chmod", "remove"].includes(call)) continue
        const home = yield* homeWith("# 1\n")
        let count = 0
        const error = yield* change.pipe(
          watched({ before: () => count++ === at ? Effect.fail(failure("ENOSPC")) : Effect.void }),
          inHome(home),
          Effect.flip
        )
        const name = `step ${at}, ${call}`
        assert.match(error.message, /\(ENOSPC\)/, name)
        assert.strictEqual(home.text(), "# 1\n", name)
        assert.deepStrictEqual(home.others(), [], name)
      }
    }).pipe(Effect.scoped))

  it.live("leaves a file that its user made read-only, although its folder would take another (K3)", () =>
    Effect.gen(function*() {
      const home = yield* homeWith("# 1\n")
      const files = yield* FileSystem.FileSystem
      const error = yield* change.pipe(
        Effect.provideService(FileSystem.FileSystem, { ...files, access: () => Effect.fail(failure("EACCES")) }),
        Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord({ HOME: home.path }))),
        Effect.flip
      )
      assert.deepInclude(error, { tag: "ConfigNotWritten", code: 5 })
      assert.deepStrictEqual([home.text(), readdirSync(home.aws)], ["# 1\n", ["config"]])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.live("adds to what another program wrote meanwhile, and writes in place if it may not rename (K1)", () =>
    Effect.gen(function*() {
      const home = yield* homeWith("# 1\n")
      let isFirst = true
      yield* change.pipe(
        watched({
          before: (call) => {
            if (call === "rename") return Effect.fail(failure("EBUSY"))
            // the room is made after the first read
            if (call === "sync" && isFirst) {
              isFirst = false
              writeFileSync(home.config, `# 1\n# ${"2".repeat(5000)}`, { mode: 0o644 })
            }
            return Effect.void
          }
        }),
        inHome(home)
      )
      assert.match(home.text(), /^# 1\n# 2{5000}\n\n\[sso-session corp\]\n/)
      assert.strictEqual(mode(home.config), 0o644)
      assert.deepStrictEqual(home.others(), [])
    }).pipe(Effect.scoped))

  it.live("loses no section of twelve commands at once, and does not wait for a command that was killed (K1)", () =>
    Effect.gen(function*() {
      const home = yield* homeWith("# 1\n")
      const left = `${home.config}.sso-oidc-new`
      writeFileSync(left, "left by a command that was killed")
      utimesSync(left, 1, 1)
      const names = Array.from({ length: 12 }, (_, number) => `s${number}`)
      yield* Effect.forEach(
        names,
        (name) => ConfigFile.change((text) => ConfigEdit.edit(text, { ...asked, session: { ...asked.session, name } })),
        {
          concurrency: "unbounded"
        }
      ).pipe(inHome(home))
      assert.deepStrictEqual(
        [...home.text().matchAll(/sso-session (\w+)/g)].map(([, name]) => String(name)).toSorted(),
        names.toSorted()
      )
      assert.lengthOf(home.backups(), 12)
      assert.deepStrictEqual(home.others(), [])
    }).pipe(Effect.scoped))

  it.live("a slow command that saw what a killed one left removes nothing of the command after it (K1)", () =>
    Effect.gen(function*() {
      const home = yield* homeWith("# 1\n")
      const left = `${home.config}.sso-oidc-new`
      writeFileSync(left, "left by a command that was killed")
      utimesSync(left, 1, 1)
      const files = yield* FileSystem.FileSystem
      const [made, acted] = [Latch.makeUnsafe(), Latch.makeUnsafe()]
      let looks = 0
      const slow = FileSystem.FileSystem.of({
        ...files,
        // the first command sees the old file, and acts on it after another one has made its new text
        stat: (path) => Effect.tap(files.stat(path), () => path === left && looks++ === 0 ? made.await : Effect.void),
        remove: (path) =>
          Effect.suspend(() => {
            const isSlow = made.isOpen()
            return Effect.tap(files.remove(path), () => isSlow ? acted.open : Effect.void)
          }),
        rename: (from, to) => made.open.pipe(Effect.andThen(acted.await), Effect.andThen(files.rename(from, to)))
      })
      const names = ["one", "two", "three"]
      yield* Effect.forEach(
        names,
        (name) => ConfigFile.change((text) => ConfigEdit.edit(text, { ...asked, session: { ...asked.session, name } })),
        { concurrency: "unbounded" }
      ).pipe(
        Effect.provideService(FileSystem.FileSystem, slow),
        Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord({ HOME: home.path })))
      )
      assert.deepStrictEqual(
        [...home.text().matchAll(/sso-session (\w+)/g)].map(([, name]) => String(name)).toSorted(),
        names.toSorted()
      )
      assert.deepStrictEqual(home.others(), [])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))

  it.effect("says that another command is writing if that goes on (K3)", () =>
    Effect.gen(function*() {
      const home = yield* homeWith("# 1\n")
      const other = `${home.config}.sso-oidc-new`
      writeFileSync(other, "")
      // by the fast clock too, it is not left by a command that was killed
      utimesSync(other, Date.now() / 1000 + 3600, Date.now() / 1000 + 3600)
      const error = yield* change.pipe(inHome(home), Effect.flip, fast)
      assert.deepInclude(error, { tag: "ConfigBusy", code: 4 })
      assert.deepStrictEqual(home.others(), ["config.sso-oidc-new"])
    }).pipe(Effect.scoped))
})
